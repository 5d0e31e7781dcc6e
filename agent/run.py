# SPDX-License-Identifier: GPL-3.0-or-later
"""The run: a picture through the five stages, each a few rounds of write, execute, measure and judge.

The loop knows neither Blender nor any model; it speaks to a generator, a verifier, workers and a listener.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event

from ..worker.protocol import StageScript, Status
from . import api_facts, approval, finish, masks, measure, select
from .brief import Brief
from .listener import Listener, Progress, StageDone
from .picture import Picture
from .ports import MeterPort, PoolPort, ViewportRender, WorkerPort
from .providers.errors import BadReply, CapReached
from .record import RunFolder, RunRecord, now
from .roles import Agent, Attempt, Cancelled, Context, Draft, Usage
from .settings import AgentSettings
from .stages import BY_NAME, Stage
from .trial import TrialOptions, Trials, frame
from .views import PortLooker

MAX_REPAIRS = 3
NOT_ITS_FAULT: frozenset[Status] = frozenset({"crashed", "timeout", "memory"})
"""What may go better when the same script is tried again."""
KEEP = {name: f'"""{name.capitalize()}: everything stays as it was."""\n\nPARAMS = {{}}\n' for name in BY_NAME}


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
    measure_px: int = 256
    """Longer side of the views an attempt is measured on."""
    settings: AgentSettings = field(default_factory=AgentSettings)
    until: str = ""
    """Stop after this: `brief`, or the name of a stage; the folder then resumes."""


def options_of(record: RunRecord, until: str = "") -> RunOptions:
    """Return the options of the run that a record is of. A model looks closely, so it is shown larger renders."""
    closely = record.settings.generator.provider != "offline"
    shown = min(512, max(64, record.resolution)) if closely else RunOptions.attempt_px
    return RunOptions(
        resolution=record.resolution,
        samples=record.samples,
        seed=record.seed,
        attempt_px=shown,
        attempt_samples=min(16, record.samples) if closely else RunOptions.attempt_samples,
        measure_px=max(RunOptions.measure_px, shown) if closely else RunOptions.measure_px,
        settings=record.settings,
        until=until,
    )


class Paused(Exception):
    """The run has come as far as the artist wanted it to."""


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
        meter: MeterPort | None = None,
    ) -> None:
        """Prepare a run; nothing happens before `execute`. `meter` counts what the agent's requests cost."""
        self.picture = picture
        self.folder = folder
        self.agent = agent
        self.pool = pool
        self.options = options
        self.listener = listener
        rendering = TrialOptions(options.attempt_px, options.attempt_samples, options.measure_px)
        self.trials = Trials(picture, folder, pool, rendering, listener, viewport)
        self.meter = meter
        self.stages = options.settings.stages()
        self._began = time.monotonic()
        self._before = folder.record.seconds
        self._base: Attempt | None = None
        self._accepted: list[StageScript] = []
        self._standing: StageScript | None = None
        """The best so far of the stage that is going on."""

    def execute(self, cancel: Event) -> RunRecord:
        """Run to the end, or until `cancel` is set; return the record as written to `run.json`.

        Raises OSError when the run folder can't be written, NoWorker when a worker does not come up (and what the
        pool raises when it has none), ProviderError when a model can't be asked any more, and RecordError when the
        folder's own scripts can't be used any more or another run is in it; the folder then still resumes.
        """
        with self.folder.held():
            return self._execute(cancel)

    def _execute(self, cancel: Event) -> RunRecord:
        record = self.folder.record
        record.status, record.message = "running", ""
        self.folder.save()
        brief = None
        try:
            brief = self._get_brief(cancel)
            self._pause_after("brief")
            for stage in self.stages:
                self._standing = None
                self._accepted.append(self._stage(stage, brief, cancel))
                if stage != self.stages[-1]:
                    self._pause_after(stage.name)
            self._finish(brief, self._accepted, cancel)
            record.status = "done"
        except CapReached as error:
            self._end_early(brief, cancel)
            record.status, record.message = "capped", str(error)
        except Paused as pause:
            record.status, record.message = "paused", str(pause)
        except Cancelled:
            record.status, record.message = "cancelled", "Cancelled; the run can be resumed."
        except BaseException as error:
            record.status, record.message = "failed", f"{type(error).__name__}: {error}"
            raise
        finally:
            record.seconds = round(self._elapsed(), 3)
            record.finished = now()
            if self.meter is not None:
                # With the replies that could not be used, which no attempt accounts for.
                total = self.meter.total
                record.input_tokens, record.output_tokens = total.input_tokens, total.output_tokens
                record.cost_usd = round(total.cost_usd, 6)
            self.folder.save()
        finish.report(self.folder)
        return record

    def _pause_after(self, what: str) -> None:
        if self.options.until == what:
            raise Paused(f"Stopped after the {what}, as asked; the run can be resumed.")

    def _finish(self, brief: Brief, scripts: list[StageScript], cancel: Event) -> None:
        self._tell(self.stages[-1], 0, "rendering the final picture", self.folder.record.stages[-1].score)
        finish.finish(self.folder, self.picture, brief, scripts, self.pool, self.options, cancel)

    def _end_early(self, brief: Brief | None, cancel: Event) -> None:
        """Make the final files of what there is, without calling any stage settled that is not."""
        scripts = [*self._accepted, *([self._standing] if self._standing else [])]
        if brief is None or not scripts:
            return
        self.listener.log("The cap is reached: the best so far is kept.")
        done = {script.stage for script in scripts}
        scripts += [StageScript(stage.name, KEEP[stage.name]) for stage in self.stages if stage.name not in done]
        self._finish(brief, scripts, cancel)

    def _get_brief(self, cancel: Event) -> Brief:
        brief = self.folder.load_brief()
        if brief is None:
            first = self.stages[0]
            self._tell(first, 1, "looking at the picture", None)
            brief, usage = self.agent.generator.brief(
                self.picture, self.options.seed, cancel, lambda doing: self._tell(first, 1, doing, None)
            )
            self._check(cancel)
            self.folder.spend(usage, first.name)
            self.folder.save_brief(brief)
        # Not only for a new brief: a run killed between the two writes has it in one of them only.
        self.folder.record.confidence, self.folder.record.reasons = brief.confidence, list(brief.reasons)
        self.folder.save()
        return brief

    def _stage(self, stage: Stage, brief: Brief, cancel: Event) -> StageScript:
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
        best = next((a for a in attempts if a.number == record.best), None) or select.by_score(attempts)
        context = Context(
            picture=self.picture,
            brief=brief,
            masks=masks.brief_masks_of(self.picture, brief, check=lambda: self._check(cancel)),
            stage=stage,
            round=max([a.round for a in attempts], default=0) + 1,
            accepted=tuple(self._accepted),
            attempts=attempts,
            best=best,
            base=self._base,
            frame=frame(self.picture, self.options.resolution),
            samples=self.options.samples,
            seed=self.options.seed,
            cancel=cancel,
            facts=api_facts.facts(self.folder, self.pool, cancel) if self.agent.needs_facts else {},
        )
        context.tell = lambda doing: self._tell(stage, context.round, doing, _score(context))
        self.pool.prepare(context.accepted)
        self._judge_what_was_not(context)
        rounds = self.options.settings.rounds_of(stage)
        while context.round <= rounds and not (context.best and _settled(attempts)):
            self._check(cancel)
            if not self._round(context, attempts):
                break
            context.round += 1
        self._keep_if_better(context, attempts)
        best = context.best
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
        """One generator turn for each candidate, with repairs, and one verifier turn for the best of them. Return
        whether another round can help."""
        winner: Attempt | None = None
        worker: WorkerPort | None = None
        wrote = False
        try:
            for context.candidate in range(1, self.options.settings.candidates + 1):
                made, attempt, opened = self._candidate(context, attempts)
                wrote = wrote or made
                if attempt is None or opened is None:
                    continue
                if winner is not None and self._better(context, winner, attempt) is winner:
                    opened.close()
                    continue
                if worker is not None:
                    worker.close()
                winner, worker = attempt, opened
            if winner is not None and worker is not None:
                self._judge(context, winner, worker)
        finally:
            if worker is not None:
                worker.close()
        if winner is not None:
            self._stand(context, self._better(context, context.best, winner))
        return wrote

    def _candidate(self, context: Context, attempts: list[Attempt]) -> tuple[bool, Attempt | None, WorkerPort | None]:
        """Return whether a new script was written, and the usable attempt it led to with its open worker, if any."""
        context.tell("writing the script")
        try:
            with self._agents_turn(context):
                draft: Draft | None = self.agent.generator.write(context)
        except BadReply as error:
            self.listener.log(f"{context.stage.name}, round {context.round}: {error}")
            return True, None, None
        if draft and any(a.script == draft.script and a.result.status not in NOT_ITS_FAULT for a in attempts):
            self._spend(context, draft)
            return False, None, None
        for repair in range(MAX_REPAIRS + 1):
            if draft is None:
                break
            self._check(context.cancel)
            context.tell("running and rendering")
            attempt, worker = self.trials.run(context, draft, attempts)
            if select.usable(attempt):
                return True, attempt, worker
            worker.close()
            if repair < MAX_REPAIRS:
                draft = self._repaired(context, draft, attempt)
        return True, None, None

    def _repaired(self, context: Context, draft: Draft, attempt: Attempt) -> Draft | None:
        context.tell("repairing the script")
        try:
            with self._agents_turn(context):
                return self.agent.generator.repair(context, draft, attempt.result)
        except BadReply as error:
            self.listener.log(f"{context.stage.name}, round {context.round}: {error}")
            return None

    def _judge(self, context: Context, attempt: Attempt, worker: WorkerPort) -> None:
        """Have an attempt judged that is on record already, so that whatever becomes of the verifier loses nothing."""
        self._tell(context.stage, context.round, "judging", attempt.measurements.score)
        try:
            with self._agents_turn(context):
                judgement = self.agent.verifier.judge(context, attempt, PortLooker(worker, context.cancel))
        except BadReply as error:
            self.listener.log(f"{context.stage.name}, round {context.round}: not judged. {error}")
            return
        self._check(context.cancel)
        verdict = approval.settled(context.stage.name, context.brief, attempt.result, judgement.verdict)
        self.folder.add_verdict(attempt, verdict, judgement.usage)

    def _judge_what_was_not(self, context: Context) -> None:
        """Judge the best attempt of a resumed stage, when the run had stopped before its verdict."""
        if context.best is None or context.best.verdict is not None:
            return
        worker = self.trials.again(context, context.best)
        if worker is None:
            return
        try:
            self._judge(context, context.best, worker)
        finally:
            worker.close()
        self._standing = StageScript(context.stage.name, context.best.script)

    def _better(self, context: Context, best: Attempt | None, new: Attempt) -> Attempt | None:
        try:
            with self._agents_turn(context):
                chosen, usage = select.better(context, best, new, self.agent.verifier)
        except BadReply as error:
            self.listener.log(f"{context.stage.name}, round {context.round}: not compared. {error}")
            return best
        self.folder.spend(usage, context.stage.name)
        return chosen

    def _stand(self, context: Context, best: Attempt | None) -> None:
        """Remember which attempt stands; not on record before the comparison, for a killed run compares again."""
        context.best = best
        if best is not None:
            self._standing = StageScript(context.stage.name, best.script)
            self.folder.record.stage(context.stage.name).best = best.number
            self.folder.save()

    def _keep_if_better(self, context: Context, attempts: list[Attempt]) -> None:
        """Try the script that changes nothing when the stage before already looked better by this stage's measure."""
        if context.stage.name not in ("composition", "lighting") or context.base is None:
            return
        best, keep = context.best, KEEP[context.stage.name]
        before = measure.measure(context.stage.name, self.picture.unit, context.masks, context.base.views)
        if best is not None and before.score <= best.measurements.score + 1e-3:
            return
        if any(attempt.script == keep for attempt in attempts):
            return
        context.round = min(context.round, self.options.settings.rounds_of(context.stage))
        context.tell("running and rendering")
        note = "Nothing that was tried came nearer to the picture, so nothing changes."
        attempt, worker = self.trials.run(context, Draft(keep, note), attempts)
        worker.close()
        self._stand(context, select.by_score([a for a in (best, attempt) if a]))

    @contextmanager
    def _agents_turn(self, context: Context) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            record = self.folder.record.stage(context.stage.name)
            record.model_seconds = round(record.model_seconds + time.monotonic() - began, 3)

    def _spend(self, context: Context, draft: Draft) -> None:
        self.folder.spend(draft.usage, context.stage.name)

    def _tell(self, stage: Stage, round_number: int, doing: str, score: float | None) -> None:
        record = self.folder.record
        spent = self.meter.total if self.meter else Usage(record.input_tokens, record.output_tokens, record.cost_usd)
        self.listener.progress(
            Progress(
                stage.name,
                stage.number,
                len(self.stages),
                round_number,
                self.options.settings.rounds_of(stage),
                doing,
                score,
                self._elapsed(),
                spent.input_tokens + spent.output_tokens,
                spent.cost_usd,
            )
        )

    def _elapsed(self) -> float:
        return self._before + time.monotonic() - self._began

    @staticmethod
    def _check(cancel: Event) -> None:
        if cancel.is_set():
            raise Cancelled


def _score(context: Context) -> float | None:
    return context.best.measurements.score if context.best else None


def _settled(attempts: list[Attempt]) -> bool:
    return any(attempt.verdict and attempt.verdict.approve for attempt in attempts)
