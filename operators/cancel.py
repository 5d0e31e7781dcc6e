# SPDX-License-Identifier: GPL-3.0-or-later
"""*Cancel*: stop the run that is going on; what it has made so far stays."""

import bpy

from ..idnames import Op


class RESTAGE_OT_cancel(bpy.types.Operator):
    """Stop the run; what it has made so far stays, and its folder can be resumed"""

    bl_idname = Op.CANCEL
    bl_label = "Cancel"
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """A run is going on and was not yet cancelled."""
        status = context.window_manager.restage.status
        if status == "STOPPING":
            cls.poll_message_set("The run is stopping")
        elif status != "RUNNING":
            cls.poll_message_set("No run is going on")
        return status == "RUNNING"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Ask the thread to stop."""
        from . import run_thread

        thread = run_thread.current()
        if thread is None:
            context.window_manager.restage.status = "NONE"
            self.report({"INFO"}, "No run is going on")
            return {"CANCELLED"}
        thread.cancel()
        thread.show.stopping()
        return {"FINISHED"}


CLASSES = (RESTAGE_OT_cancel,)
