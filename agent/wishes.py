# SPDX-License-Identifier: GPL-3.0-or-later
"""Does what the artist wished of a stage, and runs accepted scripts again where an earlier stage has changed."""

from __future__ import annotations

from dataclasses import replace

from . import program, select
from .roles import Attempt, Context, Draft
from .rounds import Rounds
from .trial import Trials
from .wish import Wish

NOTHING_NEW = "The agent brought nothing new: say it differently, edit the script, or turn its numbers."
NOT_UNDERSTOOD = (
    "The built-in agent did not understand: it knows words like larger, thinner, to the left, brighter, with a thing's "
    "name. Or turn the numbers, edit the script, or choose a model."
)
NOT_NEARER = "No numbers were found that come nearer to the picture."
REPLAYED = "The accepted script, run again because an earlier stage has changed."
MAX_TOLD = 4
"""Of the attempts an artist rejected."""


class Wishes:
    """Grants one wish at a time. `said` is then what the artist should know of it, empty when all went well."""

    def __init__(self, rounds: Rounds, trials: Trials) -> None:
        """Rounds and trials of the run."""
        self.rounds = rounds
        self.trials = trials
        self.said = ""

    def grant(self, context: Context, attempts: list[Attempt], wish: Wish) -> Attempt | None:
        """Return the usable attempt a wish led to, None when it led to none. Raises as `Rounds.settle`."""
        self.said = ""
        about = next((attempt for attempt in attempts if attempt.number == wish.attempt), None)
        if wish.kind == "redo":
            return self._redo(context, attempts, wish, about)
        if wish.kind == "solve":
            solved = self.rounds.solve(context, attempts, about) if about else None
            self.said = "" if solved else NOT_NEARER
            return solved
        return self._edit(context, attempts, wish)

    def _redo(self, context: Context, attempts: list[Attempt], wish: Wish, about: Attempt | None) -> Attempt | None:
        context.round = max((attempt.round for attempt in attempts), default=0) + 1
        context.best = replace(about, verdict=wish.verdict()) if about else None
        words = [wish.note, *(f"{item.object} {item.property}: {item.wanted}".strip() for item in wish.items)]
        context.hint = "\n".join(text for text in (context.hint, *words) if text)
        made = self.rounds.redo(context, attempts)
        if made is None:
            last = attempts[-1] if attempts and attempts[-1].round == context.round else None
            nothing = NOT_UNDERSTOOD if self.rounds.agent.name == "offline" else NOTHING_NEW
            self.said = f"What the agent wrote did not run: {last.result.message}" if last else nothing
        return made

    def _edit(self, context: Context, attempts: list[Attempt], wish: Wish) -> Attempt | None:
        context.round = max((attempt.round for attempt in attempts), default=1)
        context.tell("running your script")
        made, worker = self.trials.run(context, Draft(wish.script, wish.note, by="artist"), attempts)
        worker.close()
        if select.usable(made):
            return made
        where = f" (line {made.result.line})" if made.result.line else ""
        self.said = f"The script did not run: {made.result.message}{where}"
        return None

    def replay(self, context: Context, attempts: list[Attempt], before: Attempt) -> Attempt:
        """Run an attempt's script on what the earlier stages are now; what came of it may be of no use."""
        context.passing, context.round = True, before.round
        base = program.base_of(context.accepted)
        known = [a for a in attempts if a.base == base and a.script == before.script and select.usable(a)]
        if known:
            return known[-1]
        context.tell("running it again on the changed scene")
        made, worker = self.trials.run(context, Draft(before.script, REPLAYED, by="replay"), attempts)
        worker.close()
        return made

    def mend(self, context: Context, attempts: list[Attempt], message: str) -> Attempt | None:
        """Have the agent write a stage anew whose accepted script no longer runs; None when that can't be used."""
        context.passing = False
        context.best = None
        told = f"The earlier script of this stage no longer runs on the changed scene: {message}"
        context.hint = "\n".join(text for text in (context.hint, told) if text)
        return self.rounds.redo(context, attempts)


def tell_of_rejected(context: Context, rejected: list[Attempt]) -> None:
    """Have whoever writes next know what the artist does not want."""
    if not rejected:
        return
    context.refused = frozenset(attempt.script for attempt in rejected)
    notes = [f"- {attempt.note or 'attempt ' + str(attempt.number)}" for attempt in rejected[-MAX_TOLD:]]
    told = (
        f"The artist has rejected {len(rejected)} earlier attempt{'s' if len(rejected) > 1 else ''} of this stage. "
        "Take another approach than these:\n" + "\n".join(notes)
    )
    context.hint = "\n".join(text for text in (context.hint, told) if text)
