# SPDX-License-Identifier: GPL-3.0-or-later
"""The extension in a real window: Debian's Blender 4.3.2 under Xvfb, from installing the zip to undoing an accept.

Needs root and `RESTAGE_UI_CHROOT` (or three minutes and 2 GB the first time). Run with `make test-ui`. Pictures of the
window are left in `RESTAGE_UI_SHOTS` when it is set.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from window import ROOT, Window, build, provision


@pytest.fixture(scope="module")
def window(tmp_path_factory):
    if os.geteuid() != 0:
        pytest.skip("needs root, for a chroot")
    picture = Path(os.environ.get("RESTAGE_UI_PICTURE", ROOT / "examples" / "hotdog.png"))
    made = Window(provision(), build(tmp_path_factory.mktemp("dist")), picture)
    yield made
    made.close()


def test_from_the_tab_to_the_result_and_back(window):
    window.do("prepare")
    window.do("hide")
    window.open_tab("Restage")
    window.shot("ready")
    window.click_reconstruct()
    window.wait(lambda: window.state()["status"] == "RUNNING", 30)
    assert window.do("solid") == "ok"
    window.wait(lambda: window.state()["stage"] == "geometry" and "running" in window.state()["doing"], 180)
    # The artist works on meanwhile.
    assert window.do("cube") == "ok"
    window.wait(lambda: window.state()["stage"] == "materials", 300)
    assert window.do("look") == "ok"
    window.shot("running")
    window.wait(lambda: window.state()["doing"] == "rendering the final picture", 600)
    print("longest time without a tick during the run:", window.state()["longest_gap"], "s")
    window.shot("finishing")
    window.wait(lambda: window.state()["status"] not in {"RUNNING", "STOPPING"}, 600)
    time.sleep(3)  # for the icons, which Blender loads in a job of its own
    ended = window.state()
    assert ended["status"] == "DONE", ended
    assert any(name.startswith("Restage") for name in ended["collections"])
    assert "Cube.001" in ended["objects"], "the artist's own cube"
    assert "Restage scene.py" in ended["texts"]
    window.shot("done")
    folder = window.chroot / ended["folder"].lstrip("/")
    assert list(folder.glob("attempts/*/viewport.png")), "attempts drawn by the viewport"
    assert (folder / "scene.blend").exists()
    assert window.do("keep") == "ok"
    assert window.state()["run"] == ""
    assert window.do("undo") == "ok"
    assert window.state()["run"] == ended["run"], "one undo step brings the decision back"
    assert window.do("discard") == "ok"
    left = window.state()
    assert not any(name.startswith("Restage") for name in left["collections"] + left["texts"])
    assert {"Cube", "Cube.001", "Camera", "Light"} <= set(left["objects"])


def test_the_command_of_the_installed_extension(window):
    said = window.command(
        "blender", "--command", "restage", f"{window.inside}/picture.png", "-o", f"{window.inside}/run",
        "--samples", "4", "--resolution", "128",
    )  # fmt: skip
    assert "lighting" in said
    made = {path.name for path in (window.folder / "run").iterdir()}
    assert {"scene.blend", "scene.py", "scene.glb", "render.png", "report.html", "run.json"} <= made


def test_cancel_in_the_middle(window):
    assert window.do("reconstruct") == "ok"
    window.wait(lambda: window.state()["stage"] == "geometry", 180)
    assert window.do("cancel") == "ok"
    window.wait(lambda: window.state()["status"] == "CANCELLED", 60)
    folder = window.chroot / window.state()["folder"].lstrip("/")
    assert json.loads((folder / "run.json").read_text())["status"] == "cancelled"


def test_quitting_in_the_middle_ends_the_workers_too(window):
    assert window.do("reconstruct") == "ok"
    window.wait(lambda: window.state()["stage"] == "geometry", 180)
    assert window.workers()
    window.quit()
    end = time.monotonic() + 30
    while window.workers():
        assert time.monotonic() < end, window.workers()
        time.sleep(0.1)
    folder = window.chroot / window.state()["folder"].lstrip("/")
    assert (folder / "run.json").exists()
