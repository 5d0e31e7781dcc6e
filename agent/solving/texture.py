# SPDX-License-Identifier: GPL-3.0-or-later
"""Patterns for the surfaces of a finished program, where flat colour (or what is painted on) leaves what a pattern
explains: each thing's is tried by renders, and kept where the judge sees that very thing come nearer.

What is tried is rendered on all things at once; a map of the judge's distance tells them apart. Not found are gradients
in brightness alone, which light may make as well, and patterns that do not run straight through a thing's own space:
bent ones, prints, bricks, dots.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Event

import numpy as np
from numpy.typing import NDArray

from ...worker.protocol import MAX_SOURCE, Job, JobResult, StageScript, ViewRequest
from .. import measure, paintings_text, parts
from ..perceptual import Judge
from ..ports import WorkerPort
from ..roles import AttemptViews, Cancelled
from ..stages import BY_NAME
from ..views import load_views
from . import pattern_text
from .patterns import Pattern
from .wearers import Wearer, offers, wearers

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Program = tuple[StageScript, ...]
Offers = Generator[Pattern, float, None]

PIXELS, SAMPLES = 512, 8
"""Grain is not seen in smaller renders."""
ROUNDS = 5
MOST_SEARCHED = 4
"""Things, the largest ones, that are searched for waves."""
GAIN = 1e-3
"""Of LPIPS, for all patterns together."""
OWN_GAIN, OWN_SHARE = 3e-4, 0.02
"""Of LPIPS that a thing's own pattern must be worth: at least, and of what was wrong there."""
COST, PER_LPIPS = 0.2, 15.0
"""dB of PSNR that patterns may cost, and as many more for what they are worth: in the score of a render still a fifth
of it."""
CLOSE, COST_CLOSE = 32.0, 1.0
"""And where that much is left all the same, for a grain that is as fine but not the same weighs most there."""
MOST_MATERIALS = 46
_TWICE = 2.0
"""Renders that a try and the check of everything together take."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Textured:
    """Scripts with patterns, and what they are worth."""

    program: Program
    patterns: tuple[Pattern, ...]
    before: float
    after: float
    """LPIPS at `PIXELS`."""


@dataclass(frozen=True)
class _Shown:
    result: JobResult
    views: AttemptViews
    map: Floats
    """(h, w) of the judge's distance."""
    error: Floats
    """(h, w): squared, mean of the channels."""

    @property
    def lpips(self) -> float:
        return float(self.map.mean())

    def affords(self, more: float, gain: float) -> bool:
        """Whether so much more mean squared error is not too much for so much less LPIPS."""
        now = float(self.error.mean())
        then = max(now + more, 1e-9)
        return (
            float(10 * np.log10(then / max(now, 1e-9)))
            < (COST if then > 10 ** (-CLOSE / 10) else COST_CLOSE) + PER_LPIPS * gain
        )


@dataclass(frozen=True)
class _Worth:
    pattern: Pattern
    gain: float
    """Of LPIPS on its thing."""
    error: float
    """Added to the mean squared error."""


def solve(
    program: Program,
    picture: Floats,
    masks: Mapping[str, Mask],
    worker: WorkerPort,
    deadline: float,
    cancel: Event | None = None,
    tell: Callable[[str], None] = lambda _doing: None,
    ignored: Mask | None = None,
    seed: int = 0,
) -> Textured | None:
    """Return the program with patterns in its materials, where a fresh render is nearer to the picture with them; None
    when it is not. Patterns it has from an earlier solve are found anew.

    `picture` is (h, w, 3) sRGB in 0 to 1, `masks` and `ignored` its. Begins nothing after `deadline`, monotonic
    seconds. Raises Cancelled.
    """
    place = next((p for p, script in enumerate(program) if script.stage in ("materials", "program")), None)
    if place is None:
        return None
    trying = _Trying(program, place, picture, masks, worker, deadline, cancel or Event(), tell, ignored, seed)
    return trying.run()


