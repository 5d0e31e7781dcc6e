# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers solved in the loop: attempts of their own, kept when nearer, kept with the run, and played again."""

from __future__ import annotations

from dataclasses import replace
from threading import Event

import pytest
from restage.agent import numbers, run
from restage.agent.listener import Silent
from restage.agent.record import RecordError, RunFolder
from restage.agent.settings import AgentSettings
from restage.worker.protocol import StageScript
from runs import OPTIONS, start
from scripted import GEOMETRY, MATERIALS, Scripted
from turns import context

NEARER = GEOMETRY.replace('"ball.radius": 0.15', '"ball.radius": 0.16')
FARTHER = GEOMETRY.replace("(-0.3, 0.0, 0.15)", "(-2.6, 0.0, 0.15)")
PALER = MATERIALS.replace("(0.6, 0.05, 0.05)", "(0.6, 0.06, 0.06)")


class Answers:
    """Solves by answers written beforehand; counts what it is asked."""

    def __init__(self, stages=None, program=None, error=None):
        self.stages, self.program, self.error, self.asked = stages or {}, program or {}, error, []

    def solve_stage(self, context, attempt, worker):
        self.asked.append(attempt.stage)
        if self.error and attempt.stage == "geometry":
            raise self.error
        return self.stages.get(attempt.stage)

    def solve_program(self, context, program, worker):
        self.asked.append("program")
        return {stage: text for stage, text in self.program.items() if stage in {script.stage for script in program}}


class Lines(Silent):
    def __init__(self):
        self.lines, self.shown = [], []

    def attempt(self, shown):
        if not shown.passing:
            self.shown.append((shown.stage, shown.number))

    def log(self, text):
        self.lines.append(text)


def execute(pool, folder, path, solver, scripted=None, settings=None, recording=None, listener=None):
    settings = settings or AgentSettings()
    loaded, run_folder = start(folder, path, settings=settings)
    agent = replace((scripted or Scripted()).agent(), numbers=numbers.KeptNumbers(run_folder, solver, recording))
    options = replace(OPTIONS, settings=settings)
    return run.Run(loaded, run_folder, agent, pool, options, listener or Silent()).execute(Event()), run_folder


@pytest.mark.bpy
def test_a_solved_script_is_an_attempt_of_its_own_and_a_replay_solves_nothing_anew(pool, tmp_path, table_picture):
    solver = Answers({"geometry": NEARER}, {"materials": PALER})
    lines = Lines()
    record, folder = execute(pool, tmp_path / "run", table_picture, solver, listener=lines)
    # Materials were solved at the end: what is shown then is the last stage on top of them.
    lit = record.stage("lighting")
    assert lines.shown[-1] == ("lighting", lit.accepted) and lit.attempts[-1].number == lit.accepted
    written, solved = record.stage("geometry").attempts
    assert (written.solved_from, solved.solved_from) == (None, 1) and "solved" in solved.note
    nearer = solved.score > written.score
    assert record.stage("geometry").accepted == (2 if nearer else 1)
    # The attempt that goes on is the one that is judged.
    assert (solved if nearer else written).verdict is not None
    paler = record.stage("materials").attempts[-1]
    assert record.polished and paler.solved_from == 1 and record.stage("materials").accepted == paler.number
    assert folder.script_path("materials").read_text() == PALER
    assert "(0.6, 0.06, 0.06)" in (folder.path / "scene.py").read_text()
    assert solver.asked == ["setup", "geometry", "materials", "composition", "lighting", "program"]

    again, replayed = execute(pool, tmp_path / "again", table_picture, None, recording=folder.path)
    for stage in record.stages:
        assert [a.status for a in again.stage(stage.name).attempts] == [a.status for a in stage.attempts]
        ours = [replayed.script_path(stage.name).read_bytes(), again.stage(stage.name).accepted]
        assert ours == [folder.script_path(stage.name).read_bytes(), stage.accepted]
    assert numbers.load(replayed.path).items == numbers.load(folder.path).items


def test_what_was_solved_and_is_worse_does_not_stand(pool, tmp_path, table_picture):
    record, folder = execute(pool, tmp_path / "run", table_picture, Answers({"geometry": FARTHER}))
    stage = record.stage("geometry")
    assert len(stage.attempts) == 2 and stage.accepted == 1
    assert folder.script_path("geometry").read_text() == GEOMETRY


def test_a_solver_that_stumbles_ends_no_run_and_says_so(pool, tmp_path, table_picture):
    listener = Lines()
    solver = Answers(error=IndexError("no such thing"))
    record, _ = execute(pool, tmp_path / "run", table_picture, solver, listener=listener)
    assert record.status == "done" and record.stage("geometry").accepted == 1
    assert any("no such thing" in line for line in listener.lines)


def test_nothing_is_solved_when_it_is_not_wanted(pool, tmp_path, table_picture):
    solver = Answers({"geometry": NEARER})
    record, _ = execute(pool, tmp_path / "run", table_picture, solver, settings=AgentSettings(solve=False))
    assert not solver.asked and not record.polished and len(record.stage("geometry").attempts) == 1


def test_what_is_kept_survives_and_damage_is_told(tmp_path, table_picture):
    _, folder = start(tmp_path / "run", table_picture)
    program = [StageScript("materials", MATERIALS)]
    solver = Answers(program={"materials": PALER})
    given = context("lighting")
    assert numbers.KeptNumbers(folder, solver).solve_program(given, program, None) == {"materials": PALER}
    # A run taken up again asks the folder, not the solver.
    again = numbers.KeptNumbers(RunFolder.open(folder.path), Answers())
    assert again.solve_program(given, program, None) == {"materials": PALER}
    assert again.solve_program(given, [StageScript("materials", PALER)], None) == {}
    (folder.path / numbers.FILE).write_text("{")
    with pytest.raises(RecordError, match="damaged"):
        numbers.KeptNumbers(folder, solver)
