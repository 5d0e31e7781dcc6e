# SPDX-License-Identifier: GPL-3.0-or-later
"""The run: a picture through the five stages, each a few rounds of write, execute, measure and judge.

The loop knows neither Blender nor any model; it speaks to a generator, a verifier, workers and a listener.
"""

from __future__ import annotations

import logging
import time
from threading import Event
from typing import Literal

from ..worker.protocol import StageScript
from . import finish, journal, program, select
from .brief import Brief
from .listener import Listener, Progress, StageDone
from .options import RunOptions as RunOptions
from .options import options_of as options_of
from .picture import Picture
from .ports import MeterPort, PoolPort, ViewportRender
from .providers.errors import CapReached
from .record import RunFolder, RunRecord, now
from .roles import Agent, Cancelled, Draft, Usage
from .rounds import Rounds
from .settling import Granted, Review, Settling
from .stages import KEEP, Stage
from .trial import TrialOptions, Trials
from .unforeseen import UNFORESEEN
from .wishes import REPLAYED

POLISHED = "The numbers of colours and lights, solved together at the end."
CANCELLED = "Cancelled; the run can be resumed."
_log = logging.getLogger(__name__)


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
        self.rounds = Rounds(folder, agent, pool, self.trials, listener, options.settings)
        self.settling = Settling(picture, folder, agent, pool, options, listener, self.trials, self.rounds, self._tell)
        self.meter = meter
        self.stages = options.settings.stages()
        self._began = time.monotonic()
        self._before = folder.record.seconds

    def execute(self, cancel: Event) -> RunRecord:
        """Run to the end, or until `cancel` is set; return the record as written to `run.json`.

        Raises OSError when the run folder can't be written, NoWorker when a worker does not come up (and what the
        pool raises when it has none), ProviderError when a model can't be asked any more, and RecordError when the
        folder's own scripts can't be used any more or another run is in it; the folder then still resumes.
        """
        with self.folder.held():
            return self._execute(cancel)

    def enough(self) -> None:
        """End what is being solved with the best so far; does nothing while nothing is. From any thread."""
        self.settling.enough.set()

    def _execute(self, cancel: Event) -> RunRecord:
        record = self.folder.record
        record.status, record.message = "running", ""
        self.folder.save()
        brief = None
        try:
            brief = self._get_brief(cancel)
            self._pause_after("brief")
            for stage in self.stages:
                self.settling.accepted.append(self.settling.settle(stage, brief, cancel))
                if stage != self.stages[-1]:
                    self._pause_after(stage.name)
            self.trials.show_passed()
            if self.options.only_wishes:
                raise Granted(self.settling.said)
            self._polish(brief, cancel)
            if record.final is None or record.final_of != program.base_of(self.settling.accepted):
                self._finish(brief, self.settling.accepted, cancel)
            record.status, record.message = "done", self.settling.said
            journal.write(self.folder, "finish")
        except CapReached as error:
            record.status, record.message = self._end_early(brief, cancel, str(error))
        except Paused as pause:
            record.status, record.message = "paused", str(pause)
        except Review as review:
            record.status, record.message = "review", str(review)
        except Granted as granted:
            record.status, record.message = journal.standing(self.folder), str(granted)
        except Cancelled:
            self.trials.show_passed()
            record.status, record.message = "cancelled", CANCELLED
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
        self._report(cancel)
        return record

    def _report(self, cancel: Event) -> None:
        record = self.folder.record
        try:
            finish.report(self.folder, cancel)
        except Cancelled:
            self.listener.log(
                "The report was not written; it is when the run is gone on with, or when it is asked for."
            )
            if record.status == "done":
                record.status, record.message = "cancelled", "Cancelled before the report was written; resume for it."
                self.folder.save()

    def _pause_after(self, what: str) -> None:
        if self.options.until == what:
            raise Paused(f"Stopped after the {what}, as asked; the run can be resumed.")

    def _finish(self, brief: Brief, scripts: list[StageScript], cancel: Event) -> None:
        self._tell(self.stages[-1], 0, "rendering the final picture", self.folder.record.stages[-1].score)
        finish.finish(self.folder, self.picture, brief, scripts, self.pool, self.options, cancel)

    def _end_early(self, brief: Brief | None, cancel: Event, why: str) -> tuple[Literal["capped", "cancelled"], str]:
        """Make the final files of what there is, without calling any stage settled that is not; return how the run
        ended and what to say of it."""
        standing = self.rounds.standing
        scripts = [*self.settling.accepted, *([standing] if standing else [])]
        if brief is None or not scripts:
            return "capped", why
        self.listener.log("The cap is reached: the best so far is kept.")
        done = {script.stage for script in scripts}
        scripts += [StageScript(stage.name, KEEP[stage.name]) for stage in self.stages if stage.name not in done]
        try:
            self._finish(brief, scripts, cancel)
        except Cancelled:
            return "cancelled", CANCELLED
        return "capped", why

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

    def _polish(self, brief: Brief, cancel: Event) -> None:
        """Solve the numbers of colours and lights together, once, now that each stage has settled its own."""
        numbers, record = self.rounds.numbers, self.folder.record
        by_hand = {item.by for stage in record.stages for item in stage.attempts if item.number == stage.accepted}
        if numbers is None or record.polished or self.options.step or "artist" in by_hand:
            # What an artist has looked at and accepted is not turned behind their back.
            return
        last = self.stages[-1]
        attempts = [self.folder.load_attempt(last.name, item) for item in record.stage(last.name).attempts]
        context = self.settling.context(last, brief, attempts, self.settling.accepted[:-1], cancel)
        context.enough.clear()
        context.tell("solving colours and lights together")
        self.pool.prepare(())
        worker = self.pool.open()
        try:
            better = numbers.solve_program(context, self.settling.accepted, worker)
        except UNFORESEEN as error:
            _log.exception("the program's numbers were not solved")
            self.listener.log(f"The numbers stay as they are; solving them together failed ({error}).")
            better = {}
        finally:
            worker.close()
        self._check(cancel)
        if better:
            # What an earlier stage was solved to is seen in the last one's attempt, which is then the one to show.
            better = {last.name: self.settling.accepted[-1].text, **better}
        for place, stage in enumerate(self.stages):
            if stage.name in better:
                self._take(stage, place, better[stage.name], brief, cancel)
        record.polished = True
        self.folder.save()

    def _take(self, stage: Stage, place: int, script: str, brief: Brief, cancel: Event) -> None:
        """Put a better script of a settled stage on record as an attempt, and accept it where it runs."""
        record = self.folder.record.stage(stage.name)
        attempts = [self.folder.load_attempt(stage.name, item) for item in record.attempts]
        context = self.settling.context(stage, brief, attempts, self.settling.accepted[:place], cancel)
        context.passing = stage != self.stages[-1]
        self.pool.prepare(context.accepted)
        base = program.base_of(context.accepted)
        attempt = next((a for a in attempts if a.script == script and a.base == base), None)
        if attempt is None:
            same = script == self.settling.accepted[place].text
            draft = (
                Draft(script, REPLAYED, by="replay") if same else Draft(script, POLISHED, solved_from=record.accepted)
            )
            attempt, worker = self.trials.run(context, draft, attempts)
            worker.close()
        if not select.usable(attempt):
            return
        record.best = attempt.number
        self.folder.accept(stage.name, script, attempt)
        self.settling.accepted[place] = StageScript(stage.name, script)
        state = journal.write(self.folder, "settle", stage.name, attempt.number)
        self.listener.stage_done(StageDone(stage.name, script, attempt.measurements.score, attempt.number, state=state))

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
