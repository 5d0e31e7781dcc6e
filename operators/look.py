# SPDX-License-Identifier: GPL-3.0-or-later
"""See the result as the picture was taken: through the run's camera, or with its settings in the scene."""

import bpy

from ..idnames import Op
from ..scene import compare, looking, sandbox, settings, tags
from .asking import Tells


def _poll(cls: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    run = context.scene.restage.run
    if not run or tags.sandbox_collection(run) is None:
        cls.poll_message_set("There is no result in this file")
        return False
    return True


class RESTAGE_OT_look(Tells, bpy.types.Operator):
    """Look through the run's camera in this viewport; the scene's own camera stays what it is"""

    bl_idname = Op.LOOK
    bl_label = "Look Through Its Camera"
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """There is a result, and the button is in a 3D viewport."""
        if not _poll(cls, context):
            return False
        if context.area is None or context.area.type != "VIEW_3D":
            cls.poll_message_set("Only in a 3D viewport")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Give the viewport a camera of its own."""
        found = sandbox.find(context.scene.restage.run)
        if found is None or not found.camera:
            return self.fail(context, "The result has no camera to look through.")
        looking.begin(context.space_data, found.camera)
        camera, region_3d = bpy.data.objects[found.camera], context.space_data.region_3d
        compare.make_room(context.scene.restage.run, camera, context.area, region_3d)
        return {"FINISHED"}


class RESTAGE_OT_apply_settings(Tells, bpy.types.Operator):
    """Give this scene the run's camera, world, frame size and view settings"""

    bl_idname = Op.APPLY_SETTINGS
    bl_label = "Use Its Camera, World, Frame"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """There is a result."""
        return _poll(cls, context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Set what may be set, and say what it was."""
        try:
            applied = settings.apply(context.scene.restage.run, context.scene.name)
        except sandbox.SandboxError as error:
            return self.fail(context, str(error))
        self.report({"INFO"}, f"Set: {', '.join(applied) or 'nothing'}")
        return {"FINISHED"}


CLASSES = (RESTAGE_OT_look, RESTAGE_OT_apply_settings)
