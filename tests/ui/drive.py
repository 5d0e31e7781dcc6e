# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs inside the Blender with a window: does what an artist does, and writes what it sees to `state.json`.

The test outside moves the mouse and takes pictures; the two talk through files in the folder given after `--`:
`do` (a word to act on, or a line of Python after `py:`) and `state.json`.
"""

import json
import sys
import time
from pathlib import Path

import bpy

folder = Path(sys.argv[sys.argv.index("--") + 1])
last_tick = time.monotonic()
longest_gap = 0.0


def viewport():
    window = bpy.context.window_manager.windows[0]
    area = max((a for a in window.screen.areas if a.type == "VIEW_3D"), key=lambda a: a.width * a.height)
    return window, area, {region.type: region for region in area.regions}


def act(word):
    window, area, regions = viewport()
    with bpy.context.temp_override(window=window, area=area, region=regions["WINDOW"]):
        if word.startswith("py:"):
            exec(word[3:], {"bpy": bpy, "folder": folder, "area": area})
            area.tag_redraw()
        elif word == "prepare":
            area.spaces.active.show_region_ui = True
            chosen = bpy.context.scene.restage
            chosen.picture, chosen.samples, chosen.mode = str(folder / "picture.png"), 8, "AUTO"
        elif word == "reconstruct":
            bpy.ops.restage.reconstruct("INVOKE_DEFAULT", True)
        elif word == "look":
            bpy.ops.restage.look()
        elif word == "material":
            area.spaces.active.shading.type = "MATERIAL"
        elif word == "solid":
            shading = area.spaces.active.shading
            shading.type, shading.color_type, shading.light = "SOLID", "MATERIAL", "STUDIO"
        elif word == "cube":
            bpy.ops.mesh.primitive_cube_add("INVOKE_DEFAULT", True, location=(0, 0, 9))
        elif word == "hide":
            for name in ("Cube", "Light", "Camera"):
                bpy.data.objects[name].hide_set(True)
            bpy.ops.ed.undo_push(message="hide")
        elif word == "frame":
            bpy.ops.restage.apply_settings("INVOKE_DEFAULT", True)
            bpy.ops.view3d.view_center_camera()
            area.spaces.active.overlay.show_extras = False
        elif word == "step":
            chosen = bpy.context.scene.restage
            chosen.mode, chosen.resolution, chosen.samples, chosen.solve = "STEP", 96, 2, False
        elif word.startswith("op:"):
            name, _, rest = word[3:].partition(" ")
            values = eval(f"dict({rest})")
            getattr(bpy.ops.restage, name)("INVOKE_DEFAULT", True, **values)
        elif word in {"cancel", "accept", "keep", "discard"}:
            getattr(bpy.ops.restage, word)("INVOKE_DEFAULT", True)
        elif word == "undo":
            bpy.ops.ed.undo()
        elif word == "redo":
            bpy.ops.ed.redo()
        elif word.startswith("save "):
            bpy.ops.wm.save_as_mainfile(filepath=str(folder / word[5:]))
        elif word == "quit":
            bpy.ops.wm.quit_blender()


def state():
    _, area, regions = viewport()
    live, chosen, ui = bpy.context.window_manager.restage, bpy.context.scene.restage, regions["UI"]
    return {
        "status": live.status,
        "stage": live.stage,
        "doing": live.doing,
        "score": live.score,
        "message": live.message,
        "error": live.error,
        "picture": live.picture_said,
        "cards": {card.name: card.status for card in live.cards},
        "attempts": {card.name: [item.number for item in card.attempts] for card in live.cards},
        "shown": [live.shown_stage, live.shown_attempt],
        "focus": live.focus,
        "journal": chosen.state,
        "points": [point.text for point in chosen.points],
        "note": chosen.note,
        "params": [param.name for param in live.params],
        "edited": [card.name for card in live.cards if card.edited],
        "edits": [item.words for item in live.edits],
        "masks": [item.name for item in live.mask_objects],
        "hints": live.mask_hints,
        "locks": [item.name for item in live.locks],
        "ahead": live.ahead,
        "file": bpy.data.filepath,
        "request": live.request,
        "request_title": live.request_title,
        "tokens": live.tokens,
        "areas": [[a.type, a.x, a.y, a.width, a.height] for a in bpy.context.window_manager.windows[0].screen.areas],
        "run": chosen.run,
        "folder": chosen.folder,
        "tab": ui.active_panel_category if ui.width > 1 else "",
        "sidebar": [ui.x, ui.y, ui.width, ui.height],
        "area": [area.x, area.y, area.width, area.height],
        "objects": sorted(item.name for item in bpy.data.objects),
        "collections": sorted(item.name for item in bpy.data.collections),
        "texts": sorted(item.name for item in bpy.data.texts),
        "longest_gap": longest_gap,
        "when": time.time(),
    }


def tick():
    global last_tick, longest_gap
    now = time.monotonic()
    longest_gap, last_tick = max(longest_gap, now - last_tick), now
    error = ""
    order = folder / "do"
    if order.exists():
        word = order.read_text()
        order.unlink()
        longest_gap = 0.0
        try:
            act(word)
        except Exception as failure:  # noqa: BLE001 - an operator's own error, or the test's: the timer goes on
            error = str(failure) or type(failure).__name__
        (folder / "done").write_text(error or "ok")
    partial = folder / "state.partial"
    partial.write_text(json.dumps(state()))
    partial.replace(folder / "state.json")
    return 0.05


bpy.context.preferences.view.show_splash = False
bpy.app.timers.register(tick, first_interval=0.5, persistent=True)
