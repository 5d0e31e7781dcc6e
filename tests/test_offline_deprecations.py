# SPDX-License-Identifier: GPL-3.0-or-later
"""What Blender will drop is an error where our code or the offline agent's scripts use it, and only there.

That they don't: tests/test_extension_zip.py, by a whole run.
"""

from __future__ import annotations

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


def answer(binary, text):
    # A fresh one: where Blender's C code does not expect the exception, it stays with the process.
    with start_one(binary) as worker:
        return worker.run(job(text), Event())


def test_a_script_that_sets_use_nodes_is_found_where_blender_warns(binary):
    result = answer(binary, OLD)
    # Blender 5 warns from C and does not expect the warning to be an exception, so that Python says SystemError.
    assert (result.status == "error") == (bpy.app.version >= (5, 0, 0)), result.message


def test_a_model_s_script_may_still_use_it(binary, monkeypatch):
    monkeypatch.setenv("RESTAGE_STRICT", "1")
    assert answer(binary, OLD).status == "ok"


def test_our_own_code_that_reads_it_fails_here_too():
    space = {"__name__": "restage.imagined", "material": bpy.data.materials.new("Own")}
    if bpy.app.version < (5, 0, 0):
        exec("material.use_nodes", space)
    else:
        with pytest.raises((DeprecationWarning, SystemError)):
            exec("material.use_nodes", space)
