# SPDX-License-Identifier: GPL-3.0-or-later
"""The artist's decisions by their operators, with undo and redo across them. Real workers, known scripts, no window."""

from __future__ import annotations

from pathlib import Path

import pytest

bpy = pytest.importorskip("bpy")

import restage  # noqa: E402
from panel import card, chosen, live, statuses, stopped, tick, tick_until, with_agent  # noqa: E402
from restage import previews  # noqa: E402
from restage.agent.record import RunFolder  # noqa: E402
from restage.operators import preload, run_thread  # noqa: E402
from restage.scene import sandbox, scripts, tags  # noqa: E402
from scripted import GEOMETRY, SETUP, Scripted  # noqa: E402

pytestmark = pytest.mark.bpy
OTHER = GEOMETRY.replace('"box.size": 0.3', '"box.size": 0.35')


@pytest.fixture
def scripted():
    return Scripted({"geometry": [GEOMETRY, OTHER]})


@pytest.fixture
def begun(tmp_path, table_picture, scripted, monkeypatch):
    """A run in step mode that waits at its first stage."""
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    restage.register()
    with_agent(monkeypatch, scripted)
    addon = bpy.context.preferences.addons.new()
    addon.module = "restage"
    addon.preferences.runs_folder = str(tmp_path / "runs")
    now = chosen()
    now.picture, now.resolution, now.samples, now.solve = str(table_picture), 96, 2, False
    bpy.ops.ed.undo_push(message="start")
    assert bpy.ops.restage.reconstruct() == {"FINISHED"}
    stopped()
    yield now
    bpy.context.preferences.addons.remove(addon)
    restage.unregister()


def on_disk():
    return [stage.status for stage in RunFolder.open(Path(chosen().folder)).record.stages]


def agree():
    """Panel, sandbox collection and run folder tell the same."""
    record = RunFolder.open(Path(chosen().folder)).record
    assert record.state == chosen().state == live().cards_state
    assert on_disk() == statuses()
    assert sandbox.shown(chosen().run) == (live().shown_stage, live().shown_attempt)
    for item in live().cards:
        assert [a.number for a in item.attempts if a.shown] == (
            [live().shown_attempt] if item.name == live().shown_stage else []
        )


def test_decisions_and_undo_and_redo_across_them(begun, scripted):
    assert live().status == "REVIEW" and statuses()[0] == "review" and live().focus == "setup"
    assert sandbox.shown(chosen().run) == ("setup", 1)
    agree()
    assert bpy.ops.restage.accept() == {"FINISHED"}
    assert statuses()[0] == "accepted" and live().status == "RUNNING"
    assert not bpy.ops.restage.accept.poll() and not bpy.ops.restage.choose_attempt.poll()
    stopped()
    assert statuses()[:2] == ["accepted", "review"] and live().focus == "geometry"
    assert len(card("geometry").attempts) == 2 and card("geometry").attempts[1].usable
    agree()

    # An older attempt, with its checklist.
    shown = live().shown_attempt
    other = 3 - shown
    assert bpy.ops.restage.choose_attempt(stage="geometry", attempt=other) == {"FINISHED"}
    assert sandbox.shown(chosen().run) == ("geometry", other) and chosen().points_of == f"geometry {other}"
    bpy.ops.ed.undo_push(message="as the window does after an operator")
    agree()
    bpy.ops.ed.undo()
    assert sandbox.shown(chosen().run) == ("geometry", shown)
    agree()
    bpy.ops.ed.redo()
    assert sandbox.shown(chosen().run) == ("geometry", other)
    agree()

    # Redo with words.
    scripted.scripts["geometry"] = [GEOMETRY, OTHER, GEOMETRY.replace('"ball.radius": 0.15', '"ball.radius": 0.2')]
    chosen().note = "the ball is larger"
    bpy.ops.ed.undo_push(message="typed")
    assert bpy.ops.restage.redo() == {"FINISHED"}
    stopped()
    assert sandbox.shown(chosen().run) == ("geometry", 3) and statuses()[1] == "review"
    assert chosen().note == "" and chosen().points_of == "geometry 3"
    agree()
    bpy.ops.ed.undo()
    assert chosen().note == "the ball is larger" and sandbox.shown(chosen().run) == ("geometry", other)
    agree()
    bpy.ops.ed.redo()
    agree()
    assert bpy.ops.restage.accept() == {"FINISHED"}
    bpy.ops.ed.undo_push(message="as the window does after an operator")
    stopped()
    for _ in range(3):
        assert bpy.ops.restage.accept() == {"FINISHED"}
        bpy.ops.ed.undo_push(message="as the window does after an operator")
        stopped()
    assert statuses() == ["accepted"] * 5 and live().status == "DONE" and live().finished
    assert '"ball.radius": 0.2' in bpy.data.texts[scripts.names(chosen().run)["scene.py"]].as_string()
    agree()

    # Reopened, looked at, undone.
    assert bpy.ops.restage.reopen(stage="materials") == {"FINISHED"}
    bpy.ops.ed.undo_push(message="as the window does after an operator")
    assert statuses() == ["accepted", "accepted", "review", "stale", "stale"] and not live().finished
    agree()
    bpy.ops.ed.undo()
    assert statuses() == ["accepted"] * 5 and live().finished
    agree()
    # All the way back to before there was a run.
    while chosen().run:
        bpy.ops.ed.undo()
    assert not live().cards and live().cards_of == ""
    bpy.ops.ed.redo()
    agree()


