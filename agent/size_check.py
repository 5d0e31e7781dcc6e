# SPDX-License-Identifier: GPL-3.0-or-later
"""Does a camera make the brief's things as large as they are? Their boxes, measured through it, against their sizes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

from ..worker.protocol import CameraInfo, ObjectInfo
from .brief import Brief, CameraHint
from .hidden import partly_hidden
from .sight import tables
from .sight.points import places
from .sight.unproject import View

MOST_ROWS = 20
GOOD = 1.15
"""A factor from which a camera's scale is worth mending; the brief's sizes are estimates themselves."""


def estimated_camera(hint: CameraHint, frame: tuple[int, int]) -> CameraInfo:
    """The brief's own estimate of the camera, standing at (0, 0, height) and looking along +Y."""
    down = hint.pitch
    right, up = (1.0, 0.0, 0.0), (0.0, math.sin(down), math.cos(down))
    backward = (0.0, -math.cos(down), math.sin(down))
    place = (0.0, 0.0, max(1e-3, hint.height_m))
    rows = [(right[i], up[i], backward[i], place[i]) for i in range(3)]
    matrix = tuple(value for row in [*rows, (0.0, 0.0, 0.0, 1.0)] for value in row)
    return CameraInfo(matrix, "PERSP", hint.horizontal_fov, 0.0, (0.0, 0.0), frame)


def check(brief: Brief, camera: CameraInfo | None, inventory: Sequence[ObjectInfo] = ()) -> str:
    """Return the table of measured against stated widths with what follows from it; "" when nothing can be compared."""
    if camera is None:
        return ""
    try:
        view = View(camera)
    except ValueError:
        return ""
    rows, factors = [], []
    for one in places(brief, view, inventory):
        stated = one.item.dimensions_m
        if stated is None:
            continue
        if one.foot is None or one.width <= 0:
            rows.append([one.item.name, f"{stated[0]:.3g}", "its foot lies above the horizon", "-", "-"])
            continue
        factor = one.width / stated[0]
        hidden = partly_hidden(one.item, brief)
        if not hidden:
            factors.append(factor)
        name = f"{one.item.name} (partly hidden, so not counted)" if hidden else one.item.name
        rows.append([name, f"{stated[0]:.3g}", f"{one.width:.3g}", f"{factor:.2f}", f"{one.depth:.2f}"])
    if not rows:
        return ""
    head = ["object", "width by the brief, m", "width through the camera, m", "factor", "distance, m"]
    told = [tables.table(head, rows[:MOST_ROWS])]
    if factors:
        middle = median(factors)
        told.append(f"Middle factor {middle:.2f}.")
        if not 1 / GOOD < middle < GOOD:
            told.append(f"Divide the camera's height and its distance by {middle:.2f} to make it 1.")
        if len(factors) > 1:
            told.append("A factor that grows or falls steadily with distance means that the pitch is off.")
    return "\n\n".join([told[0], " ".join(told[1:])]).strip()
