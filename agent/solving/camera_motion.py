# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers that turn a camera where it stands, or move it: what they do to the projection, exactly and not only at
first, so that a camera may be looked for far from where a script has it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from . import rotation

Floats = NDArray[np.float32]
Array = NDArray[np.float64]

_RIGID = 0.05
"""Share of a slope that may be anything else: it was taken over a step."""


def turns(projection: Floats, slopes: Mapping[int, Floats]) -> dict[int, Array]:
    """Return of the numbers that turn the camera where it stands by what the world turns about it instead: axes (3,)
    times radians per unit. `slopes` say how `projection` (4, 4) changes per unit of each number."""
    back = np.linalg.inv(projection.astype(np.float64))
    eye = centre(projection)
    found = {}
    for index, slope in slopes.items():
        motion = back @ slope.astype(np.float64)
        linear, shift = motion[:3, :3], motion[:3, 3]
        skew = (linear - linear.T) / 2
        size = float(np.linalg.norm(skew))
        rest = [
            np.linalg.norm(linear - skew),
            np.linalg.norm(shift + skew @ eye) / max(1.0, float(np.linalg.norm(eye))),
        ]
        if size > 1e-9 and max(rest) < _RIGID * size and np.abs(motion[3]).max() < _RIGID * size:
            found[index] = np.array([skew[2, 1], skew[0, 2], skew[1, 0]])
    return found


def turning(projection: Floats, by: Array) -> Floats:
    """Return what to multiply a projection with, from the left, when the world turns about its camera by `by` (3,), an
    axis times radians; also when that camera has been moved."""
    whole = projection.astype(np.float64)
    return np.asarray(whole @ rotation.about(centre(projection), by) @ np.linalg.inv(whole), np.float32)


def centre(projection: Floats) -> Array:
    """Return where a camera stands (3,)."""
    rows = projection[[0, 1, 3]].astype(np.float64)
    return np.asarray(np.linalg.lstsq(rows[:, :3], -rows[:, 3], rcond=None)[0])
