# SPDX-License-Identifier: GPL-3.0-or-later
"""The numbers of one attempt, as they are recorded and shown."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class ObjectMeasure(BaseModel):
    """One brief object against the attempt's object of the same name."""

    model_config = ConfigDict(extra="forbid")

    name: str
    iou: float
    """Visible mask in the object-id view against the picture's mask; 0 when the object is missing."""
    box_offset: float
    """Largest distance between the edges of the two boxes, as a fraction of the frame."""
    box_edges: tuple[float, float, float, float] | None = None
    """How far the render's left, top, right and bottom edges lie right of (below) the picture's, as fractions of the
    frame; None when either has no such box."""
    colour_difference: float | None = None
    """Mean CIE76 difference in Lab between the view the stage is judged by and the picture, inside both masks."""


class Measurements(BaseModel):
    """All numbers of one attempt; a missing one was not measured at this stage."""

    model_config = ConfigDict(extra="forbid")

    score: float = 0.0
    """0 to 1; weighs what the stage settles."""
    objects: list[ObjectMeasure] = Field(default_factory=list)
    mean_iou: float | None = None
    coverage_iou: float | None = None
    """All objects together against all brief masks together."""
    colour_difference: float | None = None
    """Mean over the objects, Lab."""
    luminance: float | None = None
    """1 minus the mean absolute difference of blurred luminance, 0 to 1."""
    gradient: float | None = None
    """Cosine similarity of gradient magnitudes, 0 to 1."""
    shadows: float | None = None
    """The same of what lies around the things: shadows' edges, where the picture shows some; else None."""
    lpips: float | None = None
    """How different a person would find the full render from the picture: 0 the same, 0.7 unrelated; the main measure
    of one. Compared at 256 pixels or less."""
    psnr: float | None = None
    ssim: float | None = None
    sanity: list[str] = Field(default_factory=list)
    hints: str = ""
    """Which of the artist's hints the masks heeded (`mask_hints.digest`); only what heeds the same compares."""
