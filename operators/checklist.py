# SPDX-License-Identifier: GPL-3.0-or-later
"""The checklist of a redo: the verifier's points to tick off and edit, and the artist's own."""

from __future__ import annotations

import bpy
from bpy.props import IntProperty

from .. import properties
from ..idnames import Op
from . import view
from .asking import Tells

MOST = 20


class _OnChecklist(Tells):
    bl_options = {"UNDO", "INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Nobody works on the run."""
        if context.window_manager.restage.status in properties.BUSY:
            cls.poll_message_set("The run is going on")
            return False
        return True


class RESTAGE_OT_add_point(_OnChecklist, bpy.types.Operator):
    """Add a point of your own to the checklist"""

    bl_idname = Op.ADD_POINT
    bl_label = "Add a Point"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Add an empty point, about the thing that is selected where it is the run's."""
        chosen = context.scene.restage
        if len(chosen.points) >= MOST:
            return self.fail(context, f"A checklist has at most {MOST} points.")
        point = chosen.points.add()
        active = context.active_object
        if active is not None and active.select_get() and active.get("restage_run") == chosen.run:
            point.object = active.name.split(".")[0]
        return {"FINISHED"}


class RESTAGE_OT_remove_point(_OnChecklist, bpy.types.Operator):
    """Take this point off the checklist"""

    bl_idname = Op.REMOVE_POINT
    bl_label = "Remove Point"

    place: IntProperty(name="Place", description="Which point, from the top", min=0)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Remove it."""
        points = context.scene.restage.points
        if self.place >= len(points):
            return {"CANCELLED"}
        points.remove(self.place)
        return {"FINISHED"}


class RESTAGE_OT_reset_points(_OnChecklist, bpy.types.Operator):
    """Have the verifier's own points back"""

    bl_idname = Op.RESET_POINTS
    bl_label = "The Verifier's Points"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Fill the checklist anew from the run folder."""
        from ..agent import cards
        from ..agent.record import RecordError
        from . import launch

        chosen = context.scene.restage
        stage, _, number = chosen.points_of.partition(" ")
        if not number.isdigit():
            return {"CANCELLED"}
        try:
            known = cards.of(launch.open_run(chosen))
        except (RecordError, launch.LaunchError) as error:
            return self.fail(context, str(error))
        note, chosen.points_of = chosen.note, ""
        view.fill_points(context.scene, known, stage, int(number))
        chosen.note = note
        return {"FINISHED"}


CLASSES = (RESTAGE_OT_add_point, RESTAGE_OT_remove_point, RESTAGE_OT_reset_points)
