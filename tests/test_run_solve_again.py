# SPDX-License-Identifier: GPL-3.0-or-later
"""The numbers of a finished run are solved without asking anybody."""

from __future__ import annotations

from threading import Event

import pytest
from restage.agent import picture, solve_run
from restage.agent.listener import Silent
from restage.agent.record import RecordError, RunFolder
from restage.agent.settings import AgentSettings, Asked
from runs import execute
from scripted import MATERIALS, Scripted

SOLVED = AgentSettings(generator=Asked(provider="handoff"), solve=False)


class Better:
    """Instead of the solvers: paints the box as the picture has it."""

    def solve_stage(self, context, attempt, worker):
        return MATERIALS.replace("(0.6, 0.05, 0.05)", "(0.305, 0.021, 0.021)") if attempt.stage == "materials" else None

    def solve_program(self, context, program, worker):
        return {}


def test_a_finished_run_is_solved_stage_by_stage(pool, tmp_path, table_picture, monkeypatch):
    before, folder = execute(pool, tmp_path / "run", table_picture, Scripted(), settings=SOLVED)
    assert before.status == "done" and not before.polished
    monkeypatch.setattr(solve_run, "solvers_for", lambda fits: Better())
    loaded = picture.load(folder.path / "picture.png", 160)
    after = solve_run.solve_run(loaded, RunFolder.open(folder.path), pool, Silent(), Event())
    assert after.status == "done" and after.polished and after.settings.solve
    materials = after.stage("materials")
    assert materials.attempts[-1].solved_from == 1 and materials.accepted == materials.attempts[-1].number
    assert "(0.305, 0.021, 0.021)" in (folder.path / "scene.py").read_text()
    assert [stage.status for stage in after.stages] == ["accepted"] * 5


def test_of_a_run_of_the_built_in_agent_the_program_alone(pool, tmp_path, table_picture, monkeypatch):
    _, folder = execute(pool, tmp_path / "run", table_picture, Scripted(), settings=AgentSettings(solve=False))
    asked = []

    class Notes(Better):
        def solve_stage(self, context, attempt, worker):
            asked.append(attempt.stage)

        def solve_program(self, context, program, worker):
            asked.append("program")
            return {"materials": MATERIALS.replace("(0.6, 0.05, 0.05)", "(0.305, 0.021, 0.021)")}

    monkeypatch.setattr(solve_run, "solvers_for", lambda fits: Notes())
    loaded = picture.load(folder.path / "picture.png", 160)
    after = solve_run.solve_run(loaded, RunFolder.open(folder.path), pool, Silent(), Event())
    assert after.status == "done" and after.polished and asked == ["program"]
    assert "(0.305, 0.021, 0.021)" in (folder.path / "scene.py").read_text()


def test_a_run_that_did_not_end_is_resumed_first(pool, tmp_path, table_picture):
    _, folder = execute(pool, tmp_path / "run", table_picture, Scripted(), settings=SOLVED, until="setup")
    loaded = picture.load(folder.path / "picture.png", 160)
    with pytest.raises(RecordError, match="not done: resume it first"):
        solve_run.solve_run(loaded, folder, pool, Silent(), Event())
