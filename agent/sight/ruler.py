# SPDX-License-Identifier: GPL-3.0-or-later
"""Rulers along the edges of a picture, so that positions can be read off it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Box = tuple[float, float, float, float]
WHOLE: Box = (0.0, 0.0, 1.0, 1.0)


def ruled(rgb: Bytes, box: Box = WHOLE, longest: int = 768, grid: bool = True) -> Bytes:
    """Return the part `box` (fractions of the frame) of a picture with rulers in percent of the whole frame along all
    four edges; the result's longer side is `longest` pixels."""
    return rgb


def ruled_plan(plan: Bytes, bounds: tuple[float, float, float, float], longest: int = 768) -> Bytes:
    """Return a plan view with rulers in metres; `bounds` are its edges x0, y0, x1, y1 in metres, +Y up."""
    return plan
