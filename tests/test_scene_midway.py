# SPDX-License-Identifier: GPL-3.0-or-later
"""The artist does something else in the middle of a run: undoes, opens a file, disables the add-on, quits.

Each test looks at what is left: the artist's data, the run's folder, workers and their scratch folders.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import faults
import pytest
import runs
import scripted

bpy = pytest.importorskip("bpy")

import panel  # noqa: E402
import restage  # noqa: E402
from restage.agent import begin, picture  # noqa: E402
from restage.agent.assemble import Assembled  # noqa: E402
from restage.agent.record import RunFolder  # noqa: E402
from restage.agent.settings import AgentSettings  # noqa: E402
from restage.operators import present, run_thread  # noqa: E402
from restage.scene import compat, edits, sandbox, tags  # noqa: E402
from restage.worker.client import Limits  # noqa: E402
from restage.worker.pool import WorkerPool  # noqa: E402

pytestmark = pytest.mark.bpy

RUN = "run-midway"
QUIT = """
import sys
from pathlib import Path

import bpy
import pytest
sys.path.insert(0, sys.argv[1])
import test_scene_midway as midway
import restage
bpy.ops.wm.read_homefile(use_factory_startup=True)
restage.register()
thread = midway.start(Path(sys.argv[2]), Path(sys.argv[3]))
midway.tick_until(thread, lambda: midway.accepted(Path(sys.argv[2])) >= 2)
print("midway", flush=True)
if sys.argv[4] == "quits":
    bpy.ops.wm.quit_blender()
"""


def start(folder: Path, path: Path) -> run_thread.RunThread:
    """Begin a run as the panel does, with scripts written beforehand."""
    from restage.worker import binary

    source = picture.load(path, 160)
    made = begin.begin(folder, source, AgentSettings(), 0, 96, 2)
    presenter = present.Presenter(RUN, "Scene", folder, show_attempts=True)
    presenter.begin()
    request = run_thread.Request(
        RUN, "Scene", lambda: source, made, lambda _: Assembled(scripted.Scripted().agent()), runs.OPTIONS,
        binary.find(None), Limits(),
    )  # fmt: skip
    return run_thread.begin(request, presenter)


def tick_until(thread, done) -> None:
    """What the timer does in a window; the time is there to end a hanging test."""
    end = time.monotonic() + 120
    while not done():
        assert time.monotonic() < end, bpy.context.window_manager.restage.message
        thread.bridge.drain()
        thread.show.tick()
        time.sleep(0.01)


def end_of(thread) -> None:
    """Wait for it: a session waits no longer than it may stand still, and a busy machine takes its time."""
    thread._thread.join(60)
    assert not thread.alive()


def accepted(folder: Path) -> int:
    return len(faults.accepted(folder)) if (folder / "run.json").exists() else 0


def stopped_with(folder: Path, before: dict[str, str]) -> bool:
    """Whether the folder, read anew, says that it was stopped and lacks nothing that was accepted."""
    after = faults.accepted(folder)
    stopped = RunFolder.open(folder).record.status == "cancelled"
    return stopped and {name: after.get(name) for name in before} == before and faults.half_written(folder) == []


def goes_on_with_all_that_was_accepted(folder: Path, binary, before: dict[str, str]) -> bool:
    with WorkerPool(binary, Limits()) as pool:
        record, _ = runs.resume(pool, folder, scripted.Scripted())
    after = faults.accepted(folder)
    return record.status == "done" and len(after) == 5 and {name: after[name] for name in before} == before


@pytest.fixture
def scratch(tmp_path, monkeypatch):
    """Where workers have their folders."""
    import tempfile

    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    faults.wait_empty(folder)


@pytest.fixture
def run(tmp_path, table_picture, scratch):
    """A run with two stages accepted, and the artist's datablocks before it began."""
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    restage.register()
    bpy.ops.ed.undo_push(message="start")
    before = set(compat.datablocks())
    thread = start(tmp_path / "run", table_picture)
    bpy.ops.ed.undo_push(message="Reconstruct from Image")
    tick_until(thread, lambda: accepted(tmp_path / "run") >= 2)
    yield thread, tmp_path / "run", before
    if hasattr(bpy.types.Scene, "restage"):
        restage.unregister()


def test_undoing_takes_nothing_from_the_run(run):
    thread, folder, _ = run
    steps = 0
    while sandbox.find(RUN) is not None:
        bpy.ops.ed.undo()
        steps += 1
    assert steps, "each attempt that is shown is a step"
    assert {item.name for item in bpy.data.objects} == {"Camera", "Cube", "Light"}
    assert bpy.context.scene.restage.run == RUN
    tick_until(thread, lambda: bpy.context.window_manager.restage.status == "DONE")
    assert accepted(folder) == 5 and sandbox.find(RUN).objects >= 4
    assert {"Camera", "Cube", "Light"} < {item.name for item in bpy.data.objects}


def test_a_renamed_scene_keeps_its_run_while_the_artist_is_in_another(tmp_path, table_picture, scratch):
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    restage.register()
    bpy.ops.ed.undo_push(message="start")
    thread = start(tmp_path / "run", table_picture)
    bpy.ops.ed.undo_push(message="Reconstruct from Image")
    mine, other = bpy.data.scenes["Scene"], bpy.data.scenes.new("Other")
    mine.name = "Kettle"
    bpy.context.window.scene = other
    bpy.ops.ed.undo_push(message="renamed, and another scene")
    other.frame_end = 10
    bpy.ops.ed.undo_push(message="frames")
    bpy.ops.ed.undo()
    tick_until(thread, lambda: sandbox.find(RUN) is not None)
    thread.cancel()
    tick_until(thread, lambda: bpy.context.window_manager.restage.status == "CANCELLED")
    assert bpy.context.scene.name == "Other" and not bpy.context.scene.restage.run
    assert not bpy.context.scene.collection.children and not bpy.context.scene.objects
    mine = bpy.data.scenes["Kettle"]
    assert sandbox.find(RUN).collection in mine.collection.children
    assert (mine.restage.run, mine.restage.status) == (RUN, "CANCELLED")
    restage.unregister()


