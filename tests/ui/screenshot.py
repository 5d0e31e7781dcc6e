# SPDX-License-Identifier: GPL-3.0-or-later
"""Take the README's pictures of the panel: `python tests/ui/screenshot.py PICTURE [solid|material]`. Needs root.

Writes `docs/images/panel-running.png` and `docs/images/panel.png`.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from window import ROOT, Window, build, provision


def main() -> int:
    """Run the extension on the picture in a real window, and keep two pictures of it."""
    picture, shading = Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "solid"
    with tempfile.TemporaryDirectory() as folder:
        window = Window(provision(), build(Path(folder)), picture)
    images = ROOT / "docs" / "images"
    images.mkdir(parents=True, exist_ok=True)
    try:
        window.do("prepare")
        window.do("hide")
        window.open_tab("Restage")
        window.do(shading, 300)
        time.sleep(3)
        window.do("prepare", 300)  # answered once the shaders are compiled
        window.do("reconstruct")
        window.wait(lambda: window.state()["stage"] == "materials", 600)
        window.do("look", 300)
        window.do("frame", 300)
        window.wait(lambda: window.state()["stage"] == "lighting" or window.state()["status"] != "RUNNING", 600)
        time.sleep(2)
        shutil.copy(window.shot("running"), images / "panel-running.png")
        window.wait(lambda: window.state()["status"] not in {"RUNNING", "STOPPING"}, 900)
        window.do("frame", 300)
        time.sleep(3)
        shutil.copy(window.shot("done"), images / "panel.png")
        print(window.state()["message"])
    finally:
        window.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
