# SPDX-License-Identifier: GPL-3.0-or-later
"""*Accept* and *Discard*: what becomes of a run's result. One undo step each."""

import bpy

from ..scene import sandbox, scripts, tags


def _poll(cls: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    if context.window_manager.restage.status in {"RUNNING", "STOPPING"}:
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


class RESTAGE_OT_accept(bpy.types.Operator):
    """Keep the result: its collection, objects and scripts become ordinary ones"""

    bl_idname = "restage.accept"
    bl_label = "Accept"
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
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        scripts.keep(chosen.run)
        _forget(context)
        self.report({"INFO"}, f"The result is now the ordinary collection {name}")
        return {"FINISHED"}


class RESTAGE_OT_discard(bpy.types.Operator):
    """Remove the result and its scripts from this file; the run folder stays"""

    bl_idname = "restage.discard"
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
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        scripts.remove(chosen.run)
        _forget(context)
        self.report({"INFO"}, "The result was removed; the run folder stays")
        return {"FINISHED"}


def _forget(context: bpy.types.Context) -> None:
    chosen, live = context.scene.restage, context.window_manager.restage
    chosen.run, chosen.status, chosen.summary = "", "NONE", ""
    live.status, live.message, live.render = "NONE", "", ""


CLASSES = (RESTAGE_OT_accept, RESTAGE_OT_discard)
