# SPDX-License-Identifier: GPL-3.0-or-later
"""Placement and shape: the numbers that move things, set so that each covers its mask in the picture.

Object by object, each with the few numbers that move it alone, then the numbers that move several. Search is by CMA-ES
(Hansen 2016) over a linear model of the script; what it finds is kept only if the script, run, is better.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .. import parts, script_numbers
from ..measure import fit_mask
from ..measurements import Measurements
from ..roles import AttemptViews, Cancelled
from ..script_numbers import Number
from . import align, linear, outlines, quarters, splat
from .evenness import Evenness
from .fit_measure import Targets
from .linear import Model
from .probe import Probe
from .search import GAIN, Search
from .splat import Mask

Array = NDArray[np.float64]
_Made = tuple[dict[str, NDArray[np.float32]], NDArray[np.float32]]
"""Things' points, and the projection."""

LONGEST = 160
"""Pixels of the longer side at which outlines are compared."""
ALIGNMENTS = 4
WIDE = 2
"""Of those so many look for the camera far and wide."""
ROUNDS = 7
MOST_TOGETHER = 10
_ALIGN, _QUARTERS, _SEARCH = "alignment", "quarter turns", "search"
_LOSES = 0.01
"""What an alignment may lose per thing in overlap, which is measured more coarsely than outlines are: five times that
where it halves the misses."""
_NEARER = 0.97
"""Share of the misses that an alignment must not leave to be worth another."""


