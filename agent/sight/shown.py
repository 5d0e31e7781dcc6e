# SPDX-License-Identifier: GPL-3.0-or-later
"""A picture as a model is shown it, and how many of what size are worth showing."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from ..providers.base import Image, ModelFacts

JPEG_QUALITY = 90
JPEG_MUST_SAVE = 0.5
"""A JPEG is sent only when it is smaller than this share of the PNG: drawn lines and digits stay sharp otherwise."""
SMALLEST, LARGEST = 384, 1568
"""Longer side, pixels: rulers can't be read below the first, no vision model looks at more than the second."""


@dataclass(frozen=True)
class Shown:
    """One picture for a model."""

    label: str
    """What it shows and how to read it, one sentence."""
    rgb: NDArray[np.uint8]
    """(h, w, 3) sRGB."""


@dataclass(frozen=True)
class Budget:
    """How much a model is shown in one request."""

    images: int
    """At most this many pictures."""
    longest: int
    """Longer side of each, pixels."""


def budget_of(facts: ModelFacts) -> Budget:
    """Return how many pictures of what size are worth sending to a model; no pictures to one without vision."""
    if not facts.vision:
        return Budget(0, SMALLEST)
    return Budget(max(1, facts.images), int(min(LARGEST, max(SMALLEST, facts.image_px))))


def to_image(shown: Shown) -> Image:
    """Return the picture as it is sent: PNG, or JPEG where that is much smaller (photographs)."""
    height, width = shown.rgb.shape[:2]
    picture = Pillow.fromarray(np.ascontiguousarray(shown.rgb))
    png, jpeg = io.BytesIO(), io.BytesIO()
    picture.save(png, "PNG", optimize=False, compress_level=6)
    # Full chroma resolution: coloured outlines a pixel wide would smear otherwise.
    picture.save(jpeg, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    if jpeg.tell() < JPEG_MUST_SAVE * png.tell():
        return Image(jpeg.getvalue(), "image/jpeg", shown.label, (width, height))
    return Image(png.getvalue(), "image/png", shown.label, (width, height))
