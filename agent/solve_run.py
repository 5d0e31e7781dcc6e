# SPDX-License-Identifier: GPL-3.0-or-later
"""Solve the numbers of a run that has come to its end: of each stage in turn, then of the whole program together."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

from ..worker.protocol import JobResult
from . import decisions, journal
from .brief import Brief
from .listener import Listener
from .numbers import SECONDS, KeptNumbers, solvers_for
from .oneshot import NoVerifier
from .options import options_of
from .picture import Picture
from .ports import PoolPort
from .providers.errors import BadReply
from .record import RecordError, RunFolder, RunRecord
from .roles import Agent, Context, Draft, Usage
from .run import Run


def solve_run(picture: Picture, folder: RunFolder, pool: PoolPort, listener: Listener, cancel: Event) -> RunRecord:
    """Solve all numbers, make the final files anew, and return the record. No agent is asked anything. Of a run of the
    built-in agent, which fits its own stages, the finished program alone is solved, as the run itself does.

    A cancelled one resumes as any run does; what was solved by then stands. Raises as `Run.execute`, and RecordError
    when the run has not come to its end.
    """
    record = folder.record
    if record.status != "done":
        raise RecordError(f"The run in {folder.path} is not done: resume it first, then solve its numbers.")
    before, settled = record.state, {stage.name for stage in record.stages if stage.accepted is not None}
    record.settings.solve, record.polished = True, False
    folder.save()
    stages = [stage.name for stage in record.settings.stages() if stage.name in SECONDS and stage.name in settled]
    fits = record.settings.generator.provider == "offline" and not record.settings.replay
    for name in stages[-1:] if fits else stages:
        accepted = record.stage(name).accepted
        if accepted is None:
            break
        if not fits:
            decisions.solve(folder, name, accepted)
        last = name == stages[-1]
        agent = Agent("nobody", _Nobody(), NoVerifier(), numbers=KeptNumbers(folder, solvers_for(fits)))
        options = options_of(record, "" if last else name)
        record = Run(picture, folder, agent, pool, options, listener).execute(cancel)
        if record.status not in ("paused", "done"):
            return record
    if settled != {stage.name for stage in record.stages if stage.accepted is not None}:
        journal.go_to(folder, before)
        raise RecordError("With other numbers a later script no longer runs, so everything is as it was before.")
    return record


class _Nobody:
    """Who writes when nobody is to be asked."""

    def brief(
        self, picture: Picture, seed: int, cancel: Event, tell: Callable[[str], None] = lambda _doing: None
    ) -> tuple[Brief, Usage]:
        """A finished run has its brief."""
        raise BadReply("Nobody is asked while numbers are solved.", "Resume the run instead.")

    def write(self, context: Context) -> Draft:
        """Nothing."""
        raise BadReply("Nobody is asked while numbers are solved.", "Resume the run instead.")

    def repair(self, context: Context, draft: Draft, failed: JobResult) -> Draft | None:
        """Nothing."""
        return None
