# SPDX-License-Identifier: GPL-3.0-or-later
"""Placement and shape: the numbers that move things, set so that each covers its mask in the picture.

Object by object, each with the few numbers that move it alone, then the numbers that move several. Search is by CMA-ES
(Hansen 2016) over a linear model of the script; what it finds is kept only if the script, run, is better.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from cmaes import CMA
from numpy.typing import NDArray

from ..roles import Cancelled
from . import linear, splat
from .fit_measure import Behind, Targets, scene_loss
from .linear import Model
from .probe import Probe
from .splat import Layer, Mask

Array = NDArray[np.float64]

LONGEST = 160
"""Pixels of the longer side at which outlines are compared."""
ROUNDS = 7
MOST_TOGETHER = 10
_SPREAD = 4.0
"""First step of the search, percent of the frame."""
_PULL = 2e-5
"""Cost of a change, per squared percent of the frame: of equal answers the nearest to what the script says."""
_CONTACT = 1.5
"""Cost of leaving the support, per height of the thing."""
_TRUST = 8.0
"""Percent of the frame that a size may move a thing in one round; the linear model may be wrong beyond."""
_NEAR_SUPPORT = 0.6
_GAIN = 2e-3


@dataclass
class Placed:
    """What came of it."""

    change: Array
    model: Model
    before: float
    after: float
    ious: dict[str, float]


class Placement:
    """One stage's script against the picture's masks."""

    def __init__(
        self,
        probe: Probe,
        masks: Mapping[str, Mask],
        frame: tuple[int, int],
        static: NDArray[np.float32] | None = None,
        seed: int = 0,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        """`masks` by brief object at the picture's size, `frame` (width, height) whose aspect counts, `static` the
        distances of what is no object of the brief; `check` raises when the run is cancelled."""
        scale = LONGEST / max(frame)
        self.size = max(16, round(frame[0] * scale)), max(16, round(frame[1] * scale))
        shown = {name: mask for name, mask in masks.items() if mask.any()}
        self.targets = Targets(shown, self.size, _fitted(static, self.size)) if shown else None
        half = self.size[0] // 2, self.size[1] // 2
        self._coarse = Targets(shown, half, _fitted(static, half)) if shown else None
        self._probe = probe
        self._seed = seed
        self._check = check

    def solve(
        self, script: str, seconds: float, tell: Callable[[str], None] = lambda _: None
    ) -> tuple[str, Placed] | None:
        """Return a better script, its numbers changed where they stand, and how much better; None without one."""
        if self.targets is None:
            return None
        deadline = time.monotonic() + seconds
        first: Placed | None = None
        best = script
        for turn in range(ROUNDS):
            tell(f"solving places, round {turn + 1}")
            try:
                found = self._round(best, deadline)
            except Cancelled:
                # Whoever only has enough of it is glad of the rounds before.
                if first is None:
                    raise
                break
            if found is None:
                break
            text, placed = found
            first = Placed(
                placed.change, placed.model, first.before if first else placed.before, placed.after, placed.ious
            )
            best = text
            if placed.before - placed.after < 3 * _GAIN or time.monotonic() > deadline:
                break
        return (best, first) if first else None

    def _round(self, script: str, deadline: float) -> tuple[str, Placed] | None:
        """One linear model, one sweep over the objects, one run to see what it is worth."""
        assert self.targets is not None and self._coarse is not None
        model = linear.build(self._probe, script, self.targets.names, self.size)
        if model is None or not model.numbers:
            return None
        search = _Search(model, self.targets, self._seed)
        before = search.losses(np.zeros(len(model.numbers)))
        change = np.zeros(len(model.numbers))
        # Numbers that move many things are costly to try, so they are tried on a coarser picture.
        coarse = _Search(model.thinned(4), self._coarse, self._seed)
        blocks = _blocks(model, self.targets)
        for place, block in enumerate(blocks):
            self._check()
            now = time.monotonic()
            if now > deadline:
                break
            several = len(set().union(*(model.affects[index] for index in block))) > 1
            until = now + (deadline - now) / (len(blocks) - place) * (2 if several else 1)
            change = (coarse if several else search).improve(block, change, until)
        if not change.any():
            return None
        return self._verified(model, search, change, before)

    def _verified(
        self, model: Model, search: _Search, change: Array, before: dict[str, float]
    ) -> tuple[str, Placed] | None:
        """Run what was found; take back the objects that got worse, or all when the whole did."""
        assert self.targets is not None
        total = sum(before.values())
        for attempt in range(4):
            text = model.text(change)
            made = self._probe.run([text], self.targets.names, splat.samples(self.size))[0]
            if made.ok and made.projection is not None:
                points = linear.things(made, self.targets.names)
                after = search.losses_of(points, made.projection.astype(np.float32))
                if after is not None:
                    lost = {name: loss - before[name] for name, loss in after.items()}
                    worse = {name for name, loss in lost.items() if loss > _GAIN}
                    gain = total - sum(after.values())
                    # Where numbers are shared one thing may lose a little for the good of the others.
                    if gain > _GAIN and sum(lost[name] for name in worse) < 0.2 * gain:
                        ious = search.last_ious
                        return text, Placed(change, model, total, sum(after.values()), ious)
                    back = [bool(model.affects[i] & worse) and bool(change[i]) for i in range(len(change))]
                    if worse and any(back):
                        change = np.where(back, change * (0.4 if attempt < 2 else 0.0), change)
                        if change.any():
                            continue
                        return None
            change = change * 0.4
        return None


class _Search:
    """Loss of a model's changes, and its minimum over some of the numbers."""

    def __init__(self, model: Model, targets: Targets, seed: int) -> None:
        self._model = model
        self._targets = targets
        self._seed = seed
        self.last_ious: dict[str, float] = {}
        self._bottoms = {name: float(points[:, 2].min()) for name, points in model.points.items()}
        self._heights = {name: max(float(np.ptp(points[:, 2])), 1e-3) for name, points in model.points.items()}
        self._support = {name: self._stands_on(name) for name in model.points}
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
            + self._contact(name, points[name])
            for name in points
        }

    def improve(self, block: list[int], change: Array, deadline: float) -> Array:
        """Return `change` with the numbers of a block set to where the loss is least that is found by `deadline`."""
        model, targets = self._model, self._targets
        names = sorted(set().union(*(model.affects[index] for index in block)))
        through = model.seen_through(change)
        fixed = {
            name: splat.layer(model.moved(name, change), through, targets.size)
            for name in model.points
            if name not in names
        }
        behind = targets.compose(fixed)
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
                self._settle(name, lift, trial)
            return trial

        def loss(x: Array) -> float:
            trial = at(x)
            return self._loss(names, trial, behind) + _PULL * float(((trial / model.unit) ** 2)[block].sum())

        best, best_loss = np.zeros(len(block)), loss(np.zeros(len(block)))
        start = best_loss
        for spread in (_SPREAD, _SPREAD / 3):
            best, best_loss = self._search(loss, best, best_loss, spread, deadline)
        if start - best_loss < _GAIN:
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

    def _loss(self, names: list[str], change: Array, behind: Behind) -> float:
        model, targets = self._model, self._targets
        through = model.seen_through(change)
        layers: dict[str, Layer] = {}
        contact = 0.0
        for name in names:
            points = model.moved(name, change)
            layers[name] = splat.layer(points, through, targets.size)
            contact += self._contact(name, points)
        scene = targets.compose(layers, behind)
        return scene_loss(targets.ious(scene), [targets.box_gap(scene, name) for name in names]) + contact

    def _lifted(self, index: int) -> list[str]:
        """Return the one object that a number lifts, moving it straight up and nothing else."""
        names = list(self._model.affects[index])
        if len(names) != 1 or not self._model.shifts[index] or index in self._model.camera:
            return []
        way = np.abs(self._model.slopes[names[0]][index][0])
        return names if way[2] > 0 and max(way[0], way[1]) < 1e-3 * way[2] else []

    def _settle(self, name: str, lift: int, change: Array) -> None:
        """Set the number that lifts an object so that it stands on its support; in place."""
        slopes = self._model.slopes[name]
        height = self._model.points[name][:, 2]
        for index, slope in slopes.items():
            if change[index] and index != lift:
                height = height + slope[:, 2] * np.float32(change[index])
        change[lift] = (self._support[name] - float(height.min())) / float(slopes[lift][0, 2])

    def _contact(self, name: str, points: NDArray[np.float32]) -> float:
        off = abs(float(points[:, 2].min()) - self._support[name]) / self._heights[name]
        return _CONTACT * min(off, 1.0)

    def _stands_on(self, name: str) -> float:
        """Return the height an object's foot belongs to: of the ground or a thing under it when one is near, else its
        own."""
        points, bottom = self._model.points[name], self._bottoms[name]
        x, y = np.median(points[:, 0]), np.median(points[:, 1])
        levels = [0.0]
        for other, cloud in self._model.points.items():
            low, high = cloud[:, :2].min(axis=0), cloud[:, :2].max(axis=0)
            if other != name and low[0] <= x <= high[0] and low[1] <= y <= high[1]:
                levels.append(float(cloud[:, 2].max()))
        nearest = min(levels, key=lambda level: abs(level - bottom))
        return nearest if abs(nearest - bottom) < _NEAR_SUPPORT * self._heights[name] else bottom


