# SPDX-License-Identifier: GPL-3.0-or-later
"""The brief: what is in the picture, as the model or the offline segmenter says it.

All picture coordinates are fractions of the frame, (0, 0) top left, x right, y down. Colours are sRGB, 0 to 1.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Point = tuple[float, float]
Box = tuple[float, float, float, float]
Colour = tuple[float, float, float]


class BriefObject(BaseModel):
    """One thing in the picture."""

    model_config = ConfigDict(extra="forbid")

    name: str
    """Stable and unique in the brief; objects, scripts and verdicts use it."""
    box: Box
    """x0, y0, x1, y1 of the visible part."""
    outlines: list[list[Point]] = Field(default_factory=list)
    """Outline of the visible part; further rings inside the first are holes (even-odd rule)."""
    shape: str = ""
    colour: Colour = (0.5, 0.5, 0.5)
    material: str = ""
    stands_on: str = ""
    """Name of the object it stands on; empty for the floor or nothing."""
    count: int = Field(1, ge=1)
    """More than 1 for a heap or row of alike things that is treated as one (a bowl's 30 cherries)."""
    size_m: float | None = None
    """Longest side, metres."""
    dimensions_m: tuple[float, float, float] | None = None
    """Width (left-right), depth and height in metres, as it stands in the picture."""
    confidence: float = Field(1.0, ge=0, le=1)


class CameraHint(BaseModel):
    """What the picture says of its camera."""

    model_config = ConfigDict(extra="forbid")

    horizontal_fov: float = Field(0.84, gt=0, lt=3.1)
    """Radians."""
    pitch: float = 0.0
    """Radians below the horizon."""
    height_m: float = 1.5
    horizon: float | None = None
    """Where the horizon runs at the picture's middle, as a fraction of its height; may be outside 0 to 1."""


class Brief(BaseModel):
    """What is in the picture. The artist can read and edit it before geometry starts."""

    model_config = ConfigDict(extra="forbid")

    caption: str = ""
    objects: list[BriefObject] = Field(default_factory=list)
    outlines_traced: bool = False
    """The objects' outlines were traced on the picture's pixels, not read off by eye: masks are taken from them as they
    are."""
    camera: CameraHint = CameraHint()
    backdrop: Literal["transparent", "plain", "floor", "scene"] = "scene"
    """What is behind the objects: nothing (alpha), one flat colour, a floor they stand on, or a whole place."""
    backdrop_colour: Colour = (1.0, 1.0, 1.0)
    light: str = ""
    """Where it comes from, how hard the shadows are, warm or cold."""
    style: str = ""
    """Photograph, product render, drawing, …"""
    ignore: list[str] = Field(default_factory=list)
    confidence: float = Field(1.0, ge=0, le=1)
    reasons: list[str] = Field(default_factory=list)
    """Why the confidence is what it is, in sentences."""

    @model_validator(mode="after")
    def _names_are_unique(self) -> Brief:
        names = [item.name for item in self.objects]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two objects are called {twice[0]!r}")
        return self
