# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad days: workers killed at every step, full disks, folders that vanish. Each test looks at what is left."""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time
from datetime import datetime

import faults
import pytest
import runs
from jobs import script
from restage.agent import lock
from restage.agent.record import RecordError, RunFolder
from restage.worker import launcher
from restage.worker.client import Limits
from restage.worker.pool import WorkerPool, start_one
from restage.worker.protocol import (
    ApiFactsRequest,
    Failure,
    FinishRequest,
    Job,
    LightBasisRequest,
    LookRequest,
    SolveRequest,
    ViewRequest,
)
from reused import Reused
from scripted import Scripted

STEPS = ("reset", "replay", "run", "check", "measure", "beauty", "write")
JOB = Job((script("setup"), script("geometry")), script("lighting"), ("lights", "world"), ViewRequest(64, 48, 48, 2))


@pytest.fixture
def scratch(tmp_path):
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


@pytest.fixture
def pool(binary, scratch):
    with WorkerPool(binary, Limits(), scratch_root=scratch) as made:
        yield made
    assert list(scratch.iterdir()) == [], "a worker left its scratch folder behind"


@pytest.fixture
def used_again(binary, scratch):
    """Workers for the bad days of a run's folder, which are not the workers'."""
    made = Reused(binary, scratch_root=scratch)
    yield made
    made.close()
    assert list(scratch.iterdir()) == [], "a worker left its scratch folder behind"


def killed_at(worker, wanted, monkeypatch):
    """Kill the worker's Blender the moment it says that it begins a step."""
    allowed = worker._step_seconds

    def step_seconds(step, request):
        if step == wanted:
            os.kill(worker.ready.pid, signal.SIGKILL)
        return allowed(step, request)

    monkeypatch.setattr(worker, "_step_seconds", step_seconds)


@pytest.fixture
def doomed(binary, root, tmp_path, scratch, monkeypatch):
    """Starts a worker that is killed where it begins a step. It waits there: a quick step would be over before."""

    def start(step):
        with monkeypatch.context() as patched:
            patched.setattr(launcher, "__file__", faults.waiting_launcher(root, tmp_path / "code", step))
            worker = start_one(binary, scratch_root=scratch)
        worker.wait_ready()
        killed_at(worker, step, monkeypatch)
        return worker

    return start


@pytest.mark.bpy
@pytest.mark.parametrize("step", STEPS)
def test_a_worker_killed_at_any_step_costs_one_attempt(binary, scratch, doomed, step):
    with doomed(step) as worker:
        result = worker.run(JOB)
        assert result.status == "crashed" and result.message.startswith("Blender crashed: signal 9"), result
        assert not worker.alive and isinstance(worker.ask(LookRequest()), Failure)
        with pytest.raises(FileNotFoundError):
            worker.file("result.blend")
    assert list(scratch.iterdir()) == []
    with start_one(binary, scratch_root=scratch) as another:
        result = another.run(JOB)
    assert result.status == "ok" and set(STEPS) == set(result.seconds) - {"start"}, "STEPS are not the worker's"


QUESTIONS = (
    LightBasisRequest(256, 64),
    LookRequest(pixels=1024, shading="beauty", samples=64),
    ApiFactsRequest(),
    SolveRequest(JOB.accepted[:1], "geometry", (JOB.accepted[1].text,)),
    FinishRequest(512, 64),
)


@pytest.mark.bpy
@pytest.mark.parametrize("request_", QUESTIONS, ids=lambda one: type(one).__name__)
def test_a_worker_killed_while_it_is_asked(pool, request_):
    with pool.open() as worker:
        assert worker.run(JOB).status == "ok"
        os.kill(worker.ready.pid, signal.SIGSTOP)  # so that it surely does not answer before
        threading.Timer(0.1, os.kill, (worker.ready.pid, signal.SIGKILL)).start()
        answer = worker.ask(request_)
        assert isinstance(answer, Failure) and "signal 9" in answer.message


@pytest.mark.parametrize("stage", ["geometry", "composition"])
def test_a_run_whose_worker_dies_goes_on(pool, tmp_path, table_picture, monkeypatch, doomed, stage):
    opened = pool.open
    due = []

    def open_():
        if not due:
            return opened()
        due.clear()
        return doomed("run")

    monkeypatch.setattr(pool, "open", open_)
    record, folder = runs.execute(
        pool, tmp_path / "run", table_picture, Scripted(), listener=faults.At(stage, lambda: due.append(1))
    )
    assert record.status == "done"
    assert "crashed" in [attempt.status for attempt in record.stage(stage).attempts]
    assert len(faults.accepted(folder.path)) == 5 and (folder.path / "scene.blend").exists()


def test_a_full_disk_ends_the_run_and_it_resumes(used_again, tmp_path, table_picture):
    """Files of this process can't grow any more from the third stage on."""
    folder = tmp_path / "run"
    with faults.file_size_limit(1 << 30):
        full = faults.At("materials", lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (300, -1)))
        with pytest.raises(OSError, match="File too large"):
            runs.execute(used_again, folder, table_picture, Scripted(), listener=full)
    before = faults.accepted(folder)
    assert set(before) == {"setup", "geometry"}
    record, _ = runs.resume(used_again, folder, Scripted())
    assert record.status == "done" and faults.half_written(folder) == []
    after = faults.accepted(folder)
    assert {name: after[name] for name in before} == before and len(after) == 5


