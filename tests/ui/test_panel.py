# SPDX-License-Identifier: GPL-3.0-or-later
"""The artist's panel in a real window: a whole run in steps, decided about as a person does, with undo and redo across
it, saved, quit, reopened and resumed; and a recorded run.

Needs root and `RESTAGE_UI_CHROOT` (or three minutes and 2 GB the first time). Pictures of every state are left in
`RESTAGE_UI_SHOTS` when it is set.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from PIL import Image, ImageDraw
from window import ROOT, Window, build, provision

STAGES = ["setup", "geometry", "materials", "composition", "lighting"]


@pytest.fixture(scope="module")
def window(tmp_path_factory):
    if os.geteuid() != 0:
        pytest.skip("needs root, for a chroot")
    folder = tmp_path_factory.mktemp("dist")
    picture = Image.new("RGB", (160, 120), (150, 150, 150))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((32, 48, 72, 84), (150, 40, 40))
    draw.ellipse((88, 46, 128, 86), (40, 90, 150))
    picture.save(folder / "picture.png")
    made = Window(provision(), build(folder), folder / "picture.png")
    yield made
    made.close()


def cards(window):
    return list(window.state()["cards"].values())


def seen(window, name):
    """A picture of the window, once the icons are there."""
    time.sleep(1.0)
    return window.shot(f"panel-{name}")


def test_a_run_in_steps(window):
    window.do("prepare")
    window.do("step")
    window.do("hide")
    window.do("solid")
    window.open_tab("Restage")
    window.wait(lambda: window.state()["picture"] == "160 × 120 pixels", 60)
    seen(window, "1-picture")
    window.click_reconstruct()
    window.wait(lambda: window.state()["status"] == "RUNNING", 30)
    seen(window, "2-running")
    state = window.settled()
    assert state["status"] == "REVIEW" and cards(window) == ["review", *["waiting"] * 4], state
    assert state["shown"] == ["setup", 1] and state["focus"] == "setup"
    window.do("look")
    seen(window, "3-review-setup")

    # Found by F3, as an artist without the sidebar would.
    window.search("Accept", lambda: cards(window)[0] == "accepted")
    state = window.settled()
    assert cards(window)[:2] == ["accepted", "review"], state
    assert state["params"] and "Restage 02_geometry.py" in state["texts"]
    seen(window, "4-review-geometry")

    # Rejected: it begins anew, and the gallery keeps what was.
    assert window.do("op:reject") == "ok"
    state = window.settled()
    first = state["attempts"]["geometry"]
    assert cards(window)[:2] == ["accepted", "review"] and state["message"], state
    seen(window, "5-rejected")
    assert window.do("op:choose_attempt stage='geometry', attempt=1") == "ok"
    assert window.fresh()["shown"] == ["geometry", 1]

    # Redone with words, which the built-in agent understands a few of.
    window.do("py:bpy.context.scene.restage.note = 'larger'; bpy.ops.ed.undo_push(message='typed')")
    assert window.do("op:redo") == "ok"
    state = window.settled()
    redone = state["attempts"]["geometry"][-1]
    assert redone > first[-1] and state["shown"] == ["geometry", redone] and state["note"] == "", state
    seen(window, "6-redone")

    # An older attempt, then back to the newer by undo, all by keys.
    window.do("op:choose_attempt stage='geometry', attempt=1")
    assert window.fresh()["shown"] == ["geometry", 1]
    window.key("ctrl+z")
    assert window.fresh()["shown"] == ["geometry", redone]
    window.key("ctrl+z")
    assert window.fresh()["shown"] == ["geometry", 1] and window.state()["note"] == "larger"
    window.key("ctrl+shift+z")
    assert window.fresh()["shown"] == ["geometry", redone]

    # A parameter is turned: a moment later the stage has run with it.
    field = next(name for name in window.state()["params"] if name.endswith("location"))
    window.do(f"py:bpy.context.window_manager.restage.params[{field!r}].place[0] += 0.2")
    window.wait(lambda: window.state()["attempts"]["geometry"][-1] > redone, 120)
    turned = window.settled()["attempts"]["geometry"][-1]
    assert window.state()["shown"] == ["geometry", turned]
    seen(window, "7-parameter")

    # The script is edited beside the viewport and run.
    assert window.do("op:show_script stage='geometry'") == "ok"
    assert any(area[0] == "TEXT_EDITOR" for area in window.fresh()["areas"])
    text = "bpy.data.texts['Restage 02_geometry.py']"
    window.do(f"py:{text}.from_string({text}.as_string() + '# mine\\n')")
    window.wait(lambda: window.state()["edited"] == ["geometry"], 30)
    seen(window, "8-script")
    assert window.do("op:show_changes stage='geometry'") == "ok"
    seen(window, "9-changes")
    assert window.do("op:run_script stage='geometry'") == "ok"
    state = window.settled()
    assert state["shown"] == ["geometry", turned + 1] and not state["edited"], state

    # Moved by hand, and accepted with it.
    thing = "next(o for o in bpy.data.objects if o.get('restage_name') and o.type == 'MESH' and 'Floor' not in o.name)"
    window.do(f"py:{thing}.location.z += 0.1; bpy.ops.ed.undo_push(message='move')")
    window.wait(lambda: window.state()["edits"], 30)
    seen(window, "10-moved")
    assert window.do("op:accept") == "ok"
    state = window.settled()
    assert cards(window)[:3] == ["accepted", "accepted", "review"] and not state["edits"], state
    seen(window, "11-review-materials")


def test_undo_and_redo_walk_the_decisions(window):
    before = window.state()
    walked = [before["journal"]]
    for _ in range(6):
        window.do("undo")
        walked.append(window.fresh()["journal"])
    assert min(walked) < before["journal"] and window.state()["cards"]["materials"] == "waiting"
    for _ in range(6):
        window.do("redo")
    after = window.fresh()
    assert (after["journal"], after["cards"], after["shown"]) == (before["journal"], before["cards"], before["shown"])
    assert after["objects"] == before["objects"]


def test_saved_quit_reopened_and_resumed(window):
    window.do("op:add_point")
    window.do("py:bpy.context.scene.restage.points[-1].text = 'warmer'")
    before = window.fresh()
    window.do("save work.blend")
    # It goes on, and Blender quits in the middle.
    assert window.do("op:accept") == "ok"
    window.wait(lambda: window.state()["status"] == "RUNNING", 30)
    window.quit()
    window.open("work.blend")
    window.wait(lambda: len(window.state()["cards"]) == 5, 60)
    state = window.fresh()
    assert state["file"].endswith("work.blend")
    assert (state["cards"], state["shown"], state["points"]) == (before["cards"], before["shown"], before["points"])
    assert state["ahead"], "the run went on after the file was saved"
    window.open_tab("Restage")
    seen(window, "12-reopened")
    assert window.do("op:catch_up") == "ok"
    assert cards(window)[:3] == ["accepted"] * 3
    seen(window, "13-caught-up")
    assert window.do("op:go_on") == "ok"
    state = window.settled()
    assert cards(window)[3] == "review", state
    window.do("op:accept")
    window.settled()
    window.do("op:accept")
    state = window.settled()
    assert state["status"] == "DONE" and cards(window) == ["accepted"] * 5, state
    seen(window, "14-done")
    # An earlier stage is opened again: later ones go stale, and run again when it is accepted.
    assert window.do("op:reopen stage='geometry'") == "ok"
    assert cards(window) == ["accepted", "review", "stale", "stale", "stale"]
    seen(window, "15-stale")
    field = next(name for name in window.fresh()["params"] if name.endswith("location"))
    window.do(f"py:bpy.context.window_manager.restage.params[{field!r}].place[0] -= 0.3")
    number = window.state()["shown"][1]
    window.wait(lambda: window.state()["shown"][1] > number, 120)
    window.settled()
    assert window.do("op:accept") == "ok"
    state = window.settled()
    assert cards(window) == ["accepted"] * 5 and state["shown"][0] == "lighting", state


def test_comparing(window):
    window.do("look")
    for mode in ("OVERLAY", "SIDE", "WIPE", "FLICKER", "HEAT", "OUTLINES", "MASKS"):
        assert window.do(f"op:compare mode={mode!r}") == "ok"
        window.wait(lambda: drawn(window), 30)
        seen(window, f"16-compare-{mode.lower()}")
        assert window.do(f"op:compare mode={mode!r}") == "ok"


def test_masks_are_corrected_over_the_picture(window):
    window.do("look")
    state = window.fresh()
    assert state["masks"] and state["hints"] == 0, state
    first = state["journal"]
    assert window.do("op:hint kind='not'") == "ok"
    window.wait(lambda: drawn(window), 60)
    seen(window, "24-masks")
    window.drag(*place(window, 0.5, 0.4), *place(window, 0.56, 0.6), lambda: seen(window, "25-dragging"))
    window.wait(lambda: window.state()["hints"] == 1, 30)
    window.wait(lambda: drawn(window), 60)
    said = hints(window)
    assert [item["kind"] for item in said] == ["not"] and said[0]["object"] == state["masks"][0]
    wanted = (0.5, 0.4, 0.56, 0.6)
    assert all(abs(a - b) < 0.02 for a, b in zip(said[0]["box"], wanted, strict=True)), said
    seen(window, "26-hinted")
    # A stroke, one that is thought better of, and steps back and forth.
    window.do("py:bpy.context.window_manager.restage.mask_tool = 'BRUSH'")
    assert window.do("op:hint kind='ignore'") == "ok"
    window.drag(*place(window, 0.1, 0.1), *place(window, 0.4, 0.15))
    window.wait(lambda: window.state()["hints"] == 2, 30)
    points = hints(window)[1]["stroke"]["points"]
    ends = [*points[0], *points[-1]]
    assert all(abs(a - b) < 0.02 for a, b in zip(ends, (0.1, 0.1, 0.4, 0.15), strict=True)), points
    window.wait(lambda: drawn(window), 60)
    seen(window, "27-ignored")
    assert window.do("op:hint kind='is'") == "ok"
    window.key("Escape")
    assert window.fresh()["hints"] == 2
    window.do("undo")
    assert window.fresh()["hints"] == 1 and len(hints(window)) == 1
    window.do("redo")
    assert window.fresh()["hints"] == 2 and len(hints(window)) == 2
    assert window.do("op:clear_hints") == "ok"
    assert window.fresh()["hints"] == 0 and not hints(window) and window.state()["journal"] > first
    window.do("py:bpy.context.window_manager.restage.mask_tool = 'BOX'")
    assert window.do("op:compare mode='MASKS'") == "ok"


def hints(window):
    """What the run folder holds of what was said."""
    path = window.chroot / window.state()["folder"].lstrip("/") / "mask_hints.json"
    return json.loads(path.read_text())["hints"] if path.exists() else []


def place(window, across, down):
    """Where a place in the picture is in the window, counted from the bottom left."""
    code = (
        "import sys, json; c = sys.modules['bl_ext.user_default.restage.scene.compare'];"
        "run = bpy.context.scene.restage.run; space = area.spaces.active;"
        "region = next(r for r in area.regions if r.type == 'WINDOW');"
        "box = c.frame_box(run, space.camera, region, space.region_3d);"
        "(folder / 'frame').write_text(json.dumps([*box, region.x, region.y]))"
    )
    assert window.do(f"py:{code}") == "ok"
    left, bottom, right, top, x, y = json.loads((window.folder / "frame").read_text())
    return x + left + across * (right - left), y + top - down * (top - bottom)


def drawn(window):
    """Whether the picture that is to be drawn is there."""
    code = (
        "import sys; c = sys.modules['bl_ext.user_default.restage.scene.compare'];"
        "(folder / 'drawn').write_text(str(c.key_of(bpy.context.window_manager.restage) in c._textures))"
    )
    window.do(f"py:{code}")
    return (window.folder / "drawn").read_text() == "True"


def test_what_goes_wrong_is_in_the_panel_and_in_no_box(window):
    window.do("py:bpy.context.window_manager.restage.url = 'http://127.0.0.1:9/x.png'")
    assert window.do("op:fetch_picture") == "ok"
    window.wait(lambda: "could not be reached" in window.state()["error"], 60)
    seen(window, "17-error")
    assert window.do("op:copy_details") == "ok"
    window.do("py:(folder / 'clip').write_text(bpy.context.window_manager.clipboard)")
    told = (window.folder / "clip").read_text()
    assert "could not be reached" in told and "Restage " in told and "Blender " in told


def test_the_collection_removed_and_the_extension_switched_off_in_the_middle(window):
    window.do("py:bpy.data.collections.remove(next(c for c in bpy.data.collections if c.get('restage_sandbox')))")
    assert window.fresh()["collections"]
    assert window.do("op:choose_attempt stage='lighting', attempt=1") in {"ok", ""}
    window.do("py:bpy.context.scene.restage.note = 'brighter'")
    assert window.do("op:redo") == "ok"
    addon = "bl_ext.user_default.restage"
    window.do(f"py:import addon_utils; addon_utils.disable({addon!r}); addon_utils.enable({addon!r})", 120)
    window.wait(lambda: len(window.state()["cards"]) == 5 and window.state()["status"] == "NONE", 60)
    assert not window.workers()
    # Another attempt was chosen, which reopened its stage; what was asked for waits in the run folder still.
    assert cards(window) == [*["accepted"] * 4, "review"]
    seen(window, "18-switched-off-and-on")


def test_keeping_and_the_looks(window):
    window.open_tab("Restage")
    theme = "filepath='/usr/share/blender/scripts/presets/interface_theme/Blender_Light.xml'"
    menu = "menu_idname='USERPREF_MT_interface_theme_presets'"
    window.do(f"py:bpy.ops.script.execute_preset({theme}, {menu})")
    seen(window, "19-light")
    window.do("py:bpy.context.preferences.view.ui_scale = 2.0")
    seen(window, "20-scale-2")
    window.do("py:bpy.context.preferences.view.ui_scale = 1.0")
    window.do("py:bpy.context.preferences.view.language = 'de_DE'")
    window.do("py:bpy.context.preferences.view.use_translate_interface = True")
    seen(window, "21-german")
    window.do("py:bpy.context.preferences.view.language = 'en_US'")
    assert window.do("keep") == "ok"
    assert window.fresh()["run"] == ""
    window.do("undo")
    assert window.fresh()["run"]


def test_a_recorded_run(window):
    recording = ROOT / "tests" / "data" / "recordings" / "table_staged"
    import shutil

    shutil.copytree(recording, window.folder / "recording", dirs_exist_ok=True)
    window.do(f"py:bpy.context.scene.restage.recording = '{window.inside}/recording'")
    window.do("py:bpy.context.scene.restage.agent = 'replay'")
    window.do("py:bpy.context.scene.restage.mode = 'STEP'")
    assert window.do("op:reconstruct") == "ok"
    state = window.settled(400)
    assert state["status"] == "REVIEW" and state["tokens"] > 0 and not state["error"], state
    seen(window, "22-replay")
    window.do("op:accept")
    state = window.settled(400)
    assert cards(window)[:2] == ["accepted", "review"] and not state["error"], state
    seen(window, "23-replay-geometry")
