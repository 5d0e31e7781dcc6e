# SPDX-License-Identifier: GPL-3.0-or-later
"""The run in step mode: it stops at each stage and then does what the artist decided. Real workers, known scripts."""

from __future__ import annotations

from dataclasses import replace
from threading import Event

import pytest
from restage.agent import decisions, journal, picture, run
from restage.agent.listener import Silent
from restage.agent.record import RunFolder
from restage.agent.verdict import ChecklistItem
from runs import OPTIONS, start
from scripted import GEOMETRY, MATERIALS, SETUP, Scripted


class Told(Silent):
    """Remembers what was to be shown."""

    def __init__(self):
        self.shown, self.done, self.said = [], [], []

    def attempt(self, shown):
        if shown.blend and not shown.passing:
            self.shown.append((shown.stage, shown.number, shown.state))

    def stage_done(self, done):
        self.done.append((done.stage, done.attempt, done.review, done.state))

    def log(self, text):
        self.said.append(text)


@pytest.fixture
def go_on(pool, tmp_path, table_picture):
    """Take a run on until it stops; returns its folder, opened anew, and what was told."""
    path = tmp_path / "run"
    start(path, table_picture)

    def on(scripted=None, step=True, cancel=None):
        folder, told = RunFolder.open(path), Told()
        loaded = picture.load(path / "picture.png", 160)
        options = replace(OPTIONS, step=step)
        run.Run(loaded, folder, (scripted or Scripted()).agent(), pool, options, told).execute(cancel or Event())
        return RunFolder.open(path), told

    return on


def statuses(folder):
    return [stage.status for stage in folder.record.stages]


def test_stage_by_stage_to_the_end_then_back_and_on_again(go_on):
    folder, told = go_on()
    assert folder.record.status == "review" and folder.record.message == "Setup is ready for review."
    assert statuses(folder) == ["review", "waiting", "waiting", "waiting", "waiting"]
    assert told.shown == [("setup", 1, 1)] and told.done == [("setup", 1, True, 1)], "no state without a difference"
    again, told = go_on()
    assert (statuses(again), again.record.state) == (statuses(folder), 1) and not told.shown, "it waits"
    for stage in folder.record.stages:
        decisions.accept(RunFolder.open(folder.path), stage.name, 1)
        folder, told = go_on()
    assert folder.record.status == "done" and statuses(folder) == ["accepted"] * 5
    assert (folder.path / "scene.blend").exists() and not told.shown
    done = folder.record.state

    # An earlier stage is changed: what comes after is run again, and only the end of it is shown.
    decisions.set_params(folder, "geometry", 1, {"box.size": 0.4})
    folder, told = go_on()
    assert statuses(folder) == ["accepted"] * 5 and folder.record.status == "done"
    geometry, lighting = folder.record.stage("geometry"), folder.record.stage("lighting")
    assert (geometry.accepted, lighting.accepted) == (2, 2)
    assert [item.by for item in geometry.attempts + lighting.attempts] == ["agent", "artist", "agent", "replay"]
    assert told.shown == [("lighting", 2, folder.record.state)]
    changed = (folder.path / "stages" / "02_geometry.py").read_text()
    assert changed == GEOMETRY.replace('"box.size": 0.3', '"box.size": 0.4'), "the number and nothing else"
    assert '"box.size": 0.4' in (folder.path / "scene.py").read_text()

    # And back: the same scripts as before need not run again.
    journal.go_to(folder, done)
    assert (folder.path / "stages" / "02_geometry.py").read_text() == GEOMETRY
    assert folder.record.status == "cancelled", "the final files are those of the other state"
    folder, told = go_on()
    assert folder.record.status == "done" and not told.shown
    assert '"box.size": 0.3' in (folder.path / "scene.py").read_text()


def test_redo_takes_the_artists_words_and_stands_whatever_the_numbers_say(go_on):
    worse = GEOMETRY.replace("(-0.3, 0.0, 0.15)", "(-0.9, 0.0, 0.15)")
    scripted = Scripted({"geometry": [GEOMETRY, worse]})
    scripted.judge = lambda context, attempt, looker, judge=scripted.judge: approving(judge(context, attempt, looker))
    folder, _ = go_on(scripted)
    decisions.accept(folder, "setup", 1)
    folder, _ = go_on(scripted)
    item = ChecklistItem(object="Box", property="place", observed="in the middle", wanted="further left")
    decisions.redo(folder, "geometry", 1, "move the box", [item])
    seen = []
    write = scripted.write
    scripted.write = lambda context: seen.append((context.hint, context.best)) or write(context)
    folder, told = go_on(scripted)
    (hint, best) = seen[0]
    assert "move the box" in hint and "Box place: further left" in hint
    assert best.verdict.by == "artist" and best.verdict.summary == "move the box" and not best.verdict.approve
    stage = folder.record.stage("geometry")
    assert (stage.status, stage.best, stage.wish) == ("review", 2, None)
    assert stage.attempts[1].score < stage.attempts[0].score
    assert told.shown[-1][:2] == ("geometry", 2)
    # The same script again is no answer, and the artist hears of it.
    decisions.redo(folder, "geometry", 2, "no, to the right", [])
    folder, told = go_on(scripted)
    assert folder.record.status == "review" and "brought nothing new" in folder.record.message
    assert folder.record.stage("geometry").best == 2 and not told.shown


