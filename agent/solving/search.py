# SPDX-License-Identifier: GPL-3.0-or-later
"""How well things lie under their masks with a model's numbers changed, and the search for the best of a few numbers by
CMA-ES (Hansen 2016)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import numpy as np
from cmaes import CMA
from numpy.typing import NDArray

from . import splat, standing
from .fit_measure import Behind, Targets, scene_loss
from .linear import Model
from .splat import Layer

Array = NDArray[np.float64]

GAIN = 2e-3
"""Less is noise."""
_SPREAD = 4.0
"""First step of the search, percent of the frame."""
_PULL = 2e-5
"""Cost of a change, per squared percent of the frame: of equal answers the nearest to what the script says."""
_CONTACT = 1.5
"""Cost of leaving the support, per height of the thing."""
_TRUST = 8.0
"""Percent of the frame that a size may move a thing in one round; the linear model may be wrong beyond."""


class Search:
    """Loss of a model's changes, and its minimum over some of the numbers."""

    def __init__(self, model: Model, targets: Targets, seed: int) -> None:
        """Compare `model` with the masks of `targets`."""
        self._model = model
        self._targets = targets
        self._seed = seed
        self.last_ious: dict[str, float] = {}
        self._heights = {name: max(float(np.ptp(points[:, 2])), 1e-3) for name, points in model.points.items()}
        self.supports = standing.supports(model.points)
        self._lifts = {name: index for index in range(len(model.numbers)) for name in self._lifted(index)}

    def losses(self, change: Array) -> dict[str, float]:
        """Return every object's loss with the numbers changed."""
        points = {name: self._model.moved(name, change) for name in self._model.points}
        found = self.losses_of(points, self._model.seen_through(change))
        assert found is not None
        return found

    def losses_of(
        self, points: Mapping[str, NDArray[np.float32]], projection: NDArray[np.float32]
    ) -> dict[str, float] | None:
        """Return every object's loss, points given; None when an object is missing that was there."""
        if set(points) != set(self._model.points):
            return None
        ordered = {name: cloud[splat.far_to_near(cloud, projection)] for name, cloud in points.items()}
        layers = {name: splat.layer(cloud, projection, self._targets.size) for name, cloud in ordered.items()}
        scene = self._targets.compose(layers)
        ious = self._targets.ious(scene)
        self.last_ious = dict(zip(self._targets.names, map(float, ious), strict=True))
        return {
            name: scene_loss(ious[[self._targets.names.index(name)]], [self._targets.box_gap(scene, name)])
            + self._contact(name, points, {})
            for name in points
        }

    def settled(self, change: Array) -> Array:
        """Return `change` with everything that stands on something, and has a number that lifts it, put there."""
        change = change.copy()
        for name in standing.order(self.supports):
            if name in self._lifts and self.supports[name].stands:
                self._settle(name, self._lifts[name], change, {})
        return change

    def improve(self, block: list[int], change: Array, deadline: float) -> Array:
        """Return `change` with the numbers of a block set to where the loss is least that is found by `deadline`."""
        model, targets = self._model, self._targets
        names = sorted(set().union(*(model.affects[index] for index in block)))
        through = model.seen_through(change)
        still = {name: model.moved(name, change) for name in model.points if name not in names}
        extents = {name: standing.extent_of(points) for name, points in still.items()}
        behind = targets.compose({name: splat.layer(cloud, through, targets.size) for name, cloud in still.items()})
        settled = {name: self._lifts[name] for name in names if self._lifts.get(name) in block}
        block = [index for index in block if index not in settled.values()]
        if not block:
            return change
        units = model.unit[block]
        low, high = _limits(model, block)

        def at(x: Array) -> Array:
            trial = change.copy()
            trial[block] = np.clip(change[block] + x * units, low, high)
            for name, lift in settled.items():
                self._settle(name, lift, trial, extents)
            return trial

        def loss(x: Array) -> float:
            trial = at(x)
            return self._loss(names, trial, behind, extents) + _PULL * float(((trial / model.unit) ** 2)[block].sum())

        best, best_loss = np.zeros(len(block)), loss(np.zeros(len(block)))
        start = best_loss
        for spread in (_SPREAD, _SPREAD / 3):
            best, best_loss = self._search(loss, best, best_loss, spread, deadline)
        if start - best_loss < GAIN:
            return change
        return at(best)

    def _search(
        self, loss: Callable[[Array], float], best: Array, best_loss: float, spread: float, deadline: float
    ) -> tuple[Array, float]:
        """Return the least loss found about `best`, which stands when there is nothing better."""
        size = len(best)
        optimiser = CMA(mean=best.copy(), sigma=spread, seed=self._seed + 1, population_size=_population(size))
        stale = 0
        for _ in range(30 + 10 * size):
            scored = []
            for _ in range(optimiser.population_size):
                x = optimiser.ask()
                scored.append((x, loss(x)))
            optimiser.tell(scored)
            x, value = min(scored, key=lambda pair: pair[1])
            stale = 0 if value < best_loss - 1e-4 else stale + 1
            if value < best_loss:
                best, best_loss = x, value
            if stale > 6 + size or optimiser.should_stop() or time.monotonic() > deadline:
                break
        return best, best_loss

    def _loss(self, names: list[str], change: Array, behind: Behind, extents: Mapping[str, standing.Extent]) -> float:
        model, targets = self._model, self._targets
        through = model.seen_through(change)
        layers: dict[str, Layer] = {}
        points = {name: model.moved(name, change) for name in names}
        for name in names:
            layers[name] = splat.layer(points[name], through, targets.size)
        contact = sum(self._contact(name, points, extents) for name in names)
        scene = targets.compose(layers, behind)
        return scene_loss(targets.ious(scene), [targets.box_gap(scene, name) for name in names]) + contact

    def _lifted(self, index: int) -> list[str]:
        """Return the one object that a number lifts, moving it straight up and nothing else."""
        names = list(self._model.affects[index])
        if len(names) != 1 or not self._model.shifts[index] or index in self._model.camera:
            return []
        way = np.abs(self._model.slopes[names[0]][index][0])
        return names if way[2] > 0 and max(way[0], way[1]) < 1e-3 * way[2] else []

    def _settle(self, name: str, lift: int, change: Array, extents: Mapping[str, standing.Extent]) -> None:
        """Set the number that lifts an object so that it stands on its support; in place. `extents` are those known of
        what does not move now."""
        slopes = self._model.slopes[name]
        height = self._model.points[name][:, 2]
        for index, slope in slopes.items():
            if change[index] and index != lift:
                height = height + slope[:, 2] * np.float32(change[index])
        level = self.supports[name].height(
            lambda other: extents.get(other) or standing.extent_of(self._model.moved(other, change))
        )
        change[lift] = (level - float(height.min())) / float(slopes[lift][0, 2])

    def _contact(
        self, name: str, points: Mapping[str, NDArray[np.float32]], extents: Mapping[str, standing.Extent]
    ) -> float:
        level = self.supports[name].height(lambda other: extents.get(other) or standing.extent_of(points[other]))
        off = abs(float(points[name][:, 2].min()) - level) / self._heights[name]
        return _CONTACT * min(off, 1.0)


def _limits(model: Model, block: list[int]) -> tuple[Array, Array]:
    """Return how far numbers may change: places by a third of the frame, turns by a right angle, sizes by half; what
    else there is only as far as the linear model holds."""
    reach = np.zeros(len(block))
    for place, index in enumerate(block):
        if model.shifts[index]:
            reach[place] = 33.0 * model.unit[index]
        elif turn := model.turns.get(index):
            reach[place] = min(25.0 * model.unit[index], 0.5 * np.pi / float(np.linalg.norm(turn.axis)))
        else:
            reach[place] = _TRUST * model.unit[index]
            if (value := abs(float(model.values[index]))) > 1e-6:
                reach[place] = min(reach[place], 0.5 * value)
    return -reach, reach


def _population(numbers: int) -> int:
    return 6 + int(3 * np.log(numbers + 1))
