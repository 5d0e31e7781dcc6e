# SPDX-License-Identifier: GPL-3.0-or-later
"""The stages as cards: how each stands, the attempts of the one that is open, and the decisions."""

import bpy

from .. import panel_data, previews, properties
from ..idnames import Op, Pt
from . import wrapped
from .base import InTab
from .words import said

ACROSS = 3
"""Attempts in a row: readable at 250 pixels."""
MOST_TOLD = 4
"""Things that were changed by hand."""
INSET = 24.0
"""Pixels that a card is narrower than the panel, at interface scale 1."""


class RESTAGE_PT_stages(InTab, bpy.types.Panel):
    """The stages of the scene's run."""

    bl_idname = Pt.STAGES
    bl_label = "Stages"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """There is a run."""
        return bool(context.window_manager.restage.cards)

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the cards; the one in focus is open."""
        live = context.window_manager.restage
        if len(live.edits) and live.status not in properties.BUSY:
            _draw_edits(self.layout.box(), context)
        column = self.layout.column()
        for card in live.cards:
            box = column.box()
            _draw_head(box, card, card.name == live.focus)
            if card.name == live.focus:
                _draw_card(box, context, card)


def _draw_edits(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """What was changed by hand, and what can be done so that it stays."""
    live = context.window_manager.restage
    words = [item.words for item in live.edits[:MOST_TOLD]]
    more = len(live.edits) - len(words)
    told = "; ".join([*words, *([said("{count} more", count=more)] if more > 0 else [])])
    wrapped.sentence(layout, context, said("You changed {what}", what=told), "GREASEPENCIL", inset=INSET)
    layout.operator(Op.KEEP_EDITS, icon="TEXT")
    row = layout.row(align=True)
    row.operator(Op.LOCK_EDITS, icon="LOCKED")
    row.operator(Op.UNDO_EDITS, icon="LOOP_BACK")


class RESTAGE_PT_locks(InTab, bpy.types.Panel):
    """What no later attempt changes."""

    bl_idname = Pt.LOCKS
    bl_label = "Locks"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """There is a run."""
        return len(context.window_manager.restage.cards) > 0

    def draw(self, context: bpy.types.Context) -> None:
        """Draw what is locked."""
        layout, live = self.layout, context.window_manager.restage
        layout.operator(Op.LOCK, icon="LOCKED")
        names = []
        for item in live.locks:
            if item.name not in names:
                names.append(item.name)
        for name in names:
            row = layout.row(align=True)
            row.label(text=name, icon="LOCKED", translate=False)
            row.operator(Op.UNLOCK, text="", icon="X").name = name


def _draw_head(layout: bpy.types.UILayout, card: panel_data.RestageCard, is_open: bool) -> None:
    row = layout.row(align=True)
    left = row.row(align=True)
    left.alignment = "LEFT"
    focus = left.operator(
        Op.FOCUS,
        text=f"{card.number}  {said(card.label)}",
        icon="DOWNARROW_HLT" if is_open else "RIGHTARROW",
        emboss=False,
        translate=False,
    )
    focus.stage = card.name
    right = row.row(align=True)
    right.alignment = "RIGHT"
    # There is room for one word; of a closed card the score tells more, unless it no longer holds.
    shown = card.score > 0 and (is_open or card.status not in ("stale", "broken", "failed"))
    if shown:
        right.label(text=f"{card.score:.2f}")
    right.label(text="" if shown and not is_open else panel_data.status_label(card.status))
    right.label(text="", icon=panel_data.status_icon(card.status))


def _draw_card(layout: bpy.types.UILayout, context: bpy.types.Context, card: panel_data.RestageCard) -> None:
    live = context.window_manager.restage
    attempt = panel_data.attempt_of(card, properties.decided_attempt(live, card))
    idle = live.status not in properties.BUSY
    undecided = card.status in ("review", "broken") or (card.status == "waiting" and len(card.attempts) > 0)
    if card.message:
        wrapped.sentence(layout, context, card.message, "ERROR", inset=INSET)
    if attempt is not None:
        _draw_pictures(layout, context, attempt)
    elif card.status == "waiting" and not card.attempts:
        layout.label(text="Not begun yet", icon="BLANK1")
    if idle and undecided:
        _draw_verdict(layout, card, attempt)
    elif idle and card.status in ("accepted", "failed"):
        layout.operator(Op.REOPEN, icon="LOOP_BACK").stage = card.name
    if attempt is not None:
        _draw_numbers(layout, context, card, attempt)
    if len(card.attempts) > 1 or (card.attempts and attempt is None):
        _draw_attempts(layout, card)
    if idle and card.wish:
        _draw_wish(layout, context, card)
    elif idle and (undecided or card.status == "accepted"):
        _draw_redo(layout, context, card, attempt)


def _draw_pictures(layout: bpy.types.UILayout, context: bpy.types.Context, attempt: panel_data.RestageAttempt) -> None:
    """The picture, and the attempt beside it."""
    row = layout.row(align=True)
    for icon in (properties.run_picture_icon(context.window_manager.restage), previews.icon(attempt.picture)):
        if icon:
            row.template_icon(icon_value=icon, scale=5.2)


def _draw_numbers(
    layout: bpy.types.UILayout,
    context: bpy.types.Context,
    card: panel_data.RestageCard,
    attempt: panel_data.RestageAttempt,
) -> None:
    column = layout.column(align=True)
    column.scale_y = 0.85
    words = [
        said("Attempt {number} of {count}", number=attempt.number, count=len(card.attempts)),
        said("round {round}", round=attempt.round),
    ]
    if attempt.usable:
        words.append(said("score {score:.2f}", score=attempt.score))
    column.label(text=", ".join(words), translate=False)
    spent = [f"{card.seconds:.0f} s"] if card.seconds >= 1 else []
    spent += [said("{tokens:,} tokens", tokens=card.tokens)] if card.tokens else []
    spent += [f"${card.cost_usd:.2f}"] if card.cost_usd >= 0.005 else []
    if spent:
        column.label(text=", ".join(spent), translate=False)
    told = attempt.note if attempt.usable else attempt.message
    if told:
        wrapped.sentence(layout, context, told, "NONE" if attempt.usable else "ERROR", most=4, inset=INSET)


def _draw_attempts(layout: bpy.types.UILayout, card: panel_data.RestageCard) -> None:
    grid = layout.grid_flow(row_major=True, columns=ACROSS, even_columns=True, even_rows=True, align=True)
    # With the last row full the columns stay as wide as they are.
    for attempt in [*card.attempts, *[None] * (-len(card.attempts) % ACROSS)]:
        cell = grid.column(align=True)
        if attempt is None:
            cell.label(text="")
            continue
        cell.active = not attempt.rejected
        icon = previews.icon(attempt.picture)
        if icon:
            cell.template_icon(icon_value=icon, scale=3.0)
        else:
            cell.label(text="", icon="ERROR")
        button = cell.row(align=True)
        button.enabled = attempt.usable
        chosen = button.operator(
            Op.CHOOSE,
            text=f"{attempt.score:.2f}" if attempt.usable else said("failed"),
            translate=False,
            icon=_mark(attempt),
            depress=attempt.shown,
        )
        chosen.stage, chosen.attempt = card.name, attempt.number


def _mark(attempt: panel_data.RestageAttempt) -> str:
    if not attempt.usable:
        return "ERROR"
    if attempt.rejected:
        return "X"
    if attempt.best:
        return "SOLO_ON"
    return {"artist": "USER", "solver": "DRIVER"}.get(attempt.by, "NONE")


def _draw_wish(layout: bpy.types.UILayout, context: bpy.types.Context, card: panel_data.RestageCard) -> None:
    words = {
        "redo": "Waits to be redone",
        "edit": "Your change waits to be run",
        "solve": "Numbers wait to be solved",
        "accept": "Waits to be accepted",
    }
    told = f"{said(words.get(card.wish, card.wish))}: {card.wished}"
    wrapped.sentence(layout, context, told, "SORTTIME", inset=INSET)
    row = layout.row(align=True)
    row.operator(Op.GO_ON, icon="PLAY")
    row.operator(Op.DROP_WISH, icon="X").stage = card.name


def _draw_verdict(
    layout: bpy.types.UILayout, card: panel_data.RestageCard, attempt: panel_data.RestageAttempt | None
) -> None:
    row = layout.row(align=True)
    row.scale_y = 1.4
    row.operator(Op.ACCEPT, text="Accept" if attempt else "Leave Out", icon="CHECKMARK").stage = card.name
    row.operator(Op.REJECT, icon="X").stage = card.name


def _draw_redo(
    layout: bpy.types.UILayout,
    context: bpy.types.Context,
    card: panel_data.RestageCard,
    attempt: panel_data.RestageAttempt | None,
) -> None:
    _draw_checklist(layout, context, card, attempt)
    column = layout.column(align=True)
    column.prop(context.scene.restage, "note", text="", placeholder="What is to be different?")
    row = column.row(align=True)
    row.operator(Op.REDO, icon="FILE_REFRESH").stage = card.name
    row.operator(Op.SOLVE, text="Solve", icon="DRIVER").stage = card.name


def _draw_checklist(
    layout: bpy.types.UILayout,
    context: bpy.types.Context,
    card: panel_data.RestageCard,
    attempt: panel_data.RestageAttempt | None,
) -> None:
    chosen = context.scene.restage
    if attempt is None or chosen.points_of != f"{card.name} {attempt.number}":
        return
    if attempt.summary:
        icon = "CHECKMARK" if attempt.approved else "INFO"
        wrapped.sentence(layout, context, attempt.summary, icon, most=4, inset=INSET)
    column = layout.column(align=True)
    for place, point in enumerate(chosen.points):
        row = column.row(align=True)
        row.prop(point, "use", text="")
        field = row.row(align=True)
        field.active = point.use
        about = " ".join(text for text in (point.object, point.property) if text)
        field.prop(point, "text", text="", icon="ERROR" if point.severity == "blocking" else "NONE")
        row.operator(Op.REMOVE_POINT, text="", icon="X").place = place
        if about:
            label = column.row()
            label.active = False
            label.scale_y = 0.75
            label.label(text=about, icon="BLANK1")
    row = column.row(align=True)
    row.operator(Op.ADD_POINT, text="Add a Point", icon="ADD")
    if attempt.summary or len(chosen.points):
        row.operator(Op.RESET_POINTS, text="", icon="LOOP_BACK")


CLASSES = (RESTAGE_PT_stages, RESTAGE_PT_locks)