@dataclass(frozen=True)
class Doubts:
    """Masks that are no better than a box, and the picture that says what they don't."""

    picture: NDArray[np.float32]
    """(h, w, 3) sRGB, 0 to 1."""
    names: Collection[str]

    def even(self, masks: Mapping[str, Mask], size: tuple[int, int]) -> Evenness | None:
        """Return the measure that needs no mask, of the things in doubt; None when none of `masks` is."""
        return Evenness(self.picture, masks, self.names, size) if set(self.names) & set(masks) else None


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
        find: Callable[[str], list[Number]] = script_numbers.find,
        doubts: Doubts | None = None,
    ) -> None:
        """`masks` by brief object at the picture's size, `frame` (width, height) whose aspect counts, `static` the
        distances of what is no object of the brief; `check` raises when the run is cancelled; `find` finds the
        script's numbers; `doubts` says which masks can't be trusted."""
        scale = LONGEST / max(frame)
        self.size = max(16, round(frame[0] * scale)), max(16, round(frame[1] * scale))
        shown = {name: mask for name, mask in masks.items() if mask.any()}
        half = self.size[0] // 2, self.size[1] // 2
        self.targets, self._coarse = [
            Targets(shown, size, _fitted(static, size), doubts.even(shown, size) if doubts else None) if shown else None
            for size in (self.size, half)
        ]
        self._reaches = outlines.of_masks(shown, doubts.names if doubts else ())
        self._aspect = frame[1] / frame[0]
        self._probe = probe
        self._seed = seed
        self._check = check
        self._find = find
        self._wide = WIDE
        self._known: tuple[str, Model | None] | None = None
        self.trace: list[tuple[str, float, float]] = []
        """What was kept: its kind, seconds since the start, the loss then."""

    def solve(
        self, script: str, seconds: float, tell: Callable[[str], None] = lambda _: None, search: bool = True
    ) -> tuple[str, Placed] | None:
        """Return a better script, its numbers changed where they stand, and how much better; None without one.

        Without `search` things are put under their masks and no more.
        """
        if self.targets is None:
            return None
        began = time.monotonic()
        deadline = began + seconds
        first: Placed | None = None
        best, aligning = script, True
        # Before sizes may have grown to fit a thing that faces the wrong way, and once all is where it belongs.
        steps = [_QUARTERS] + [_ALIGN] * ALIGNMENTS + [_QUARTERS, _ALIGN] + [_SEARCH] * ROUNDS * search
        ways = {_ALIGN: self.aligned, _QUARTERS: self.faced, _SEARCH: self._round}
        for turn, step in enumerate(steps):
            tell(f"solving places, round {turn + 1}")
            if turn > 1 and time.monotonic() > deadline:
                break
            if step == _ALIGN and not aligning:
                continue
            try:
                found = ways[step](best, deadline)
            except Cancelled:
                # Whoever only has enough of it is glad of the rounds before.
                if first is None:
                    raise
                break
            if step != _SEARCH:
                aligning = found is not None or not turn
            elif found is None:
                break
            if found is None:
                continue
            text, placed = found
            first = Placed(
                placed.change, placed.model, first.before if first else placed.before, placed.after, placed.ious
            )
            best = text
            self.trace += [(step, 0.0, placed.before)] if not self.trace else []
            self.trace.append((step, time.monotonic() - began, placed.after))
            if step == _SEARCH and placed.before - placed.after < 3 * GAIN:
                break
        return (best, first) if first else None

    def faced(self, script: str, deadline: float = float("inf")) -> tuple[str, Placed] | None:
        """Return the script with things turned that clearly face another way in the picture, and what that is worth;
        None when there are none, or it is, run, no better."""
        assert self.targets is not None
        model = self._model(script)
        if model is None or not model.turns:
            return None
        search = Search(model, self.targets, self._seed)
        before = sum(search.losses(np.zeros(len(model.numbers))).values())
        change = quarters.turned(model, search, self._reaches, self._aspect, self._check, deadline)
        if change is None:
            return None
        text = model.text(change)
        made = self._probe.run([text], self.targets.names, splat.samples(self.size))[0]
        if not made.ok or made.projection is None:
            return None
        after = search.losses_of(linear.things(made, self.targets.names), made.projection.astype(np.float32))
        if after is None or sum(after.values()) > before - quarters.CLEAR / 2:
            return None
        return text, Placed(change, model, before, sum(after.values()), search.last_ious)

    def _model(self, script: str) -> Model | None:
        """The linear model of a script; that of the last one is kept."""
        assert self.targets is not None
        if self._known is None or self._known[0] != script:
            self._known = script, linear.build(self._probe, script, self.targets.names, self.size, self._find)
        return self._known[1]

    def aligned(self, script: str, deadline: float = float("inf")) -> tuple[str, Placed] | None:
        """Return the script with things put under their masks by least squares on outlines, one linear model of it, and
        what that is worth; None when, run, it is no better."""
        assert self.targets is not None
        model = self._model(script)
        if model is None or not model.numbers:
            return None
        search = Search(model, self.targets, self._seed)
        before = sum(search.losses(np.zeros(len(model.numbers))).values())
        alignment = align.Alignment(model, self._reaches, search.supports, self._aspect)
        was = alignment.miss(model.points, model.projection)
        answers = alignment.solve(self._check, deadline, wide=self._wide > 0)
        self._wide -= 1
        # The model is good for small changes; which answer is best only a run says.
        made = self._run(model, [search.settled(answer) for answer in answers])
        misses = [float("inf") if one is None else alignment.miss(*one) for one in made]
        best = int(np.argmin(misses))
        for share in (1.0, 0.5, 0.2):
            change = search.settled(share * answers[best])
            one = made[best] if share == 1.0 else self._run(model, [change])[0]
            if one is None or (miss := alignment.miss(*one)) > _NEARER * was:
                continue
            after = search.losses_of(*one)
            lost = (_LOSES if miss > 0.5 * was else 5 * _LOSES) * len(model.points)
            if after is not None and sum(after.values()) <= before + lost:
                return model.text(change), Placed(change, model, before, sum(after.values()), search.last_ious)
        return None

    def _run(self, model: Model, changes: Sequence[Array]) -> list[_Made | None]:
        """Run a model's script with its numbers changed, each way; None for one that does not make all its things."""
        assert self.targets is not None
        names = self.targets.names
        found: list[_Made | None] = []
        for made in self._probe.run([model.text(change) for change in changes], names, splat.samples(self.size)):
            points = linear.things(made, names) if made.ok else {}
            whole = made.projection is not None and set(points) == set(model.points)
            found.append((points, np.asarray(made.projection, np.float32)) if whole else None)
        return found

    def _round(self, script: str, deadline: float) -> tuple[str, Placed] | None:
        """One linear model, one sweep over the objects, one run to see what it is worth."""
        assert self.targets is not None and self._coarse is not None
        model = self._model(script)
        if model is None or not model.numbers:
            return None
        search = Search(model, self.targets, self._seed)
        before = search.losses(np.zeros(len(model.numbers)))
        change = np.zeros(len(model.numbers))
        # Numbers that move many things are costly to try, so they are tried on a coarser picture.
        coarse = Search(model.thinned(4), self._coarse, self._seed)
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
        self, model: Model, search: Search, change: Array, before: dict[str, float]
    ) -> tuple[str, Placed] | None:
        """Run what was found; take back the objects that got worse, or all when the whole did."""
        assert self.targets is not None
        total = sum(before.values())
        for attempt in range(4):
            change = search.settled(change)
            text = model.text(change)
            made = self._probe.run([text], self.targets.names, splat.samples(self.size))[0]
            if made.ok and made.projection is not None:
                points = linear.things(made, self.targets.names)
                after = search.losses_of(points, made.projection.astype(np.float32))
                if after is not None:
                    lost = {name: loss - before[name] for name, loss in after.items()}
                    worse = {name for name, loss in lost.items() if loss > GAIN}
                    gain = total - sum(after.values())
                    # Where numbers are shared one thing may lose a little for the good of the others.
                    if gain > GAIN and sum(lost[name] for name in worse) < 0.2 * gain:
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


