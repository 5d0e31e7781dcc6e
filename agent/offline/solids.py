# SPDX-License-Identifier: GPL-3.0-or-later
"""Simple solids standing on the ground, and the points whose convex hull is their outline in the picture."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import cos, sin
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .camera import Camera

Kind = Literal["box", "sphere", "cylinder", "cone", "torus", "lathe", "inflated"]
Array = NDArray[np.float64]
Ring = list[tuple[float, float]]
Leg = tuple[tuple[float, float], tuple[float, float], tuple[float, float]]
"""Points in the picture: a foot on the ground, and from where to where the body is upright above it."""

_TURN = np.linspace(0, 2 * np.pi, 32, endpoint=False)
_CIRCLE = np.stack([np.cos(_TURN), np.sin(_TURN)], axis=1)
_DISC = np.column_stack([_CIRCLE, np.zeros(len(_CIRCLE))])
_CORNERS = np.array([(x, y, z) for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (0.0, 1.0)])


@dataclass(frozen=True)
class Solid:
    """A body standing on the ground, or a free one above it. Lengths in metres, angles in radians."""

    kind: Kind
    place: tuple[float, float]
    """x and y of the base centre."""
    size: tuple[float, float, float]
    """Width, depth, height before turning; of a sphere, its diameter three times. A torus lies flat."""
    heading: float = 0.0
    """Turn about the vertical."""
    iou: float = 0.0
    """How well its outline fits the region it was made for."""
    rings: list[Ring] = field(default_factory=list)
    """Of an inflated body: its outline in the picture, further rings are holes."""
    legs: list[Leg] = field(default_factory=list)
    """Of an inflated body that stands on several feet: its legs in the picture."""
    ahead: float = 1.0
    """Of an inflated body: how much of it is nearer than where it stands, 1 for as much as is farther, 0 for none."""
    profile: list[tuple[float, float]] = field(default_factory=list)
    """Of a lathe: radius and height from the base up, metres."""
    lift: float = 0.0
    """Height of its base above the ground, metres."""
    cells: int = 0
    """Mesh cells along its longer side when it is to be painted; 0 for faces as large as can be."""

    @property
    def shape(self) -> str:
        """A person's word for the shape."""
        w, d, h = self.size
        if self.kind == "box":
            return "cube" if max(w, d, h) < 1.2 * min(w, d, h) else "box"
        if self.kind == "cylinder":
            return "disc" if h < 0.25 * w else "cylinder"
        return {"sphere": "sphere", "cone": "cone", "torus": "ring", "lathe": "turned body"}.get(self.kind, "free body")


def outline_points(solid: Solid, camera: Camera) -> Array:
    """World points (n, 3) whose projections' convex hull is the outline of a convex solid."""
    x, y = solid.place
    w, d, h = solid.size
    if solid.kind == "sphere":
        return _sphere(np.array([x, y, w / 2]), w / 2, camera)
    if solid.kind == "box":
        c, s = cos(solid.heading), sin(solid.heading)
        turn = ((w * c, w * s, 0.0), (-d * s, d * c, 0.0), (0.0, 0.0, h))
        return np.asarray(_CORNERS @ turn + (x, y, 0.0), np.float64)
    base = _DISC * (w / 2, d / 2, 0.0) + (x, y, 0.0)
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
    flat = max(float(np.hypot(axis[0], axis[1])), 1e-9)
    side = np.array([axis[1] / flat, -axis[0] / flat, 0.0])
    up = np.array([-axis[0] * axis[2] / flat, -axis[1] * axis[2] / flat, flat])
    back = radius * radius / distance
    rim = radius * np.sqrt(max(0.0, 1 - (radius / distance) ** 2))
    ring: Array = centre - axis * back + rim * (_CIRCLE[:, :1] * side + _CIRCLE[:, 1:] * up)
    return ring


def as_turned(solid: Solid, cells: int) -> Solid:
    """A cylinder or cone as a body of revolution with `cells` along its longer side, to be painted."""
    w, _, h = solid.size
    step = max(w, h) / cells
    rings = max(3, round(w / 2 / step))
    rows = max(2, round(h / step))
    profile = [(w / 2 * k / rings, 0.0) for k in range(1, rings)]
    for k in range(rows + 1):
        z = k / rows
        profile.append((max(1e-3, w / 2 * (1 - z if solid.kind == "cone" else 1.0)), h * z))
    if solid.kind == "cylinder":
        profile += [(w / 2 * k / rings, h) for k in range(rings - 1, 0, -1)]
    return replace(solid, kind="lathe", profile=profile)