def test_a_collection_that_was_deleted_is_there_again_with_the_next_attempt(run):
    thread, folder, before = run
    tick_until(thread, lambda: sandbox.find(RUN) is not None)
    bpy.data.collections.remove(tags.sandbox_collection(RUN))
    bpy.ops.ed.undo_push(message="Delete Collection")
    assert sandbox.find(RUN) is None
    tick_until(thread, lambda: bpy.context.window_manager.restage.status == "DONE")
    live = bpy.context.window_manager.restage
    assert accepted(folder) == 5 and not live.error
    found = sandbox.find(RUN)
    assert found.objects >= 4 and found.camera and sandbox.shown(RUN)[0] == "lighting"
    of_run = [item for item in bpy.data.objects if item.get(tags.RUN) == RUN]
    assert len(of_run) == len(edits.objects(RUN)) == found.objects, "nothing of the deleted one is left beside it"
    assert set(compat.datablocks()) >= before
    assert {"Camera", "Cube", "Light"} <= set(bpy.context.scene.objects.keys())


def test_its_objects_deleted_and_renamed_and_what_hides_among_them_kept(run):
    thread, folder, _ = run
    tick_until(thread, lambda: sandbox.find(RUN) is not None and "Box" in names())
    root = tags.sandbox_collection(RUN)
    mine = bpy.data.objects.new("Mine", None)
    root.objects.link(mine)
    box, ball = named("Box"), named("Ball")
    root.name, box.name, ball.name = "Renamed by the artist", "Ball", "Box"
    assert (box.name, ball.name) == ("Ball.001", "Box"), "Blender keeps names apart"
    bpy.data.objects.remove(named("Floor"))
    bpy.ops.ed.undo_push(message="Renamed and deleted")
    tick_until(thread, lambda: bpy.context.window_manager.restage.status == "DONE")
    assert accepted(folder) == 5 and not bpy.context.window_manager.restage.error
    assert sorted(names()) == ["Ball", "Box", "Floor", "Key Sun", "Picture Camera"]
    assert not edits.found(RUN), "each is known by what the scripts call it"
    assert "Mine" in bpy.data.objects and bpy.data.objects["Mine"].users_collection, "the artist's own is not lost"


def named(name):
    """The run's object that its scripts call so."""
    return next(item for item in edits.objects(RUN) if edits.name_of(item) == name)


def names():
    return [edits.name_of(item) for item in edits.objects(RUN)]


def test_another_file_ends_it(run):
    thread, folder, _ = run
    kept = faults.accepted(folder)
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    end_of(thread)
    assert sandbox.find(RUN) is None
    assert run_thread.current() is None and bpy.context.scene.restage.run == ""
    assert bpy.ops.restage.reconstruct.poll() is False  # no picture here
    bpy.context.scene.restage.picture = "/x.png"
    assert bpy.ops.restage.reconstruct.poll()
    assert sorted(item.name for item in bpy.data.objects) == ["Camera", "Cube", "Light"]
    assert stopped_with(folder, kept)


def test_a_file_that_can_t_be_opened_ends_it_and_it_can_go_on(run, tmp_path):
    thread, folder, _ = run
    kept = faults.accepted(folder)
    bad = tmp_path / "bad.blend"
    bad.write_bytes(b"not a blend file")
    with pytest.raises(RuntimeError):
        bpy.ops.wm.open_mainfile(filepath=str(bad))
    end_of(thread)
    live, chosen = bpy.context.window_manager.restage, bpy.context.scene.restage
    assert (live.status, chosen.status, chosen.run) == ("NONE", "CANCELLED", RUN)
    assert "was stopped" in live.message and chosen.summary == live.message
    panel.tick_until(lambda: len(live.cards) == 5)
    if live.ahead:
        # What the run did last had not been told yet.
        assert bpy.ops.restage.catch_up() == {"FINISHED"}
    assert bpy.ops.restage.go_on.poll() and not bpy.ops.restage.cancel.poll()
    assert sandbox.find(RUN) is not None and stopped_with(folder, kept)


def test_disabling_the_add_on_ends_it(run):
    thread, folder, before = run
    kept = faults.accepted(folder)
    restage.unregister()
    end_of(thread)
    assert set(compat.datablocks()) >= before
    assert stopped_with(folder, kept)


@pytest.mark.parametrize("how", ["quits", "ends"])
def test_quitting_waits_for_nothing_and_it_goes_on_later(tmp_path, table_picture, scratch, root, binary, how):
    """By Blender's own operator, and by the end of the Python that Blender is a module of."""
    if bpy.app.binary_path:
        pytest.skip("this Blender is a program")
    folder, helpers = tmp_path / "run", root / "tests"
    environment = {**os.environ, "PYTHONPATH": str(helpers / "helpers")}
    done = subprocess.run(
        [sys.executable, "-c", QUIT, str(helpers), str(folder), str(table_picture), how],
        capture_output=True, text=True, env=environment, timeout=200,
    )  # fmt: skip
    assert "midway" in done.stdout, done.stderr
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    faults.wait_empty(scratch)
    kept = faults.accepted(folder)
    assert 2 <= len(kept) < 5, "it ended in the middle"
    if how == "quits":
        assert goes_on_with_all_that_was_accepted(folder, binary, kept)
