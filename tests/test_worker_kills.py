# SPDX-License-Identifier: GPL-3.0-or-later
"""Workers that hang, crash, eat memory or are left behind: the caller gets one sentence and nothing stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from jobs import NO_VIEWS, attempt, script
from restage.worker import launcher, wire
from restage.worker.pool import Limits, WorkerPool, start_one
from restage.worker.protocol import Failure, Job, LightBasisRequest, StageScript

pytestmark = pytest.mark.bpy
LIMITS = Limits(script_seconds=1.0, memory_mb=1024)


@pytest.fixture
def worker(binary, tmp_path):
    with start_one(binary, LIMITS, scratch_root=tmp_path) as one:
        yield one
    assert list(tmp_path.iterdir()) == [], "no scratch folder stays"


@pytest.mark.parametrize(
    "text",
    ["while True: pass", "x = 9 ** 9\nfor i in range(10): x = x ** 9", "import time\ntime.sleep(60)"],
    ids=["loop", "one C call", "sleep"],
)
def test_a_script_without_end_is_killed(worker, text):
    result = attempt(worker, "geometry", text, guard=False)
    assert result.status == "timeout"
    assert "1 s" in result.message
    assert not worker.alive


def test_what_takes_too_long_to_evaluate_is_killed(binary, tmp_path):
    text = """
import bpy
bpy.ops.mesh.primitive_ico_sphere_add(subdivisions=6)
m = bpy.context.object.modifiers.new("r", "REMESH")
m.mode = "SHARP"
m.octree_depth = 8
m.scale = 0.99
for i in range(12):
    m = bpy.context.object.modifiers.new("s", "SMOOTH")
    m.iterations = 30000
"""
    # The script itself has time enough; evaluating takes minutes.
    with start_one(binary, Limits(script_seconds=5.0, memory_mb=1024), scratch_root=tmp_path) as worker:
        result = attempt(worker, "geometry", text)
    assert (result.status, "evaluate" in result.message) == ("timeout", True), result.message


def test_a_crash_is_said(worker):
    result = attempt(worker, "geometry", "import ctypes\nctypes.string_at(8)", guard=False)
    assert result.status == "crashed"
    assert result.message.startswith("Blender crashed: ")
    assert isinstance(worker.ask(LightBasisRequest()), Failure)


def test_a_memory_bomb_is_killed(binary):
    text = "x = []\nwhile True:\n    x.append(bytearray(b'1') * (1 << 24))\n"
    with start_one(binary, Limits(script_seconds=30.0, memory_mb=512)) as worker:
        result = attempt(worker, "geometry", text, guard=False)
    assert result.status == "memory"
    assert "memory" in result.message


def test_a_scratch_folder_that_overflows_ends_the_worker(binary, tmp_path, monkeypatch):
    """Each file stays under the limit of one file; together they do not."""
    import functools

    monkeypatch.setattr(launcher, "Plan", functools.partial(launcher.Plan, scratch_mb=64))
    text = """
for i in range(40):
    with open(f"part{i}", "wb") as f:
        f.write(b"x" * (4 << 20))
