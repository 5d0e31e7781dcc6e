# SPDX-License-Identifier: GPL-3.0-or-later
"""The *Restage* tab of the 3D viewport's sidebar. Draws what the properties say, and nothing else."""

import bpy

from .. import properties

TAB = "Restage"


class RESTAGE_PT_main(bpy.types.Panel):
    """The picture, and the button that starts a run."""

    bl_idname = "RESTAGE_PT_main"
    bl_label = "Restage"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = TAB

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the picture and the start."""
        layout, chosen, live = self.layout, context.scene.restage, context.window_manager.restage
        running = live.status in {"RUNNING", "STOPPING"}
        pictures = layout.row()
        icon = properties.picture_icon(context.scene)
        if icon:
            pictures.template_icon(icon_value=icon, scale=6.0)
        latest = properties.render_icon(live)
        if latest:
            pictures.template_icon(icon_value=latest, scale=6.0)
        column = layout.column()
        column.enabled = not running
        row = column.row(align=True)
        row.prop(chosen, "picture", text="")
        row.operator("restage.choose_picture", text="", icon="FILE_FOLDER")
        column.prop(chosen, "agent")
        start = column.row()
        start.scale_y = 1.5
        start.operator("restage.reconstruct", icon="OUTLINER_OB_IMAGE")


class RESTAGE_PT_run(bpy.types.Panel):
    """The run that is going on: where it is, and how to stop it."""

    bl_idname = "RESTAGE_PT_run"
    bl_label = "Run"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = TAB
    bl_parent_id = "RESTAGE_PT_main"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Something runs, or has said something."""
        live = context.window_manager.restage
        return live.status != "NONE" or bool(live.message)

    def draw(self, context: bpy.types.Context) -> None:
        """Draw stage, round, score, the last line and Cancel."""
        layout, live = self.layout, context.window_manager.restage
        if live.status in {"RUNNING", "STOPPING"}:
            if live.stage:
                text = f"Stage {live.stage_number} of {live.stage_count}: {live.stage.capitalize()}"
                if live.round:
                    text += f", round {live.round} of {live.rounds}"
            else:
                text = "Starting"
            layout.progress(factor=live.factor, text=text)
            details = layout.column(align=True)
            details.label(text=live.doing.capitalize())
            score = f"Best score {live.score:.2f}, " if live.score >= 0 else ""
            details.label(text=f"{score}{live.elapsed:.0f} s")
            if live.status == "STOPPING":
                layout.label(text="Stopping…", icon="CANCEL")
            else:
                layout.operator("restage.cancel", icon="CANCEL")
        if live.message:
            icon = "ERROR" if live.status == "FAILED" else "INFO"
            column = layout.column(align=True)
            for number, line in enumerate(_wrap(live.message, max(20, context.region.width // 8))):
                column.label(text=line, icon=icon if number == 0 else "BLANK1")


class RESTAGE_PT_result(bpy.types.Panel):
    """The result: look at it, keep it, throw it away."""

    bl_idname = "RESTAGE_PT_result"
    bl_label = "Result"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = TAB
    bl_parent_id = "RESTAGE_PT_main"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """The scene knows a run."""
        return bool(context.scene.restage.run)

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the decisions."""
        layout = self.layout
        row = layout.row(align=True)
        row.scale_y = 1.3
        row.operator("restage.accept", icon="CHECKMARK")
        row.operator("restage.discard", icon="X")
        column = layout.column(align=True)
        column.operator("restage.look", icon="CAMERA_DATA")
        column.operator("restage.apply_settings", icon="SCENE_DATA")
        column = layout.column(align=True)
        column.operator("restage.show_script", icon="TEXT")
        column.operator("restage.open_folder", icon="FOLDER_REDIRECT")


class RESTAGE_PT_options(bpy.types.Panel):
    """How large and how fine."""

    bl_idname = "RESTAGE_PT_options"
    bl_label = "Options"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = TAB
    bl_parent_id = "RESTAGE_PT_main"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the numbers."""
        layout, chosen = self.layout, context.scene.restage
        layout.use_property_split = True
        layout.enabled = context.window_manager.restage.status not in {"RUNNING", "STOPPING"}
        for name in ("resolution", "samples", "seed"):
            layout.prop(chosen, name)


def _wrap(text: str, width: int) -> list[str]:
    """Break a sentence into lines of at most `width` characters, at spaces."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines[:8]


CLASSES = (RESTAGE_PT_main, RESTAGE_PT_run, RESTAGE_PT_result, RESTAGE_PT_options)
