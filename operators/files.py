# SPDX-License-Identifier: GPL-3.0-or-later
"""Choose the picture, open the run folder, show the scripts."""

from pathlib import Path

import bpy
from bpy.props import StringProperty

from ..scene import scripts, text_editor


class RESTAGE_OT_choose_picture(bpy.types.Operator):
    """Choose the picture to rebuild"""

    bl_idname = "restage.choose_picture"
    bl_label = "Choose Picture"
    bl_options = {"REGISTER", "UNDO"}

    filepath: StringProperty(name="File Path", subtype="FILE_PATH")
    filter_image: bpy.props.BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})
    filter_folder: bpy.props.BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Open the file browser, showing pictures."""
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Take the file as the picture."""
        if not Path(bpy.path.abspath(self.filepath)).is_file():
            self.report({"ERROR"}, f"There is no file {self.filepath}")
            return {"CANCELLED"}
        context.scene.restage.picture = self.filepath
        return {"FINISHED"}


class RESTAGE_OT_open_folder(bpy.types.Operator):
    """Open the run folder: the scene, its scripts, every attempt and the report"""

    bl_idname = "restage.open_folder"
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
            self.report({"ERROR"}, f"The run folder {folder} is gone")
            return {"CANCELLED"}
        bpy.ops.wm.path_open(filepath=folder)
        return {"FINISHED"}


class RESTAGE_OT_show_script(bpy.types.Operator):
    """Show the whole program in a Text Editor"""

    bl_idname = "restage.show_script"
    bl_label = "Show Script"
    bl_options = {"REGISTER"}

    file: StringProperty(name="File", default="scene.py", options={"SKIP_SAVE"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """The scene shows a run."""
        if not context.scene.restage.run:
            cls.poll_message_set("There is no result in this file")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Show the text."""
        name = scripts.names(context.scene.restage.run).get(self.file)
        if name is None:
            self.report({"ERROR"}, f"This file has no text of {self.file}")
            return {"CANCELLED"}
        if not text_editor.show(context, name):
            self.report({"INFO"}, f"Open a Text Editor and choose {name}")
        return {"FINISHED"}


CLASSES = (RESTAGE_OT_choose_picture, RESTAGE_OT_open_folder, RESTAGE_OT_show_script)
