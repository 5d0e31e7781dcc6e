# SPDX-License-Identifier: GPL-3.0-or-later
"""Open the run folder, show the scripts."""

from pathlib import Path

import bpy
from bpy.props import StringProperty

from ..idnames import Op
from ..scene import scripts, text_editor
from . import view
from .asking import Tells


class RESTAGE_OT_open_folder(Tells, bpy.types.Operator):
    """Open the run folder: the scene, its scripts, every attempt and the report"""

    bl_idname = Op.OPEN_FOLDER
    bl_label = "Open Run Folder"
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """The scene knows a run folder."""
        if not context.scene.restage.folder:
            cls.poll_message_set("There is no run folder yet")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Open the folder in the system's file manager."""
        folder = bpy.path.abspath(context.scene.restage.folder)
        if not Path(folder).is_dir():
            return self.fail(context, f"The run folder {folder} is gone.")
        bpy.ops.wm.path_open(filepath=folder)
        return {"FINISHED"}


class RESTAGE_OT_show_script(Tells, bpy.types.Operator):
    """Show the whole program in a Text Editor"""

    bl_idname = Op.SHOW_SCRIPT
    bl_label = "Show Script"
    bl_options = {"REGISTER"}

    stage: StringProperty(name="Stage", description="Empty for the whole program", options={"SKIP_SAVE"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """The scene shows a run."""
        if not context.scene.restage.run:
            cls.poll_message_set("There is no result in this file")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Show the text."""
        known = scripts.names(context.scene.restage.run)
        name = next((text for file, text in known.items() if _is_of(file, self.stage)), None)
        if name is None:
            return self.fail(context, f"This file has no script of {self.stage or 'the whole program'} yet.")
        if self.stage in context.window_manager.restage.cards:
            context.window_manager.restage.focus = self.stage
            view.shown_again(context.scene)
        if not text_editor.show(context, name):
            self.report({"INFO"}, f"Open a Text Editor and choose {name}")
        return {"FINISHED"}


def _is_of(file: str, stage: str) -> bool:
    return file.endswith(f"_{stage}.py") if stage else file == "scene.py"


CLASSES = (RESTAGE_OT_open_folder, RESTAGE_OT_show_script)
