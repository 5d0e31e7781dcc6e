# SPDX-License-Identifier: GPL-3.0-or-later
"""What an artist decides, as plain functions over a run folder: no Blender, no worker, no model."""

from __future__ import annotations

import os

import pytest
from folders import accepted, begun, statuses, tried
from restage.agent import decisions, files, journal
from restage.agent.record import RecordError, RunFolder
from restage.agent.verdict import ChecklistItem

ITEM = {"object": "Box", "property": "outline", "observed": "too small", "wanted": "larger"}


def again(folder):
    """The folder as the next session finds it."""
    return RunFolder.open(folder.path)


def test_accepting_settles_a_stage_with_the_attempt_the_artist_saw(tmp_path):
    folder = begun(tmp_path / "run")
    tried(folder, "setup", score=0.4)
    tried(folder, "setup", score=0.9)
    state = decisions.accept(folder, "setup", 1)
    stage = again(folder).record.stage("setup")
    assert (stage.status, stage.accepted, stage.score) == ("accepted", 1, 0.4)
    assert folder.script_path("setup").read_text().endswith("# 1\n")
    assert again(folder).record.state == state


def test_accepting_nothing_leaves_everything_as_it_was(tmp_path):
    folder = accepted(tmp_path / "run", "setup")
    tried(folder, "geometry", status="error", message="NameError: x")
    decisions.accept(folder, "geometry", None)
    assert again(folder).record.stage("geometry").status == "failed"
    assert "stays as it was" in folder.script_path("geometry").read_text()


def test_an_attempt_that_did_not_run_can_not_be_accepted(tmp_path):
    folder = begun(tmp_path / "run")
    tried(folder, "setup", status="error", message="NameError: x")
    before = (folder.path / "run.json").read_bytes()
    with pytest.raises(RecordError, match="did not run: NameError: x"):
        decisions.accept(folder, "setup", 1)
    with pytest.raises(RecordError, match="has no attempt 7"):
        decisions.accept(folder, "setup", 7)
    assert (folder.path / "run.json").read_bytes() == before


def test_a_stage_is_settled_after_those_before_it(tmp_path):
    folder = accepted(tmp_path / "run")
    decisions.reopen(folder, "geometry")
    with pytest.raises(RecordError, match="Geometry comes first"):
        decisions.accept(folder, "lighting", 1)


def test_rejecting_begins_the_stage_anew_and_keeps_what_was_tried(tmp_path):
    folder = begun(tmp_path / "run")
    tried(folder, "setup")
    tried(folder, "setup")
    decisions.reject(folder, "setup")
    stage = again(folder).record.stage("setup")
    assert (stage.status, stage.best, stage.rejected) == ("waiting", None, [1, 2])
    assert (folder.attempt_path("setup", 2) / "script.py").exists()
    with pytest.raises(RecordError, match="no attempt of setup to reject"):
        decisions.reject(folder, "setup")
    # The artist thinks better of it.
    decisions.choose(folder, "setup", 2)
    stage = again(folder).record.stage("setup")
    assert (stage.status, stage.best, stage.rejected) == ("review", 2, [1])


def test_reopening_makes_later_stages_stale_and_accepting_the_same_again_makes_them_good(tmp_path):
    folder = accepted(tmp_path / "run")
    decisions.reopen(folder, "materials")
    assert list(statuses(again(folder)).values()) == ["accepted", "accepted", "review", "stale", "stale"]
    decisions.accept(folder, "materials", 1)
    assert list(statuses(again(folder)).values()) == ["accepted"] * 5


def test_accepting_another_attempt_leaves_later_stages_stale(tmp_path):
    folder = accepted(tmp_path / "run")
    decisions.reopen(folder, "geometry")
    decisions.accept(folder, "geometry", tried(folder, "geometry"))
    assert list(statuses(again(folder)).values()) == ["accepted", "accepted", "stale", "stale", "stale"]
    assert [stage.accepted for stage in again(folder).record.stages] == [1, 2, 1, 1, 1], "known still, for the replay"


def test_an_attempt_made_on_other_scripts_is_to_be_run_again_before_it_counts(tmp_path):
    folder = accepted(tmp_path / "run", "geometry")
    old = tried(folder, "materials")
    decisions.accept(folder, "geometry", tried(folder, "geometry"))
    decisions.accept(folder, "materials", old)
    assert statuses(again(folder))["materials"] == "stale"


def test_choosing_an_older_attempt_of_a_settled_stage_reopens_it(tmp_path):
    folder = begun(tmp_path / "run")
    tried(folder, "setup")
    decisions.accept(folder, "setup", tried(folder, "setup"))
    decisions.choose(folder, "setup", 1)
    stage = again(folder).record.stage("setup")
    assert (stage.status, stage.best, stage.accepted) == ("review", 1, None)


def test_wishes_wait_in_the_folder(tmp_path):
    folder = begun(tmp_path / "run")
    tried(folder, "setup", items=[ITEM])
    decisions.redo(folder, "setup", 1, " the box is larger ", [ChecklistItem(**ITEM)])
    wish = again(folder).record.stage("setup").wish
    assert (wish.kind, wish.attempt, wish.note, wish.items[0].object) == ("redo", 1, "the box is larger", "Box")
    assert wish.verdict().by == "artist" and not wish.verdict().approve
    with pytest.raises(RecordError, match="Say what is to be different"):
        decisions.redo(folder, "setup", 1, "  ", [])
    decisions.set_params(folder, "setup", 1, {"camera.location": (0.0, -3.0, 1.2)})
    wish = again(folder).record.stage("setup").wish
    assert wish.kind == "edit" and "(0.0, -3.0, 1.2),  # m" in wish.script
    assert "camera.location = (0.0, -3.0, 1.2)" in wish.note
    with pytest.raises(RecordError, match="no parameter 'nothing'"):
        decisions.set_params(folder, "setup", 1, {"nothing": 1})
    with pytest.raises(RecordError, match="same as before"):
        decisions.edit(folder, "setup", 1, journal.attempt_script(folder, "setup", 1))
    decisions.drop_wishes(folder)
    assert again(folder).record.stage("setup").wish is None


