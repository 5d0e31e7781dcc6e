# SPDX-License-Identifier: GPL-3.0-or-later
"""Try one script: run it in an isolated worker, load and measure its views, put it on record, show it."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..worker.protocol import Job, JobResult, SanityFinding, StageScript, ViewRequest, Views
from . import files, journal, leaving, locks, measure, overlay, parts, program, select, showing
from .listener import AttemptShown, Listener
from .measurements import Measurements
from .perceptual import Judge
from .picture import Picture
from .ports import NoWorker, PoolPort, ViewportRender, WorkerPort
from .record import RunFolder
from .roles import Attempt, AttemptViews, Cancelled, Context, Draft
from .views import load_views

SHOWN_IN_COLOUR = frozenset({"materials", "composition", "lighting", "program"})
LOST = "Blender ended before its pictures could be read."
SEEN_FROM_ABOVE = frozenset({"geometry", "composition", "program"})
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrialOptions:
    """How attempts are rendered."""

    attempt_px: int
    """Longer side of an attempt's beauty view."""
    attempt_samples: int
    measure_px: int
    """Longer side of the views it is measured on."""


class Trials:
    """Where a run's scripts are tried."""

    def __init__(
        self,
        picture: Picture,
        folder: RunFolder,
        pool: PoolPort,
        options: TrialOptions,
        listener: Listener,
        viewport: ViewportRender | None,
    ) -> None:
        """Workers come from `pool`, results go to `folder` and `listener`."""
        self.picture = picture
        self.judge = Judge(picture.unit)
        self.folder = folder
        self.pool = pool
        self.options = options
        self.listener = listener
        self.viewport = viewport
        self.passed: tuple[str, int] | None = None
        """Stage and number of the last attempt that was not shown because it was only on the way."""

    def show_passed(self) -> None:
        """Have the last attempt that was on the way shown after all: nothing comes after it. Raises OSError."""
        passed, self.passed = self.passed, None
        if passed is not None:
            state = journal.write(self.folder, "replay", *passed)
            self.listener.attempt(showing.of(self.folder, *passed, state=state))

    def run(self, context: Context, draft: Draft, attempts: list[Attempt]) -> tuple[Attempt, WorkerPort]:
        """Try a script and put it on record as the next of `attempts`, before anybody judges it.

        The worker still holds the scene; the caller closes it. Raises Cancelled, NoWorker, or OSError.
        """
        draft = replace(draft, script=locks.applied(draft.script, context.stage.name, self.folder.record.locks))
        worker = self.pool.open()
        try:
            attempt = self._try(context, draft, attempts, worker)
            self._record(context, attempt, attempts, draft, worker)
        except BaseException:
            worker.close()
            raise
        return attempt, worker

    def again(self, context: Context, attempt: Attempt) -> WorkerPort | None:
        """Build the scene of an attempt that is on record once more; None when it does not run any more."""
        worker = self.pool.open()
        result = worker.run(self._job(context, attempt.script), context.cancel)
        if result.status == "ok":
            return worker
        worker.close()
        context.check_cancel()
        return None

    def _try(self, context: Context, draft: Draft, attempts: list[Attempt], worker: WorkerPort) -> Attempt:
        result = worker.run(self._job(context, draft.script), context.cancel)
        if context.cancel.is_set():
            raise Cancelled
        if worker.ready is None:
            raise NoWorker(result.message)
        record = self.folder.record
        record.blender, record.python = worker.ready.blender, worker.ready.python
        record.confinement = list(worker.ready.confinement)
        if result.status == "ok" and (why := locks.broken(self.folder.record.locks, context.stage.name, result)):
            result = replace(result, status="forbidden", message=why, blend="")
        ran = result
        result, views, numbers = leaving.run(lambda: self._measured(context, ran, worker), context.cancel)
        return Attempt(
            stage=context.stage.name,
            number=self.folder.next_number(context.stage.name),
            round=context.round,
            script=result.adapted or draft.script,
            note=draft.note,
            result=result,
            views=views,
            measurements=numbers,
            solved_from=draft.solved_from,
            base=program.base_of(context.accepted),
            by=draft.by,
        )

    def _measured(
        self, context: Context, result: JobResult, worker: WorkerPort
    ) -> tuple[JobResult, AttemptViews, Measurements]:
        """What the worker rendered and what it measures; the result is another one when it can't be read."""
        try:
            views = load_views(worker, result)
            _outputs(worker, result)
        except (OSError, ValueError) as error:
            # Its scratch folder goes with a worker that dies after it answered.
            _log.warning("what a worker rendered can't be read: %s", error)
            result, views = replace(result, status="crashed", message=LOST, blend="", views=Views()), AttemptViews()
        parts.merge(views, context.masks.keys())
        if result.status != "ok":
            return result, views, Measurements()
        stage, sanity = context.stage.name, tuple(result.sanity)
        return result, views, self._numbers(context, stage, views, sanity)

    def _numbers(
        self, context: Context, stage: str, views: AttemptViews, sanity: tuple[SanityFinding, ...]
    ) -> Measurements:
        picture, judge = self.picture.unit, self.judge
        numbers = measure.measure(stage, picture, context.masks, views, sanity, judge, context.ignored)
        numbers.hints = context.hints
        return numbers

    def measure_again(self, context: Context, attempts: list[Attempt]) -> None:
        """Measure attempts anew, on record too, that were measured when the artist had said something else of the
        picture's masks: what is tried now is compared with them. Raises Cancelled and OSError."""
        known = {item.number: item for item in self.folder.record.stage(context.stage.name).attempts}
        old = [a for a in attempts if a.measurements.hints != context.hints and a.result.status == "ok"]
        for attempt in old:
            views, sanity = attempt.views, tuple(attempt.result.sanity)
            numbers = leaving.run(partial(self._numbers, context, attempt.stage, views, sanity), context.cancel)
            attempt.measurements = known[attempt.number].measurements = numbers
            known[attempt.number].score = numbers.score
        if old:
            self.folder.save()

    def _record(
        self, context: Context, attempt: Attempt, attempts: list[Attempt], draft: Draft, worker: WorkerPort
    ) -> None:
        result = attempt.result
        outputs = _outputs(worker, result)
        record = self.folder.add_attempt(attempt, draft.usage, outputs, self._overlay(context, attempt))
        attempts.append(attempt)
        folder = self.folder.path / record.folder
        seen = select.usable(attempt) and not context.passing
        shown = AttemptShown(
            stage=attempt.stage,
            number=attempt.number,
            round=attempt.round,
            status=result.status,
            message=result.message,
            score=attempt.measurements.score,
            best=select.by_score(attempts) is attempt,
            script=attempt.script,
            blend=folder / "result.blend" if result.blend else None,
            settings=result.settings,
            render=folder / "beauty.png" if attempt.views.beauty is not None else None,
            names=tuple(item.name for item in result.inventory),
            state=journal.write(self.folder, "attempt", attempt.stage, attempt.number) if seen else 0,
            passing=context.passing,
        )
        self.listener.attempt(shown)
        if self.viewport and shown.blend and not context.passing:
            drawn = self.viewport(shown, frame(self.picture, self.options.attempt_px))
            if drawn:
                record.viewport = drawn[1]
                files.write_bytes(folder / "viewport.png", drawn[0])
                self.folder.save()

    def _overlay(self, context: Context, attempt: Attempt) -> NDArray[np.uint8] | None:
        if attempt.result.status != "ok":
            return None
        if context.stage.name == "setup":
            horizon = attempt.result.settings.get("horizon")
            return overlay.setup_overlay(self.picture.rgb, context.brief, horizon)
        if context.stage.name in SEEN_FROM_ABOVE and attempt.views.ids is not None:
            return overlay.outline_overlay(self.picture.rgb, attempt.views.ids, attempt.views.id_names, context.brief)
        return None

    def _job(self, context: Context, script: str) -> Job:
        name = context.stage.name
        return Job(
            accepted=context.accepted,
            candidate=StageScript(name, script),
            may_change=tuple(sorted(context.stage.may_change)),
            views=ViewRequest(
                measure_px=self.options.measure_px,
                plan_px=self.options.measure_px if name in SEEN_FROM_ABOVE else 0,
                beauty_px=self.options.attempt_px if name in SHOWN_IN_COLOUR else 0,
                beauty_samples=self.options.attempt_samples,
            ),
            seed=context.seed,
        )


def _outputs(worker: WorkerPort, result: JobResult) -> dict[str, Path]:
    """Return the files of the worker to keep, by the name they get. Raises FileNotFoundError when one is gone."""
    wanted = (("clay.png", result.views.clay), ("plan.png", result.views.plan), ("result.blend", result.blend))
    return {name: worker.file(file) for name, file in wanted if file}


def frame(picture: Picture, longest: int) -> tuple[int, int]:
    """Render size with the picture's aspect and even sides, pixels."""
    width, height = picture.size
    scale = longest / max(width, height)
    return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)
