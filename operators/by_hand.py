# SPDX-License-Identifier: GPL-3.0-or-later
"""A request by hand: copy its text, open its folder with the pictures, paste the reply."""

from pathlib import Path

import bpy
from bpy.props import StringProperty

from ..idnames import Op
from . import trouble
from .asking import Tells


class ReplyError(Exception):
    """The reply can't be taken; the text is one sentence for the artist."""


def reply(folder: Path, text: str) -> None:
    """Put a reply into a request's folder. Raises ReplyError."""
    from ..agent.providers import handoff

    if not text.strip():
        raise ReplyError("The clipboard holds no text: copy the model's whole reply first.")
    try:
        if text.split() == handoff.prompt_text(folder).split():
            raise ReplyError("The clipboard still holds the prompt: copy the model's reply first.")
        handoff.answer(folder, text)
    except OSError as error:
        raise ReplyError(f"The reply can't be put into {folder}: {error.strerror or error}.") from error


def _poll(cls: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    live = context.window_manager.restage
    if live.status != "RUNNING" or not live.request:
        cls.poll_message_set("No request is waiting for a reply")
        return False
    return True


class _OfRequest(Tells):
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """A request waits for a reply."""
        return _poll(cls, context)


class RESTAGE_OT_copy_prompt(_OfRequest, bpy.types.Operator):
    """Copy the request's text to the clipboard, to paste into a chat window; its pictures are attached there"""

    bl_idname = Op.COPY_PROMPT
    bl_label = "Copy Prompt"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Put the text on the clipboard."""
        from ..agent.providers import handoff

        live = context.window_manager.restage
        try:
            context.window_manager.clipboard = handoff.prompt_text(Path(live.request))
        except OSError as error:
            return self.fail(context, f"The request can't be read: {error.strerror or error}.")
        live.message = "The prompt is on the clipboard."
        trouble.clear()
        return {"FINISHED"}


class RESTAGE_OT_open_request(_OfRequest, bpy.types.Operator):
    """Open the folder of the request: its text, and the pictures to attach in the order of their numbers"""

    bl_idname = Op.OPEN_REQUEST
    bl_label = "Open Folder"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Open the folder in the system's file manager."""
        folder = context.window_manager.restage.request
        if not Path(folder).is_dir():
            return self.fail(context, f"The folder {folder} is gone.")
        bpy.ops.wm.path_open(filepath=folder)
        return {"FINISHED"}


class RESTAGE_OT_paste_reply(_OfRequest, bpy.types.Operator):
    """Take the model's whole reply from the clipboard; the run then goes on by itself"""

    bl_idname = Op.PASTE_REPLY
    bl_label = "Paste Reply"

    text: StringProperty(
        name="Reply", description="The reply; empty for the clipboard", options={"HIDDEN", "SKIP_SAVE"}
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Write the reply into the request's folder, where the run waits for it."""
        live = context.window_manager.restage
        text, self.text = self.text or context.window_manager.clipboard, ""
        try:
            reply(Path(live.request), text)
        except ReplyError as error:
            return self.fail(context, str(error))
        live.request, live.doing, live.message = "", "reading the reply", ""
        trouble.clear()
        return {"FINISHED"}


CLASSES = (RESTAGE_OT_copy_prompt, RESTAGE_OT_open_request, RESTAGE_OT_paste_reply)
