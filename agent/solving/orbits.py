# SPDX-License-Identifier: GPL-3.0-or-later
"""Other cameras that see about the same: higher or lower, and looking at the same spot. A script's things seen from too
high come under their masks by a longer lens and flatter things as well, and no small step leads from there to the right
answer; so it is also begun at these."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from . import rotation
from .linear import Model

Array = NDArray[np.float64]

ANGLES = (-14.0, 14.0)
"""Degrees by which the camera sinks or rises about what it looks at."""
_STRAY = 0.06
"""Of the frame: numbers that put things no nearer than this to where such a camera sees them can't make one."""
_SOME = 60
"""Points of each thing."""


def starts(model: Model) -> list[Array]:
    """Return changes of the model's numbers that move the camera about what it looks at, one for each angle that its
    numbers have a change for."""
    moving = [index for index in model.camera if index not in model.zooms]
    if not moving or not model.points:
        return []
    clouds = [points[:: max(1, len(points) // _SOME)] for points in model.points.values()]
    points = np.concatenate(clouds).astype(np.float64)
    points = np.concatenate([points, np.ones((len(points), 1))], axis=1)
    focus = np.mean([cloud.mean(axis=0) for cloud in clouds], axis=0).astype(np.float64)
    projection = model.projection.astype(np.float64)
    # What counts in the picture: where things come to lie, and how large.
    clip = [0, 1, 3]
    ways = np.stack([(points @ model.camera[index].astype(np.float64)[clip].T).ravel() for index in moving], axis=1)
    size = np.linalg.norm(ways, axis=0)
    # A number may move the camera and nothing that is seen, such as what turns it about a point right below it.
    tells = np.isfinite(size) & (size > 1e-9)
    if not tells.any():
        return []
    moving, ways, size = [index for index, told in zip(moving, tells, strict=True) if told], ways[:, tells], size[tells]
    across = projection[0, :3] / np.linalg.norm(projection[0, :3])
    found = []
    for angle in ANGLES:
        wanted = projection @ rotation.about(focus, np.radians(angle) * across)
        gap = (points @ (wanted - projection)[clip].T).ravel()
        if not np.isfinite(gap).all():
            continue
        by = np.linalg.lstsq(ways / size, gap, rcond=1e-4)[0] / size
        change = np.zeros(len(model.numbers))
        change[moving] = by
        seen = model.seen_through(change).astype(np.float64)
        if np.abs(_flat(points, seen) - _flat(points, wanted)).mean() / 2 < _STRAY:
            found.append(change)
    return found


def _flat(points: Array, projection: Array) -> Array:
    clip = points @ projection.T
    return np.asarray(clip[:, :2] / np.maximum(clip[:, 3:4], 1e-3))
