# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs inside the Blender with a window, before the tests' `drive.py`: has every call that Restage makes on the main
thread timed, by what it is for. Written to `calls.json` in the shared folder, once a second.
"""

import functools
import json
import sys
import time
from pathlib import Path

import bpy

PACKAGE = "bl_ext.user_default.restage"
shared = Path(sys.argv[sys.argv.index("--") + 1])
calls = {}


def timed(label, call):
    """Return a function that does what `call` does and notes how long it takes."""

    @functools.wraps(call)
    def measured(*args, **kwargs):
        began = time.perf_counter()
        try:
            return call(*args, **kwargs)
        finally:
            name = label(*args) if callable(label) else label
            calls.setdefault(name, []).append(round(time.perf_counter() - began, 5))

    return measured


def what(call):
    """What a call over the bridge is for: the name of the method that posted it."""
    return "run: " + call.__qualname__.partition(".<locals>")[0].rpartition(".")[2].strip("_")


def patch():
    """Wrap what there is so far; modules come when they are first used."""
    for name, attribute, label in (
        ("scene.sandbox", "replace", "append an attempt"),
        ("scene.viewport", "render", "draw an attempt with the viewport"),
        ("operators.watch", "look", "watch for changes"),
        ("operators.view", "show", "fill the cards"),
        ("operators.preload", "_tick", "look whether the tab is drawn"),
        ("operators.launch", "go", "start the thread"),
        ("operators.launch", "plan_new", "read the picture, make the folder"),
    ):
        module = sys.modules.get(f"{PACKAGE}.{name}")
        function = getattr(module, attribute, None)
        if function is not None and not hasattr(function, "__wrapped__"):
            setattr(module, attribute, timed(label, function))
    bridge = sys.modules[f"{PACKAGE}.scene.bridge"]
    if not hasattr(bridge.Bridge.make, "__wrapped__"):
        bridge.Bridge.make = timed(lambda _self, call: what(call), bridge.Bridge.make)
        bridge._answer = timed(lambda call, _future: what(call), bridge._answer)
    for cls in sys.modules[f"{PACKAGE}.registration"].CLASSES:
        if issubclass(cls, bpy.types.Operator) and not hasattr(cls.execute, "__wrapped__"):
            cls.execute = timed(f"button: {cls.bl_label}", cls.execute)
    partial = shared / "calls.partial"
    partial.write_text(json.dumps(calls))
    partial.replace(shared / "calls.json")
    return 1.0


bpy.app.timers.register(patch, first_interval=0.1, persistent=True)
exec(compile((shared / "drive.py").read_text(), "drive.py", "exec"))