def _blocks(model: Model, targets: Targets) -> list[list[int]]:
    """Return the numbers to be searched together: those of one object, large objects first, then those of several."""
    areas = dict(zip(targets.names, targets.masks.sum(axis=(1, 2)), strict=True))
    own: dict[str, list[int]] = {}
    shared: list[int] = []
    for index, names in enumerate(model.affects):
        if len(names) == 1:
            own.setdefault(next(iter(names)), []).append(index)
        else:
            shared.append(index)

    def leading(block: list[int]) -> list[int]:
        # The numbers with the most effect for their own size come first.
        return sorted(block, key=lambda i: float(model.unit[i]) / max(abs(float(model.values[i])), 0.1))[:MOST_TOGETHER]

    blocks = [leading(own[name]) for name in sorted(own, key=lambda name: -areas[name])]
    blocks = [leading(shared), *blocks] if shared else blocks
    # As written, so that numbers in PARAMS go before literals that would have to be lifted there.
    return [linear.independent(model, sorted(block)) for block in blocks]


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


def _fitted(static: NDArray[np.float32] | None, size: tuple[int, int]) -> NDArray[np.float32] | None:
    if static is None:
        return None
    rows = np.arange(size[1]) * static.shape[0] // size[1]
    columns = np.arange(size[0]) * static.shape[1] // size[0]
    return np.ascontiguousarray(static[np.ix_(rows, columns)], np.float32)
