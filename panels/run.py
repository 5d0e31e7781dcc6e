# SPDX-License-Identifier: GPL-3.0-or-later
"""The run in the tab: where it is, what it costs, the request that waits for a reply, and how it goes on."""

import bpy

from .. import properties
from ..idnames import Op, Pt
from . import wrapped
from .base import InTab
from .words import said

_TITLES = {
    "PAUSED": ("Paused", "PAUSE"),
    "CAPPED": ("Cap Reached", "SORTTIME"),
    "CANCELLED": ("Stopped", "PAUSE"),
    "FAILED": ("Stopped by an Error", "ERROR"),
    "DONE": ("Done", "CHECKMARK"),
    "REVIEW": ("For You to Decide", "HIDE_OFF"),
}
_FIX_WORDS = {Op.PREFERENCES: "Open Preferences", Op.LOCATE: "Locate the Folder…", Op.ALLOW_ONLINE: "Show the Setting"}


class RESTAGE_PT_run(InTab, bpy.types.Panel):
    """The run that is going on or has stopped."""

    bl_idname = Pt.RUN
    bl_label = "Run"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Something runs, has stopped, or has said something."""
        live = context.window_manager.restage
        return properties.status_of(context) != "NONE" or bool(live.message or live.error)

    def draw(self, context: bpy.types.Context) -> None:
        """Draw where the run is and what can be done."""
        layout, live = self.layout, context.window_manager.restage
        if live.error:
            _draw_error(layout, context)
        if live.status in properties.BUSY:
            _draw_progress(layout, context)
        else:
            _draw_end(layout, context)
        _draw_paintings(layout, context)


def _draw_error(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """What went wrong, the one thing to do about it, and what to pass on."""
    live = context.window_manager.restage
    box = layout.box()
    wrapped.sentence(box, context, live.error, "ERROR", inset=wrapped.BOX)
    row = box.row(align=True)
    if live.fix:
        row.operator(live.fix, text=_FIX_WORDS.get(live.fix, ""))
    row.operator(Op.COPY_DETAILS, icon="COPYDOWN")


def _draw_progress(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    live = context.window_manager.restage
    text = "Starting"
    if live.stage:
        text = f"{live.stage_number}/{live.stage_count} {said(live.stage.capitalize())}"
        if live.round:
            rounds = max(live.round, live.rounds)
            text += ", " + said("round {round} of {rounds}", round=live.round, rounds=rounds)
    layout.progress(factor=live.factor, text=text)
    if not live.request:
        wrapped.sentence(layout, context, live.doing[:1].upper() + live.doing[1:])
    score = said("Best score {score:.2f}", score=live.score) + ", " if live.score >= 0 else ""
    details = layout.column(align=True)
    details.scale_y = 0.85
    details.label(text=f"{score}{_seconds(live.elapsed)}", translate=False)
    _draw_cost(details, live)
    if live.request and live.status == "RUNNING":
        _draw_request(layout, context)
    if live.message:
        wrapped.sentence(layout, context, live.message, "INFO")
    if live.status == "STOPPING":
        layout.label(text="Stopping…", icon="CANCEL")
        return
    row = layout.row(align=True)
    if properties.solving(live):
        row.operator(Op.ENOUGH, icon="SNAP_FACE")
    row.operator(Op.CANCEL, icon="CANCEL")


def _draw_cost(layout: bpy.types.UILayout, live: bpy.types.PropertyGroup) -> None:
    if live.tokens:
        money = f", ${live.cost_usd:.2f}" if live.cost_usd >= 0.005 else ""
        layout.label(text=said("{tokens:,} tokens", tokens=live.tokens) + money, translate=False)


def _draw_request(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    live = context.window_manager.restage
    box = layout.box()
    wrapped.sentence(box, context, live.request_title, "USER", inset=wrapped.BOX)
    box.operator(Op.COPY_PROMPT, text="1. Copy Prompt", icon="COPYDOWN")
    count = live.request_pictures
    if count:
        row = box.row(align=True)
        row.label(text=said("2. Attach {count} pictures", count=count), translate=False)
        row.operator(Op.OPEN_REQUEST, icon="FOLDER_REDIRECT")
    else:
        box.operator(Op.OPEN_REQUEST, icon="FOLDER_REDIRECT")
    box.operator(Op.PASTE_REPLY, text=f"{3 if count else 2}. Paste Reply", icon="PASTEDOWN")


def _draw_end(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    live, chosen = context.window_manager.restage, context.scene.restage
    status = properties.status_of(context)
    title, icon = _TITLES.get(status, ("", "NONE"))
    message = "" if live.error and live.error == live.message else live.message or _where(context, status)
    if message:
        # Under its title, unless the sentence begins with it.
        same = (bool(title) and message.startswith(title)) or status == "REVIEW"
        if title and not same:
            layout.label(text=title, icon=icon)
        wrapped.sentence(layout, context, message, icon if same else "BLANK1" if title else "INFO")
    elif title:
        layout.label(text=title, icon=icon)
    _draw_cost(layout, live)
    if live.ahead:
        wrapped.sentence(layout, context, "The run's folder is further on than this file.", "INFO")
        layout.operator(Op.CATCH_UP, icon="FF")
    if status not in properties.RESUMABLE or not chosen.folder:
        return
    if status == "PAUSED":
        box = layout.box()
        box.operator(Op.SHOW_BRIEF, icon="PRESET")
        wrapped.sentence(
            box,
            context,
            "It says what is in the picture. Boxes and outlines are fractions of the frame from its top left, colours "
            "go from 0 to 1, sizes are in metres. Mend the text, then go on.",
            inset=wrapped.BOX,
        )
    row = layout.row()
    row.scale_y = 1.3
    row.operator(Op.GO_ON, text="Raise the Cap and Go On…" if status == "CAPPED" else "Go On", icon="PLAY")


def _draw_paintings(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """The way to see what is painted on things where the viewport shows each in one colour."""
    shading = context.space_data.shading
    if (
        shading.type == "SOLID"
        and shading.color_type != "TEXTURE"
        and any("restage_run" in image for image in bpy.data.images)
    ):
        layout.prop_enum(shading, "color_type", "TEXTURE", text="Show Paintings", icon="TEXTURE")


def _where(context: bpy.types.Context, status: str) -> str:
    """Where a run stands that has nothing else to say: what it waits for."""
    live, chosen = context.window_manager.restage, context.scene.restage
    card = next((item for item in live.cards if item.status not in ("accepted", "failed")), None)
    if card is None:
        return chosen.summary if status in {"DONE", "PAUSED"} or not len(live.cards) else ""
    if status == "REVIEW":
        return said("{stage} is ready for review.", stage=said(card.label))
    if status in {"CANCELLED", "NONE"}:
        return said("Next: {stage}", stage=said(card.label))
    return chosen.summary


def _seconds(elapsed: float) -> str:
    return f"{elapsed:.0f} s" if elapsed < 120 else f"{elapsed / 60:.0f} min"


CLASSES = (RESTAGE_PT_run,)
