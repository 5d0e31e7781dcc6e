# SPDX-License-Identifier: GPL-3.0-or-later
"""Registering leaves nothing behind, and draws without an error."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from functools import cache

import pytest

bpy = pytest.importorskip("bpy")

pytestmark = pytest.mark.bpy


def run(code: str) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh Blender, for leaks and warnings show only at its end."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=120
    )


def lines_of(done: subprocess.CompletedProcess[str]) -> list[str]:
    """What was said, line by line, without the clock bpy 5 puts before its own words."""
    said = (done.stdout + done.stderr).splitlines()
    return [re.sub(r"^\d\d:\d\d\.\d{3}\s+", "", line) for line in said if line.strip()]


@cache
def own_words() -> frozenset[str]:
    """What this machine's bpy says without us: 4.5 at every exit, 5.2 at a first start or without an /etc/mtab."""
    alone = "import bpy; bpy.ops.wm.read_homefile(use_factory_startup=True)"
    return frozenset(line for _ in range(2) for line in lines_of(run(alone)))


def words(done: subprocess.CompletedProcess[str]) -> str:
    """What was said beyond what bpy says of itself."""
    own = own_words()
    # Timing differs from start to start, and OpenColorIO is named by the first Blender to read it only.
    return "\n".join(x for x in lines_of(done) if x not in own and not re.search("leak detector|Using OCIO=", x))


def test_twice_in_a_row_without_a_leak_or_a_warning():
    done = run("""
        import bpy, sys
        bpy.ops.wm.read_homefile(use_factory_startup=True)
        import restage
        at = bpy.app.handlers
        lists = [name for name in dir(at) if isinstance(getattr(at, name), list)]

        def state():
            return (
                sorted(name for name in dir(bpy.types) if "RESTAGE" in name.upper()),
                [len(getattr(at, name)) for name in lists],
                sorted(name for name in dir(bpy.ops.restage)),
                [hasattr(owner, "restage") for owner in (bpy.types.Scene, bpy.types.WindowManager)],
                len(bpy.types.AddonPreferences.__subclasses__()) > 0,
            )

        before = state()
        for _ in range(2):
            restage.register()
            inside = state()
            assert inside[0] and all(inside[3]), inside
            restage.unregister()
            assert state()[:4] == before[:4], (before, state())
        assert "cv2" not in sys.modules, "start-up must not pay for the agent"
        print("clean")
    """)
    assert words(done) == "clean"
    assert done.returncode == 0


def test_importing_the_package_imports_no_blender():
    done = run("import sys, restage; assert 'bpy' not in sys.modules; print('clean')")
    assert words(done) == "clean"


def test_settings_survive_saving_and_a_run_that_was_going_on_is_not_believed():
    done = run("""
        import bpy, tempfile, pathlib
        bpy.ops.wm.read_homefile(use_factory_startup=True)
        import restage
        restage.register()
        chosen = bpy.context.scene.restage
        chosen.picture, chosen.seed, chosen.run, chosen.status = "/nowhere/kettle.png", 7, "uuid", "RUNNING"
        bpy.context.window_manager.restage.message = "busy"
        path = str(pathlib.Path(tempfile.mkdtemp()) / "file.blend")
        bpy.ops.wm.save_as_mainfile(filepath=path)
        bpy.ops.wm.open_mainfile(filepath=path)
        chosen = bpy.context.scene.restage
        assert (chosen.picture, chosen.seed, chosen.run) == ("/nowhere/kettle.png", 7, "uuid")
        assert chosen.status == "CANCELLED", chosen.status
        restage.unregister()
        print("clean")
    """)
    # Blender prints past Python's buffer, so the order of lines says nothing.
    assert "clean" in words(done).splitlines()
    assert done.returncode == 0
