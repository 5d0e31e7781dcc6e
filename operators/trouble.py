# SPDX-License-Identifier: GPL-3.0-or-later
"""What went wrong, told in the panel: a sentence, the one thing to do about it, and details that hold no key."""

from __future__ import annotations

import platform
import sys
import time

import bpy

from ..idnames import Op
from ..scene import compat
from ..version import version

MAX_DETAILS = 20_000
_FIXES = (
    ("Allow Online Access", Op.ALLOW_ONLINE),
    ("run folder", Op.LOCATE),
    ("There is no run in", Op.LOCATE),
    ("preferences", Op.PREFERENCES),
    (" key", Op.PREFERENCES),
)
"""What a sentence is about, and what then helps; the first that fits."""


def tell(text: str, details: str = "", fix: str = "") -> None:
    """Show an error in the panel until something else is begun. Main thread only."""
    live = bpy.context.window_manager.restage
    live.error = text
    live.fix = fix or next((op for words, op in _FIXES if words in text), "")
    live.details = _details(text, details)
    compat.redraw()


def clear() -> None:
    """Forget the last error."""
    live = bpy.context.window_manager.restage
    live.error = live.fix = live.details = ""


def _details(text: str, more: str) -> str:
    from ..agent.redact import without_keys

    chosen = bpy.context.scene.restage
    python = sys.version.split()[0]
    lines = [
        text,
        "",
        f"Restage {version()}, Blender {bpy.app.version_string}, Python {python}, {platform.platform()}",
        f"{time.strftime('%Y-%m-%d %H:%M:%S')}, agent {chosen.agent}, state {chosen.state}",
        f"Run folder: {chosen.folder or 'none'}",
    ]
    if more:
        lines += ["", more]
    return without_keys("\n".join(lines))[:MAX_DETAILS]


class RESTAGE_OT_copy_details(bpy.types.Operator):
    """Copy what is known of the error to the clipboard, to pass on; it holds no key"""

    bl_idname = Op.COPY_DETAILS
    bl_label = "Copy Details"
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """There is an error."""
        if not context.window_manager.restage.details:
            cls.poll_message_set("Nothing went wrong")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Put the text on the clipboard."""
        context.window_manager.clipboard = context.window_manager.restage.details
        self.report({"INFO"}, "The details are on the clipboard")
        return {"FINISHED"}


class RESTAGE_OT_online_preferences(bpy.types.Operator):
    """Show where Allow Online Access is: Preferences > System > Network"""

    bl_idname = Op.ALLOW_ONLINE
    bl_label = "Show the Setting"
    bl_options = {"REGISTER"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Open the preferences at the system's page."""
        context.preferences.active_section = "SYSTEM"
        return bpy.ops.screen.userpref_show(section="SYSTEM")


CLASSES = (RESTAGE_OT_copy_details, RESTAGE_OT_online_preferences)
