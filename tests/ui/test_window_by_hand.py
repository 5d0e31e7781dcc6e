# SPDX-License-Identifier: GPL-3.0-or-later
"""A run by hand in a real window: the brief reviewed and mended, replies pasted, a cap reached and raised.

As `test_window.py`; pictures of the window are left in `RESTAGE_UI_SHOTS` when it is set.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "helpers"))
from answering import Answerer
from loopback import Behaviour, Loopback
from PIL import Image, ImageDraw
from window import HEIGHT, Window, build, provision


@pytest.fixture(scope="module")
def window(tmp_path_factory):
    if os.geteuid() != 0:
        pytest.skip("needs root, for a chroot")
    folder = tmp_path_factory.mktemp("dist")
    # What the prepared answers are about: a red box and a blue ball.
    picture = Image.new("RGB", (320, 240), (150, 150, 150))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((64, 96, 144, 168), (150, 40, 40))
    draw.ellipse((176, 92, 256, 172), (40, 90, 150))
    picture.save(folder / "picture.png")
    made = Window(provision(), build(folder), folder / "picture.png")
    yield made
    made.close()


def waiting(window, before=""):
    """Wait for a request by hand other than `before`; None when the run has ended."""
    window.wait(
        lambda: window.state()["request"] not in ("", before) or window.state()["status"] not in {"RUNNING"}, 180
    )
    state = window.state()
    return state["request"] if state["status"] == "RUNNING" else None


def paste(window, folder):
    """Answer a request as the artist does: the model's reply is on the clipboard, then *Paste Reply*."""
    text = Answerer(Path("nowhere")).answer(Path(folder).name.partition("_")[2])
    (window.folder / "clip").write_text(text)
    assert window.do("py:bpy.context.window_manager.clipboard = (folder / 'clip').read_text()") == "ok"
    assert window.do("py:bpy.ops.restage.paste_reply('INVOKE_DEFAULT')") == "ok"


def told(window, order):
    """Press a button that can't do it now; return what the panel says of that."""
    window.do(order)
    return window.fresh()["error"]


def test_a_run_by_hand(window):
    window.do("prepare")
    window.do("hide")
    window.open_tab("Restage")
    for choice in ("agent = 'handoff'", "review = True", "max_tokens = 14000", "resolution = 160", "samples = 2"):
        assert window.do(f"py:bpy.context.scene.restage.{choice}") == "ok"
    time.sleep(2)
    window.shot("hand-ready")
    assert window.do("reconstruct") == "ok"
    first = waiting(window)
    time.sleep(2)
    window.shot("hand-brief-request")
    assert window.do("py:bpy.context.window_manager.clipboard = ''") == "ok"
    assert "copy the model's whole reply" in told(window, "op:paste_reply")
    time.sleep(1)
    window.shot("hand-empty-clipboard")
    assert window.do("op:copy_prompt") == "ok"
    window.do("py:(folder / 'copied').write_text(bpy.context.window_manager.clipboard)")
    copied = (window.folder / "copied").read_text()
    assert "picture" in copied and len(copied) > 1000
    assert "still holds the prompt" in told(window, "op:paste_reply")
    while (request := waiting(window, first if window.state()["request"] != first else "")) is not None:
        first = request
        paste(window, request)
        window.wait(lambda: window.state()["request"] != request, 30)
    assert window.state()["status"] == "PAUSED", window.state()
    time.sleep(2)
    window.shot("hand-paused")
    assert window.do("py:bpy.ops.restage.show_brief('INVOKE_DEFAULT')") == "ok"
    time.sleep(1)
    window.shot("hand-brief")
    text = "bpy.data.texts['Restage brief.json']"
    assert window.do(f"py:{text}.from_string({text}.as_string().replace('\"Box\"', '\"Box', 1))") == "ok"
    assert "line" in told(window, "op:go_on")
    time.sleep(1)
    window.shot("hand-brief-wrong")
    assert window.state()["status"] == "PAUSED"
    assert window.do(f"py:{text}.from_string({text}.as_string().replace('\"Box', '\"Box\"', 1))") == "ok"
    mended = f"py:{text}.from_string({text}.as_string().replace('A red box and a blue ball', 'Mended by hand'))"
    assert window.do(mended) == "ok"
    assert window.do("py:bpy.ops.restage.go_on('INVOKE_DEFAULT')") == "ok"
    folder = window.chroot / window.state()["folder"].lstrip("/")
    last = ""
    while (request := waiting(window, last)) is not None:
        last = request
        if "setup" in request:
            time.sleep(1.5)
            window.shot("hand-request")
        paste(window, request)
        window.wait(lambda: window.state()["request"] != request, 30)
    assert json.loads((folder / "brief.json").read_text())["caption"] == "Mended by hand"
    assert window.state()["status"] == "CAPPED", window.state()
    time.sleep(2)
    window.shot("hand-capped")
    assert window.do("py:bpy.ops.restage.go_on('INVOKE_DEFAULT')") == "ok"
    time.sleep(1)
    window.shot("hand-raise")
    window.command("xdotool", "key", "Escape")
    time.sleep(0.5)
    assert window.do("py:bpy.ops.restage.go_on('EXEC_DEFAULT', max_tokens=0)") == "ok"
    last = ""
    while (request := waiting(window, last)) is not None:
        last = request
        paste(window, request)
        window.wait(lambda: window.state()["request"] != request, 30)
    window.wait(lambda: window.state()["status"] == "DONE", 120)
    time.sleep(2)
    window.shot("hand-done")


def test_a_model_that_thinks_for_long_and_cancel(window):
    with Loopback([Behaviour(silent=True)]) as server:
        addon = "bpy.context.preferences.addons['bl_ext.user_default.restage'].preferences"
        assert window.do(f"py:{addon}.base_url, {addon}.compatible_model = {server.url!r}, 'a-model'") == "ok"
        for choice in ("agent = 'compatible'", "review = False", "max_tokens = 0"):
            assert window.do(f"py:bpy.context.scene.restage.{choice}") == "ok"
        assert window.do("reconstruct") == "ok"
        window.wait(lambda: "waiting for the model" in window.state()["doing"], 60)
        time.sleep(2)
        window.shot("model-waiting")
        assert window.do("cancel") == "ok"
        window.wait(lambda: window.state()["status"] == "CANCELLED", 30)
        time.sleep(1)
        window.shot("model-cancelled")


def test_the_preferences_and_the_estimate(window):
    assert window.do("py:bpy.context.preferences.system.use_online_access = True") == "ok"
    for choice in ("agent = 'anthropic'", "review = False", "max_tokens = 0"):
        assert window.do(f"py:bpy.context.scene.restage.{choice}") == "ok"
    time.sleep(1)
    window.shot("model-chosen")
    assert window.do("py:bpy.context.scene.restage.verifier = 'openai'") == "ok"
    x, _, _, _ = window.state()["sidebar"]
    window.click(x + 60, HEIGHT - 680)  # Advanced, which opens
    time.sleep(1)
    window.shot("advanced")
    assert window.do("py:bpy.context.scene.restage.verifier = 'same'") == "ok"
    assert window.do("py:bpy.ops.restage.reconstruct('INVOKE_DEFAULT')") == "ok"
    time.sleep(1)
    window.shot("estimate")
    window.command("xdotool", "key", "Escape")
    time.sleep(0.5)
    assert window.state()["status"] != "RUNNING"
    assert window.do("py:bpy.ops.restage.set_key('INVOKE_DEFAULT', provider='openai')") == "ok"
    time.sleep(1)
    window.shot("set-key")
    window.command("xdotool", "key", "Escape")
    key = "sk-planted-0123456789abcdef"
    assert window.do(f"py:bpy.ops.restage.set_key(provider='openai', key='{key}')") == "ok"
    time.sleep(1)
    # The Info log knows what was done before, and nothing of the key.
    info = (
        "a = next(a for a in bpy.context.window.screen.areas if a.type == 'TEXT_EDITOR'); a.type = 'INFO'\n"
        "with bpy.context.temp_override(area=a, region=a.regions[-1]):\n"
        "    bpy.ops.info.select_all(action='SELECT'); bpy.ops.info.report_copy()\n"
        "(folder / 'info').write_text(bpy.context.window_manager.clipboard)\n"
    )
    assert window.do(f"py:{info}") == "ok"
    logged = (window.folder / "info").read_text()
    assert "restage.go_on" in logged, logged
    assert key not in logged and "set_key" not in logged
    assert window.do("py:bpy.ops.restage.preferences()") == "ok"
    time.sleep(1)
    # There is no window manager to place it.
    found = window.command("xdotool", "search", "--name", "Preferences").split()[-1]
    window.command("xdotool", "windowmove", found, "200", "20", "windowsize", found, "700", "860")
    time.sleep(2)
    window.shot("preferences")
    assert key not in (window.folder / "blender.log").read_text()
    theme = "/usr/share/blender/scripts/presets/interface_theme/Blender_Light.xml"
    window.do(
        f"py:bpy.ops.script.execute_preset(filepath={theme!r}, menu_idname='USERPREF_MT_interface_theme_presets')"
    )
    time.sleep(2)
    window.shot("light")
    window.do("py:bpy.ops.screen.userpref_show")
    window.do("py:bpy.context.preferences.view.ui_scale = 1.8")
    time.sleep(2)
    window.shot("scale")