def test_parameters_are_the_open_stage_s_while_it_runs(begun):
    assert bpy.ops.restage.accept() == {"FINISHED"}
    stopped()
    assert live().params_of.endswith("|geometry 2") and "box.size" in live().params
    assert bpy.ops.restage.accept() == {"FINISHED"}
    wrong = []

    def other_stages():
        of = live().params_of.rpartition("|")[2].partition(" ")[0]
        if len(live().params) and of != live().focus:
            wrong.append((live().focus, of, list(live().params.keys())))
        return run_thread.current() is None and live().status != "RUNNING"

    tick_until(other_stages)
    tick()
    assert not wrong and live().focus == "materials" and live().params_of.endswith("|materials 1")


def test_the_pictures_of_every_attempt_are_noted_when_the_cards_are_filled(begun, table_picture):
    assert bpy.ops.restage.accept() == {"FINISHED"}
    stopped()
    paths = [attempt.picture for stage in live().cards for attempt in stage.attempts]
    paths.append(str(Path(chosen().folder) / "picture.png"))
    assert len(paths) == 4 and all(previews._written[path] == Path(path).stat().st_mtime_ns for path in paths)
    chosen().picture = str(table_picture.with_name("other.png"))
    Path(chosen().picture).write_bytes(table_picture.read_bytes())
    assert chosen().picture not in previews._written
    previews.look()
    preload._tick()
    assert chosen().picture in previews._written


def test_a_viewport_goes_on_looking_through_the_run_s_camera(begun):
    from restage.scene import looking

    space = next(area.spaces.active for area in bpy.context.screen.areas if area.type == "VIEW_3D")
    looking.begin(space, sandbox.find(chosen().run).camera)
    assert bpy.ops.restage.accept() == {"FINISHED"}
    stopped()
    assert space.camera.name == sandbox.find(chosen().run).camera
    for step in (bpy.ops.ed.undo, bpy.ops.ed.redo):
        step()
        looking.note(chosen().run)
        assert space.camera is not None and space.camera.get(tags.RUN) == chosen().run
    space.region_3d.view_perspective = "PERSP"
    looking.note(chosen().run)
    looking.go_on(chosen().run)
    assert space.region_3d.view_perspective == "PERSP", "the artist has turned the view away"


def test_another_run_keeps_the_result_before_switched_off(begun):
    first = sandbox.find(chosen().run)
    before = {item.name for item in bpy.data.objects}
    assert bpy.ops.restage.reconstruct() == {"FINISHED"}
    assert first.collection in live().message
    stopped()
    second = sandbox.find(chosen().run)
    assert second.run != first.run and sandbox.find(first.run) is None
    kept = bpy.context.view_layer.layer_collection.children[first.collection]
    assert kept.exclude and not bpy.context.view_layer.layer_collection.children[second.collection].exclude
    assert before <= {item.name for item in bpy.data.objects} and not tags.of_run(first.run)


def test_stages_before_the_one_that_runs_are_accepted(begun):
    chosen().mode = "AUTO"
    seen = []

    def over():
        seen.append(statuses())
        return run_thread.current() is None and live().status == "DONE"

    assert bpy.ops.restage.accept() == {"FINISHED"}
    tick_until(over)
    tick()
    running = [now for now in seen if "running" in now]
    assert len({now.index("running") for now in running}) == 4
    assert all(set(now[: now.index("running")]) == {"accepted"} for now in running)


def test_reject_begins_anew_and_the_gallery_keeps_what_was(begun, scripted):
    scripted.scripts["setup"] = [SETUP.replace("(0.0, -2.0, 1.2)", "(0.0, -2.2, 1.2)")]
    assert bpy.ops.restage.reject() == {"FINISHED"}
    assert sandbox.find(chosen().run) is None, "there is no earlier stage to show"
    stopped()
    assert [(item.rejected, item.best) for item in card("setup").attempts] == [(True, False), (False, True)]
    assert sandbox.shown(chosen().run) == ("setup", 2)
    agree()


