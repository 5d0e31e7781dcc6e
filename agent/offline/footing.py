# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a thing of several legs stands: its feet in the picture, and how far up each leg is a leg.

The feet are the only points of an outline whose place in space is known, as they touch the ground. A free body is hung
between them instead of in one upright plane, so that a chair is as deep as its legs stand apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import radians

import numpy as np
from numpy.typing import NDArray

from .camera import Camera, on_plane, standing
from .solids import Leg

Mask = NDArray[np.bool_]
Array = NDArray[np.float64]

PROMINENCE = 0.025
"""Share of the thing's height by which the outline must rise beside a foot."""
SOLE = 0.012
"""Share of its height within which the outline round a foot's lowest point belongs to the foot."""
JOINT = 2.2
"""Times a leg's width from which a row is no longer leg but what stands on it."""
ANKLE = 0.04
"""Share of the thing's height from the ground up over which a leg may grow as it likes: shade sticks to its foot."""
CROSSING = 0.05
"""Share of its height up to which what crosses a leg is a rung and not its end."""
JOINED = 0.06
"""Share of the thing's height within which a hidden leg is looked for above where its top should be."""
SHORT = 0.12
"""Share of the thing's height below which a leg is a mere foot under a body."""
UPRIGHT = 0.5
"""Part of the body above a mere foot that is taken to stand straight above it."""
DEEPEST = 1.5
"""Footprints deeper than so many widths of the thing are not believed: something does not touch the ground."""
OPEN = 0.5
"""Share of the space between the legs, feet to tops, from which one looks through under a body."""
UNUSUAL = 0.08
"""Cost of a pitch e times the usual one, where a corner of the footprint askew by an angle costs its cosine squared."""
LEAST_DEEP = 0.04
"""Footprints shallower than this share of the width are flat."""


@dataclass(frozen=True)
class _Foot:
    left: int
    right: int
    row: int


def legs_of(mask: Mask, camera: Camera) -> list[Leg]:
    """The legs of a mask (h, w), from left to right; empty when it does not stand on two or more feet at different
    depths."""
    feet = _feet(mask)
    spots = [_spot(foot, mask) for foot in feet]
    believed = _grounded(spots, mask, camera)
    if len(believed) < 2:
        return []
    depths = [camera.ground_at(*spots[i])[1] for i in believed]
    if float(np.ptp(depths)) < LEAST_DEEP * _width(spots, mask, camera):
        return []
    legs = [(spots[i], spots[i], _top(mask, feet[i])) for i in believed]
    if len(legs) == 3 and not low(mask, legs) and (hidden := _fourth(legs, mask, camera)):
        legs.append(hidden)
    return legs


def _fourth(legs: list[Leg], mask: Mask, camera: Camera) -> Leg | None:
    """The hidden leg of three at the corners of a rectangle: only its top is taken to be seen. None where that is not
    in the mask."""
    h, w = mask.shape
    ground = np.array([camera.ground_at(*foot)[:2] for foot, _, _ in legs])
    corner = int(np.argmin(_cosines(ground)))
    others = [i for i in range(3) if i != corner]
    spot = ground[others].sum(axis=0) - ground[corner]
    tops = [float(on_plane(camera, [top], float(ground[i, 1]))[0, 2]) for i, (_, _, top) in enumerate(legs)]
    seen, _ = camera.project(np.array([(*spot, 0.0), (*spot, float(np.median(tops)))]))
    # A top is where a leg goes into what it carries; of the hidden one that is a little higher than the others' joints.
    row, column = int(seen[1, 1] * h), int(seen[1, 0] * w)
    reach = max(2, round(JOINED * float(np.ptp(np.flatnonzero(mask.any(axis=1))))))
    if not (reach <= row < h and 0 <= column < w and mask[row - reach : row + 1, column].any()):
        return None
    seen[1, 1] = (row - int(np.argmax(mask[row - reach : row + 1, column][::-1])) + 0.5) / h
    foot, top = ((round(float(u), 4), round(float(v), 4)) for u, v in seen)
    return foot, top, top


def low(mask: Mask, legs: list[Leg]) -> bool:
    """Whether a body on at most three feet comes down to near the ground, as a cart's: what is seen of it then are the
    faces above them. Under one on long legs one looks through, and feet are as much behind its middle as before it."""
    if len(legs) > 3:
        return False
    h, w = mask.shape
    feet, tops = (np.array([leg[i] for leg in legs]) * (w, h) for i in (0, 2))
    columns = np.arange(int(feet[0, 0]), int(feet[-1, 0]))
    lower, upper = (np.interp(columns, ends[:, 0], ends[:, 1]) for ends in (feet, tops))
    rows = np.arange(h)[:, None]
    between = (rows < lower) & (rows >= upper)
    return float((between & ~mask[:, columns]).sum()) < OPEN * max(1, int(between.sum()))


def pitch_of(mask: Mask, fov: float, usual: float) -> float | None:
    """The pitch (degrees) at which the feet of a mask stand at right angles, weighed against a `usual` one; None for
    fewer than three feet. `fov` horizontal, radians.

    Chairs, tables, carts and most beasts stand on the corners of a rectangle; of a wrong pitch its corner is askew.
    """
    h, w = mask.shape
    spots = [_spot(foot, mask) for foot in _feet(mask)]
    if len(spots) < 3:
        return None
    best = None
    for degrees in np.arange(6.0, 46.0):
        camera = standing(fov, radians(float(degrees)), w / h, max(v for _, v in spots))
        ground = np.array([camera.ground_at(*spots[i])[:2] for i in _grounded(spots, mask, camera)])
        if len(ground) < 3:
            continue
        askew = float(np.mean([_cosines(ground[list(three)]).min() for three in combinations(range(len(ground)), 3)]))
        cost = askew + UNUSUAL * float(np.log(degrees / usual)) ** 2
        if best is None or cost < best[0]:
            best = cost, float(degrees)
    return best[1] if best else None


