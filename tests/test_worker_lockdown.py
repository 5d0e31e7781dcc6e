# SPDX-License-Identifier: GPL-3.0-or-later
"""The boundary: with the guard off, full Python in the worker reaches nothing outside its scratch folder."""

from __future__ import annotations

import os
import sys

import hostile
import pytest
from jobs import attempt
from restage.worker import lockdown
from restage.worker.pool import WorkerPool, start_one

pytestmark = [pytest.mark.bpy, pytest.mark.skipif(sys.platform != "linux", reason="Linux's own boundary")]


def test_nothing_outside_is_reached(binary, tmp_path, root, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "hunter2")
    outside = tmp_path / "artist"
    outside.mkdir()
    secret = outside / "secret"
    secret.write_text("S")
    before = secret.stat()
    with start_one(binary) as worker:
        ready = worker.wait_ready()
        result = attempt(worker, "geometry", hostile.text(outside, os.getpid(), root), guard=False)
    assert ready.confined and any(item.startswith("landlock") for item in ready.confinement)
    assert "seccomp" in ready.confinement
    hostile.check(hostile.found(result.output))
    assert [path.name for path in outside.iterdir()] == ["secret"]
    after = secret.stat()
    assert (secret.read_text(), after.st_mode, after.st_mtime) == ("S", before.st_mode, before.st_mtime)


def test_without_confinement_there_is_no_worker(binary, monkeypatch):
    def nothing():
        raise lockdown.NoConfinement("This machine cannot.")

    monkeypatch.setattr(lockdown, "check_available", nothing)
    with pytest.raises(lockdown.NoConfinement, match=r"This machine cannot\."):
        WorkerPool(binary)


def test_unconfined_only_when_asked_and_it_says_so(binary, monkeypatch):
    def nothing():
        raise lockdown.NoConfinement("This machine cannot.")

    monkeypatch.setattr(lockdown, "check_available", nothing)
    with WorkerPool(binary, allow_unconfined=True) as pool, pool.open() as worker:
        assert worker.wait_ready().confined is False
        assert attempt(worker, "geometry").status == "ok"


def test_a_blender_in_the_home_folder_would_open_it():
    home = os.path.expanduser("~")  # noqa: PTH111 - as lockdown sees it
    pid = os.fork()
    if pid == 0:
        try:
            lockdown.before_exec(home + "/scratch", [home], 1024, 10, 10)
        except lockdown.NoConfinement:
            os._exit(7)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