def test_undoing_what_began_a_run_stops_it(begun):
    bpy.ops.ed.undo_push(message="before")
    state = chosen().state
    assert bpy.ops.restage.accept() == {"FINISHED"}
    bpy.ops.ed.undo_push(message="as the window does after an operator")
    thread = run_thread.current()
    bpy.ops.ed.undo()
    assert thread.cancelled.is_set() and live().status == "STOPPING"
    stopped()
    assert chosen().state == state and "undone" in live().message
    agree()
    assert statuses()[0] == "review"
    bpy.ops.ed.redo()
    agree()
    assert statuses()[:2] == ["accepted", "waiting"]
    assert bpy.ops.restage.go_on() == {"FINISHED"}
    stopped()
    assert statuses()[1] == "review"


def test_an_undo_that_the_folder_can_t_follow_is_told(begun):
    bpy.ops.ed.undo_push(message="before")
    assert bpy.ops.restage.reject() == {"FINISHED"}
    bpy.ops.ed.undo_push(message="as the window does after an operator")
    stopped()
    folder = RunFolder.open(Path(chosen().folder))
    with folder.held():  # as a command line does that works on the run
        while chosen().state == folder.record.state:
            bpy.ops.ed.undo()
    assert "The run folder could not follow" in live().error
    assert live().cards_state == chosen().state != RunFolder.open(folder.path).record.state
    # The next one that it can follow clears that.
    bpy.ops.ed.redo()
    assert live().error == ""
    agree()


def test_the_checklist_is_the_artists(begun):
    assert bpy.ops.restage.add_point() == {"FINISHED"}
    chosen().points[0].text, chosen().points[0].object = "a wider lens", "Camera"
    assert bpy.ops.restage.add_point() == {"FINISHED"}
    chosen().points[1].text, chosen().points[1].use = "never mind", False
    assert bpy.ops.restage.redo() == {"FINISHED"}
    wish = run_thread.current().request.folder.record.stage("setup").wish
    assert [(item.object, item.wanted) for item in wish.items] == [("Camera", "a wider lens")]
    stopped()
    assert "brought nothing new" in live().message and statuses()[0] == "review"
    assert chosen().points[0].text == "a wider lens", "what was asked stays to be asked differently"
    assert bpy.ops.restage.remove_point(place=0) == {"FINISHED"}
    bpy.ops.restage.remove_point(place=0)
    with pytest.raises(RuntimeError, match="Say what is to be different"):
        bpy.ops.restage.redo()
    assert "Say what is to be different" in live().error and live().status != "RUNNING"
    assert bpy.ops.restage.copy_details() == {"FINISHED"}


def test_a_file_opened_again_shows_the_run_and_goes_on(begun, tmp_path):
    assert bpy.ops.restage.accept() == {"FINISHED"}
    stopped()
    chosen().note = "half a thought"
    path = str(tmp_path / "file.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    state = chosen().state
    # After the save the run went on, and Blender died without another one.
    assert bpy.ops.restage.accept() == {"FINISHED"}
    stopped()
    assert statuses()[2] == "review"
    bpy.ops.wm.open_mainfile(filepath=path)
    tick_until(lambda: len(live().cards) == 5)
    assert chosen().state == state and statuses()[:3] == ["accepted", "review", "waiting"]
    assert chosen().note == "half a thought" and sandbox.shown(chosen().run)[0] == "geometry"
    assert live().ahead, "the folder knows more than the file"
    assert bpy.ops.restage.catch_up() == {"FINISHED"}
    assert statuses()[:3] == ["accepted", "accepted", "review"] and not live().ahead
    agree()
    assert bpy.ops.restage.accept() == {"FINISHED"}
    stopped()
    assert statuses()[3] == "review"


def test_a_folder_that_is_gone_is_told_and_can_be_found_again(begun, tmp_path):
    folder = Path(chosen().folder)
    moved = tmp_path / "moved"
    folder.rename(moved)
    with pytest.raises(RuntimeError, match="There is no run in"):
        bpy.ops.restage.accept()
    assert live().fix == "restage.locate_run"
    assert str(folder) in live().details
    assert bpy.ops.restage.locate_run(directory=str(moved)) == {"FINISHED"}
    assert statuses()[0] == "review" and live().error == ""
    agree()


def test_another_scene_shows_its_own_run_or_none(begun):
    from restage.operators import watch

    watch.look(1.0)
    assert len(live().cards) == 5
    first = bpy.context.scene
    second = bpy.data.scenes.new("Second")
    bpy.context.window.scene = second
    watch.look(2.0)
    assert not len(live().cards)
    bpy.context.window.scene = first
    previews.look()
    preload._tick()
    tick_until(lambda: len(live().cards) == 5)
    assert live().cards_of == chosen().folder
