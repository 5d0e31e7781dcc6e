# SPDX-License-Identifier: GPL-3.0-or-later
"""The scene against the picture."""

import bpy

from .. import properties
from ..idnames import Op, Pt
from .base import InTab


class RESTAGE_PT_compare(InTab, bpy.types.Panel):
    """Compare the scene with the picture through the run's camera."""

    bl_idname = Pt.COMPARE
    bl_label = "Compare"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """There is a run to compare."""
        return len(context.window_manager.restage.cards) > 0

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the ways, two in a row, and what the one that is on can be set to."""
        layout, live = self.layout, context.window_manager.restage
        layout.operator(Op.LOOK, icon="CAMERA_DATA")
        grid = layout.grid_flow(row_major=True, columns=2, even_columns=True, align=True)
        for mode, name, _told, icon, _number in properties.COMPARE_MODES[1:]:
            grid.operator(Op.COMPARE, text=name, icon=icon, depress=live.compare == mode).mode = mode
        if live.compare in {"OVERLAY", "HEAT"}:
            layout.prop(live, "compare_opacity", slider=True)
        elif live.compare == "WIPE":
            layout.prop(live, "compare_wipe", slider=True)
        if len(live.mask_objects):
            _draw_masks(layout.box(), live)


def _draw_masks(layout: bpy.types.UILayout, live: properties.RestageLive) -> None:
    """What of the picture is which object, and the buttons that correct it."""
    layout.label(text="Masks of the Picture", icon="MOD_MASK")
    layout.prop_search(live, "mask_object", live, "mask_objects", text="", icon="OBJECT_DATA")
    row = layout.row(align=True)
    row.prop(live, "mask_tool", expand=True)
    if live.mask_tool == "BRUSH":
        layout.prop(live, "mask_radius")
    row = layout.row(align=True)
    for kind, icon in (("is", "ADD"), ("not", "REMOVE")):
        name = next(item[1] for item in properties.HINT_KINDS if item[0] == kind)
        row.operator(Op.HINT, text=name, icon=icon).kind = kind
    row = layout.row(align=True)
    row.operator(Op.HINT, text="Ignore This", icon="GHOST_DISABLED").kind = "ignore"
    row.operator(Op.CLEAR_HINTS, icon="X")


CLASSES = (RESTAGE_PT_compare,)
