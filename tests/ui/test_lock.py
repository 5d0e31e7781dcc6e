# SPDX-License-Identifier: GPL-3.0-or-later
"""The lock around scripts in a Blender that is a program, Debian's 4.3.2, and what quitting it in a run leaves.

Needs root and `RESTAGE_UI_CHROOT` (or three minutes and 2 GB the first time). Run with `make test-ui`.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "helpers"))
sys.path.insert(0, str(Path(__file__).parent))
import hostile
from test_install import INSIDE, Installed
from window import build, provision

QUITS = f"""
import sys, time
from pathlib import Path
import bpy
sys.path.insert(0, "{INSIDE}")
from bl_ext.user_default.restage.operators import run_thread
scene = bpy.context.scene.restage
scene.picture, scene.resolution, scene.samples = "{INSIDE}/shapes.png", 64, 2
scene.mode = "AUTO"
assert bpy.ops.restage.reconstruct() == {{"FINISHED"}}
thread = run_thread.current()
folder = thread.request.folder.path
print("folder", folder, flush=True)
end = time.monotonic() + 200
while not (folder / "stages" / "02_geometry.py").exists():
    assert thread.alive() and time.monotonic() < end
    thread.bridge.drain()
    time.sleep(0.05)
print("midway", flush=True)
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The zip, installed from disk."""
    if os.geteuid() != 0:
        pytest.skip("needs root, for a chroot")
    made = Installed(provision(), build(tmp_path_factory.mktemp("dist")))
    made.blender("--command", "extension", "install-file", "-r", "user_default", "-e", f"{INSIDE}/restage.zip")
    yield made
    shutil.rmtree(made.folder)


def test_nothing_outside_is_reached(installed):
    outside = installed.folder / "artist"
    outside.mkdir()
    (outside / "secret").write_text("S")
    code = f"{INSIDE}/user/extensions/user_default/restage"
    # A process of its own that this test may not harm: any that is not the worker's does.
    text = hostile.text(f"{INSIDE}/artist", os.getpid(), code).replace("/pyproject.toml", "/blender_manifest.toml")
    (installed.folder / "hostile.py").write_text(text)
    said = installed.blender("--command", "restage", "check", f"{INSIDE}/hostile.py", "--no-guard", "--json")
    result = json.loads(said[said.index("{") : said.rindex("}") + 1])
    assert result["outcome"] == "ok", result
    assert result["blender"].startswith("4.3") and "seccomp" in result["confinement"]
    hostile.check(hostile.found(result["output"]))
    assert [path.name for path in outside.iterdir()] == ["secret"] and (outside / "secret").read_text() == "S"


def test_a_blender_that_quits_in_a_run_leaves_a_folder_that_goes_on(installed):
    """A script in the background starts a run, and its end is Blender's."""
    before = set((installed.chroot / "tmp").glob("restage-*/home"))
    said = installed.blender("--python-exit-code", "1", "--python-expr", QUITS)
    assert "midway" in said
    inside = next(line for line in said.splitlines() if line.startswith("folder ")).removeprefix("folder ")
    folder = installed.chroot / inside.lstrip("/")
    assert json.loads((folder / "run.json").read_text())["status"] in ("running", "cancelled")
    assert (folder / "stages" / "02_geometry.py").exists()
    assert set((installed.chroot / "tmp").glob("restage-*/home")) == before, "a worker left its scratch folder behind"
    kept = (folder / "stages" / "01_setup.py").read_bytes()
    installed.blender("--command", "restage", "--resume", inside)
    assert json.loads((folder / "run.json").read_text())["status"] == "done"
    assert (folder / "stages" / "01_setup.py").read_bytes() == kept and (folder / "scene.blend").exists()
