# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of the result: keep it, look at it, hand it on, throw it away."""

import bpy

from .. import properties
from ..idnames import Op, Pt
from .base import InTab


class RESTAGE_PT_finish(InTab, bpy.types.Panel):
    """The result: look at it, keep it, throw it away."""

    bl_idname = Pt.FINISH
    bl_label = "Finish"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """The scene knows a run."""
        return bool(context.scene.restage.run)

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the decisions."""
        layout = self.layout
        row = layout.row(align=True)
        row.scale_y = 1.3
        row.operator(Op.KEEP, text="Keep", icon="CHECKMARK")
        row.operator(Op.DISCARD, icon="X")
        column = layout.column(align=True)
        column.operator(Op.LOOK, icon="CAMERA_DATA")
        column.operator(Op.APPLY_SETTINGS, icon="SCENE_DATA")
        column = layout.column(align=True)
        if properties.status_of(context) != "PAUSED":
            column.operator(Op.SHOW_BRIEF, icon="PRESET")
        column.operator(Op.SHOW_SCRIPT, icon="TEXT")
        column.operator(Op.OPEN_FOLDER, icon="FOLDER_REDIRECT")


CLASSES = (RESTAGE_PT_finish,)
