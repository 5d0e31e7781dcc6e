# SPDX-License-Identifier: GPL-3.0-or-later
"""The picture's camera: a pinhole above the ground plane z = 0, looking along +Y and down.

Picture coordinates are fractions of the frame, (0, 0) top left, y down. World units are metres.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import cos, sin, tan

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Camera:
    """A camera without roll."""

    fov: float
    """Horizontal, radians."""
    pitch: float
    """Radians below the horizon."""
    aspect: float
    """Frame width over height."""
    position: tuple[float, float, float]

    def rays(self, points: ArrayLike) -> Array:
        """World directions, of length 1 along the camera's axis, through picture points (n, 2)."""
        p = np.atleast_2d(np.asarray(points, np.float64))
        half = tan(self.fov / 2)
        x = (p[:, 0] - 0.5) * 2 * half
        y = (0.5 - p[:, 1]) * 2 * half / self.aspect
        c, s = cos(self.pitch), sin(self.pitch)
        return np.stack([x, c + y * s, y * c - s], axis=1)

    @cached_property
    def _lens(self) -> tuple[float, float, float]:
        return cos(self.pitch), sin(self.pitch), 2 * tan(self.fov / 2)

    def project(self, points: Array) -> tuple[Array, Array]:
        """Picture points (n, 2) and depths along the axis (n,) of world points (n, 3)."""
        c, s, width = self._lens
        x, y, z = points[:, 0] - self.position[0], points[:, 1] - self.position[1], points[:, 2] - self.position[2]
        depth = y * c - z * s
        safe = np.where(np.abs(depth) < 1e-6, 1e-6, depth) * width
        seen = np.empty((len(points), 2))
        seen[:, 0] = 0.5 + x / safe
        seen[:, 1] = 0.5 - (y * s + z * c) / safe * self.aspect
        return seen, depth

    def ground_at(self, u: float, v: float) -> tuple[float, float, float]:
        """x and y where the ray through one picture point meets the ground, and the depth there along the axis."""
        c, s, width = self._lens
        up = (0.5 - v) * width / self.aspect
        depth = self.position[2] / max(s - up * c, 0.009)
        return self.position[0] + (u - 0.5) * width * depth, self.position[1] + (c + up * s) * depth, depth

    def on_ground(self, points: ArrayLike) -> Array:
        """Where the rays through picture points (n, 2) meet z = 0, (n, 3); rays at or above the horizon are taken as
        half a degree below it."""
        d = self.rays(points)
        fall = np.minimum(d[:, 2], -0.009)
        return np.asarray(self.position) + d * (self.position[2] / -fall)[:, None]

    @property
    def horizon(self) -> float:
        """Height of the horizon in the picture, as a fraction from the top."""
        return 0.5 - tan(self.pitch) / (2 * tan(self.fov / 2)) * self.aspect


def standing(fov: float, pitch: float, aspect: float, foot: float, distance: float = 5.0) -> Camera:
    """The camera of this field of view and pitch that sees the world's origin at height `foot` of the picture's middle
    column, `distance` metres away along its axis. A foot too near the horizon is taken as 3 degrees below it."""
    still = Camera(fov, pitch, aspect, (0.0, 0.0, 0.0))
    ray = still.rays([(0.5, foot)])[0]
    fall = min(float(ray[2]), -0.05)
    return Camera(fov, pitch, aspect, (0.0, -distance * float(ray[1]), -distance * fall))


def on_plane(camera: Camera, points: ArrayLike, y: float) -> Array:
    """Where the rays through picture points (n, 2) meet the upright plane at `y`, (n, 3)."""
    eye = np.asarray(camera.position)
    rays = camera.rays(points)
    return np.asarray(eye + rays * ((y - eye[1]) / np.maximum(rays[:, 1], 1e-3))[:, None], np.float64)


def stand_at(camera: Camera, foot: tuple[float, float], y: float) -> tuple[float, float, float]:
    """Where a body stands whose foot is seen at this picture point, on the upright plane at `y`: on the ground (z = 0),
    or above it."""
    x, _, z = on_plane(camera, [foot], y)[0]
    return float(x), y, float(z) if z > 1e-3 else 0.0