def in_front(views: AttemptViews, masks: Mapping[str, Mask], ignored: Mask | None = None) -> NDArray[np.float32] | None:
    """Return the distances (h, w) of what is seen and is no object of the brief, inf elsewhere; None without views.

    What is about as far as a thing hides nothing. What the artist `ignored` (h, w) hides everything, so that nothing is
    asked for there.
    """
    if views.ids is None or views.depth is None:
        return None
    others = [key for key, name in views.id_names.items() if parts.owner(name, masks) is None]
    hidden = np.where(np.isin(views.ids, others), views.depth * 1.03, np.inf).astype(np.float32)
    if ignored is not None:
        hidden[fit_mask(ignored, hidden.shape[1], hidden.shape[0])] = 0.0
    return hidden


def outline_score(
    numbers: Measurements, views: AttemptViews, masks: Mapping[str, Mask], doubts: Doubts | None
) -> float:
    """Return how well things lie where the picture shows them, 0 to 1: the mean mask IoU, with how evenly coloured what
    a thing covers is in its place where the mask is doubtful."""
    if doubts is None or views.ids is None:
        return numbers.mean_iou or 0.0
    height, width = views.ids.shape
    even = doubts.even({name: mask for name, mask in masks.items() if mask.any()}, (width, height))
    found = {item.name: item.iou for item in numbers.objects}
    ids = {name: key for key, name in views.id_names.items()}
    if even is not None:
        found |= {name: even.of(name, views.ids, ids[name]) if name in ids else 0.0 for name in even.names}
    return sum(found.values()) / max(len(found), 1)


def _fitted(static: NDArray[np.float32] | None, size: tuple[int, int]) -> NDArray[np.float32] | None:
    if static is None:
        return None
    rows = np.arange(size[1]) * static.shape[0] // size[1]
    columns = np.arange(size[0]) * static.shape[1] // size[0]
    return np.ascontiguousarray(static[np.ix_(rows, columns)], np.float32)
