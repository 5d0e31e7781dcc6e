# SPDX-License-Identifier: GPL-3.0-or-later
"""The rounds of a stage: write, run, repair, solve the numbers, judge, and keep the best."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ..worker.protocol import StageScript, Status
from . import approval, leaving, measure, select
from .listener import Listener
from .ports import PoolPort, WorkerPort
from .providers.errors import BadReply
from .record import RunFolder
from .roles import Agent, Attempt, Context, Draft
from .settings import AgentSettings
from .stages import KEEP
from .trial import Trials
from .unforeseen import UNFORESEEN
from .views import PortLooker

MAX_REPAIRS = 3
NOT_ITS_FAULT: frozenset[Status] = frozenset({"crashed", "timeout", "memory"})
"""What may go better when the same script is tried again."""
SOLVED = "The same script; its numbers were solved against the picture."
NOTHING_CHANGES = "Nothing that was tried came nearer to the picture, so nothing changes."
_log = logging.getLogger(__name__)


class Rounds:
    """Takes one stage at a time through its rounds."""

    def __init__(
        self,
        folder: RunFolder,
        agent: Agent,
        pool: PoolPort,
        trials: Trials,
        listener: Listener,
        settings: AgentSettings,
    ) -> None:
        """Scripts come from `agent` and are tried by `trials`; everything goes to `folder`."""
        self.folder = folder
        self.agent = agent
        self.pool = pool
        self.trials = trials
        self.listener = listener
        self.settings = settings
        self.numbers = agent.numbers if settings.solve else None
        self.standing: StageScript | None = None
        """The best script so far of the stage that is going on."""

    def settle(self, context: Context, attempts: list[Attempt]) -> None:
        """Go through the rounds that are left; `context.best` is what stands in the end, None when nothing can be used.

        Raises Cancelled, NoWorker, ProviderError and OSError.
        """
        self.standing = None
        self._judge_what_was_not(context, attempts)
        rounds = self.settings.rounds_of(context.stage)
        while context.round <= rounds and not (context.best and _settled(attempts)):
            context.check_cancel()
            if not self._round(context, attempts):
                break
            context.round += 1
        context.round = min(context.round, rounds)
        self._keep_if_better(context, attempts)

    def redo(self, context: Context, attempts: list[Attempt]) -> Attempt | None:
        """One more round on the artist's word, which stands whatever the numbers say; None when it brought nothing.

        The numbers are not solved: that would turn back what the artist asked for. Raises as `settle`.
        """
        _, winner = self._turn(context, attempts, solve=False)
        if winner is not None:
            self._stand(context, winner)
        return winner

    def solve(self, context: Context, attempts: list[Attempt], attempt: Attempt) -> Attempt | None:
        """Solve an attempt's numbers; return what is nearer then, None when nothing is. Raises as `settle`."""
        worker = self.trials.again(context, attempt)
        if worker is None:
            return None
        solved = attempt
        try:
            solved, worker = self._solved(context, attempts, attempt, worker)
        finally:
            worker.close()
        if solved is attempt:
            return None
        self._stand(context, solved)
        return solved

    def _round(self, context: Context, attempts: list[Attempt]) -> bool:
        """One turn of generator and verifier; return whether another round can help."""
        wrote, winner = self._turn(context, attempts)
        if winner is not None:
            self._stand(context, self._better(context, context.best, winner))
        return wrote

    def _turn(self, context: Context, attempts: list[Attempt], solve: bool = True) -> tuple[bool, Attempt | None]:
        """One generator turn for each candidate, with repairs, and one verifier turn for the best of them. Return
        whether there was anything new, and the best of it that runs."""
        winner: Attempt | None = None
        worker: WorkerPort | None = None
        wrote = False
        try:
            for context.candidate in range(1, self.settings.candidates + 1):
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
                if solve and not self.agent.fits:
                    winner, worker = self._solved(context, attempts, winner, worker)
                self._judge(context, winner, worker)
        finally:
            if worker is not None:
                worker.close()
        return wrote, winner

    def _candidate(self, context: Context, attempts: list[Attempt]) -> tuple[bool, Attempt | None, WorkerPort | None]:
        """Return whether a new script was written, and the usable attempt it led to with its open worker, if any."""
        context.tell("writing the script")
        try:
            with self._agents_turn(context):
                draft: Draft | None = self.agent.generator.write(context)
        except BadReply as error:
            self.listener.log(f"{context.stage.name}, round {context.round}: {error}")
            return True, None, None
        if draft and (
            draft.script in context.refused
            or any(a.script == draft.script and a.result.status not in NOT_ITS_FAULT for a in attempts)
        ):
            self._spend(context, draft)
            return False, None, None
        for repair in range(MAX_REPAIRS + 1):
            if draft is None:
                break
            context.check_cancel()
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

    def _solved(
        self, context: Context, attempts: list[Attempt], attempt: Attempt, worker: WorkerPort
    ) -> tuple[Attempt, WorkerPort]:
        """Return the attempt with its numbers solved, put on record as one of its own, where that is nearer to the
        picture; with its open worker."""
        if self.numbers is None:
            return attempt, worker
        context.enough.clear()
        context.tell("solving numbers")
        solving = self.pool.open()
        try:
            script = self.numbers.solve_stage(context, attempt, solving)
        except UNFORESEEN as error:
            _log.exception("the numbers of %s attempt %d were not solved", attempt.stage, attempt.number)
            self.listener.log(f"{attempt.stage}: the numbers stay as written; solving them failed ({error}).")
            script = None
        finally:
            solving.close()
        context.check_cancel()
        if script is None or any(earlier.script == script for earlier in attempts):
            return attempt, worker
        draft = Draft(script, SOLVED, solved_from=attempt.number)
        solved, opened = self.trials.run(context, draft, attempts)
        if select.by_score([attempt, solved]) is solved:
            worker.close()
            return solved, opened
        opened.close()
        return attempt, worker

    def _judge(self, context: Context, attempt: Attempt, worker: WorkerPort) -> None:
        """Have an attempt judged that is on record already, so that whatever becomes of the verifier loses nothing."""
        context.tell("judging")
        try:
            with self._agents_turn(context):
                judgement = self.agent.verifier.judge(context, attempt, PortLooker(worker, context.cancel))
        except BadReply as error:
            self.listener.log(f"{context.stage.name}, round {context.round}: not judged. {error}")
            return
        context.check_cancel()
        verdict = approval.settled(context.stage.name, context.brief, attempt.result, judgement.verdict)
        self.folder.add_verdict(attempt, verdict, judgement.usage)

    def _judge_what_was_not(self, context: Context, attempts: list[Attempt]) -> None:
        """Solve and judge the best attempt of a resumed stage, when the run had stopped before its verdict."""
        best = context.best
        if best is None or best.verdict is not None:
            return
        worker = self.trials.again(context, best)
        if worker is None:
            return
        try:
            if best.solved_from is None and not self.agent.fits:
                best, worker = self._solved(context, attempts, best, worker)
            self._judge(context, best, worker)
        finally:
            worker.close()
        self._stand(context, best)

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
            self.standing = StageScript(context.stage.name, best.script)
            self.folder.record.stage(context.stage.name).best = best.number
            self.folder.save()

    def _keep_if_better(self, context: Context, attempts: list[Attempt]) -> None:
        """Try the script that changes nothing when the stage before already looked better by this stage's measure."""
        if context.stage.name not in ("composition", "lighting") or context.base is None:
            return
        best, keep = context.best, KEEP[context.stage.name]
        picture = self.trials.picture.unit
        views = context.base.views
        before = leaving.run(
            lambda: measure.measure(context.stage.name, picture, context.masks, views, ignored=context.ignored),
            context.cancel,
        )
        if best is not None and before.score <= best.measurements.score + 1e-3:
            return
        if any(attempt.script == keep for attempt in attempts):
            return
        context.tell("running and rendering")
        attempt, worker = self.trials.run(context, Draft(keep, NOTHING_CHANGES), attempts)
        worker.close()
        if select.usable(attempt):
            self._stand(context, self._better(context, best, attempt))

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


def _settled(attempts: list[Attempt]) -> bool:
    return any(attempt.verdict and attempt.verdict.approve for attempt in attempts)
