# SPDX-License-Identifier: GPL-3.0-or-later
"""What Blender will drop: neither our code nor the offline agent's scripts use it, and a test that does fails."""

from __future__ import annotations

import os
import subprocess
import sys
from threading import Event

import pytest
from restage.worker.pool import start_one
from restage.worker.protocol import Job, StageScript, ViewRequest

bpy = pytest.importorskip("bpy")

pytestmark = pytest.mark.bpy
OLD = """
import bpy
material = bpy.data.materials.new("Old")
material.use_nodes = True
"""


def job(text: str) -> Job:
    return Job((), StageScript("materials", text), ("materials",), ViewRequest(measure_px=0), write_blend=False)


def answer(pool, text):
    worker = pool.open()
    try:
        return worker.run(job(text), Event())
    finally:
        worker.close()


def test_a_script_that_sets_use_nodes_is_found_where_blender_warns(pool):
    result = answer(pool, OLD)
    # Blender 5 warns from C and does not expect the warning to be an exception, so that Python says SystemError.
    assert (result.status == "error") == (bpy.app.version >= (5, 0, 0)), result.message


def test_a_model_s_script_may_still_use_it(binary, monkeypatch):
    monkeypatch.setenv("RESTAGE_STRICT", "1")
    with start_one(binary) as worker:
        assert worker.run(job(OLD)).status == "ok"


def test_our_own_code_that_reads_it_fails_here_too():
    space = {"__name__": "restage.imagined", "material": bpy.data.materials.new("Own")}
    if bpy.app.version < (5, 0, 0):
        exec("material.use_nodes", space)
    else:
        with pytest.raises((DeprecationWarning, SystemError)):
            exec("material.use_nodes", space)


def test_a_whole_offline_run_and_its_program_use_nothing_old(root, tmp_path):
    """All five scripts by themselves in the worker, then joined in the artist's Blender."""
    environment = {**os.environ, "RESTAGE_PYTHON": sys.executable}
    environment.pop("BLENDER", None)
    command = [str(root / "restage"), str(root / "examples" / "shapes.png"), "-o", str(tmp_path / "run")]
    done = subprocess.run(
        [*command, "--resolution", "64", "--samples", "2"], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    strict = [sys.executable, "-W", "error::DeprecationWarning"]
    done = subprocess.run([*strict, str(tmp_path / "run" / "scene.py")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr
