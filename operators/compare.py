# SPDX-License-Identifier: GPL-3.0-or-later
"""*Compare*: the picture over the viewport in one of several ways (`scene.compare` draws it)."""

from __future__ import annotations

from pathlib import Path
from threading import Event
from typing import Any

import bpy
from bpy.props import EnumProperty

from .. import properties
from ..idnames import Op
from ..scene import compare, compat, looking, sandbox
from . import background
from .asking import Tells

EVERY_S = 0.1
_making: dict[str, str] = {}
"""Key of the picture that is being made, by kind."""


class RESTAGE_OT_compare(Tells, bpy.types.Operator):
    """Compare the scene with the picture, through the run's camera; once more switches it off"""

    bl_idname = Op.COMPARE
    bl_label = "Compare"
    bl_options = {"REGISTER"}

    mode: EnumProperty(
        name="How", description="How they are compared", items=properties.COMPARE_MODES, options={"SKIP_SAVE"}
    )

    @classmethod
    def description(cls, _context: bpy.types.Context, properties_: Any) -> str:
        """What the way shows."""
        return next((item[2] for item in properties.COMPARE_MODES if item[0] == properties_.mode), cls.__doc__ or "")

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """There is a result with a camera, and a viewport."""
        found = sandbox.find(context.scene.restage.run) if context.scene.restage.run else None
        if found is None:
            cls.poll_message_set("There is no result in this file: show an attempt first")
            return False
        if not found.camera:
            cls.poll_message_set("The result has no camera to look through")
            return False
        if context.area is None or context.area.type != "VIEW_3D":
            cls.poll_message_set("Only in a 3D viewport")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Switch it on, looking through the run's camera, or off."""
        live = context.window_manager.restage
        before, live.compare = live.compare, "NONE" if self.mode == live.compare else self.mode
        region_3d = context.space_data.region_3d
        if live.compare != "NONE":
            if looking.camera_of(context.space_data, region_3d, context.scene) is None:
                bpy.ops.restage.look()
            compare.start()
            start()
        if "SIDE" in (live.compare, before):
            camera = looking.camera_of(context.space_data, region_3d, context.scene)
            if camera is not None:
                beside = live.compare == "SIDE"
                compare.make_room(context.scene.restage.run, camera, context.area, region_3d, beside)
        compat.redraw()
        return {"FINISHED"}


def start() -> None:
    """Make pictures that are wanted, and flicker, while something is compared. Main thread only."""
    if not bpy.app.timers.is_registered(_tick):
        bpy.app.timers.register(_tick, first_interval=EVERY_S, persistent=True)


def stop() -> None:
    """Compare nothing any more."""
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
    _making.clear()
    compare.stop()
    compare.forget()


def _tick() -> float | None:
    live = bpy.context.window_manager.restage
    if live.compare == "NONE" or not live.cards:
        live.compare = "NONE"
        compare.stop()
        return None
    for key in compare.wanted():
        # A viewport that is drawn meanwhile wants it again; to begin again would throw away what is nearly there.
        # Nor is a mask's: the one that was just made is drawn, and the drawing wants the next.
        if key not in _making.values() and not (key.endswith("|masks") and "masks" in _making):
            _make(key)
    if live.compare == "FLICKER":
        compat.redraw()
    return EVERY_S


def _make(key: str) -> None:
    folder, attempt, kind = key.rsplit("|", 2)
    _making[kind] = key
    stage, _, number = attempt.partition(" ")
    made: list[Any] = []

    def work(cancel: Event) -> str:
        from ..agent import compare_pictures
        from ..agent.roles import Cancelled

        def check() -> None:
            if cancel.is_set():
                raise Cancelled

        made.append(compare_pictures.make(Path(folder), stage, int(number or 0), kind, check))
        return ""

    def done(said: str, wrong: bool) -> None:
        _making.pop(kind, None)
        if wrong:
            compare.failed(key, said)
        else:
            compare.put(key, made[0])

    background.start(f"compare {kind}", work, done)


CLASSES = (RESTAGE_OT_compare,)
