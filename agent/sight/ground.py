# SPDX-License-Identifier: GPL-3.0-or-later
"""The ground through a camera: a grid in metres over the picture, so that places on the floor can be read off it."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from . import canvas
from .canvas import WHITE, Anchor, Bytes, Rgb
from .ruler import Sheet, sheet
from .unproject import View

STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
LINES = 9
"""About how many lines across the middle of the frame."""
MOST_LINES = 40
NEAREST = 0.02
X_COLOUR, Y_COLOUR = (255, 120, 40), (60, 200, 255)
STRENGTH = 0.65
PIECES = 64


def ground_grid(picture: NDArray[Any], view: View, longest: int = 768) -> Bytes | None:
    """Return the ruled picture with lines of equal x (orange) and equal y (blue) on the ground z = 0, each with its
    metres; None when the camera does not see the ground."""
    extent = _extent(view)
    if extent is None:
        return None
    x0, y0, x1, y1 = extent
    # Fine enough where most things stand: a share of what the frame's middle part spans.
    step = next((s for s in STEPS if s * LINES >= _span(view, 0.55)), STEPS[-1])
    if max(x1 - x0, y1 - y0) / step > MOST_LINES:
        step = next((s for s in STEPS if s * MOST_LINES >= max(x1 - x0, y1 - y0)), STEPS[-1])
    on = sheet(canvas.to_bytes(picture), canvas.WHOLE, longest)
    on.rulers(grid=False)
    lines: list[tuple[NDArray[np.float64], Rgb, str]] = []
    for low, high, other_low, other_high, axis in ((x0, x1, y0, y1, 0), (y0, y1, x0, x1, 1)):
        for value in _round_values(low, high, step):
            ends = np.linspace(other_low, other_high, PIECES)
            points = np.zeros((PIECES, 3))
            points[:, axis], points[:, 1 - axis] = value, ends
            said = f"{'xy'[axis]} {value + 0.0:.{2 if step < 0.1 else 1 if step < 1 else 0}f}"
            lines.append((_on_sheet(on, view, points), (X_COLOUR, Y_COLOUR)[axis], said))
    drawn = on.inside.copy()
    labels: list[tuple[str, tuple[float, float], Anchor, Rgb]] = []
    for line, colour, said in lines:
        if len(line) < 2:
            continue
        cv2.polylines(drawn, [np.round(line * 8).astype(np.int32).reshape(-1, 1, 2)], False, colour, 1, cv2.LINE_AA, 3)
        inside = line[(line >= 0).all(1) & (line < on.size).all(1)]
        if len(inside) >= 4:
            # Each is named where it comes nearest to the viewer.
            place = inside[int(np.argmax(inside[:, 1]))]
            anchor: Anchor = "mb" if place[1] > 0.9 * on.height else "mm"
            labels.append((said, (float(place[0]), float(place[1])), anchor, colour))
    on.inside[...] = np.round((1 - STRENGTH) * on.inside + STRENGTH * drawn).astype(np.uint8)
    _write(on, labels)
    return on.canvas


def _span(view: View, v: float) -> float:
    """Metres of ground across the frame at a height of it; at its lower edge where there is none higher up."""
    for level in (v, 0.75, 1.0):
        ends = view.on_plane(0.0, level), view.on_plane(1.0, level)
        if ends[0] is not None and ends[1] is not None:
            return float(np.hypot(ends[0][0] - ends[1][0], ends[0][1] - ends[1][1]))
    return 1.0


def _extent(view: View) -> tuple[float, float, float, float] | None:
    """A stretch of ground worth a grid: what the frame sees, without what lies next to the horizon."""
    rows = [[view.on_plane(u, v) for u in (0.0, 0.5, 1.0)] for v in np.linspace(1.0, 0.0, 21)]
    seen = [[hit for hit in row if hit is not None] for row in rows]
    if not seen[0]:
        return None
    near = np.array(seen[0])
    reach = float(np.median(np.hypot(*(near - view.eye[:2]).T))) + abs(float(view.eye[2]))
    kept = [hit for row in seen for hit in row if float(np.hypot(*(np.array(hit) - view.eye[:2]))) < 3 * reach]
    if len(kept) < 4:
        return None
    low, high = np.min(kept, axis=0), np.max(kept, axis=0)
    if min(high - low) < 1e-3:
        return None
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def _round_values(low: float, high: float, step: float) -> list[float]:
    return [n * step for n in range(int(np.ceil(low / step)), int(np.floor(high / step)) + 1)]


def _on_sheet(on: Sheet, view: View, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Pixels of the part of a ground line that is before the camera and not far outside the frame."""
    seen = view.project(points)
    keep = (
        np.isfinite(seen).all(1) & (view.orthographic | (seen[:, 2] > NEAREST)) & (np.abs(seen[:, :2] - 0.5) < 3).all(1)
    )
    return on.at(seen[keep, :2])


def _write(on: Sheet, labels: list[tuple[str, tuple[float, float], Anchor, Rgb]]) -> None:
    """Write the labels that do not run into one written before."""
    taken: list[tuple[float, float]] = []
    pixels = max(11, on.type_px - 3)
    for said, (x, y), anchor, colour in labels:
        wide, high = canvas.text_size(said, pixels)
        if any(abs(x - a) < wide + 4 and abs(y - b) < high + 1 for a, b in taken):
            continue
        taken.append((x, y))
        at = on.left + min(max(x, wide / 2 + 2), on.width - wide / 2 - 2), on.top + min(y, on.height - 3)
        canvas.write(on.canvas, [(said, at, anchor)], pixels, WHITE if sum(colour) < 300 else canvas.BLACK, colour)
