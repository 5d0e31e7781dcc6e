# SPDX-License-Identifier: GPL-3.0-or-later
"""Take the pictures of docs/panel.md: `python tests/ui/screenshot.py [PICTURE] [solid|material]`. Needs root.

Writes `docs/images/panel/*.png`, each the 3D viewport of a run in steps on the picture.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

sys.path.insert(0, str(Path(__file__).parent))
from window import HEIGHT, ROOT, Window, build, provision

IMAGES = ROOT / "docs" / "images" / "panel"
WIDE = 1100
"""Pixels across; the window's own are more than a page needs."""


def keep(window: Window, name: str, whole: bool = False) -> None:
    """Keep a picture of the viewport, or of it with all to its left."""
    time.sleep(2.5)
    x, y, width, height = window.fresh()["area"]
    left = 0 if whole else max(0, x + width - 960)
    image = Image.open(window.shot(f"docs-{name}")).convert("RGB")
    image = image.crop((left, HEIGHT - y - height, x + width, HEIGHT - y))
    if image.width > WIDE:
        image = image.resize((WIDE, round(image.height * WIDE / image.width)), Image.Resampling.LANCZOS)
    image.quantize(192, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(
        IMAGES / f"{name}.png", optimize=True
    )


def main() -> int:
    """A run in steps, and a picture of each state."""
    picture = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "examples" / "shapes.png"
    shading = sys.argv[2] if len(sys.argv) > 2 else "solid"
    with tempfile.TemporaryDirectory() as folder:
        window = Window(provision(), build(Path(folder)), picture)
    IMAGES.mkdir(parents=True, exist_ok=True)
    try:
        take(window, shading)
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
    window.do("op:reconstruct")
    window.settled(600)
    window.do("frame", 300)
    window.do("op:accept")
    window.wait(lambda: window.state()["stage"] == "geometry" and "running" in window.state()["doing"], 300)
    keep(window, "running")
    window.settled(600)
    window.do("look", 300)
    window.do("frame", 300)
    keep(window, "review")
    window.do("py:bpy.context.scene.restage.note = 'the cone is much taller'; bpy.ops.ed.undo_push(message='typed')")
    window.do("op:redo")
    window.settled(600)
    keep(window, "attempts")
    window.do("op:choose_attempt stage='geometry', attempt=1")
    window.do("op:show_script stage='geometry'")
    window.do("py:[setattr(a.spaces.active, 'show_region_ui', True) for a in bpy.context.screen.areas "
              "if a.type == 'TEXT_EDITOR']")  # fmt: skip
    text = "bpy.data.texts['Restage 02_geometry.py']"
    window.do(f"py:{text}.from_string({text}.as_string().replace('PARAMS = {{', 'PARAMS = {{  # turn these', 1))")
    keep(window, "script", whole=True)
    window.do("op:revert_script stage='geometry'")
    window.do(
        "py:[setattr(a, 'type', 'DOPESHEET_EDITOR') for a in bpy.context.screen.areas if a.type == 'TEXT_EDITOR']"
    )
    thing = "next(o for o in bpy.data.objects if o.get('restage_name') and 'Cone' in o.name)"
    window.do(f"py:{thing}.location.x += 0.15; bpy.ops.ed.undo_push(message='move')")
    window.wait(lambda: window.state()["edits"], 60)
    keep(window, "edits")
    window.do("op:put_back")
    for _ in range(4):
        window.do("op:accept")
        window.settled(900)
    keep(window, "done")
    window.do("op:compare mode='WIPE'")
    keep(window, "compare")
    window.do("op:compare mode='WIPE'")
    window.do("op:reopen stage='geometry'")
    keep(window, "stale")
    window.do("undo")
    window.do("py:bpy.context.window_manager.restage.url = 'http://127.0.0.1:9/picture.png'")
    window.do("op:fetch_picture")
    window.wait(lambda: window.state()["error"], 60)
    keep(window, "error")


if __name__ == "__main__":
    sys.exit(main())
