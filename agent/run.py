# SPDX-License-Identifier: GPL-3.0-or-later
"""The run: a picture through the five stages, each a few rounds of write, execute, measure and judge.

The loop knows neither Blender nor any model; it speaks to a generator, a verifier, workers and a listener.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from threading import Event

import numpy as np
from numpy.typing import NDArray

from ..worker.protocol import Job, Ready, StageScript, ViewRequest
from . import files, finish, masks, measure, overlay
from .brief import Brief
from .listener import AttemptShown, Listener, Progress, StageDone
from .measurements import Measurements
from .picture import Picture
from .ports import NoWorker, PoolPort, ViewportRender, WorkerPort
from .record import RunFolder, RunRecord, now
from .roles import Agent, Attempt, Cancelled, Context, Draft, Usage
from .stages import STAGES, Stage
from .views import PortLooker, load_views

MAX_REPAIRS = 3
MEASURE_PX = 256
KEEP = {
    stage.name: f'"""{stage.name.capitalize()}: everything stays as it was."""\n\nPARAMS = {{}}\n' for stage in STAGES
}


@dataclass(frozen=True)
class RunOptions:
    """What the artist chose."""

    resolution: int = 512
    """Longer side of the final render, pixels."""
    samples: int = 32
    """Cycles samples of the final render."""
    seed: int = 0
    attempt_px: int = 256
    """Longer side of an attempt's beauty view."""
    attempt_samples: int = 12