def approving(judgement):
    return replace(judgement, verdict=judgement.verdict.model_copy(update={"approve": True}))


def test_rejected_attempts_are_out_of_the_race(go_on):
    other = SETUP.replace("(0.0, -2.0, 1.2)", "(0.0, -2.2, 1.2)")
    folder, _ = go_on(Scripted({"setup": [SETUP]}))
    decisions.reject(folder, "setup")
    # It brings the rejected script once more, then another.
    folder, told = go_on(Scripted({"setup": [SETUP]}))
    assert folder.record.stage("setup").best is None and "no attempt could be used" in folder.record.message
    scripted = Scripted({"setup": [other]})
    hints = []
    write = scripted.write
    scripted.write = lambda context: hints.append(context.hint) or write(context)
    decisions.redo(folder, "setup", None, "another way", [])
    folder, told = go_on(scripted)
    assert "rejected 1 earlier attempt" in hints[0] and "another way" in hints[0]
    stage = folder.record.stage("setup")
    assert (stage.status, stage.best, stage.rejected) == ("review", 2, [1])
    assert told.shown[-1][:2] == ("setup", 2)


def test_an_edited_script_is_an_attempt_like_any_other(go_on):
    folder, _ = go_on()
    decisions.edit(folder, "setup", 1, SETUP.replace("1.1, 0.0", "1.0, 0.0"))
    folder, told = go_on()
    stage = folder.record.stage("setup")
    assert (stage.status, stage.best, stage.attempts[1].by) == ("review", 2, "artist")
    assert told.shown[0][:2] == ("setup", 2)
    # One that the guard refuses, and one that fails: the stage stays what it was, and says why.
    decisions.edit(folder, "setup", 2, "import subprocess\nsubprocess.run('ls')\n")
    folder, told = go_on()
    assert folder.record.stage("setup").best == 2 and "did not run" in folder.record.message
    assert "subprocess" in folder.record.message and not told.shown
    decisions.edit(folder, "setup", 2, SETUP + "\nbpy.data.objects['Teapot']\n")
    folder, _ = go_on()
    assert "Teapot" in folder.record.message and f"(line {len(SETUP.splitlines()) + 2})" in folder.record.message
    assert [item.status for item in folder.record.stage("setup").attempts] == ["ok", "ok", "refused", "error"]


def test_a_later_stage_that_no_longer_runs_is_broken_and_says_why(go_on):
    folder, _ = go_on(step=False)
    assert folder.record.status == "done"
    without = GEOMETRY.replace('"Ball"', '"Marble"')
    decisions.edit(folder, "geometry", 1, without)
    folder, told = go_on()
    assert statuses(folder) == ["accepted", "accepted", "broken", "stale", "stale"]
    assert "Ball" in folder.record.stage("materials").message and "no longer runs" in folder.record.message
    assert told.shown == [("geometry", 2, told.shown[0][2])], "what there is of it is shown"
    # The artist mends it by hand; the rest follows.
    decisions.edit(folder, "materials", 1, MATERIALS.replace('"Ball"', '"Marble"'))
    folder, _ = go_on()
    assert statuses(folder)[2:] == ["review", "stale", "stale"]
    decisions.accept(folder, "materials", folder.record.stage("materials").best)
    folder, _ = go_on()
    assert folder.record.status == "done" and statuses(folder) == ["accepted"] * 5


def test_a_run_without_steps_goes_through_what_was_under_review(go_on):
    folder, _ = go_on()
    assert folder.record.status == "review"
    folder, _ = go_on(step=False)
    assert folder.record.status == "done" and folder.record.stage("setup").accepted == 1


def test_cancelling_a_wish_keeps_it_for_the_next_time(go_on):
    folder, _ = go_on()
    decisions.edit(folder, "setup", 1, SETUP.replace("1.1, 0.0", "1.0, 0.0"))
    cancel = Event()
    cancel.set()
    folder, _ = go_on(cancel=cancel)
    assert folder.record.status == "cancelled" and folder.record.stage("setup").wish.kind == "edit"
    folder, _ = go_on()
    assert folder.record.stage("setup").best == 2 and folder.record.stage("setup").wish is None
