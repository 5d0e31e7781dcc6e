# SPDX-License-Identifier: GPL-3.0-or-later
"""*Keep* and *Discard*: what becomes of a run's result. One undo step each."""

import bpy

from .. import properties
from ..idnames import Op
from ..scene import sandbox, scripts, tags
from . import trouble, view
from .asking import Tells


def _poll(cls: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    if context.window_manager.restage.status in properties.BUSY:
        cls.poll_message_set("The run is still going on")
        return False
    run = context.scene.restage.run
    if not run or tags.sandbox_collection(run) is None:
        cls.poll_message_set("There is no result in this file")
        return False
    if context.mode != "OBJECT":
        cls.poll_message_set("Only in object mode")
        return False
    return True


class RESTAGE_OT_keep(Tells, bpy.types.Operator):
    """Keep the result: its collection, objects and scripts become ordinary ones, and the run leaves this file"""

    bl_idname = Op.KEEP
    bl_label = "Keep as Ordinary Collection"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """There is a result, and no run is going on."""
        return _poll(cls, context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Take the run's tags away."""
        chosen = context.scene.restage
        try:
            name = sandbox.accept(chosen.run)
        except sandbox.SandboxError as error:
            return self.fail(context, str(error))
        scripts.keep(chosen.run)
        _forget(context)
        self.report({"INFO"}, f"The result is now the ordinary collection {name}")
        return {"FINISHED"}


class RESTAGE_OT_discard(Tells, bpy.types.Operator):
    """Remove the result and its scripts from this file; the run folder stays"""

    bl_idname = Op.DISCARD
    bl_label = "Discard"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """There is a result, and no run is going on."""
        return _poll(cls, context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Remove all the run brought."""
        chosen = context.scene.restage
        try:
            sandbox.discard(chosen.run)
        except sandbox.SandboxError as error:
            return self.fail(context, str(error))
        scripts.remove(chosen.run)
        _forget(context)
        self.report({"INFO"}, "The result was removed; the run folder stays")
        return {"FINISHED"}


def _forget(context: bpy.types.Context) -> None:
    chosen, live = context.scene.restage, context.window_manager.restage
    chosen.run, chosen.folder, chosen.state, chosen.status, chosen.summary = "", "", 0, "NONE", ""
    chosen.points.clear()
    chosen.points_of, chosen.note = "", ""
    live.status, live.message, live.render = "NONE", "", ""
    trouble.clear()
    view.clear()


CLASSES = (RESTAGE_OT_keep, RESTAGE_OT_discard)
