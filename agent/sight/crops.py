# SPDX-License-Identifier: GPL-3.0-or-later
"""Which parts of a picture are worth magnifying."""

from __future__ import annotations

from ..brief import Box, Brief
from .canvas import clean_box

SMALL = 0.4
"""A thing is small when its box's longer side is below this share of the frame."""
WIDEST = 0.5
"""A crop of several things is at most this wide and high; beyond it magnifies too little."""
ROOM = 0.18
"""Room left about the things of a crop, as a share of its longer side."""
LEAST = 0.12
"""A crop is at least this wide and high: a picture has no more detail than its pixels."""


def crops(brief: Brief, most: int, aspect: float = 1.0) -> list[Box]:
    """Return at most `most` parts of the frame to magnify, the ones that gain most first: clusters of small things
    that stand close together, then quarters of the large ones. `aspect` is the frame's width over height; parts come
    out about square on screen where the frame allows."""
    if most <= 0 or not brief.objects:
        return []
    boxes = [clean_box(item.box) for item in brief.objects]
    small = [box for box in boxes if _longer(box) < SMALL]
    found = [_roomy(group, aspect) for group in _clusters(small)]
    found.sort(key=lambda box: (box[2] - box[0]) * (box[3] - box[1]))
    large = sorted((box for box in boxes if _longer(box) >= SMALL), key=_longer)
    for box in large:
        found += _parts(box, aspect)
    return found[:most]


def of_interest(brief: Brief, regions: list[Box], most: int, aspect: float = 1.0) -> list[Box]:
    """Return at most `most` parts of the frame to magnify: first those about `regions`, then as `crops`, but none that
    lies mostly in one chosen before."""
    wished = [_roomy(clean_box(box), aspect) for box in regions]
    found: list[Box] = []
    for box in [box for box in wished if _longer(box) <= WIDEST] + crops(brief, most, aspect):
        if all(_inside(box, other) < 0.7 for other in found):
            found.append(box)
    return found[:most]


def quarters(overlap: float = 0.06) -> list[Box]:
    """Return the four quarters of the frame, each a little larger so that nothing is cut at a seam only."""
    low, high = 0.5 + overlap, 0.5 - overlap
    return [(0.0, 0.0, low, low), (high, 0.0, 1.0, low), (0.0, high, low, 1.0), (high, high, 1.0, 1.0)]


def _longer(box: Box) -> float:
    return max(box[2] - box[0], box[3] - box[1])


def _inside(a: Box, b: Box) -> float:
    """Share of `a` that lies in `b`."""
    wide, high = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    return max(0.0, wide) * max(0.0, high) / max(1e-9, (a[2] - a[0]) * (a[3] - a[1]))


def _union(a: Box, b: Box) -> Box:
    return min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])


def _clusters(boxes: list[Box]) -> list[Box]:
    """Join the two groups whose union is smallest until no union is small enough."""
    groups = list(boxes)
    while len(groups) > 1:
        pairs = [(_longer(_union(a, b)), i, j) for i, a in enumerate(groups) for j, b in enumerate(groups[:i])]
        size, i, j = min(pairs)
        if size > WIDEST / (1 + 2 * ROOM):
            break
        joined = _union(groups[i], groups[j])
        groups = [g for k, g in enumerate(groups) if k not in (i, j)] + [joined]
    return groups


def _roomy(box: Box, aspect: float) -> Box:
    """Leave room about a box and widen its shorter side (on screen) towards a square, inside the frame."""
    wide, high = (box[2] - box[0]) * aspect, box[3] - box[1]
    room = ROOM * max(wide, high)
    side = max(wide, high) + 2 * room
    wide, high = max(wide + 2 * room, 0.75 * side, LEAST * aspect), max(high + 2 * room, 0.75 * side, LEAST)
    return _placed((box[0] + box[2]) / 2, (box[1] + box[3]) / 2, min(1.0, wide / aspect), min(1.0, high))


def _parts(box: Box, aspect: float) -> list[Box]:
    """Split a large box: into halves along its longer side (on screen), into quarters when it is about square."""
    x0, y0, x1, y1 = box
    wide, high = (x1 - x0) * aspect, y1 - y0
    across = 2 if wide > 0.6 * high else 1
    down = 2 if high > 0.6 * wide else 1
    step_x, step_y = (x1 - x0) / across, (y1 - y0) / down
    centres = [(x0 + (i + 0.5) * step_x, y0 + (j + 0.5) * step_y) for j in range(down) for i in range(across)]
    room = 1 + 2 * ROOM / 2
    return [_placed(x, y, min(1.0, step_x * room), min(1.0, step_y * room)) for x, y in centres]


def _placed(x: float, y: float, wide: float, high: float) -> Box:
    """A box of this size about a point, moved into the frame."""
    left, top = min(max(0.0, x - wide / 2), 1 - wide), min(max(0.0, y - high / 2), 1 - high)
    return left, top, left + wide, top + high
