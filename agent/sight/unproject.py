# SPDX-License-Identifier: GPL-3.0-or-later
"""From the frame to the world and back, through a scene's camera."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...worker.protocol import CameraInfo

Floats = NDArray[np.float64]


class View:
    """A camera that projects and un-projects. Points of the frame are fractions, (0, 0) top left, y down."""

    def __init__(self, camera: CameraInfo) -> None:
        """Read a camera. Raises ValueError for a panoramic or degenerate one."""

    def ray(self, u: float, v: float) -> tuple[Floats, Floats]:
        """Return origin and unit direction, world space, of the ray through a point of the frame."""
        raise NotImplementedError

    def project(self, points: ArrayLike) -> Floats:
        """Return (n, 3): u, v and depth along the camera's axis (metres, negative behind) of (n, 3) world points."""
        raise NotImplementedError

    def on_plane(self, u: float, v: float, z: float = 0.0) -> tuple[float, float] | None:
        """Return where the ray through (u, v) meets the level plane at height `z`; None when it never does."""
        raise NotImplementedError
