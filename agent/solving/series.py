# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of numbers in PARAMS that draw a shape: the profile of a turned thing, the outline of an extruded one, the
course of a tube. The text says which lists there are; what turning one row does says whether it draws."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from .. import lift, script_numbers
from ..script_numbers import MOST_ROWS, Number
from . import splat
from .probe import Made, Probe

Find = Callable[[str], list[Number]]

_MOST_COLUMNS = 3
_STEP = 0.03
"""Of the range of a column: how far a row is turned to see what it draws."""
_STAYS = 0.005
"""Share of a thing's points that one row of a profile leaves where they are, at least."""
_MOVES = 1e-6


@dataclass(frozen=True)
class Series:
    """One list."""

    rows: tuple[tuple[int, ...], ...]
    """Of each row the numbers' places among all that are found in the text."""
    radial: tuple[bool, ...] = ()
    """Of each column whether it moves points away from a middle, as a radius does; then it can't be negative."""

    def values(self, numbers: Sequence[Number]) -> NDArray[np.float64]:
        """Return what the list says, (rows, columns)."""
        return np.array([[numbers[index].value for index in row] for row in self.rows])


def candidates(numbers: Sequence[Number]) -> list[Series]:
    """Return the lists among a text's numbers: more than MOST_ROWS rows of one to three numbers each, all alike."""
    found = []
    indices = range(len(numbers))
    for _, run in groupby(indices, lambda i: (numbers[i].param, numbers[i].owner, numbers[i].hint)):
        whole = list(run)
        if not numbers[whole[0]].param:
            continue
        rows = [tuple(row) for _, row in groupby(whole, lambda i: numbers[i].group)]
        if len(rows) == 1 and len(rows[0]) > MOST_ROWS + 1:
            # A plain list of numbers: radii at even heights, say. Four may be a colour.
            rows = [(index,) for index in rows[0]]
        widths = {len(row) for row in rows}
        if len(rows) > MOST_ROWS and len(widths) == 1 and widths <= set(range(1, _MOST_COLUMNS + 1)):
            found.append(Series(tuple(rows)))
    return found


def drawing(
    probe: Probe, script: str, names: Sequence[str], size: tuple[int, int], find: Find = script_numbers.find
) -> list[Series]:
    """Return the lists of a script that draw things of `names`: a row turned moves a part of a thing and no more.

    Nothing is run for a script without lists.
    """
    numbers = find(script)
    found = candidates(numbers)
    if not found:
        return []
    texts = [script]
    for series in found:
        middle = series.rows[len(series.rows) // 2]
        for index, step in zip(middle, steps(series, numbers), strict=True):
            texts.append(lift.with_values(script, {numbers[index]: numbers[index].value + step}))
    base, *turned = probe.run(texts, names, splat.samples(size) / 4)
    kept = []
    for series in found:
        columns, turned = turned[: len(series.rows[0])], turned[len(series.rows[0]) :]
        if base.ok and all(made.ok for made in columns):
            ways = [_ways(base, made) for made in columns]
            if any(ways) and all(way is not None for way in ways):
                kept.append(Series(series.rows, tuple(any(map(_around, way or [])) for way in ways)))
    return kept


def steps(series: Series, numbers: Sequence[Number]) -> NDArray[np.float64]:
    """Return how far to turn each column to see what it does."""
    values = series.values(numbers)
    return np.maximum(_STEP * np.maximum(np.ptp(values, axis=0), 0.1 * np.abs(values).max(axis=0)), 1e-4)


def others(found: Sequence[Series], find: Find = script_numbers.find) -> Find:
    """Return a `find` that leaves out the numbers of some lists."""
    drawn = {index for series in found for row in series.rows for index in row}
    return lambda text: [number for index, number in enumerate(find(text)) if index not in drawn]


def _ways(base: Made, made: Made) -> list[NDArray[np.float32]] | None:
    """Return how points moved, of each thing of which some did; None when it is not a part of a thing that moved."""
    found = []
    for name, points in base.points.items():
        if name not in made.points or len(made.points[name]) != len(points):
            return None
        way = made.points[name] - points
        length = np.linalg.norm(way, axis=1)
        if length.max(initial=0.0) < _MOVES:
            continue
        moved = length > 1e-3 * length.max()
        if moved.mean() > 1 - _STAYS:
            return None
        found.append(way[moved])
    return found


def _around(way: NDArray[np.float32]) -> bool:
    """Whether points moved in all sorts of directions."""
    ways = way / np.linalg.norm(way, axis=1, keepdims=True)
    return float((ways @ ways[0]).min()) < 0.5