def test_every_state_can_be_gone_back_to_and_forward_again(tmp_path):
    folder = begun(tmp_path / "run")
    tried(folder, "setup")
    seen = {folder.record.state: statuses(folder)}
    for decide in (
        lambda: decisions.accept(folder, "setup", 1),
        lambda: decisions.accept(folder, "geometry", tried(folder, "geometry")),
        lambda: decisions.reopen(folder, "setup"),
        lambda: decisions.reject(folder, "setup"),
        lambda: decisions.choose(folder, "setup", 1),
    ):
        state = decide()
        seen[state] = statuses(folder)
    assert len(seen) == 6
    for number in [*sorted(seen, reverse=True), *sorted(seen)]:
        entry = journal.go_to(folder, number)
        assert statuses(again(folder)) == seen[number] and again(folder).record.state == number == entry.number
    journal.go_to(folder, 0)
    assert set(statuses(folder).values()) == {"waiting"}
    assert len(folder.record.stage("setup").attempts) == 1, "attempts are never taken back"
    with pytest.raises(RecordError, match="no state 99"):
        journal.go_to(folder, 99)


def test_going_back_brings_the_accepted_scripts_back(tmp_path):
    folder = begun(tmp_path / "run")
    tried(folder, "setup")
    first = decisions.accept(folder, "setup", 1)
    decisions.accept(folder, "setup", tried(folder, "setup"))
    assert folder.script_path("setup").read_text().endswith("# 2\n")
    journal.go_to(folder, first)
    assert folder.script_path("setup").read_text().endswith("# 1\n")


def test_a_decision_after_going_back_is_a_branch_of_its_own(tmp_path):
    folder = begun(tmp_path / "run")
    state = tried(folder, "setup") and folder.record.state
    one = decisions.accept(folder, "setup", 1)
    journal.go_to(folder, state)
    other = decisions.reject(folder, "setup")
    assert other == one + 1
    assert [(entry.what, entry.upon) for entry in journal.entries(folder.path)][-2:] == [
        ("accept", state),
        ("reject", state),
    ]


def test_a_journal_whose_last_line_was_cut_off_goes_on(tmp_path):
    folder = begun(tmp_path / "run")
    tried(folder, "setup")
    path = folder.path / journal.FILE
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"number": 2, "at": "now", "by": "art')
    assert len(journal.entries(folder.path)) == 2
    assert decisions.accept(folder, "setup", 1) == 2
    assert [entry.number for entry in journal.entries(folder.path)] == [0, 1, 2]
    path.write_bytes(b"{}\n" + whole)
    with pytest.raises(RecordError, match="damaged in line 1"):
        journal.entries(folder.path)


@pytest.mark.parametrize("dies_at", range(1, 3))
def test_dying_in_the_middle_of_a_decision_leaves_the_state_before(tmp_path, monkeypatch, dies_at):
    folder = begun(tmp_path / "run")
    tried(folder, "setup")
    before = (folder.path / "run.json").read_bytes()
    writes = []
    replace = os.replace

    def dies(source, target):
        writes.append(target)
        if len(writes) == dies_at:
            raise KeyboardInterrupt
        replace(source, target)

    monkeypatch.setattr(files.os, "replace", dies)
    with pytest.raises(KeyboardInterrupt):
        decisions.accept(folder, "setup", 1)
    monkeypatch.undo()
    assert (folder.path / "run.json").read_bytes() == before
    assert again(folder).record.stage("setup").status == "review"
    assert decisions.accept(again(folder), "setup", 1) > 0


def test_a_folder_somebody_else_went_on_with_is_not_decided_about(tmp_path):
    folder = begun(tmp_path / "run")
    tried(folder, "setup")
    other = again(folder)
    decisions.accept(other, "setup", 1)
    with pytest.raises(RecordError, match="went on elsewhere"):
        decisions.reject(folder, "setup")


def test_a_finished_run_is_done_again_when_gone_back_to(tmp_path):
    from restage.agent import program
    from restage.agent.record import FinalRecord

    folder = accepted(tmp_path / "run")
    assert journal.standing(folder) == "cancelled", "the final files are still to be made"
    folder.record.final = FinalRecord(psnr=20.0, ssim=0.9)
    folder.record.final_of = program.base_of(journal.whole(folder))
    done = folder.record.state
    folder.save()
    assert journal.standing(folder) == "done"
    decisions.accept(folder, "lighting", tried(folder, "lighting"))
    assert folder.record.status == "cancelled"
    journal.go_to(folder, done)
    assert folder.record.status == "done"


def test_a_run_of_an_older_version_can_be_gone_back_to_as_it_was_found(tmp_path):
    folder = accepted(tmp_path / "run")
    (folder.path / journal.FILE).unlink()
    folder.record.state = 0
    folder.save()
    journal.go_to(folder, 0)
    assert set(statuses(folder).values()) == {"accepted"}
    decisions.reopen(folder, "setup")
    journal.go_to(folder, 0)
    assert set(statuses(folder).values()) == {"accepted"}
