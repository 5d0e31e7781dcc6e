# SPDX-License-Identifier: GPL-3.0-or-later
"""How the rows of a drawing list move the points of things, found by running the script once with each turned a little;
and where the things' own places would move them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .. import lift, script_numbers
from ..script_numbers import Number
from . import linear, splat
from .probe import Probe
from .series import Series

Array = NDArray[np.float64]
Floats = NDArray[np.float32]

MOST_KNOTS = 24
"""Rows of one list that are solved each by itself; of a longer one that many, and between them the others follow."""
MOST_KNOBS = 96
"""All lists together: each is a run of the script."""
MOST_SHIFTS = 9
_RADIUS, _PLACE, _SHIFT = 0.25, 0.12, 0.5
"""How wrong a list usually is: a radius as a share of itself, what else there is as a share of the column's range; and
where its thing is, percent of the frame."""
_THIN = 0.3
"""Of the largest radius: a smaller one may be as wrong as that."""


@dataclass(frozen=True)
class Knob:
    """What is turned together."""

    shares: dict[int, float]
    """By number's place among all that are found: how far it goes with it."""
    spread: float
    """How wrong it may well be, in the numbers' own unit."""
    series: int = -1
    """Which list it is of; -1 for a place of the thing."""
    knot: int = 0
    column: int = 0


@dataclass
class ShapeModel:
    """Things and what turns them, about the script as it stood."""

    script: str
    numbers: list[Number]
    lists: list[Series]
    knobs: list[Knob]
    points: dict[str, Floats]
    """By brief object that a list draws, world, from far to near."""
    slopes: dict[str, Floats]
    """By brief object: how its points move per unit of each knob, (knobs, points, 3)."""
    others: dict[str, Floats]
    """Points of the other brief objects."""
    projection: Floats

    def moved(self, x: Array) -> dict[str, Floats]:
        """Return the points of the things with the knobs turned by `x`."""
        by = x.astype(np.float32)
        return {name: points + np.tensordot(by, self.slopes[name], axes=1) for name, points in self.points.items()}

    def changes(self, x: Array) -> dict[int, float]:
        """Return how far each number goes with the knobs turned by `x`, by its place among all that are found."""
        found: dict[int, float] = {}
        for knob, by in zip(self.knobs, x, strict=True):
            for index, share in knob.shares.items():
                found[index] = found.get(index, 0.0) + share * float(by)
        return found

    def turned(self, before: Sequence[Number]) -> Array:
        """Return by how much the knobs were turned since the numbers were what they were before, as near as may be."""
        gone = np.array([now.value - then.value for now, then in zip(self.numbers, before, strict=True)])
        shares = np.zeros((len(self.numbers), len(self.knobs)))
        for place, knob in enumerate(self.knobs):
            shares[list(knob.shares), place] = list(knob.shares.values())
        return np.asarray(np.linalg.lstsq(shares, gone, rcond=None)[0])

    def text(self, changes: Mapping[int, float]) -> str:
        """Return the script with numbers changed, rounded to what they are worth: a hundredth of a percent of the
        frame."""
        digits: dict[int, int] = {}
        for place, knob in enumerate(self.knobs):
            speed = max(self._speed(name, place) for name in self.points)
            for index in knob.shares:
                worth = 0.01 / max(speed, 1e-9)
                digits[index] = max(digits.get(index, 0), int(np.clip(np.ceil(-np.log10(worth)), 0, 6)))
        values = {
            self.numbers[index]: round(self.numbers[index].value + by, digits[index])
            for index, by in changes.items()
            if by
        }
        return lift.with_values(self.script, values)

    def _speed(self, name: str, place: int) -> float:
        """How far a knob moves a thing's points in the picture, percent of the frame a unit."""
        way = self.slopes[name][place]
        moved = np.flatnonzero(np.abs(way).max(axis=1) > 0)[::7]
        if not len(moved):
            return 0.0
        here = self.points[name][moved]
        a, b = (in_frame(p, self.projection) for p in (here, here + way[moved] * np.float32(1e-3)))
        return float(np.quantile(np.linalg.norm(b - a, axis=1), 0.9)) * 1e3 * 50


def in_frame(points: Floats, projection: Floats) -> Floats:
    """Return where points (n, 3) are in the frame, -1 to 1 across and up."""
    clip = points @ projection[:, :3].T + projection[:, 3]
    return np.asarray(clip[:, :2] / np.maximum(clip[:, 3:4], 1e-3), np.float32)


