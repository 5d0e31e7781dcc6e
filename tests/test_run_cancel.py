# SPDX-License-Identifier: GPL-3.0-or-later
"""Cancel works in every state of a run; how long it takes is measured by bench/cancel.py."""

from __future__ import annotations

import pytest
from cancels import STATES, cancel_in, held
from restage.agent import leaving
from restage.agent.record import RunFolder
from runs import resume
from scripted import Scripted


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_a_cancelled_run_ends_and_resumes_wherever_it_was(state, pool, tmp_path, table_picture):
    record, seconds, came_there = cancel_in(state, pool, tmp_path / "run", table_picture)
    print(f"{state.name}: {seconds:.2f} s")
    assert came_there, "the run never came to the state"
    assert record.status == "cancelled", record.message
    before = held(tmp_path / "run")
    assert leaving.wait(60), "what was left never ends"
    assert held(tmp_path / "run") == before, "what was left wrote into the run folder"
    kept = {s.name: [(a.number, a.status) for a in s.attempts] for s in RunFolder.open(tmp_path / "run").record.stages}
    settings = record.settings
    # To the end of the stage it was cancelled in: what comes after that is no matter of the cancel.
    until = "" if state.stage == "lighting" else state.stage
    again, _ = resume(pool, tmp_path / "run", Scripted(), settings=settings, until=until)
    assert again.status == ("paused" if until else "done")
    after = {s.name: [(a.number, a.status) for a in s.attempts] for s in again.stages}
    assert all(after[name][: len(attempts)] == attempts for name, attempts in kept.items()), "an attempt was lost"
