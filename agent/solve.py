# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers solved, not guessed: a better script for the stage of an attempt, its text the same but for its numbers.

What is solved is what the stage settles: places and shapes against outlines, colours inside them, light against the
picture as shown. A solution counts only when the script, run afresh, measures better.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event

from ..worker.protocol import Job, JobResult, StageScript, ViewRequest
from . import measure, parts, script_numbers
from .enough import Either
from .measurements import Measurements
from .perceptual import Judge
from .polish_rules import shadows_lost
from .ports import WorkerPort
from .roles import Attempt, AttemptViews, Cancelled, Context
from .script_numbers import Number
from .solving import contours, series, shade_pictures, shade_stage
from .solving.gauge import Paints
from .solving.placement import Doubts, Placement, in_front, outline_score
from .solving.probe import Probe
from .solving.profile import LONGEST, Profiles
from .solving.write_back import write_back
from .views import PortLooker, load_views

SOLVERS: dict[str, tuple[str, ...]] = {
    "geometry": ("placement", "profile"),
    "composition": ("placement",),
    "materials": ("colour",),
    "lighting": ("light",),
    "program": ("placement", "profile", "both"),
}
"""What is solved at which stage, in this order."""
PLACING = ("placement", "profile")
MEASURE_PX = 256
BEAUTY_SAMPLES = 12
GAIN = 2e-3
"""In score: less is noise."""
LPIPS_SLACK = 3e-3
PLACES_SHARE = 0.6
"""Of the time there is, for places where light and colour are to follow."""


@dataclass(frozen=True)
class _Tried:
    """A script that ran, and how near it comes."""

    views: AttemptViews
    numbers: Measurements
    result: JobResult


def solve_stage(
    context: Context,
    attempt: Attempt,
    worker: WorkerPort,
    judge: Judge | None = None,
    budget_s: float = 20.0,
    cancel: Event | None = None,
    tell: Callable[[str], None] = lambda _doing: None,
    paints: Paints | None = None,
) -> str | None:
    """Return the attempt's script with better numbers, or None when none were found.

    `worker` is one nobody else uses; afterwards it holds some other scene. `judge` is the picture's, `paints` are
    the run's. Ends about `budget_s` seconds after it began, or once `context.enough` is set, with the best so far.
    Raises Cancelled.
    """
    solvers = SOLVERS.get(attempt.stage, ())
    if attempt.result.status != "ok" or not solvers:
        return None
    deadline = time.monotonic() + budget_s
    stop = Either(cancel or context.cancel, context.enough)
    return _Solving(context, attempt, worker, judge, stop, tell, deadline, paints or Paints()).run(solvers, deadline)


