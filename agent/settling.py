# SPDX-License-Identifier: GPL-3.0-or-later
"""How a stage is settled: by its rounds, by what was settled before, by an artist's wish, or by the artist."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event
from typing import NoReturn

from ..worker.protocol import StageScript
from . import api_facts, journal, leaving, locks, mask_hints, masks, select, showing, wishes
from .brief import Brief
from .listener import Listener, StageDone
from .options import RunOptions
from .picture import Picture
from .ports import PoolPort
from .record import RunFolder
from .roles import Agent, Attempt, Cancelled, Context
from .rounds import Rounds
from .stages import KEEP, Stage
from .trial import Trials, frame
from .wish import Wish
from .wishes import Wishes


class Review(Exception):
    """A stage waits for the artist's decision; the text says in a sentence what about."""


class Granted(Exception):
    """What was wished for is done, and nothing else was to be; the text is worth a word, or empty."""


class Settling:
    """Settles the stages of a run, one after the other."""

    def __init__(
        self,
        picture: Picture,
        folder: RunFolder,
        agent: Agent,
        pool: PoolPort,
        options: RunOptions,
        listener: Listener,
        trials: Trials,
        rounds: Rounds,
        tell: Callable[[Stage, int, str, float | None], None],
    ) -> None:
        """`tell` is told stage, round, what is being done, and the best score so far."""
        self.picture = picture
        self.folder = folder
        self.agent = agent
        self.pool = pool
        self.options = options
        self.listener = listener
        self.trials = trials
        self.rounds = rounds
        self.wishes = Wishes(rounds, trials)
        self.accepted: list[StageScript] = []
        self.enough = Event()
        """Set to end what is being solved with the best so far."""
        self.said = ""
        """What became of the artist's wish, where that is worth a word."""
        self._base: Attempt | None = None
        self._tell = tell

    def settle(self, stage: Stage, brief: Brief, cancel: Event) -> StageScript:
        """Settle one stage and return its accepted script. Raises Review when that is for the artist to do."""
        record = self.folder.record.stage(stage.name)
        if record.wish is not None and record.wish.kind != "accept":
            self._grant(stage, record.wish, brief, cancel)
        if record.status == "stale":
            self._replay(stage, brief, cancel)
        if record.wish is not None:
            self._accept_wished(stage)
        if record.status in journal.SETTLED:
            if record.accepted is not None:
                self._base = self.folder.load_attempt(
                    stage.name, showing.find(self.folder, stage.name, record.accepted)
                )
            return StageScript(stage.name, self.folder.script_path(stage.name).read_text(encoding="utf-8"))
        self.trials.show_passed()
        stops = self.options.step or self.options.only_wishes
        if stops and record.status in ("review", "broken"):
            self._stop_for_review(stage)
        if self.options.only_wishes:
            raise Granted(self.said)
        began, was, why = time.monotonic(), record.status, record.message
        record.status = "running"
        self.folder.save()
        context, attempts = self._opened(stage, brief, cancel)
        if was == "broken":
            context.best = self.wishes.mend(context, attempts, why)
        elif was != "review" or context.best is None:
            self.rounds.settle(context, attempts)
        record.seconds = round(record.seconds + time.monotonic() - began, 3)
        if self.options.step:
            record.best = context.best.number if context.best else None
            record.status = "review"
            self._stop_for_review(stage)
        return self._settled(stage, context.best, attempts)

    def _opened(self, stage: Stage, brief: Brief, cancel: Event) -> tuple[Context, list[Attempt]]:
        """What a stage is worked on with, and its attempts, without those the artist rejected."""
        record = self.folder.record.stage(stage.name)
        loaded = []
        for item in record.attempts:
            _check(cancel)
            loaded.append(self.folder.load_attempt(stage.name, item))
        attempts = [attempt for attempt in loaded if attempt.number not in record.rejected]
        context = self.context(stage, brief, attempts, self.accepted, cancel)
        context.base = self._base
        self.trials.measure_again(context, attempts)
        context.best = next((a for a in attempts if a.number == record.best), None) or select.by_score(attempts)
        context.facts = api_facts.facts(self.folder, self.pool, cancel) if self.agent.needs_facts else {}
        context.hint = locks.hint(self.folder.record.locks, stage.name)
        wishes.tell_of_rejected(context, [attempt for attempt in loaded if attempt not in attempts])
        self.pool.prepare(context.accepted)
        return context, attempts

    def _settled(self, stage: Stage, best: Attempt | None, attempts: list[Attempt]) -> StageScript:
        script = best.script if best else KEEP[stage.name]
        self.folder.accept(stage.name, script, best)
        self.rounds.standing = None
        if best is None:
            last = attempts[-1].result.message if attempts else "the agent wrote no script"
            self.listener.log(f"{stage.name}: no attempt could be used; the stage changes nothing. Last: {last}")
        self._base = best or self._base
        score, number = (best.measurements.score, best.number) if best else (0.0, 0)
        state = journal.write(self.folder, "settle", stage.name, number or None)
        self.listener.stage_done(StageDone(stage.name, script, score, number, state=state))
        return StageScript(stage.name, script)

    def _stop_for_review(self, stage: Stage) -> NoReturn:
        record = self.folder.record.stage(stage.name)
        broken = record.status == "broken"
        best = None if broken or record.best is None else showing.of(self.folder, stage.name, record.best)
        state = journal.write(self.folder, "settle", stage.name, record.best)
        script, score, number = (best.script, best.score, best.number) if best else (KEEP[stage.name], 0.0, 0)
        self.listener.stage_done(StageDone(stage.name, script, score, number, review=True, state=state))
        usual = f"{journal.label(stage.name)} is ready for review."
        if broken:
            usual = f"{journal.label(stage.name)} no longer runs on the changed scene: {record.message}"
        elif best is None:
            last = record.attempts[-1].message if record.attempts else "the agent wrote no script"
            usual = f"{journal.label(stage.name)}: no attempt could be used. {last}"
        raise Review(self.said or usual)

    def _grant(self, stage: Stage, wish: Wish, brief: Brief, cancel: Event) -> None:
        """Do what the artist wished. With a settled stage that replaces what was accepted, without another question:
        unless it was to be done anew, which is looked at first."""
        record = self.folder.record.stage(stage.name)
        context, attempts = self._opened(stage, brief, cancel)
        settled = record.status in journal.SETTLED or (record.status == "stale" and record.accepted is not None)
        replaces = wish.accept or (settled and wish.kind != "redo")
        context.passing = replaces
        made = self.wishes.grant(context, attempts, wish)
        record.wish, self.said = None, self.wishes.said
        if made is None:
            self.listener.log(self.said)
        elif replaces:
            self.trials.passed = stage.name, made.number
            record.best = made.number
            self.folder.accept(stage.name, made.script, made)
        else:
            record.status, record.best, record.accepted, record.message = "review", made.number, None, ""
        if made is not None:
            journal.refresh_later(self.folder, stage.name)
        self.folder.save()

    def _accept_wished(self, stage: Stage) -> None:
        """Accept what the artist has seen, now that what was changed before it is in."""
        record = self.folder.record.stage(stage.name)
        record.wish = None
        if record.status == "review" and record.best is not None:
            found = showing.find(self.folder, stage.name, record.best)
            attempt = self.folder.load_attempt(stage.name, found)
            self.folder.accept(stage.name, attempt.script, attempt)
            state = journal.write(self.folder, "accept", stage.name, attempt.number, by="artist")
            score = attempt.measurements.score
            self.listener.stage_done(StageDone(stage.name, attempt.script, score, attempt.number, state=state))
        self.folder.save()

    def _replay(self, stage: Stage, brief: Brief, cancel: Event) -> None:
        """Run a stale stage's script on what the stages before it are now; where it does not run, it is broken."""
        record = self.folder.record.stage(stage.name)
        number, accepted = record.accepted or record.best, record.accepted is not None
        context, attempts = self._opened(stage, brief, cancel)
        before = next((attempt for attempt in attempts if attempt.number == number), None)
        if before is None:
            record.status = "waiting"
            return
        made = self.wishes.replay(context, attempts, before)
        if not select.usable(made):
            record.status, record.message, record.accepted = "broken", made.result.message, None
        else:
            self.trials.passed = stage.name, made.number
            record.best = made.number
            if accepted:
                self.folder.accept(stage.name, made.script, made)
            else:
                record.status = "review"
        self.folder.save()

    def context(
        self, stage: Stage, brief: Brief, attempts: list[Attempt], accepted: list[StageScript], cancel: Event
    ) -> Context:
        """What a role is given to work on a stage that is built on `accepted`; without base, best and facts."""
        settings = self.options.settings
        hints = self.folder.load_hints()
        brief_masks = leaving.run(
            lambda: masks.brief_masks_of(self.picture, brief, lambda: _check(cancel), hints), cancel
        )
        last = max([a.round for a in attempts], default=0)
        context = Context(
            picture=self.picture,
            brief=brief,
            masks=brief_masks,
            doubtful=masks.doubtful_of(self.picture, brief, hints),
            stage=stage,
            round=min(last, settings.rounds_of(stage)) if self.folder.record.stage(stage.name).accepted else last + 1,
            accepted=tuple(accepted),
            attempts=attempts,
            best=None,
            base=None,
            frame=frame(self.picture, self.options.resolution),
            samples=self.options.samples,
            seed=self.options.seed + 1009 * len(self.folder.record.stage(stage.name).rejected),
            cancel=cancel,
            enough=self.enough,
            rounds=settings.rounds_of(stage),
            ignored=mask_hints.ignored(hints, self.picture.size),
            hints=mask_hints.digest(hints),
        )
        context.tell = lambda doing: self._tell(stage, context.round, doing, _score(context))
        return context


def _check(cancel: Event) -> None:
    if cancel.is_set():
        raise Cancelled


def _score(context: Context) -> float | None:
    return context.best.measurements.score if context.best else None