def test_a_small_disk_that_fills(used_again, tmp_path, table_picture):
    with faults.small_disk(tmp_path / "disk", "1m") as disk:
        filler = disk / "filler"

        def fill():
            with filler.open("wb") as stream:
                try:
                    while True:
                        stream.write(b"x" * 4096)
                        stream.flush()
                except OSError:
                    pass

        with pytest.raises(OSError, match="No space left"):
            runs.execute(used_again, disk / "run", table_picture, Scripted(), listener=faults.At("geometry", fill))
        before = faults.accepted(disk / "run")
        assert set(before) == {"setup"} and faults.half_written(disk / "run") == []
        filler.unlink()
        subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
        record, _ = runs.resume(used_again, disk / "run", Scripted())
        assert record.status == "done"
        after = faults.accepted(disk / "run")
        assert {name: after[name] for name in before} == before


def test_output_that_cannot_be_written(used_again, tmp_path, table_picture):
    place = tmp_path / "place"
    place.mkdir()
    with faults.read_only(place), pytest.raises(RecordError, match="can't be written"):
        runs.execute(used_again, place / "run", table_picture, Scripted())
    assert list(place.iterdir()) == []
    record, folder = runs.execute(used_again, place / "run", table_picture, Scripted(), until="geometry")
    assert record.status == "paused"
    before = faults.accepted(folder.path)
    with faults.read_only(place):
        with pytest.raises(OSError, match=r"Read-only|Permission"):
            runs.resume(used_again, folder.path, Scripted())
        assert faults.accepted(folder.path) == before
    assert runs.resume(used_again, folder.path, Scripted())[0].status == "done"


def test_a_run_folder_that_is_deleted(used_again, tmp_path, table_picture):
    folder = tmp_path / "run"
    gone = faults.At("materials", lambda: faults.remove(folder))
    with pytest.raises(OSError, match="No such file"):
        runs.execute(used_again, folder, table_picture, Scripted(), listener=gone)
    assert not folder.exists(), "nothing of it comes back"
    assert runs.execute(used_again, folder, table_picture, Scripted(), until="setup")[0].status == "paused"


def test_clock_jumps(used_again, tmp_path, table_picture, monkeypatch):
    """The wall clock runs wild; nothing is timed by it, so nothing is killed, late or negative."""
    real, jumps = time.time, random.Random(5)
    monkeypatch.setattr(time, "time", lambda: real() + jumps.choice([-1, 1]) * jumps.uniform(0, 1e8))
    record, _ = runs.execute(used_again, tmp_path / "run", table_picture, Scripted())
    assert record.status == "done" and 0 < record.seconds < 600
    for stage in record.stages:
        assert 0 <= stage.seconds < 600
        assert all(0 <= value < 600 for attempt in stage.attempts for value in attempt.seconds.values())


def test_two_on_one_folder(used_again, tmp_path, table_picture, root, scratch):
    """The second one is told who the first is, and does no harm; when the first has died it goes on."""
    folder = tmp_path / "run"
    assert runs.execute(used_again, folder, table_picture, Scripted(), until="setup")[0].status == "paused"
    first = faults.in_a_process(root, folder, table_picture, scratch)
    try:
        end = time.monotonic() + 60
        # It takes the lock first and then writes who it is.
        while f"process {first.pid} " not in (folder / lock.FILE_NAME).read_text():
            assert time.monotonic() < end and first.poll() is None
            time.sleep(0.01)
        os.kill(first.pid, signal.SIGSTOP)
        # As if it were in the middle of writing.
        (folder / ".restage-run.json.half").write_text("{")
        stale = RunFolder.open(folder)
        assert (folder / ".restage-run.json.half").exists(), "what the first one writes is left alone"
        with pytest.raises(
            RecordError, match=f"in use by another Restage .process {first.pid} on .* {datetime.now():%Y}"
        ):
            runs.resume(used_again, folder, Scripted())
        os.kill(first.pid, signal.SIGCONT)
        assert first.communicate(timeout=120)[0].endswith("done\n")
    finally:
        if first.poll() is None:
            faults.kill(first)
    with RunFolder.open(folder).held():
        assert faults.half_written(folder) == [], "who takes the folder next removes it"
    assert RunFolder.open(folder).record.status == "done"
    with pytest.raises(RecordError, match="went on elsewhere"), stale.held():
        pass


def test_a_lock_of_one_who_died_is_free(tmp_path):
    with lock.held(tmp_path):
        with pytest.raises(lock.Locked), lock.held(tmp_path):
            pass
        subprocess.run([sys.executable, "-c", ""], check=True)
        # A child that ends takes no lock along.
        with pytest.raises(lock.Locked), lock.held(tmp_path):
            pass
    assert (tmp_path / lock.FILE_NAME).exists()
    with lock.held(tmp_path):
        pass


def test_killed_at_random_moments_nothing_accepted_is_lost(root, tmp_path, table_picture, scratch):
    """Each process is killed a while after it has accepted a stage more. bench/isolation.py kills 50, at any moment."""
    folder, moments = tmp_path / "run", random.Random(11)
    known: dict[str, str] = {}
    for _ in range(3):
        process = faults.in_a_process(root, folder, table_picture, scratch)
        assert process.stdout.readline() == "begun\n"
        said = process.stdout.readline()
        assert said.startswith("accepted "), said
        time.sleep(moments.uniform(0.0, 0.3))
        assert process.poll() is None, "it has ended by itself"
        faults.kill(process)
        now = faults.accepted(folder)
        assert said.split()[1] in now and {name: now.get(name) for name in known} == known
        assert len(now) > len(known), "each of them went on from where the one before was killed"
        known = now
    last = faults.in_a_process(root, folder, table_picture, scratch)
    said = last.communicate(timeout=120)[0]
    assert said.endswith("done\n"), said
    now = faults.accepted(folder)
    assert {name: now.get(name) for name in known} == known and len(now) == 5
    assert faults.half_written(folder) == []
    faults.wait_empty(scratch)