class _Trying:
    def __init__(
        self,
        program: Program,
        place: int,
        picture: Floats,
        masks: Mapping[str, Mask],
        worker: WorkerPort,
        deadline: float,
        cancel: Event,
        tell: Callable[[str], None],
        ignored: Mask | None,
        seed: int,
    ) -> None:
        self._program, self._place, self._worker, self._seed = program, place, worker, seed
        self._picture, self._masks, self._ignored = picture, masks, ignored
        self._deadline, self._cancel, self._tell = deadline, cancel, tell
        self._judge = Judge(picture, PIXELS)
        self._slowest = 0.0
        self._known: dict[Program, _Shown] = {}

    def run(self) -> Textured | None:
        self._tell("looking for patterns")
        stands = self._shown(self._program, measured=True)
        bare = stands
        if pattern_text.has(self._program[self._place].text):
            bare = self._shown(self._with(()), measured=True)
        if stands is None or bare is None or self._late():
            return None
        best = self._tried(bare, self._offers(bare))
        if not best:
            return None
        program = self._with(best)
        final = self._shown(program)
        if final is None or final.lpips > stands.lpips - GAIN:
            return None
        if not stands.affords(float(final.error.mean() - stands.error.mean()), stands.lpips - final.lpips):
            return None
        return Textured(program, tuple(best), stands.lpips, final.lpips)

    def _offers(self, bare: _Shown) -> list[tuple[Wearer, Offers]]:
        """Return what may wear a pattern, and what it is offered. No more materials may come of it than a scene may
        have."""
        render = bare.views.beauty
        assert render is not None
        picture = measure.fit(self._picture, render.shape[1], render.shape[0])
        room = MOST_MATERIALS - len({name for info in bare.result.inventory for name in info.materials})
        found: list[tuple[Wearer, Offers]] = []
        painted = paintings_text.read(self._with(())[self._place].text)
        for wearer in wearers(picture, self._masks, bare.views, bare.result, self._ignored, painted):
            tints = wearer.copied <= room
            room -= wearer.copied if tints else 1
            searched = len(found) < MOST_SEARCHED
            found.append((wearer, offers(wearer, picture, render, lambda: self._late(_TWICE), tints, searched)))
        return found

    def _tried(self, bare: _Shown, asked: Sequence[tuple[Wearer, Offers]]) -> list[Pattern]:
        """Return the best pattern of each thing that has a good one."""
        pending = {wearer.thing: offer for wearer, offered in asked if (offer := next(offered, None))}
        best: dict[str, _Worth] = {}
        for _ in range(ROUNDS):
            if not pending or self._late(_TWICE):
                break
            self._tell("trying patterns")
            fitting = self._fitting(list(pending.values()))
            shown = self._shown(self._with(fitting)) if fitting else None
            if shown is None:
                break
            for wearer, offered in asked:
                if (offer := pending.get(wearer.thing)) is None or offer not in fitting:
                    continue
                del pending[wearer.thing]
                before, after = (_on(wearer.covers, each.map) for each in (bare, shown))
                worth = _Worth(offer, before - after, _on(wearer.covers, shown.error - bare.error))
                _log.debug("%.5f of %.5f, %.6f: %s", worth.gain, before, worth.error, offer)
                least = max(OWN_GAIN, OWN_SHARE * before, best[wearer.thing].gain if wearer.thing in best else 0.0)
                if worth.gain > least and bare.affords(worth.error, worth.gain):
                    best[wearer.thing] = worth
                with contextlib.suppress(StopIteration):
                    pending[wearer.thing] = offered.send(worth.gain)
        kept = sorted(best.values(), key=lambda worth: worth.gain / max(worth.error, 1e-9))
        while kept and not bare.affords(sum(w.error for w in kept), sum(w.gain for w in kept)):
            kept.pop(0)
        return list(self._fitting([worth.pattern for worth in reversed(kept)]))

    def _shown(self, program: Program, measured: bool = False) -> _Shown | None:
        """Run a program and compare its render with the picture; None when it does not run or shows nothing."""
        if (known := self._known.get(program)) is not None:
            return known
        began = time.monotonic()
        *before, last = program
        views = ViewRequest(PIXELS if measured else 0, 0, PIXELS, SAMPLES)
        may = tuple(sorted(BY_NAME[last.stage].may_change))
        job = Job(tuple(before), last, may, views, write_blend=False, seed=self._seed)
        result = self._worker.run(job, self._cancel)
        if self._cancel.is_set():
            raise Cancelled
        if result.status != "ok":
            _log.warning("a program with patterns does not run: %s", result.message)
            return None
        loaded = load_views(self._worker, result)
        if loaded.beauty is None or (measured and loaded.ids is None):
            return None
        parts.merge(loaded, self._masks.keys())
        render = loaded.beauty
        picture = measure.fit(self._picture, render.shape[1], render.shape[0])
        if self._ignored is not None:
            here = measure.fit_mask(self._ignored, render.shape[1], render.shape[0])
            render = np.where(here[..., None], picture, render)
        distances = self._judge.map(render)
        self._slowest = max(self._slowest, time.monotonic() - began)
        error = np.asarray(np.square(picture - render).mean(axis=2), np.float32)
        if distances is None:
            return None
        self._known[program] = _Shown(result, loaded, distances, error)
        return self._known[program]

    def _late(self, renders: float = 1.0) -> bool:
        """Whether so many more renders would not be begun and done in time."""
        return time.monotonic() + renders * self._slowest > self._deadline

    def _with(self, patterns: Sequence[Pattern]) -> Program:
        script = self._program[self._place]
        text = pattern_text.written(script.text, patterns)
        return (*self._program[: self._place], replace(script, text=text), *self._program[self._place + 1 :])

    def _fitting(self, patterns: Sequence[Pattern]) -> Sequence[Pattern]:
        """Return the first patterns, as many as a script has room for."""
        while patterns and len(self._with(patterns)[self._place].text) > MAX_SOURCE:
            patterns = patterns[:-1]
        return patterns


def _on(covers: Mask, values: Floats) -> float:
    """Return how much of a map's mean lies on a thing."""
    mask = measure.fit_mask(covers, values.shape[1], values.shape[0])
    return float(values[mask].sum() / values.size)