class Run:
    """One picture being rebuilt. `execute` runs it, from the beginning or from where its folder stands."""

    def __init__(
        self,
        picture: Picture,
        folder: RunFolder,
        agent: Agent,
        pool: PoolPort,
        options: RunOptions,
        listener: Listener,
        viewport: ViewportRender | None = None,
    ) -> None:
        """Prepare a run; nothing happens before `execute`."""
        self.picture = picture
        self.folder = folder
        self.agent = agent
        self.pool = pool
        self.options = options
        self.listener = listener
        self.viewport = viewport
        self._began = time.monotonic()
        self._before = folder.record.seconds
        self._base: Attempt | None = None

    def execute(self, cancel: Event) -> RunRecord:
        """Run to the end, or until `cancel` is set; return the record as written to `run.json`.

        Raises OSError when the run folder can't be written, NoWorker when a worker does not come up (and what the
        pool raises when it has none), and RecordError when the folder's own scripts can't be used any more; the folder
        then still resumes.
        """
        record = self.folder.record
        record.status, record.message = "running", ""
        self.folder.save()
        try:
            brief = self._get_brief(cancel)
            accepted: list[StageScript] = []
            for stage in STAGES:
                accepted.append(self._stage(stage, brief, tuple(accepted), cancel))
            self._tell(STAGES[-1], 0, "rendering the final picture", record.stages[-1].score)
            finish.finish(self.folder, self.picture, brief, accepted, self.pool, self.options, cancel)
            record.status = "done"
        except Cancelled:
            record.status, record.message = "cancelled", "Cancelled; the run can be resumed."
        except BaseException as error:
            record.status, record.message = "failed", f"{type(error).__name__}: {error}"
            raise
        finally:
            record.seconds = round(self._elapsed(), 3)
            record.finished = now()
            self.folder.save()
        finish.report(self.folder)
        return record

    def _get_brief(self, cancel: Event) -> Brief:
        brief = self.folder.load_brief()
        if brief is None:
            self._tell(STAGES[0], 1, "looking at the picture", None)
            brief, usage = self.agent.generator.brief(self.picture, self.options.seed, cancel)
            self._check(cancel)
            record = self.folder.record
            record.input_tokens += usage.input_tokens
            record.output_tokens += usage.output_tokens
            record.cost_usd += usage.cost_usd
            self.folder.save_brief(brief)
        # Not only for a new brief: a run killed between the two writes has it in one of them only.
        self.folder.record.confidence, self.folder.record.reasons = brief.confidence, list(brief.reasons)
        self.folder.save()
        return brief

    def _stage(self, stage: Stage, brief: Brief, accepted: tuple[StageScript, ...], cancel: Event) -> StageScript:
        """Settle one stage and return its accepted script."""
        record = self.folder.record.stage(stage.name)
        attempts = [self.folder.load_attempt(stage.name, item) for item in record.attempts]
        if record.status in ("accepted", "failed"):
            chosen = next((a for a in attempts if a.number == record.accepted), None)
            self._base = chosen or self._base
            return StageScript(stage.name, self.folder.script_path(stage.name).read_text(encoding="utf-8"))
        record.status = "running"
        self.folder.save()
        began = time.monotonic()
        context = Context(
            picture=self.picture,
            brief=brief,
            masks=masks.brief_masks(brief, self.picture.size),
            stage=stage,
            round=max([a.round for a in attempts], default=0) + 1,
            accepted=accepted,
            attempts=attempts,
            best=_best(attempts),
            base=self._base,
            frame=_frame(self.picture, self.options.resolution),
            samples=self.options.samples,
            seed=self.options.seed,
            cancel=cancel,
        )
        self.pool.prepare(accepted)
        while context.round <= stage.rounds and not (context.best and _settled(attempts)):
            self._check(cancel)
            if not self._round(context, attempts):
                break
            context.round += 1
        self._keep_if_better(context, attempts)
        best = _best(attempts)
        script = best.script if best else KEEP[stage.name]
        record.seconds = round(record.seconds + time.monotonic() - began, 3)
        self.folder.accept(stage.name, script, best)
        if best is None:
            last = attempts[-1].result.message if attempts else "the agent wrote no script"
            self.listener.log(f"{stage.name}: no attempt could be used; the stage changes nothing. Last: {last}")
        self._base = best or self._base
        score, number = (best.measurements.score, best.number) if best else (0.0, 0)
        self.listener.stage_done(StageDone(stage.name, script, score, number))
        return StageScript(stage.name, script)

    def _round(self, context: Context, attempts: list[Attempt]) -> bool:
        """One generator turn, its repairs, and one verifier turn. Return whether another round can help."""
        score = context.best.measurements.score if context.best else None
        self._tell(context.stage, context.round, "writing the script", score)
        draft: Draft | None = self.agent.generator.write(context)
        if draft and any(attempt.script == draft.script for attempt in attempts):
            return False
        for repair in range(MAX_REPAIRS + 1):
            if draft is None:
                break
            self._check(context.cancel)
            attempt = self._attempt(context, draft, attempts)
            if attempt.result.status == "ok":
                break
            if repair < MAX_REPAIRS:
                self._tell(context.stage, context.round, "repairing the script", score)
                draft = self.agent.generator.repair(context, draft, attempt.result)
        context.best = _best(attempts)
        return True

    def _attempt(self, context: Context, draft: Draft, attempts: list[Attempt]) -> Attempt:
        """Execute, measure, judge and record one script."""
        score = context.best.measurements.score if context.best else None
        self._tell(context.stage, context.round, "running and rendering", score)
        worker = self.pool.open()
        try:
            result = worker.run(self._job(context, draft.script), context.cancel)
            self._check(context.cancel)
            if worker.ready is None:
                raise NoWorker(result.message)
            self._note_worker(worker.ready)
            views = load_views(worker, result)
            numbers = Measurements()
            if result.status == "ok":
                numbers = measure.measure(
                    context.stage.name, self.picture.unit, context.masks, views, tuple(result.sanity)
                )
            attempt = Attempt(
                stage=context.stage.name,
                number=len(attempts) + 1,
                round=context.round,
                script=draft.script,
                note=draft.note,
                result=result,
                views=views,
                measurements=numbers,
            )
            usage = draft.usage
            if result.status == "ok":
                self._tell(context.stage, context.round, "judging", numbers.score)
                judgement = self.agent.verifier.judge(context, attempt, PortLooker(worker, context.cancel))
                self._check(context.cancel)
                attempt.verdict = judgement.verdict
                usage += judgement.usage
            self._record(context, attempt, attempts, usage, worker)
        finally:
            worker.close()
        return attempt

    def _record(
        self, context: Context, attempt: Attempt, attempts: list[Attempt], usage: Usage, worker: WorkerPort
    ) -> None:
        result = attempt.result
        outputs = {
            name: worker.file(file)
            for name, file in (
                ("clay.png", result.views.clay),
                ("plan.png", result.views.plan),
                ("result.blend", result.blend),
            )
            if file
        }
        record = self.folder.add_attempt(attempt, usage, outputs, self._overlay(context, attempt))
        attempts.append(attempt)
        folder = self.folder.path / record.folder
        shown = AttemptShown(
            stage=attempt.stage,
            number=attempt.number,
            round=attempt.round,
            status=result.status,
            message=result.message,
            score=attempt.measurements.score,
            best=_best(attempts) is attempt,
            script=attempt.script,
            blend=folder / "result.blend" if result.blend else None,
            settings=result.settings,
            render=folder / "beauty.png" if attempt.views.beauty is not None else None,
        )
        self.listener.attempt(shown)
        if self.viewport and shown.blend:
            drawn = self.viewport(shown, _frame(self.picture, self.options.attempt_px))
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
        if context.stage.name in ("geometry", "composition") and attempt.views.ids is not None:
            return overlay.outline_overlay(self.picture.rgb, attempt.views.ids, attempt.views.id_names, context.brief)
        return None

    def _keep_if_better(self, context: Context, attempts: list[Attempt]) -> None:
        """Try the script that changes nothing when the stage before already looked better by this stage's measure."""
        if context.stage.name not in ("composition", "lighting") or context.base is None:
            return
        best = _best(attempts)
        before = measure.measure(context.stage.name, self.picture.unit, context.masks, context.base.views)
        if best is None or before.score > best.measurements.score + 1e-3:
            note = "Nothing that was tried came nearer to the picture, so nothing changes."
            context.round = min(context.round, context.stage.rounds)
            if all(attempt.script != KEEP[context.stage.name] for attempt in attempts):
                self._attempt(context, Draft(KEEP[context.stage.name], note), attempts)

    def _job(self, context: Context, script: str) -> Job:
        beauty = context.stage.name in ("materials", "composition", "lighting")
        return Job(
            accepted=context.accepted,
            candidate=StageScript(context.stage.name, script),
            may_change=tuple(sorted(context.stage.may_change)),
            views=ViewRequest(
                measure_px=MEASURE_PX,
                plan_px=128 if context.stage.name in ("geometry", "composition") else 0,
                beauty_px=self.options.attempt_px if beauty else 0,
                beauty_samples=self.options.attempt_samples,
            ),
            seed=self.options.seed,
        )

    def _note_worker(self, ready: Ready) -> None:
        record = self.folder.record
        record.blender, record.python, record.confinement = ready.blender, ready.python, list(ready.confinement)

    def _tell(self, stage: Stage, round_number: int, doing: str, score: float | None) -> None:
        self.listener.progress(
            Progress(stage.name, stage.number, len(STAGES), round_number, stage.rounds, doing, score, self._elapsed())
        )

    def _elapsed(self) -> float:
        return self._before + time.monotonic() - self._began

    @staticmethod
    def _check(cancel: Event) -> None:
        if cancel.is_set():
            raise Cancelled


def _best(attempts: list[Attempt]) -> Attempt | None:
    """The best usable attempt; of equals the earlier one, so that the last round never wins by being last."""
    usable = [attempt for attempt in attempts if attempt.result.status == "ok"]
    return max(usable, key=lambda a: (a.measurements.score, -a.number)) if usable else None


def _settled(attempts: list[Attempt]) -> bool:
    return any(attempt.verdict and attempt.verdict.approve for attempt in attempts)


def _frame(picture: Picture, longest: int) -> tuple[int, int]:
    """Render size with the picture's aspect and even sides."""
    width, height = picture.size
    scale = longest / max(width, height)
    return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)
