# SPDX-License-Identifier: GPL-3.0-or-later
"""Take the pictures of docs/panel.md and the README: `python tests/ui/screenshot.py [PICTURE] [solid|material]`. Needs
root.

Writes `docs/images/panel/*.png`, each the 3D viewport of a run in steps on the picture, and `docs/images/panel*.png`,
the whole window.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

sys.path.insert(0, str(Path(__file__).parent))
import window as screen
from window import ROOT, Window, build, provision

IMAGES = ROOT / "docs" / "images"
screen.WIDTH = 1360
"""Pixels across, so that the viewport is no wider than a page."""
LARGE = 400_000
"""Bytes of a picture."""


def keep(window: Window, name: str, whole: bool = False) -> None:
    """Keep a picture of the viewport, or of it with all to its left."""
    time.sleep(2.5)
    x, y, width, height = window.fresh()["area"]
    box = (0 if whole else x, screen.HEIGHT - y - height, x + width, screen.HEIGHT - y)
    save(window, f"panel/{name}", box)


def save(window: Window, name: str, box: tuple[int, int, int, int] | None = None) -> None:
    """Keep a part of the window, all of it without a box. In all its colours, for few make thumbnails pale."""
    image = Image.open(window.shot(f"docs-{Path(name).name}")).convert("RGB").crop(box)
    path = IMAGES / f"{name}.png"
    image.save(path, optimize=True)
    if path.stat().st_size > LARGE:
        # Noise of a render, in which few colours are not missed.
        image.quantize(256, method=Image.Quantize.MEDIANCUT, kmeans=2).save(path, optimize=True)


CLOSE = """
area = next(area for area in bpy.context.screen.areas if area.type == 'TEXT_EDITOR')
with bpy.context.temp_override(area=area, region=area.regions[-1]):
    bpy.ops.screen.area_close()
"""
"""The Text Editor, which `show_script` opened."""


def scroll(window: Window, clicks: int) -> None:
    """Turn the mouse's wheel over the sidebar, down or, below zero, up."""
    x, y, width, height = window.fresh()["sidebar"]
    place = str(x + width // 2), str(screen.HEIGHT - y - height // 2)
    button = "5" if clicks > 0 else "4"
    window.command("xdotool", "mousemove", *place, "click", "--repeat", str(abs(clicks)), "--delay", "150", button)
    time.sleep(1)


def main() -> int:
    """A run in steps, and a picture of each state."""
    picture = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "examples" / "shapes.png"
    shading = sys.argv[2] if len(sys.argv) > 2 else "solid"
    with tempfile.TemporaryDirectory() as folder:
        window = Window(provision(), build(Path(folder)), picture)
    (IMAGES / "panel").mkdir(parents=True, exist_ok=True)
    try:
        take(window, shading)
        take_whole(window)
    finally:
        window.close()
    return 0


def take(window: Window, shading: str) -> None:
    """Go through the states."""
    window.do("prepare")
    window.do("hide")
    window.do(shading, 300)
    window.do("py:bpy.context.scene.restage.mode = 'STEP'; bpy.context.scene.restage.resolution = 384")
    window.open_tab("Restage")
    window.wait(lambda: window.state()["picture"], 60)
    keep(window, "picture")
    take_estimate(window)
    window.do("op:reconstruct")
    window.settled(600)
    window.do("frame", 300)
    window.do("look", 300)
    window.do("op:accept")
    window.wait(lambda: window.state()["stage"] == "geometry" and "running" in window.state()["doing"], 300)
    keep(window, "running")
    window.settled(600)
    keep(window, "review")
    window.do("py:bpy.context.scene.restage.note = 'the cone is much taller'; bpy.ops.ed.undo_push(message='typed')")
    window.do("op:redo")
    window.settled(600)
    keep(window, "attempts")
    window.do("op:choose_attempt stage='geometry', attempt=1")
    window.do("op:show_script stage='geometry'")
    text = "bpy.data.texts['Restage 02_geometry.py']"
    window.do(f"py:{text}.from_string({text}.as_string().replace('PARAMS = {{', 'PARAMS = {{  # turn these', 1))")
    window.do("look", 300)
    scroll(window, 30)
    keep(window, "script", whole=True)
    scroll(window, -40)
    window.do("op:revert_script stage='geometry'")
    window.do(f"py:{CLOSE}")
    window.do("look", 300)
    thing = "next(o for o in bpy.data.objects if o.get('restage_name') and 'Cone' in o.name)"
    window.do(f"py:{thing}.location.x += 0.15; bpy.ops.ed.undo_push(message='move')")
    window.wait(lambda: window.state()["edits"], 60)
    keep(window, "edits")
    window.do("op:put_back")
    for _ in range(4):
        window.do("op:accept")
        window.settled(900)
    window.do("op:reopen stage='geometry'")
    scroll(window, 12)
    keep(window, "stale")
    scroll(window, -20)
    window.do("undo")
    window.do("py:bpy.context.window_manager.restage.url = 'http://127.0.0.1:9/picture.png'")
    window.do("op:fetch_picture")
    window.wait(lambda: window.state()["error"], 60)
    keep(window, "error")
    window.do("py:bpy.context.window_manager.restage.url = ''")


def take_estimate(window: Window) -> None:
    """The dialog before anything is sent; it is closed again."""
    window.do("py:bpy.context.preferences.system.use_online_access = True")
    window.do("py:bpy.context.scene.restage.agent = 'anthropic'")
    # Where the mouse is the dialog comes.
    x, y, width, height = window.fresh()["area"]
    middle = x + width - 620, screen.HEIGHT - y - height // 2
    window.command("xdotool", "mousemove", *map(str, middle))
    window.do("op:reconstruct")
    keep(window, "estimate")
    window.command("xdotool", "key", "Escape")
    window.do("py:bpy.context.scene.restage.agent = 'offline'")
    window.do("py:bpy.context.preferences.system.use_online_access = False")


def take_whole(window: Window) -> None:
    """The whole window while a run goes on by itself, and after it, rendered by Cycles in the viewport."""
    window.do("discard")
    window.do("py:bpy.context.scene.restage.mode = 'AUTO'")
    window.do("op:reconstruct")
    window.wait(lambda: window.state()["shown"][0] == "geometry", 300)
    window.do("look", 300)
    window.wait(lambda: window.state()["stage"] == "lighting" and window.state()["shown"][0] == "composition", 900)
    time.sleep(2)
    save(window, "panel-running")
    window.settled(900)
    window.do("frame", 300)
    window.do("look", 300)
    window.do("py:s = bpy.context.scene; s.render.engine = 'CYCLES'; s.cycles.preview_samples = 24")
    window.do("py:area.spaces.active.shading.type = 'RENDERED'", 300)
    time.sleep(25)
    save(window, "panel")
    window.do("op:compare mode='WIPE'", 300)
    scroll(window, 60)
    time.sleep(25)
    keep(window, "compare")


if __name__ == "__main__":
    sys.exit(main())
