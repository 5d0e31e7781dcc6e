# SPDX-License-Identifier: GPL-3.0-or-later
"""Rotations as matrices."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def about(centre: Array, by: Array) -> Array:
    """Return the rotation (4, 4) of the world about `centre` (3,) by `by` (3,), an axis times radians."""
    turn = np.eye(4)
    turn[:3, :3] = cv2.Rodrigues(np.asarray(by, np.float64).reshape(3, 1))[0]
    turn[:3, 3] = centre - turn[:3, :3] @ centre
    return turn