def build(
    probe: Probe,
    script: str,
    names: Sequence[str],
    size: tuple[int, int],
    lists: Sequence[Series],
    find: Callable[[str], list[Number]] = script_numbers.find,
) -> ShapeModel | None:
    """Run the script with every row of `lists` turned, and the places of what they draw. None when it does not run as
    it is, or they draw none of `names`."""
    numbers = find(script)
    knobs = _knobs(lists, numbers) + _places(lists, numbers)
    texts = [script]
    turned = []
    for knob in knobs:
        turned.append(0.1 * knob.spread)
        values = {numbers[i]: numbers[i].value + share * turned[-1] for i, share in knob.shares.items()}
        texts.append(lift.with_values(script, values))
    base, *made = probe.run(texts, names, splat.samples(size))
    if not base.ok or base.projection is None:
        return None
    projection = base.projection.astype(np.float32)
    points = linear.things(base, names)
    kept: list[Knob] = []
    ways: dict[str, dict[int, Floats]] = {name: {} for name in points}
    for knob, step, one in zip(knobs, turned, made, strict=True):
        if not one.ok or one.projection is None or not np.allclose(one.projection, base.projection):
            continue
        there = linear.things(one, names)
        if set(there) != set(points) or any(len(there[name]) != len(points[name]) for name in points):
            continue
        way = {name: (there[name] - points[name]) / np.float32(step) for name in points}
        way = {name: slope for name, slope in way.items() if np.abs(slope).max() > 1e-6}
        whole = all(np.ptp(slope, axis=0).max() < 1e-3 * np.abs(slope).max() for slope in way.values())
        if not way or (knob.series < 0) != whole:
            continue
        if knob.series < 0:
            if _drawn_so(way, kept, ways):
                continue
            knob = _shift(knob, points, way, projection)
        for name, slope in way.items():
            ways[name][len(kept)] = slope
        kept.append(knob)
    drawn = [n for n, found in ways.items() if any(kept[index].series >= 0 for index in found)]
    if not drawn:
        return None
    slopes = {}
    ordered = {}
    for name in drawn:
        order = splat.far_to_near(points[name], projection)
        ordered[name] = points[name][order]
        nothing = np.zeros_like(ordered[name])
        slopes[name] = np.stack(
            [ways[name][index][order] if index in ways[name] else nothing for index in range(len(kept))]
        )
    others = {name: cloud for name, cloud in points.items() if name not in drawn}
    return ShapeModel(script, numbers, list(lists), kept, ordered, slopes, others, projection)


def _knobs(lists: Sequence[Series], numbers: Sequence[Number]) -> list[Knob]:
    found = []
    columns = sum(len(item.rows) * len(item.radial) for item in lists)
    for place, item in enumerate(lists):
        values = item.values(numbers)
        count = min(len(values), MOST_KNOTS, max(3, len(values) * MOST_KNOBS // columns))
        at = np.linspace(0, len(values) - 1, count)
        # Between knots rows go along with both, the more the nearer (hat functions).
        shares = np.stack([np.interp(np.arange(len(values)), at, row) for row in np.eye(count)])
        for column, radial in enumerate(item.radial):
            numbers_of = values[:, column]
            for knot in range(count):
                rows = {
                    item.rows[row][column]: float(share)
                    for row, share in enumerate(shares[knot])
                    # Where a radius is nought the thing closes.
                    if share > 0 and not (radial and numbers_of[row] == 0)
                }
                if not rows:
                    continue
                if radial:
                    here = abs(float(shares[knot] @ numbers_of) / shares[knot].sum())
                    spread = _RADIUS * max(here, _THIN * _top(item, values))
                else:
                    spread = _PLACE * max(float(np.ptp(numbers_of)), 0.1 * float(np.abs(numbers_of).max()), 1e-4)
                found.append(Knob(rows, spread, place, knot, column))
    return found


def _top(item: Series, values: Array) -> float:
    return max(float(np.abs(values[:, column]).max()) for column, radial in enumerate(item.radial) if radial)


def _places(lists: Sequence[Series], numbers: Sequence[Number]) -> list[Knob]:
    """Numbers of PARAMS that are named as a list is: where its thing stands may be among them."""
    drawn = {index for item in lists for row in item.rows for index in row}
    stems = {numbers[item.rows[0][0]].param.rpartition(".")[0] for item in lists} - {""}
    found = [
        Knob({index: 1.0}, 0.5)
        for index, number in enumerate(numbers)
        if number.param.rpartition(".")[0] in stems and index not in drawn
    ]
    return found[:MOST_SHIFTS]


def _drawn_so(way: Mapping[str, Floats], kept: Sequence[Knob], ways: Mapping[str, Mapping[int, Floats]]) -> bool:
    """Whether a list whose rows all go alike moves what a place of its thing does, and as that does. Nothing seen tells
    the two apart then; the place has been found before, so it stays."""
    for name, slope in way.items():
        columns: dict[tuple[int, int], Floats] = {}
        for index, knob in enumerate(kept):
            if index in ways[name] and knob.series >= 0:
                key = knob.series, knob.column
                columns[key] = columns.get(key, np.zeros_like(slope)) + ways[name][index]
        shifts = [total[0] for total in columns.values() if np.ptp(total, axis=0).max() < 1e-3 * np.abs(total).max()]
        if not shifts:
            return False
        along = np.stack(shifts, axis=1).astype(np.float64)
        rest = slope[0] - along @ np.linalg.lstsq(along, slope[0].astype(np.float64), rcond=None)[0]
        if np.linalg.norm(rest) > 1e-2 * np.linalg.norm(slope[0]):
            return False
    return True


def _shift(knob: Knob, points: dict[str, Floats], way: dict[str, Floats], projection: Floats) -> Knob:
    """The knob with a spread that is as much in the picture, were it sideways, as places usually are wrong."""
    name = next(iter(way))
    depth = float(np.median(points[name] @ projection[3, :3] + projection[3, 3]))
    speed = 50 * float(np.linalg.norm(projection[0, :3])) / max(depth, 1e-3) * float(np.linalg.norm(way[name][0]))
    return Knob(knob.shares, _SHIFT / max(speed, 1e-6))
