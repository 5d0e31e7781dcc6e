# SPDX-License-Identifier: GPL-3.0-or-later
"""Part again what was joined wrongly: two convex things of one colour, with a hollow of floor where they meet."""

from __future__ import annotations

import numpy as np

from . import features as f
from .basins import spill

PARTS = 9
"""Patches a region is reduced to before every way of parting it is tried."""
HOLLOW = 0.04
"""Floor inside a region's hull, as a share of its area, from which parting is tried."""
GAIN = 0.02
"""Hollow that parting must remove at least, as a share of the area."""
WHOLE = 0.92
"""Solidity both parts must have."""
MOSTLY = 0.6
FAINT_OUTLINE = 1.8
OUTLINE = 2.6
"""Edge strength (Lab units per pixel) both parts must have between them."""


def part(mask: f.Mask, labels: f.Labels, floor: f.Mask, seen: f.Features) -> list[f.Mask]:
    """Return the mask, or the parts it falls into.

    `labels` are the patches it was joined from; `floor` what is backdrop: what other things may hide is no hollow.
    """
    ys, xs = np.nonzero(mask)
    window = np.s_[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1]
    inside, ground, edge = mask[window], floor[window], seen.edge[window]
    area = int(np.count_nonzero(inside))
    if area < 120 or _hollow(inside, ground) < HOLLOW * area:
        return [mask]
    pieces = _reduce(spill(np.where(inside, labels[window], 0), inside), edge)
    count = len(pieces)
    whole = _hollow(inside, ground)
    best, choice = max(GAIN * area, 0.35 * whole), 0
    for code in range(1, 1 << (count - 1)):
        one = np.any([pieces[i] for i in range(count) if code >> i & 1], axis=0)
        two = inside & ~one
        smaller = min(np.count_nonzero(one), np.count_nonzero(two))
        if smaller < max(50, 0.12 * area):
            continue
        gain = whole - _hollow(one, ground) - _hollow(two, ground)
        if gain <= best or min(_solidity(one, ground), _solidity(two, ground)) < WHOLE:
            continue
        seam = f.dilate(one, 1) & f.dilate(two, 1) & inside
        whole_parts = f.components(one)[0] == 2 and f.components(two)[0] == 2
        # A cut that explains most of the hollow needs less of an outline.
        enough = OUTLINE if gain < MOSTLY * whole else FAINT_OUTLINE
        if whole_parts and seam.any() and np.median(edge[seam]) > enough:
            best, choice = gain, code
    if not choice:
        return [mask]
    result = []
    for wanted in (1, 0):
        member = np.zeros_like(mask)
        member[window] = np.any([pieces[i] for i in range(count) if (choice >> i & 1) == wanted], axis=0)
        result += part(member, labels, floor, seen)
    return result


def _hollow(mask: f.Mask, floor: f.Mask) -> float:
    return float(np.count_nonzero(f.hull(mask) & ~mask & floor))


def _solidity(mask: f.Mask, floor: f.Mask) -> float:
    area = float(np.count_nonzero(mask))
    return area / (area + _hollow(mask, floor))


def _reduce(labels: f.Labels, edge: f.Floats) -> list[f.Mask]:
    """Merge the patches with the weakest rims between them until few are left."""
    pieces = [labels == value for value in np.unique(labels) if value]
    while len(pieces) > PARTS:
        smallest = min(range(len(pieces)), key=lambda i: int(np.count_nonzero(pieces[i])))
        rim = f.dilate(pieces[smallest], 1)
        # Small patches first: each goes where its rim is longest and weakest.
        worth = [
            float(np.sum(1 / (0.5 + edge[rim & other]))) if i != smallest else -1.0 for i, other in enumerate(pieces)
        ]
        target = int(np.argmax(worth))
        pieces[target] = pieces[target] | pieces[smallest]
        pieces.pop(smallest)
    return pieces