while True: pass
"""
    limits = Limits(script_seconds=60.0, file_mb=8)
    with start_one(binary, limits, scratch_root=tmp_path) as worker:
        result = attempt(worker, "geometry", text, guard=False)
    assert (result.status, result.message) == ("budget", "Stopped: the script filled its scratch folder.")
    assert list(tmp_path.iterdir()) == []


def test_the_sum_of_a_scratch_folder_counts_empty_files_and_follows_no_link(tmp_path):
    scratch, outside = tmp_path / "scratch", tmp_path / "outside"
    (scratch / "deep" / "deeper").mkdir(parents=True)
    outside.mkdir()
    (outside / "large").write_bytes(b"x" * (1 << 20))
    (scratch / "link").symlink_to(outside)
    assert not launcher.overfull(str(scratch), 1 << 20)
    (scratch / "deep" / "deeper" / "file").write_bytes(b"x" * (1 << 20))
    assert launcher.overfull(str(scratch), 1 << 20)
    (scratch / "deep" / "deeper" / "file").unlink()
    for number in range(64):
        (scratch / f"empty{number}").touch()
    assert launcher.overfull(str(scratch), 1 << 20)
    assert not launcher.overfull(str(scratch / "removed"), 0)


@pytest.mark.parametrize("polled", [True, False], ids=["polled", "in a thread"])
@pytest.mark.parametrize("how", ["timeout", "cancelled"])
def test_a_worker_that_does_not_read_keeps_nobody_waiting(binary, tmp_path, monkeypatch, how, polled):
    """A pipe holds 64 kB; a stopped process takes no more than that of a job. In a thread is how Windows sends."""
    monkeypatch.setattr(wire, "CAN_POLL", polled)
    cancel = threading.Event()
    limits = Limits(job_seconds=1.0) if how == "timeout" else Limits()
    with start_one(binary, limits, scratch_root=tmp_path) as worker:
        os.kill(worker.wait_ready().pid, signal.SIGSTOP)
        if how == "cancelled":
            threading.Timer(0.2, cancel.set).start()
        job = Job((), StageScript("geometry", "pass\n" + "#" * 300_000), ())
        result = worker.run(job, cancel)
        assert result.status == how, result.message
        assert not worker.alive
    assert list(tmp_path.iterdir()) == []


def test_cancel_kills(binary, tmp_path):
    cancel = threading.Event()
    with start_one(binary, Limits(script_seconds=100.0), scratch_root=tmp_path) as worker:
        worker.wait_ready()
        threading.Timer(0.3, cancel.set).start()
        job = Job((), script("geometry", "while True: pass"), ("objects",), views=NO_VIEWS)
        assert worker.run(job, cancel).status == "cancelled"
        assert not worker.alive
    assert list(tmp_path.iterdir()) == []


def test_a_script_that_quits_does_not_end_the_worker(worker):
    result = attempt(worker, "geometry", "import sys\nsys.exit(3)", guard=False)
    assert (result.status, result.line) == ("error", 2)
    assert worker.alive


def test_printing_to_the_real_output_does_not_disturb_the_protocol(worker):
    result = attempt(
        worker, "geometry", "import os\nos.write(1, b'x' * 100000)\nos.write(2, b'y' * 100000)", guard=False
    )
    assert result.status == "ok"


def test_only_files_of_the_scratch_folder_are_given(worker):
    assert attempt(worker, "geometry", "open('real', 'w').write('x')", guard=False).status == "ok"
    # A confined script can't make links; an unconfined one can.
    worker.file("real").with_name("link").symlink_to("/etc/passwd")
    assert worker.file("real").read_text() == "x"
    for name in ("", "..", "../x", "/etc/passwd", "link", "home", "missing"):
        with pytest.raises(FileNotFoundError):
            worker.file(name)


def test_the_standby_takes_the_next_job(binary, tmp_path):
    with WorkerPool(binary, LIMITS, scratch_root=tmp_path) as pool:
        with pool.open() as first:
            first.wait_ready()
            pids = {first.ready.pid}
        with pool.open() as second:
            assert attempt(second, "geometry").status == "ok"
            pids.add(second.ready.pid)
    assert len(pids) == 2
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


PARENT = """
import sys, threading, time
from pathlib import Path
from restage.worker import binary, pool as pools
pool = pools.WorkerPool(binary.find(None), pools.Limits(), scratch_root=Path(sys.argv[1]))
def in_a_thread():
    worker = pool.open()
    print(worker.wait_ready().pid, flush=True)
thread = threading.Thread(target=in_a_thread)
thread.start()
thread.join()
time.sleep(1.0)
print("still there" if pool._given[0].alive else "gone with its thread", flush=True)
time.sleep(60)
"""


def test_a_killed_parent_takes_its_workers_along(binary, tmp_path):
    if binary.kind != "bpy":
        pytest.skip("the parent is this Python")
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    pid = int(parent.stdout.readline())
    assert parent.stdout.readline().strip() == "still there"
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    end = time.monotonic() + 20
    while time.monotonic() < end and (Path(f"/proc/{pid}").exists() or list(tmp_path.iterdir())):
        time.sleep(0.05)
    assert not Path(f"/proc/{pid}").exists()
    assert list(tmp_path.iterdir()) == []
