# SPDX-License-Identifier: GPL-3.0-or-later
"""The numbers of the script in focus as fields."""

import bpy

from .. import panel_data, properties
from ..idnames import Pt
from .base import InTab


class RESTAGE_PT_params(InTab, bpy.types.Panel):
    """The numbers of the open stage's script; turning one runs the stage again."""

    bl_idname = Pt.PARAMS
    bl_label = "Parameters"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """The open stage has parameters."""
        return len(context.window_manager.restage.params) > 0

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        """Say which stage they are of."""
        card = properties.card(context.window_manager.restage)
        if card is not None:
            self.layout.label(text=card.label, translate=False)

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the fields, in groups by what comes before the dot."""
        live, layout = context.window_manager.restage, self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        # While turned numbers run they can be turned further.
        layout.enabled = live.status not in properties.BUSY or live.turning
        group = ""
        column = layout.column(align=True)
        for param in live.params:
            owner, dot, name = param.name.rpartition(".")
            if dot and owner != group:
                column = layout.column(align=True)
                column.label(text=owner, translate=False)
            group = owner if dot else ""
            _draw_field(column, param, name if dot else param.label)


def _draw_field(layout: bpy.types.UILayout, param: panel_data.RestageParam, name: str) -> None:
    text = name.replace("_", " ").capitalize()
    if param.unit:
        text = f"{text} ({param.unit})"
    if param.kind == "other":
        row = layout.row()
        row.active = False
        row.label(text=f"{text}: {param.other}", translate=False)
        return
    layout.prop(param, param.kind, text=text, translate=False)


CLASSES = (RESTAGE_PT_params,)
