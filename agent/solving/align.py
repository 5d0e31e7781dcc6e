# SPDX-License-Identifier: GPL-3.0-or-later
"""Put things under their masks first: all numbers that move things, and the camera's, together, by least squares on how
far each thing reaches in the picture. What that leaves is for the search to find.

Damped least squares on a linear model of the script.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from . import damped, linear, orbits, outlines, standing
from .linear import Model
from .outlines import Reach
from .standing import Support

Array = NDArray[np.float64]

STOPPING = damped.Stopping(steps=40, share=1e-3, least=1e-6, short=3)
ZOOMS = (0.84, 1.19)
"""Focal lengths to begin at as well, as shares of the script's."""
_EXACT = 0.1
"""Percent of the frame that an outline is good to."""
_HUBER = 10.0
"""Times that; beyond it the mask or the shape is wrong, not the place."""
_PLACE, _TURN, _SIZE, _CAMERA = 15.0, np.radians(20.0), 0.25, 0.2
"""How wrong a script's numbers usually are: places in percent of the frame, turns in radians, sizes and what belongs to
the camera as a share."""
_CAMERA_TURN, _CAMERA_PLACE = 3.0, 0.2
"""Percent of the frame. Where the camera stands and to which side it looks the picture does not say, only where things
are from there; so these stay, and things move."""
_EXPLAINED = 0.25
"""Loss for each miss that leaves no question which camera it was; misses as large as outlines are exact lose twice
that."""
_CONTACT = 0.02
"""Of a thing's height: how exactly it stands on what it stands on."""