class _Solving:
    def __init__(
        self,
        context: Context,
        attempt: Attempt,
        worker: WorkerPort,
        judge: Judge | None,
        cancel: Event,
        tell: Callable[[str], None],
        deadline: float,
        paints: Paints,
    ) -> None:
        self._context = context
        self._stage = attempt.stage
        self._worker = worker
        self._judge = judge or Judge(context.picture.unit)
        self._cancel = cancel
        self._tell = tell
        self._probe = Probe(worker, context.accepted, attempt.stage, cancel, deadline)
        self._paints = paints
        self._script = attempt.script
        self._stands = _Tried(attempt.views, attempt.measurements, attempt.result)
        self._settings = attempt.result.settings
        self._owners: dict[int, str] = {}
        self._doubts = Doubts(context.picture.unit, context.doubtful) if context.doubtful else None
        self._lists: list[series.Series] = []

    def run(self, solvers: tuple[str, ...], deadline: float) -> str | None:
        text = self._script
        found = None
        built = False
        try:
            if "profile" in solvers:
                self._lists = series.drawing(self._probe, text, list(self._context.masks), (LONGEST, LONGEST))
            if not self._lists:
                solvers = tuple(name for name in solvers if name != "profile")
            for name in solvers:
                left = deadline - time.monotonic()
                if left <= 0:
                    break
                if name in ("light", "both") and not built:
                    self._probe.run([text])
                found = self._solved(name, text, left if name == solvers[-1] else left * PLACES_SHARE)
                built = False
                if found is None:
                    continue
                tried = self._tried(found)
                if tried is not None and self._better(name, tried):
                    text, self._stands, built = found, tried, True
                found = None
        except Cancelled:
            if not self._context.enough.is_set():
                raise
            # What could not be checked any more is checked as an attempt.
            text = found or text
        if text == self._script:
            return None
        return write_back(self._script, text, self._owners)

    def _solved(self, name: str, text: str, seconds: float) -> str | None:
        if name == "placement":
            return self._placed(text, seconds)
        return self._drawn(text, seconds) if name == "profile" else self._shaded(text, name)

    def _drawn(self, text: str, seconds: float) -> str | None:
        context = self._context
        found = Profiles(self._probe, context.masks, context.frame, self._check).solve(
            text, self._lists, seconds, self._tell
        )
        return found[0] if found else None

    def _placed(self, text: str, seconds: float) -> str | None:
        context = self._context
        placement = Placement(
            self._probe,
            context.masks,
            context.frame,
            in_front(self._stands.views, context.masks, context.ignored),
            context.seed,
            self._check,
            series.others(self._lists),
            doubts=self._doubts,
        )
        found = placement.solve(text, seconds, self._tell)
        if found is None:
            return None
        for number, names in zip(found[1].model.numbers, found[1].model.affects, strict=True):
            if len(names) == 1:
                self._owns(found[1].model.script, number, next(iter(names)))
        return found[0]

    def _shaded(self, text: str, what: str) -> str | None:
        source = shade_stage.Source(text, self._probe, what in ("light", "both"), what in ("colour", "both"))
        stands = self._stands
        scene = shade_pictures.Rendered(
            self._context.picture.unit,
            self._context.masks,
            stands.views,
            stands.result.inventory,
            self._settings,
            self._context.ignored,
        )
        looker = PortLooker(self._worker, self._cancel)
        found = shade_stage.solve([source], looker, scene, self._judge, self._tell, paints=self._paints)
        if found is None:
            return None
        for number in script_numbers.find(text):
            if number.start in found.owners[0]:
                self._owns(text, number, found.owners[0][number.start])
        return found.texts[0]

    def _owns(self, text: str, number: Number, owner: str) -> None:
        """Remember by its place among the text's numbers whose a number is."""
        for place, other in enumerate(script_numbers.find(text)):
            if other.start == number.start:
                self._owners[place] = owner

    def _tried(self, text: str) -> _Tried | None:
        """Run a script afresh, as an attempt would be, and measure it."""
        self._tell("checking what was solved")
        seen = self._stands.views.beauty
        beauty = max(seen.shape[:2]) if seen is not None else 0
        job = Job(
            self._context.accepted,
            StageScript(self._stage, text),
            tuple(sorted(self._context.stage.may_change)),
            ViewRequest(measure_px=MEASURE_PX, beauty_px=beauty, beauty_samples=BEAUTY_SAMPLES),
            write_blend=False,
            seed=self._context.seed,
        )
        result = self._worker.run(job, self._cancel)
        self._check()
        if result.status != "ok":
            return None
        views = load_views(self._worker, result)
        parts.merge(views, self._context.masks.keys())
        context, sanity = self._context, tuple(result.sanity)
        numbers = measure.measure(
            self._stage, context.picture.unit, context.masks, views, sanity, self._judge, context.ignored
        )
        return _Tried(views, numbers, result)

    def _better(self, solver: str, new: _Tried) -> bool:
        old = self._stands.numbers
        if solver == "profile" and self._off(new) >= self._off(self._stands):
            return False
        if solver in PLACING:
            before, after = self._outlines(self._stands), self._outlines(new)
        else:
            before, after = old.score, new.numbers.score
        if after < before + GAIN:
            return False
        if solver in ("light", "both") and shadows_lost(old, new.numbers):
            return False
        # Outlines are the better measure of places than a render in provisional light.
        if solver in PLACING or old.lpips is None or new.numbers.lpips is None:
            return True
        return new.numbers.lpips <= old.lpips + LPIPS_SLACK

    def _off(self, tried: _Tried) -> float:
        ids = tried.views.ids
        return float("inf") if ids is None else contours.off(self._context.masks, ids, tried.views.id_names)

    def _check(self) -> None:
        if self._cancel.is_set():
            raise Cancelled

    def _outlines(self, tried: _Tried) -> float:
        """How well things lie where the picture shows them, 0 to 1: by their masks, and where those are doubtful by the
        picture's colours."""
        return outline_score(tried.numbers, tried.views, self._context.masks, self._doubts)
