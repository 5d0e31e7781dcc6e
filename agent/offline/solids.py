# SPDX-License-Identifier: GPL-3.0-or-later
"""Simple solids standing on the ground, and the points whose convex hull is their outline in the picture."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import cos, sin
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .camera import Camera

Kind = Literal["box", "sphere", "cylinder", "cone", "lathe", "inflated"]
Array = NDArray[np.float64]
Ring = list[tuple[float, float]]

_TURN = np.linspace(0, 2 * np.pi, 32, endpoint=False)
_CIRCLE = np.stack([np.cos(_TURN), np.sin(_TURN)], axis=1)
_CORNERS = np.array([(x, y, z) for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (0.0, 1.0)])


@dataclass(frozen=True)
class Solid:
    """A body with its base centre on the ground. Lengths in metres, angles in radians."""

    kind: Kind
    place: tuple[float, float]
    """x and y of the base centre."""
    size: tuple[float, float, float]
    """Width, depth, height before turning; of a sphere, thrice its diameter."""
    heading: float = 0.0
    """Turn about the vertical."""
    iou: float = 0.0
    """How well its outline fits the region it was made for."""
    rings: list[Ring] = field(default_factory=list)
    """Of an inflated body: its outline in the picture, further rings are holes."""
    profile: list[tuple[float, float]] = field(default_factory=list)
    """Of a lathe: radius and height from the base up, metres."""

    @property
    def shape(self) -> str:
        """A person's word for the shape."""
        w, d, h = self.size
        if self.kind == "box":
            return "cube" if max(w, d, h) < 1.2 * min(w, d, h) else "box"
        if self.kind == "cylinder":
            return "disc" if h < 0.25 * w else "cylinder"
        return {"sphere": "sphere", "cone": "cone", "lathe": "turned body"}.get(self.kind, "free body")


def outline_points(solid: Solid, camera: Camera) -> Array:
    """World points (n, 3) whose projections' convex hull is the outline of a convex solid."""
    x, y = solid.place
    w, d, h = solid.size
    if solid.kind == "sphere":
        return _sphere(np.array([x, y, w / 2]), w / 2, camera)
    if solid.kind == "box":
        c, s = cos(solid.heading), sin(solid.heading)
        local = _CORNERS * (w, d, h)
        return np.stack(
            [x + local[:, 0] * c - local[:, 1] * s, y + local[:, 0] * s + local[:, 1] * c, local[:, 2]], axis=1
        )
    base = np.column_stack([x + _CIRCLE[:, 0] * w / 2, y + _CIRCLE[:, 1] * d / 2, np.zeros(len(_CIRCLE))])
    if solid.kind == "cone":
        return np.vstack([base, [(x, y, h)]])
    return np.vstack([base, np.add(base, (0.0, 0.0, h))])


def _sphere(centre: Array, radius: float, camera: Camera) -> Array:
    """The circle in which the view cone touches the sphere: its projection is the outline, exactly."""
    eye = np.asarray(camera.position)
    axis = centre - eye
    distance = float(np.linalg.norm(axis))
    axis /= distance
    if distance <= radius * 1.01:
        return np.tile(eye, (3, 1))
    side = np.cross(axis, (0.0, 0.0, 1.0))
    side /= max(float(np.linalg.norm(side)), 1e-9)
    up = np.cross(side, axis)
    back = radius * radius / distance
    rim = radius * np.sqrt(max(0.0, 1 - (radius / distance) ** 2))
    ring: Array = centre - axis * back + rim * (_CIRCLE[:, :1] * side + _CIRCLE[:, 1:] * up)
    return ring
