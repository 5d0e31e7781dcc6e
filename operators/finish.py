# SPDX-License-Identifier: GPL-3.0-or-later
"""*Keep* and *Discard*: what becomes of a run's result in this file. One undo step each."""

import bpy
from bpy.props import BoolProperty

from .. import properties
from ..idnames import Op
from ..scene import removal, sandbox, scripts, tags
from . import trouble, view
from .asking import Tells


def no_result(cls: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    """Say why there is nothing to keep or hand on now; False when there is."""
    if _busy(cls, context):
        return True
    run = context.scene.restage.run
    if not run or tags.sandbox_collection(run) is None:
        cls.poll_message_set("There is no result in this file: show an attempt first")
        return True
    return False


def _busy(cls: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    if context.window_manager.restage.status in properties.BUSY:
        cls.poll_message_set("The run is still going on")
    elif context.mode != "OBJECT":
        cls.poll_message_set("Only in object mode")
    else:
        return False
    return True


class RESTAGE_OT_keep(Tells, bpy.types.Operator):
    """Keep what is shown: its collection, objects and scripts become ordinary ones, and the run leaves this file"""

    bl_idname = Op.KEEP
    bl_label = "Keep as Ordinary Collection"
    bl_options = {"REGISTER", "UNDO"}

    as_asset: BoolProperty(
        name="As Asset", description="Mark the collection as an asset", options={"SKIP_SAVE", "HIDDEN"}
    )

    @classmethod
    def description(cls, _context: bpy.types.Context, properties_: bpy.types.OperatorProperties) -> str:
        """What the button does."""
        more = " It is marked as an asset, to be found in the Asset Browser." if properties_.as_asset else ""
        return f"{cls.__doc__}.{more}" if more else cls.__doc__ or ""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """There is a result, and no run is going on."""
        return not no_result(cls, context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Take the run's tags away."""
        chosen = context.scene.restage
        try:
            name = sandbox.accept(chosen.run)
        except sandbox.SandboxError as error:
            return self.fail(context, str(error))
        if self.as_asset:
            collection = bpy.data.collections[name]
            collection.asset_mark()
            collection.asset_data.description = "Rebuilt from a picture by Restage"
            collection.asset_generate_preview()
        scripts.keep(chosen.run)
        _forget(context)
        self.report({"INFO"}, f"The result is now the ordinary collection {name}")
        return {"FINISHED"}


def set_aside(context: bpy.types.Context) -> str:
    """Keep the result of the scene's run before another begins, switched off; return what to tell, if anything."""
    run = context.scene.restage.run
    if not run or sandbox.find(run) is None:
        return ""
    name = sandbox.set_aside(run)
    scripts.keep(run)
    _forget(context)
    return f"The result before is kept: the ordinary collection {name}, switched off."


class RESTAGE_OT_discard(Tells, bpy.types.Operator):
    """Remove the result and its scripts from this file; the run folder stays"""

    bl_idname = Op.DISCARD
    bl_label = "Discard"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """There is a run in the scene, and it is not going on."""
        if _busy(cls, context):
            return False
        if not context.scene.restage.run:
            cls.poll_message_set("There is no run in this scene")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Remove all the run brought."""
        chosen = context.scene.restage
        if sandbox.find(chosen.run) is not None:
            sandbox.discard(chosen.run)
        else:
            # The artist has removed the collection; what else the run brought goes too.
            removal.remove(tags.of_run(chosen.run))
        scripts.remove(chosen.run)
        _forget(context)
        self.report({"INFO"}, "The result was removed; the run folder stays")
        return {"FINISHED"}


def _forget(context: bpy.types.Context) -> None:
    chosen, live = context.scene.restage, context.window_manager.restage
    chosen.run, chosen.folder, chosen.state, chosen.status, chosen.summary = "", "", 0, "NONE", ""
    chosen.points.clear()
    chosen.points_of, chosen.note = "", ""
    live.status, live.message = "NONE", ""
    trouble.clear()
    view.clear()


CLASSES = (RESTAGE_OT_keep, RESTAGE_OT_discard)
