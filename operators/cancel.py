# SPDX-License-Identifier: GPL-3.0-or-later
"""*Cancel*: stop the run that is going on; what it has made so far stays. *Stop Solving*: have it go on."""

import bpy

from .. import properties
from ..idnames import Op
from . import follow


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


class RESTAGE_OT_stop_solving(bpy.types.Operator):
    """End the solving of numbers now, with the best so far; the run goes on"""

    bl_idname = Op.ENOUGH
    bl_label = "Stop Solving"
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Numbers are being solved."""
        if not properties.solving(context.window_manager.restage):
            cls.poll_message_set("No numbers are being solved")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Tell the run."""
        thread = follow.thread()
        if thread is not None:
            thread.enough()
        return {"FINISHED"}


CLASSES = (RESTAGE_OT_cancel, RESTAGE_OT_stop_solving)