class Alignment:
    """The least-squares problem of one model."""

    def __init__(
        self,
        model: Model,
        reaches: Mapping[str, Reach],
        supports: Mapping[str, Support],
        aspect: float,
    ) -> None:
        """`reaches` are the masks', `supports` what things stand on, `aspect` the frame's height over its
        width."""
        self._model, self._reaches, self._aspect = model, reaches, aspect
        self._names = [name for name in model.points if name in reaches]
        self._supports = supports
        self._heights = {name: max(float(np.ptp(model.points[name][:, 2])), 1e-3) for name in self._names}
        count = len(model.numbers)
        self._spread = np.array([_spread(model, index) for index in range(count)])
        # A size beside the three sizes that it multiplies stays: products of the two would be far from linear.
        rest = sorted(set(range(count)) - set(linear.independent(model, range(count))))
        self._spread[rest] = 1e-3 * model.unit[rest]

    def miss(self, points: Mapping[str, NDArray[np.float32]], projection: NDArray[np.float32]) -> float:
        """Return how far things as given are from their masks; without a unit, but the less the better."""
        return _total(self._row(name, points, projection) for name in self._names)

    def solve(
        self, check: Callable[[], None] = lambda: None, deadline: float = float("inf"), wide: bool = True
    ) -> list[Array]:
        """Return changes of the model's numbers that bring things under their masks, as far as outlines tell and as far
        as they come by `deadline` (monotonic), the likeliest first. `check` raises when the run is cancelled; without
        `wide` the camera is looked for near where it is."""
        still = np.zeros(len(self._model.numbers))
        begun = [(still, still)]
        for index, rate in self._model.zooms.items():
            # Near and wide look much alike from far away, so each way there may be an answer of its own.
            for factor in ZOOMS:
                start = still.copy()
                start[index] = (factor - 1) / rate
                begun.append((start, still))
        found = [self._solved(start, usual, check, deadline) for start, usual in begun]
        if wide and min(loss for loss, _ in found) > _EXPLAINED * len(self._names) * (outlines.DIRECTIONS + 1):
            # So there may be from higher or lower; the camera stays there then.
            found += [self._solved(start, start, check, deadline) for start in orbits.starts(self._model)]
        return [change for _, change in sorted(found, key=lambda one: one[0])]

    def solve_from(self, start: Array, check: Callable[[], None], deadline: float, steps: int) -> Array:
        """As the likeliest of `solve`, from one start, in at most some steps."""
        return self._solved(start, np.zeros(len(start)), check, deadline, steps)[1]

    def _solved(
        self, start: Array, usual: Array, check: Callable[[], None], deadline: float, steps: int = STOPPING.steps
    ) -> tuple[float, Array]:
        """Return the least loss that is found from a start, and the change it is at; `usual` is where numbers stay
        that the picture says nothing of."""

        def at(change: Array) -> tuple[float, damped.Slopes]:
            rows = self._rows(change)
            return self._loss(rows, change - usual), lambda: self._slopes(rows, change, change - usual)

        stopping = replace(STOPPING, steps=steps)
        found, loss = damped.solve(at, start, 2 * self._spread, stopping, check, deadline)
        return loss, found

    def _slopes(self, rows: dict[str, Array], change: Array, away: Array) -> tuple[Array, Array]:
        flat, slopes = self._jacobian(change, rows)
        gradient, curvature = damped.of_misses(flat, slopes, _HUBER)
        return gradient + away / self._spread**2, curvature + np.diag(1 / self._spread**2)

    def _rows(self, change: Array) -> dict[str, Array]:
        through, points = self._model.seen_through(change), self._moved(change)
        return {name: self._row(name, points, through) for name in self._names}

    def _moved(self, change: Array) -> dict[str, NDArray[np.float32]]:
        return {name: self._model.moved(name, change) for name in self._model.points}

    def _row(self, name: str, points: Mapping[str, NDArray[np.float32]], through: NDArray[np.float32]) -> Array:
        """One thing's misses, each in units of how exactly it is known."""
        reach = self._reaches[name]
        miss = (outlines.of_points(points[name], through, self._aspect) - reach.far) / _EXACT
        # Behind something else a thing may go on, but it can't end before its mask does.
        miss = np.where(reach.open, np.minimum(miss, 0.0), miss) * reach.exact
        level = self._supports[name].height(lambda other: standing.extent_of(points[other]))
        stands = (float(points[name][:, 2].min()) - level) / self._heights[name] / _CONTACT
        return np.append(miss, stands)

    def _jacobian(self, change: Array, rows: dict[str, Array]) -> tuple[Array, Array]:
        length = outlines.DIRECTIONS + 1
        slopes = np.zeros((length * len(self._names), len(change)))
        points = self._moved(change)
        for index, affected in enumerate(self._model.affects):
            step = 0.2 * self._model.unit[index]
            trial = change.copy()
            trial[index] += step
            through = self._model.seen_through(trial)
            turned = points | {name: self._model.moved(name, trial) for name in affected & points.keys()}
            for place, name in enumerate(self._names):
                if name in affected or self._supports[name].other in affected:
                    there = slice(place * length, (place + 1) * length)
                    slopes[there, index] = (self._row(name, turned, through) - rows[name]) / step
        return np.concatenate([rows[name] for name in self._names]), slopes

    def _loss(self, rows: dict[str, Array], away: Array) -> float:
        return _total(rows.values()) + 0.5 * float(((away / self._spread) ** 2).sum())


def _total(rows: Iterable[Array]) -> float:
    return float(damped.huber(np.concatenate(list(rows)), _HUBER).sum())


def _spread(model: Model, index: int) -> float:
    """How wrong a number may well be, in its own unit."""
    if index in model.camera:
        if index in model.zooms:
            return _CAMERA * abs(float(model.values[index]))
        slope = np.abs(model.camera[index])
        # Upright lines stay what they are when it goes somewhere else or turns about such a line.
        still = slope[:, 2].max() < 1e-3 * slope.max()
        return (_CAMERA_PLACE if still else _CAMERA_TURN) * float(model.unit[index])
    if model.shifts[index]:
        return _PLACE * float(model.unit[index])
    if turn := model.turns.get(index):
        return float(_TURN / np.linalg.norm(turn.axis))
    return max(_SIZE * abs(float(model.values[index])), 0.5 * float(model.unit[index]))
