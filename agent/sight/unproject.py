# SPDX-License-Identifier: GPL-3.0-or-later
"""From the frame to the world and back, through a scene's camera."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...worker.protocol import CameraInfo

Floats = NDArray[np.float64]
FARTHEST = 1e5
"""Metres: beyond it a ray is as good as level with the plane."""


class View:
    """A camera that projects and un-projects. Points of the frame are fractions, (0, 0) top left, y down.

    The projection is that of `bpy_extras.object_utils.world_to_camera_view`: the camera's scale is left out, and lens
    shift moves the frame over the scene.
    """

    def __init__(self, camera: CameraInfo) -> None:
        """Read a camera. Raises ValueError for a panoramic or degenerate one."""
        values = np.asarray(camera.matrix_world, np.float64)
        width, height = camera.frame
        if values.size != 16 or not np.isfinite(values).all() or width <= 0 or height <= 0:
            raise ValueError("the camera's matrix or frame is not usable")
        matrix = values.reshape(4, 4)
        lengths = np.linalg.norm(matrix[:3, :3], axis=0)
        if lengths.min() < 1e-9:
            raise ValueError("the camera's matrix is flat")
        self.turn: Floats = matrix[:3, :3] / lengths
        """(3, 3), columns: the camera's right, up and backward in the world."""
        self.eye: Floats = matrix[:3, 3].copy()
        self.orthographic = camera.type == "ORTHO"
        if camera.type == "PERSP" and 0 < camera.horizontal_fov < math.pi:
            self._wide = 2 * math.tan(camera.horizontal_fov / 2)
        elif self.orthographic and camera.ortho_width > 0:
            self._wide = camera.ortho_width
        else:
            raise ValueError(f"a camera of type {camera.type} is not read")
        self._shift = np.asarray(camera.shift, np.float64)
        self._aspect = width / height

    @property
    def forward(self) -> Floats:
        """Unit vector the camera looks along."""
        return -self.turn[:, 2]

    def ray(self, u: float, v: float) -> tuple[Floats, Floats]:
        """Return origin and unit direction, world space, of the ray through a point of the frame."""
        x = (u - 0.5 + self._shift[0]) * self._wide
        y = ((0.5 - v) / self._aspect + self._shift[1]) * self._wide
        if self.orthographic:
            return self.eye + self.turn @ np.array([x, y, 0.0]), self.forward
        along = self.turn @ np.array([x, y, -1.0])
        return self.eye.copy(), along / np.linalg.norm(along)

    def points(self, depth: Floats) -> Floats:
        """Return (h, w, 3): the world points of a view's pixels, from their (h, w) depths along the camera's axis,
        metres; the eye's own for those of an infinite depth, where nothing is seen."""
        height, width = depth.shape
        v, u = np.mgrid[:height, :width].astype(np.float64) + 0.5
        x = (u / width - 0.5 + self._shift[0]) * self._wide
        y = ((0.5 - v / height) / self._aspect + self._shift[1]) * self._wide
        far = np.where(np.isfinite(depth), np.asarray(depth, np.float64), 0.0)
        if not self.orthographic:
            x, y = x * far, y * far
        return np.asarray(self.eye + np.stack([x, y, -far], axis=-1) @ self.turn.T)

    def project(self, points: ArrayLike) -> Floats:
        """Return (n, 3): u, v and depth along the camera's axis (metres, negative behind) of (n, 3) world points.

        u and v are nan where a perspective camera has the point behind it.
        """
        local = (np.asarray(points, np.float64).reshape(-1, 3) - self.eye) @ self.turn
        depth = -local[:, 2]
        if self.orthographic:
            flat = local[:, :2]
        else:
            flat = local[:, :2] / np.where(depth > 1e-9, depth, np.nan)[:, None]
        u = 0.5 + flat[:, 0] / self._wide - self._shift[0]
        v = 0.5 - (flat[:, 1] / self._wide - self._shift[1]) * self._aspect
        return np.column_stack([u, v, depth])

    def on_plane(self, u: float, v: float, z: float = 0.0) -> tuple[float, float] | None:
        """Return where the ray through (u, v) meets the level plane at height `z`; None when it never does."""
        origin, along = self.ray(u, v)
        if abs(along[2]) < 1e-9:
            return None
        distance = (z - origin[2]) / along[2]
        if not (self.orthographic or distance > 0) or abs(distance) > FARTHEST:
            return None
        hit = origin + distance * along
        return float(hit[0]), float(hit[1])

    def above(self, foot: ArrayLike, u: float, v: float) -> float | None:
        """Return the height (z, metres) at which the upright line through `foot` (x, y, z) passes nearest to the ray
        through (u, v); None where the camera looks along that line."""
        origin, along = self.ray(u, v)
        level = along[:2]
        across = float(level @ level)
        if across < 1e-3:
            return None
        base = np.asarray(foot, np.float64)
        # Nearest approach of the ray, seen from above, to the line's point.
        distance = float((base[:2] - origin[:2]) @ level) / across
        if not self.orthographic and distance <= 0:
            return None
        return float(origin[2] + distance * along[2])

    def metres_across(self, depth: float) -> float:
        """Width of the frame in metres at a depth along the camera's axis."""
        return self._wide if self.orthographic else self._wide * depth

    def horizon(self) -> tuple[float, float] | None:
        """Return the horizon's heights at the frame's left and right edge, fractions, y down; None without one."""
        if self.orthographic or abs(self.turn[2, 1]) < 1e-6:
            return None
        heights = []
        for u in (0.0, 1.0):
            # A direction (x, y, -1) of the camera is level when its world z is 0.
            x = (u - 0.5 + self._shift[0]) * self._wide
            y = (self.turn[2, 2] - self.turn[2, 0] * x) / self.turn[2, 1]
            heights.append(0.5 - (y / self._wide - self._shift[1]) * self._aspect)
        return heights[0], heights[1]
