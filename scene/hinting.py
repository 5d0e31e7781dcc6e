# SPDX-License-Identifier: GPL-3.0-or-later
"""A box or a stroke dragged over the picture in the viewport: where it is in the picture, and its drawing meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import bpy

from . import compare

COLOURS = {"is": (0.15, 1.0, 0.35, 1.0), "not": (1.0, 0.2, 0.15, 1.0), "ignore": (0.9, 0.9, 0.9, 1.0)}
WIDTH = 2.0
_handle: Any = None
_drag: Drag | None = None


@dataclass
class Drag:
    """What is being dragged, in fractions of the picture, (0, 0) top left."""

    kind: str
    frame: tuple[float, float, float, float]
    """Left, bottom, right and top of the picture in the region, in its pixels."""
    region: int
    """Address of the region it is drawn in."""
    brush: float = 0.0
    """Radius as a fraction of the picture's longer side; 0 for a box."""
    points: list[tuple[float, float]] = field(default_factory=list)

    def box(self) -> tuple[float, float, float, float]:
        """The box from the first point to the last: x0, y0, x1, y1."""
        (ax, ay), (bx, by) = self.points[0], self.points[-1]
        return min(ax, bx), min(ay, by), max(ax, bx), max(ay, by)

    def add(self, x: float, y: float) -> None:
        """Go on to a place in the region, in pixels; of a box only the first and the last count."""
        point = fractions(self.frame, x, y)
        if not self.brush:
            self.points = [*self.points[:1], point]
        elif not self.points or abs(point[0] - self.points[-1][0]) + abs(point[1] - self.points[-1][1]) > 0.004:
            self.points.append(point)


def fractions(frame: tuple[float, float, float, float], x: float, y: float) -> tuple[float, float]:
    """Return where in the picture a place in the region is, at its nearest edge for one beside it. `frame` is left,
    bottom, right and top of the picture in the region."""
    left, bottom, right, top = frame
    across = (x - left) / (right - left) if right != left else 0.0
    down = (top - y) / (top - bottom) if top != bottom else 0.0
    return min(1.0, max(0.0, across)), min(1.0, max(0.0, down))


def begin(drag: Drag) -> None:
    """Draw what is dragged, from now on."""
    global _handle, _drag
    _drag = drag
    if _handle is None and not bpy.app.background:
        _handle = bpy.types.SpaceView3D.draw_handler_add(_draw, (), "WINDOW", "POST_PIXEL")


def end() -> None:
    """Draw it no longer."""
    global _handle, _drag
    _drag = None
    if _handle is not None:
        bpy.types.SpaceView3D.draw_handler_remove(_handle, "WINDOW")
        _handle = None


def _draw() -> None:
    region, drag = bpy.context.region, _drag
    if drag is None or not drag.points or region is None or region.as_pointer() != drag.region:
        return
    left, bottom, right, top = drag.frame
    wide, tall = right - left, top - bottom

    def at(point: tuple[float, float]) -> tuple[float, float]:
        return left + point[0] * wide, top - point[1] * tall

    if drag.brush:
        compare.lines([at(point) for point in drag.points], COLOURS[drag.kind], 2 * drag.brush * max(wide, tall))
        return
    x0, y0, x1, y1 = drag.box()
    corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)]
    compare.lines([at(corner) for corner in corners], COLOURS[drag.kind], WIDTH)
