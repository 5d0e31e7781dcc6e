# SPDX-License-Identifier: GPL-3.0-or-later
"""A run as the panel starts it: real thread, real workers, the bridge drained by hand (timers don't tick here)."""

from __future__ import annotations

import sys
import time

import pytest
import scripted

bpy = pytest.importorskip("bpy")

import restage  # noqa: E402
from restage.agent import begin, cards, picture  # noqa: E402
from restage.agent.assemble import Assembled  # noqa: E402
from restage.agent.listener import StageDone  # noqa: E402
from restage.agent.run import RunOptions  # noqa: E402
from restage.agent.settings import AgentSettings  # noqa: E402
from restage.operators import present, run_thread  # noqa: E402
from restage.scene import compat, sandbox, scripts  # noqa: E402
from restage.worker.pool import Limits, WorkerError, WorkerPool  # noqa: E402

pytestmark = pytest.mark.bpy

RUN = "run-uuid"
KNOWN = cards.RunCards("", "done", "", 0, 0, 0, "", "offline", False)
OPTIONS = RunOptions(resolution=96, samples=2, attempt_px=64, attempt_samples=1)


@pytest.fixture
def registered():
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    restage.register()
    yield bpy.context.scene
    restage.unregister()


@pytest.fixture
def request_run(tmp_path, table_picture, binary):
    source = picture.load(table_picture, 160)
    folder = begin.begin(tmp_path / "run", source, AgentSettings(), 0, 96, 2)
    return run_thread.Request(
        RUN, "Scene", lambda: source, folder, scripted_agent, OPTIONS, binary, Limits(), viewport_pictures=True
    )


def scripted_agent(_log):
    return Assembled(scripted.Scripted().agent())


def tick_until(thread, done, seconds=120.0):
    """What the timer does, until `done()`; the time is there to end a hanging test, not to measure."""
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, bpy.context.window_manager.restage.message
        thread.bridge.drain()
        thread.show.tick()
        time.sleep(0.01)


def wait_until(done, seconds=60.0):
    """Wait without draining: Blender is busy."""
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_run_shows_its_attempts_and_leaves_a_result_to_accept(registered, request_run):
    live, artist = bpy.context.window_manager.restage, set(compat.datablocks())
    presenter = present.Presenter(RUN, "Scene", request_run.folder.path, show_attempts=True)
    presenter.begin()
    thread = run_thread.begin(request_run, presenter)
    assert not bpy.ops.restage.reconstruct.poll()
    assert not bpy.ops.restage.keep.poll()
    with pytest.raises(RuntimeError):
        run_thread.begin(request_run, presenter)
    tick_until(thread, lambda: live.status == "DONE")
    assert live.stage == "lighting"
    assert live.factor == 1.0
    assert "Done" in live.message
    shown = sandbox.find(RUN)
    names = {item.name for item in bpy.data.collections[shown.collection].all_objects}
    assert {"Box", "Ball", "Floor", "Picture Camera"} <= names
    with bpy.data.libraries.load(str(request_run.folder.path / "scene.blend")) as (finished, _):
        assert names == set(finished.objects)
    assert set(scripts.names(RUN)) >= {"01_setup.py", "02_geometry.py", "05_lighting.py", "scene.py"}
    assert bpy.context.scene.restage.run == RUN
    assert artist <= set(compat.datablocks())
    # Where this Blender draws without a window, every attempt has its viewport picture.
    drawn = list(request_run.folder.path.glob("attempts/*/viewport.png"))
    assert bool(drawn) == compat.prepare_gpu()
    assert bpy.ops.restage.apply_settings() == {"FINISHED"}
    assert bpy.context.scene.camera.name == "Picture Camera"
    assert bpy.ops.restage.keep() == {"FINISHED"}
    assert sandbox.find(RUN) is None
    assert "Box" in bpy.data.objects
    assert not bpy.ops.restage.discard.poll()


