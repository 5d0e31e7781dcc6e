# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of the result: keep it, look at it, hand it on, throw it away."""

import bpy

from .. import properties
from ..idnames import Op, Pt
from . import wrapped
from .base import InTab


class RESTAGE_PT_finish(InTab, bpy.types.Panel):
    """The result: look at it, keep it, throw it away."""

    bl_idname = Pt.FINISH
    bl_label = "Finish"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """The scene knows a run, and there is something of it."""
        live = context.window_manager.restage
        return bool(context.scene.restage.run) and (live.status not in properties.BUSY or bool(live.shown_stage))

    def draw(self, context: bpy.types.Context) -> None:
        """Draw what can become of it."""
        layout, live = self.layout, context.window_manager.restage
        settled = all(card.status in ("accepted", "failed") for card in live.cards)
        if live.cards and settled and not live.finished and live.status not in properties.BUSY:
            wrapped.sentence(layout, context, "All stages are accepted. What is left is the final render.", "INFO")
            layout.operator(Op.GO_ON, text="Render It", icon="RENDER_STILL")
        row = layout.row(align=True)
        row.scale_y = 1.3
        row.operator(Op.KEEP, text="Keep", icon="CHECKMARK")
        row.operator(Op.DISCARD, icon="X")
        column = layout.column(align=True)
        column.operator(Op.KEEP, text="Keep as Asset", icon="ASSET_MANAGER").as_asset = True
        column.operator(Op.SAVE_PROGRAM, text="Save Program…", icon="TEXT")
        row = column.row(align=True)
        for kind, text in ((".glb", "glTF…"), (".usdc", "USD…"), (".blend", ".blend…")):
            row.operator(Op.EXPORT, text=text).kind = kind
        column = layout.column(align=True)
        column.operator(Op.APPLY_SETTINGS, icon="SCENE_DATA")
        row = column.row(align=True)
        row.operator(Op.OPEN_REPORT, text="Report", icon="URL")
        row.operator(Op.OPEN_FOLDER, text="Run Folder", icon="FOLDER_REDIRECT")
        row = column.row(align=True)
        row.operator(Op.SHOW_BRIEF, text="Brief", icon="PRESET")
        row.operator(Op.SHOW_SCRIPT, text="Program", icon="TEXT").stage = ""


CLASSES = (RESTAGE_PT_finish,)
