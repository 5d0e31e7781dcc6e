# SPDX-License-Identifier: GPL-3.0-or-later
"""The *Restage* tab of the 3D viewport's sidebar: the picture, who rebuilds it, and the result. Draws what the
properties say, and nothing else."""

import bpy

from .. import previews, properties
from ..idnames import Op, Pt
from . import wrapped
from .base import InTab
from .words import said


class RESTAGE_PT_main(InTab, bpy.types.Panel):
    """The picture, who rebuilds it, and the button that starts a run."""

    bl_idname = Pt.MAIN
    bl_label = "Restage"
    bl_parent_id = ""

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the picture and the start."""
        layout, chosen, live = self.layout, context.scene.restage, context.window_manager.restage
        previews.look()
        icon = 0 if live.cards else properties.picture_icon(context.scene)
        if icon:
            # With a run the picture is beside its attempts.
            layout.template_icon(icon_value=icon, scale=7.0)
        column = layout.column()
        column.enabled = live.status not in properties.BUSY
        _draw_source(column, context)
        agent = column.column(align=True)
        agent.prop(chosen, "agent", text="")
        draw_model(agent, context, chosen.agent, chosen.models)
        if chosen.agent != "offline" and not chosen.one_shot:
            column.prop(chosen, "review")
        column.row(align=True).prop(chosen, "mode", expand=True)
        start = column.row()
        start.scale_y = 1.5
        start.operator(Op.RECONSTRUCT, icon="OUTLINER_OB_IMAGE")


def _draw_source(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """The picture's file, other ways to it, and what there is to know of it."""
    chosen, live = context.scene.restage, context.window_manager.restage
    column = layout.column(align=True)
    row = column.row(align=True)
    row.prop(chosen, "picture", text="", placeholder="Picture")
    row.operator(Op.CHOOSE_PICTURE, text="", icon="FILE_FOLDER")
    row.operator(Op.PASTE_PICTURE, text="", icon="PASTEDOWN")
    if not chosen.picture or live.url or live.fetching:
        row = column.row(align=True)
        row.prop(live, "url", text="", placeholder="or its web address")
        row.operator(Op.FETCH_PICTURE, text="", icon="SORTTIME" if live.fetching else "IMPORT")
    if not chosen.picture:
        hint = column.column()
        hint.active = False
        wrapped.sentence(hint, context, "Or drop an image file into the viewport.")
        return
    for number, text in enumerate(live.picture_said.split("\n") if live.picture_said else ()):
        icon = "ERROR" if live.picture_bad else "NONE" if number == 0 else "INFO"
        wrapped.sentence(column, context, text, icon)


def draw_model(
    layout: bpy.types.UILayout, context: bpy.types.Context, agent: str, models: bpy.types.PropertyGroup
) -> None:
    """Draw what an agent needs to be told: its model, or the recording."""
    chosen, live = context.scene.restage, context.window_manager.restage
    if agent in properties.KEYED:
        row = layout.row(align=True)
        suggested = getattr(live, agent)
        row.prop_search(models, agent, suggested, "models", text="", icon="VIEWZOOM", results_are_suggestions=True)
        row.operator(Op.PREFERENCES, text="", icon="PREFERENCES")
        usual = properties.usual_model(context, agent)
        if usual and not getattr(models, agent):
            row = layout.row()
            row.active = False
            row.label(text=said("Asks {model}", model=usual), translate=False)
    elif agent == "handoff":
        layout.prop(models, "handoff", text="", placeholder="Whose chat window (optional)")
    elif agent == "replay":
        layout.prop(chosen, "recording", text="", placeholder="Recorded run's folder")


class RESTAGE_PT_options(InTab, bpy.types.Panel):
    """How large and how fine."""

    bl_idname = Pt.OPTIONS
    bl_label = "Options"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the numbers."""
        layout, chosen = self.layout, context.scene.restage
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.enabled = context.window_manager.restage.status not in properties.BUSY
        for name in ("resolution", "samples", "seed", "solve"):
            layout.prop(chosen, name)


class RESTAGE_PT_advanced(InTab, bpy.types.Panel):
    """How a model is asked: who judges, how often, for how much."""

    bl_idname = Pt.ADVANCED
    bl_label = "Advanced"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """A model is asked."""
        return context.scene.restage.agent != "offline"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw verifier, rounds and caps."""
        layout, chosen, live = self.layout, context.scene.restage, context.window_manager.restage
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.enabled = live.status not in properties.BUSY
        layout.prop(chosen, "one_shot")
        staged = layout.column()
        staged.active = not chosen.one_shot
        if chosen.agent != "replay":
            staged.prop(chosen, "verifier")
            if chosen.verifier != "same":
                draw_model(staged, context, chosen.verifier, chosen.verifier_models)
        column = staged.column(align=True)
        column.label(text="Rounds")
        for number, stage in enumerate(("Setup", "Geometry", "Materials", "Composition", "Lighting")):
            column.prop(chosen, "rounds", index=number, text=stage)
        layout.prop(chosen, "candidates")
        column = layout.column(align=True)
        column.prop(chosen, "max_usd")
        column.prop(chosen, "max_tokens")


CLASSES = (RESTAGE_PT_main,)
LATER = (RESTAGE_PT_advanced, RESTAGE_PT_options)
"""Below the panels of a run."""