def test_cancel_stops_and_what_there_was_can_be_discarded(registered, request_run):
    live, artist = bpy.context.window_manager.restage, set(compat.datablocks())
    presenter = present.Presenter(RUN, "Scene", request_run.folder.path, show_attempts=True)
    presenter.begin()
    thread = run_thread.begin(request_run, presenter)
    tick_until(thread, lambda: sandbox.find(RUN) is not None)
    assert bpy.ops.restage.cancel() == {"FINISHED"}
    assert live.status == "STOPPING"
    tick_until(thread, lambda: live.status == "CANCELLED")
    tick_until(thread, lambda: run_thread.current() is None)
    assert request_run.folder.record.status == "cancelled"
    assert bpy.ops.restage.discard() == {"FINISHED"}
    assert set(compat.datablocks()) == artist


def test_cancel_while_the_run_waits_for_a_viewport_picture(registered, request_run):
    presenter = present.Presenter(RUN, "Scene", request_run.folder.path, show_attempts=True)
    presenter.begin()
    thread = run_thread.begin(request_run, presenter)
    tick_until(thread, lambda: sandbox.find(RUN) is not None)
    wait_until(lambda: thread.bridge.waiting() > 0)
    bpy.ops.restage.cancel()
    wait_until(lambda: not thread.alive())
    while thread.bridge.waiting():
        thread.bridge.drain()
    assert bpy.context.window_manager.restage.status == "CANCELLED"
    assert request_run.folder.record.status == "cancelled"


def test_a_failing_agent_ends_the_run_with_its_words(registered, request_run):
    import dataclasses

    def broken(_log):
        raise LookupError("no such model")

    live = bpy.context.window_manager.restage
    presenter = present.Presenter(RUN, "Scene", request_run.folder.path, show_attempts=True)
    presenter.begin()
    thread = run_thread.begin(dataclasses.replace(request_run, assemble=broken), presenter)
    tick_until(thread, lambda: live.status == "FAILED")
    assert live.message == "LookupError: no such model"


def test_texts_written_while_the_artist_edits_a_mesh_are_in_the_undo_step(registered, tmp_path):
    presenter = present.Presenter(RUN, "Scene", tmp_path, show_attempts=True)
    presenter.begin()
    bpy.ops.ed.undo_push(message="start")
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.ed.undo_push(message="edit mode")
    (tmp_path / "stages").mkdir()
    (tmp_path / "stages" / "02_geometry.py").write_text("print('geometry')")
    presenter.stage_done(StageDone("geometry", "print('geometry')", 0.5, 1), KNOWN)
    presenter.ended(run_thread.Ended("DONE", "Done."), KNOWN)
    assert presenter.tick(), "the step waits for object mode"
    bpy.ops.object.mode_set(mode="OBJECT")
    assert not presenter.tick()
    assert "02_geometry.py" in scripts.names(RUN)
    bpy.ops.ed.undo()
    assert "02_geometry.py" not in scripts.names(RUN)
    bpy.ops.ed.redo()
    assert "02_geometry.py" in scripts.names(RUN)
    assert bpy.context.scene.restage.status == "DONE"


@pytest.mark.parametrize("how", ["INVOKE_DEFAULT", "EXEC_DEFAULT"])
def test_where_no_worker_runs_nothing_is_asked_and_nothing_begun(registered, table_picture, binary, monkeypatch, how):
    monkeypatch.setattr(sys, "platform", "freebsd14")
    bpy.context.scene.restage.picture = str(table_picture)
    with pytest.raises(WorkerError) as caught:
        WorkerPool(binary)
    with pytest.raises(RuntimeError, match=str(caught.value)):
        bpy.ops.restage.reconstruct(how)
    assert bpy.context.window_manager.restage.status == "NONE"
    assert run_thread.current() is None


@pytest.mark.parametrize("name, sentence", [("gone.png", "There is no file"), ("text.png", "not an image")])
def test_a_bad_picture_is_one_sentence(registered, tmp_path, name, sentence):
    (tmp_path / "text.png").write_text("hello")
    bpy.context.scene.restage.picture = str(tmp_path / name)
    with pytest.raises(RuntimeError, match=sentence):
        bpy.ops.restage.reconstruct()
    assert bpy.context.window_manager.restage.status == "NONE"
