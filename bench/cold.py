# SPDX-License-Identifier: GPL-3.0-or-later
"""One attempt in a Blender of its own, as VIGA makes it: open the last saved file, run the program so far, save.

Run by the `bpy` wheel's Python or by `blender --background --python cold.py -- SPEC.json`. Prints, as its last line,
the seconds each step took inside the process. Standard library and bpy only.
"""

import json
import sys
import time
from pathlib import Path

BEGAN = time.perf_counter()

import bpy  # noqa: E402 - its import is what is timed


def main() -> None:
    """Do one attempt: the spec names the file to open (or none), the scripts to run, and where to save."""
    spec = json.loads(Path(sys.argv[-1]).read_text(encoding="utf-8"))
    seconds = {"import": time.perf_counter() - BEGAN}
    clock = time.perf_counter()
    if spec["open"]:
        bpy.ops.wm.open_mainfile(filepath=spec["open"], load_ui=False, use_scripts=False)
    else:
        bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    seconds["open"] = time.perf_counter() - clock
    clock = time.perf_counter()
    if spec["whole"]:
        # The program is complete each time, so what the last attempt left has to go first.
        bpy.data.batch_remove([*bpy.data.objects, *bpy.data.meshes, *bpy.data.materials, *bpy.data.cameras,
                               *bpy.data.lights, *bpy.data.worlds, *bpy.data.collections])  # fmt: skip
        for scene in list(bpy.data.scenes)[1:]:
            bpy.data.scenes.remove(scene)
        exec(compile(spec["prelude"], "<prelude>", "exec"), {"__name__": "__main__"})
        for text in spec["before"]:
            exec(compile(text, "<before>", "exec"), {"__name__": "__main__"})
    seconds["replay"] = time.perf_counter() - clock
    clock = time.perf_counter()
    exec(compile(spec["script"], "<script>", "exec"), {"__name__": "__main__"})
    seconds["run"] = time.perf_counter() - clock
    clock = time.perf_counter()
    bpy.ops.wm.save_as_mainfile(filepath=spec["save"], check_existing=False)
    seconds["save"] = time.perf_counter() - clock
    print("\n" + json.dumps(seconds), flush=True)


main()