def _cosines(corners: Array) -> Array:
    """Squared cosines of the angles at three corners (3, 2)."""
    sides = [np.roll(corners, -1, 0) - corners, np.roll(corners, 1, 0) - corners]
    lengths = np.linalg.norm(sides, axis=2).prod(axis=0)
    return np.asarray(((sides[0] * sides[1]).sum(axis=1) / np.maximum(lengths, 1e-9)) ** 2)


def _spot(foot: _Foot, mask: Mask) -> tuple[float, float]:
    return (foot.left + foot.right + 1) / 2 / mask.shape[1], (foot.row + 1) / mask.shape[0]


def _width(spots: list[tuple[float, float]], mask: Mask, camera: Camera) -> float:
    """How wide a mask is at its nearest foot, metres."""
    columns = np.flatnonzero(mask.any(axis=0)) / mask.shape[1]
    row = max(v for _, v in spots)
    ends = camera.on_ground([(columns[0], row), (columns[-1], row)])
    return float(ends[1, 0] - ends[0, 0])


def _grounded(spots: list[tuple[float, float]], mask: Mask, camera: Camera) -> list[int]:
    """Which of the feet are near enough for the ground to be what they stand on."""
    if not spots:
        return []
    depths = np.array([camera.ground_at(*spot)[1] for spot in spots])
    return [int(i) for i in np.flatnonzero(depths - depths.min() <= DEEPEST * _width(spots, mask, camera))]


def _feet(mask: Mask) -> list[_Foot]:
    """Where the lower outline has its lowest points, each lower than what is beside it."""
    h = mask.shape[0]
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    height = int(rows[-1]) + 1 - int(rows[0])
    low = np.where(mask.any(axis=0), h - 1 - mask[::-1].argmax(axis=0), -1)
    rise, sole = max(3.0, PROMINENCE * height), max(1.0, SOLE * height)
    feet: list[_Foot] = []
    left = int(columns[0])
    while left <= columns[-1]:
        right = left
        while right < len(low) - 1 and low[right + 1] == low[left]:
            right += 1
        if low[left] >= 0 and _falls(low, left, right, rise):
            row = int(low[left])
            while left > 0 and low[left - 1] >= row - sole:
                left -= 1
            while right < len(low) - 1 and low[right + 1] >= row - sole:
                right += 1
            feet.append(_Foot(left, right, row))
        left = right + 1
    return feet


def _falls(low: NDArray[np.int64], left: int, right: int, rise: float) -> bool:
    """Whether the outline rises by `rise` on both sides of the columns before it comes as low again."""
    row = low[left]
    for step, start in ((-1, left), (1, right)):
        at = start + step
        while 0 <= at < len(low) and low[at] > row - rise:
            if low[at] > row or (low[at] == row and step < 0):
                return False
            at += step
    return True


def _top(mask: Mask, foot: _Foot) -> tuple[float, float]:
    """How far up a leg goes: to where a row grows much wider than it; over a mere foot, halfway up the body."""
    h, w = mask.shape
    rows = np.flatnonzero(mask.any(axis=1))
    height = int(rows[-1]) + 1 - int(rows[0])
    middle, row = (foot.left + foot.right) // 2, foot.row
    widths: list[int] = []
    ankle, reach = max(4, round(ANKLE * height)), max(4, round(CROSSING * height))
    while (run := _leg_run(mask, row, middle, widths, ankle)) or (crossed := _beyond(mask, row, middle, widths, reach)):
        if run is None:
            row = crossed
            continue
        widths.append(run[1] - run[0] + 1)
        middle, row = (run[0] + run[1]) // 2, row - 1
    if foot.row - row >= SHORT * height:
        return (middle + 0.5) / w, (row + 1) / h
    middle = (foot.left + foot.right) // 2
    free = np.flatnonzero(~mask[: foot.row, middle])
    top = int(free[-1]) + 1 if len(free) else 0
    return (middle + 0.5) / w, (foot.row - UPRIGHT * (foot.row - top)) / h


def _leg_run(mask: Mask, row: int, middle: int, widths: list[int], ankle: int) -> tuple[int, int] | None:
    """The piece of a row that is the leg's; None where there is nothing or something much wider."""
    # In the ankle a shadow's tip may lead astray; it is looked for a little farther to the sides.
    run = _run(mask[row], middle, ankle if len(widths) <= ankle else 1) if row >= 0 else None
    if run is None or (len(widths) > ankle and run[1] - run[0] + 1 > JOINT * float(np.median(widths))):
        return None
    return run


def _beyond(mask: Mask, row: int, middle: int, widths: list[int], reach: int) -> int:
    """The row from which a leg goes on above a rung; 0 when it does not within `reach` rows."""
    if len(widths) < 4:
        return 0
    for above in range(row - 1, max(0, row - reach), -1):
        run = _run(mask[above], middle)
        if run is None:
            return 0
        if run[1] - run[0] + 1 <= JOINT * float(np.median(widths)):
            return above
    return 0


def _run(row: Mask, middle: int, reach: int = 1) -> tuple[int, int] | None:
    """First and last pixel of the piece of a row at `middle`, or at most `reach` beside it."""
    there = np.flatnonzero(row[max(0, middle - reach) : middle + reach + 1]) + max(0, middle - reach)
    if len(there) == 0:
        return None
    start = int(there[np.abs(there - middle).argmin()])
    gaps = np.flatnonzero(~row)
    before, after = gaps[gaps < start], gaps[gaps > start]
    return int(before[-1]) + 1 if len(before) else 0, int(after[0]) - 1 if len(after) else len(row) - 1
