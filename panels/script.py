# SPDX-License-Identifier: GPL-3.0-or-later
"""The script of the open stage, in the tab and in the Text Editor's own sidebar."""

import bpy

from .. import properties
from ..idnames import Op, Pt
from .base import InTab


class RESTAGE_PT_script(InTab, bpy.types.Panel):
    """The open stage's script: read it, edit it, run it."""

    bl_idname = Pt.SCRIPT
    bl_label = "Script"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """The open stage has a script."""
        card = properties.card(context.window_manager.restage)
        return card is not None and len(card.attempts) > 0

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        """Say which stage's it is."""
        card = properties.card(context.window_manager.restage)
        if card is not None:
            self.layout.label(text=card.label, translate=False)

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the buttons."""
        live = context.window_manager.restage
        draw_tools(self.layout, live, live.focus)


def draw_tools(layout: bpy.types.UILayout, live: properties.RestageLive, stage: str) -> None:
    """What can be done with a stage's script."""
    card = properties.card(live, stage)
    if card is None:
        return
    column = layout.column(align=True)
    column.operator(Op.SHOW_SCRIPT, text="Open in Text Editor", icon="TEXT").stage = stage
    column.operator(Op.SHOW_CHANGES, icon="VIEWZOOM").stage = stage
    column = layout.column(align=True)
    if card.edited:
        column.label(text="Edited and not run yet", icon="GREASEPENCIL")
    row = column.row(align=True)
    run = row.row(align=True)
    run.scale_x = 1.6
    run.operator(Op.RUN_SCRIPT, icon="PLAY").stage = stage
    row.operator(Op.REVERT_SCRIPT, icon="LOOP_BACK").stage = stage


class RESTAGE_PT_text(bpy.types.Panel):
    """Restage in the Text Editor's sidebar."""

    bl_idname = Pt.TEXT
    bl_label = "Restage"
    bl_space_type = "TEXT_EDITOR"
    bl_region_type = "UI"
    bl_category = "Restage"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """A run is shown."""
        return len(context.window_manager.restage.cards) > 0

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the stages to open, and what can be done with the one that is."""
        layout, live = self.layout, context.window_manager.restage
        column = layout.column(align=True)
        for card in live.cards:
            if len(card.attempts):
                row = column.row(align=True)
                show = row.operator(
                    Op.SHOW_SCRIPT,
                    text=card.label,
                    icon="GREASEPENCIL" if card.edited else "TEXT",
                    depress=card.name == live.focus,
                    translate=False,
                )
                show.stage = card.name
        draw_tools(layout, live, live.focus)
        if live.error:
            box = layout.box()
            box.label(text=live.error, icon="ERROR", translate=False)


CLASSES = (RESTAGE_PT_script, RESTAGE_PT_text)
