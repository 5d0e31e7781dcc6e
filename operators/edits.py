# SPDX-License-Identifier: GPL-3.0-or-later
"""What the artist has changed by hand: write it into the scripts, lock it, or put it back. `watch` notices it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.props import StringProperty

from ..idnames import Op
from ..scene import edits
from . import changes
from .decides import Decides, not_now

if TYPE_CHECKING:
    from ..agent.record import RunFolder


class _OnEdits(Decides):
    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Something was changed by hand."""
        if not_now(cls, context):
            return False
        if not edits.found(context.scene.restage.run):
            cls.poll_message_set("You have changed nothing by hand")
            return False
        return True


class RESTAGE_OT_keep_edits(_OnEdits, bpy.types.Operator):
    """Write what you changed by hand into the scripts, so that it stays whenever they run"""

    bl_idname = Op.KEEP_EDITS
    bl_label = "Write into Scripts"
    bl_options = {"REGISTER"}
    goes_on = only_wishes = True

    def decide(self, context: bpy.types.Context, folder: RunFolder, stage: str) -> None:
        """Wish for it."""
        from ..agent import decisions

        decisions.keep(folder, changes.kept(context.scene.restage.run))


class RESTAGE_OT_lock_edits(_OnEdits, bpy.types.Operator):
    """Write what you changed by hand into the scripts, and let no later attempt change these things"""

    bl_idname = Op.LOCK_EDITS
    bl_label = "Lock"
    bl_options = {"REGISTER", "UNDO"}
    goes_on = only_wishes = True

    def decide(self, context: bpy.types.Context, folder: RunFolder, stage: str) -> None:
        """Lock them, then wish for them to be written."""
        from ..agent import decisions

        run = context.scene.restage.run
        changed = changes.kept(run)
        names = {item.name for item in changed}
        things = [item for item in edits.objects(run) if edits.name_of(item) in names]
        whole = [one for item in things for one in changes.whole(item)]
        # What is shown has the size that it was given by hand; the attempt's own is another.
        turned = {item.name for item in changed if {"scale", "rotation_euler"} & set(item.values)}
        sizes = {edits.name_of(item): edits.size_now(item) for item in things if edits.name_of(item) in turned}
        context.scene.restage.state = decisions.lock(folder, whole, *changes.shown(context), sizes)
        decisions.keep(folder, changed)


class RESTAGE_OT_put_back(_OnEdits, bpy.types.Operator):
    """Put what you changed by hand back to how the scripts make it"""

    bl_idname = Op.UNDO_EDITS
    bl_label = "Put Back"
    bl_options = {"REGISTER", "UNDO"}

    def decide(self, context: bpy.types.Context, folder: RunFolder, stage: str) -> None:
        """Put it back."""
        edits.put_back(context.scene.restage.run)


class RESTAGE_OT_lock(Decides, bpy.types.Operator):
    """Let no later attempt change what is selected: place, size, shape and plain surfaces, a light, the camera"""

    bl_idname = Op.LOCK
    bl_label = "Lock Selected"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Objects of the run are selected."""
        if not_now(cls, context):
            return False
        if not changes.selected(context.scene.restage.run):
            cls.poll_message_set("Select objects of the run first")
            return False
        if edits.found(context.scene.restage.run):
            cls.poll_message_set(
                "You have changed something by hand: write it into the scripts, lock it or put it back"
            )
            return False
        return True

    def decide(self, context: bpy.types.Context, folder: RunFolder, stage: str) -> None:
        """Lock them as they are."""
        from ..agent import decisions

        things = changes.selected(context.scene.restage.run)
        whole = [one for item in things for one in changes.whole(item)]
        context.scene.restage.state = decisions.lock(folder, whole, *changes.shown(context))
        if textured := [edits.name_of(item) for item in things if edits.textured(item)]:
            self.said = f"Locked, but not how it is textured: {', '.join(textured)}."


class RESTAGE_OT_unlock(Decides, bpy.types.Operator):
    """Let later attempts change this again"""

    bl_idname = Op.UNLOCK
    bl_label = "Unlock"
    bl_options = {"REGISTER", "UNDO"}

    name: StringProperty(name="Name", description="Of the thing", options={"SKIP_SAVE"})

    def decide(self, context: bpy.types.Context, folder: RunFolder, stage: str) -> None:
        """Take its locks off."""
        from ..agent import decisions

        context.scene.restage.state = decisions.unlock(folder, [self.name], *changes.shown(context))


CLASSES = (RESTAGE_OT_keep_edits, RESTAGE_OT_lock_edits, RESTAGE_OT_put_back, RESTAGE_OT_lock, RESTAGE_OT_unlock)
