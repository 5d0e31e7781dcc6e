# SPDX-License-Identifier: GPL-3.0-or-later
"""Fills what the panel draws of a run: its cards from the run folder, what is shown from the sandbox collection, the
parameters from the script in focus. Main thread only; called when something has changed, never while drawing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from .. import previews, properties
from ..scene import compat, sandbox
from . import params, trouble, watch

if TYPE_CHECKING:
    from ..agent.cards import AttemptCard, RunCards

OPEN = ("running", "review", "broken")
"""A stage in one of these states has the artist's attention."""


def refresh(context: bpy.types.Context) -> None:
    """Read the scene's run folder in the scene's state and show it; say so where it can't be read."""
    from ..agent import cards
    from ..agent.record import RecordError

    chosen = context.scene.restage
    if not chosen.folder:
        clear()
        return
    try:
        known = cards.read(Path(properties.absolute(chosen.folder)), chosen.state)
    except (RecordError, OSError) as error:
        clear()
        trouble.tell(f"The run folder can't be used: {error}")
        return
    show(known, context.scene)
    _points_of_shown(known, context.scene)


def _points_of_shown(known: RunCards, scene: bpy.types.Scene) -> None:
    """Have the checklist be about what is shown: a step that was made before the verdict came has the one before."""
    live = bpy.context.window_manager.restage
    card = properties.card(live, live.shown_stage) if live.shown_stage else None
    if card is not None and card.status in ("review", "broken"):
        fill_points(scene, known, card.name, live.shown_attempt)


def show(known: RunCards, scene: bpy.types.Scene) -> None:
    """Show a run's cards; the stage that wants attention comes into focus."""
    live = bpy.context.window_manager.restage
    before = {card.name: card.status for card in live.cards} if live.cards_of == known.folder else {}
    live.cards_of, live.cards_state, live.newest, live.finished = (
        known.folder,
        known.state,
        known.newest,
        known.finished,
    )
    live.cards_status = known.status.upper() if known.status != "running" else "NONE"
    if live.status not in properties.BUSY:
        scene.restage.status = live.cards_status
        live.tokens, live.cost_usd = min(known.tokens, 2**31 - 1), known.cost_usd
    live.cards.clear()
    for stage in known.stages:
        card = live.cards.add()
        card.name = stage.name
        for name in ("label", "number", "status", "message", "standing", "score", "rounds", "cost_usd", "seconds"):
            setattr(card, name, getattr(stage, name))
        card.tokens = min(stage.tokens, 2**31 - 1)
        card.wish, card.wished = stage.wish, stage.wished
        for attempt in stage.attempts:
            _fill(card.attempts.add(), attempt)
    previews.note([properties.run_picture(live), *(a.picture for stage in known.stages for a in stage.attempts)])
    live.locks.clear()
    for name, words in known.locks:
        item = live.locks.add()
        item.name, item.words = name, words
    _fill_masks(live, known)
    _mark_shown(live, scene.restage.run)
    _focus(live, before)
    params.fill(live)
    watch.start()
    compat.redraw()


def clear() -> None:
    """Show no run."""
    live = bpy.context.window_manager.restage
    for items in (live.cards, live.params, live.edits, live.locks, live.mask_objects):
        items.clear()
    live.mask_object, live.mask_hints, live.masks_of = "", 0, ""
    live.cards_of, live.cards_state, live.newest, live.finished, live.focus, live.params_of = "", -1, 0, False, "", ""
    live.shown_stage, live.shown_attempt, live.cards_status = "", 0, "NONE"
    live.tokens, live.cost_usd = 0, 0.0
    compat.redraw()


def shown_again(scene: bpy.types.Scene) -> None:
    """Look again which attempt the file shows."""
    live = bpy.context.window_manager.restage
    _mark_shown(live, scene.restage.run)
    params.fill(live)
    compat.redraw()


def _fill(item: Any, attempt: AttemptCard) -> None:
    for name in ("number", "round", "usable", "score", "message", "note", "by", "rejected", "best", "picture"):
        setattr(item, name, getattr(attempt, name))
    item.folder, item.summary, item.approved = attempt.folder, attempt.summary, attempt.approved
    item.lpips = -1.0 if attempt.lpips is None else attempt.lpips
    item.overlap = -1.0 if attempt.overlap is None else attempt.overlap


def _fill_masks(live: Any, known: RunCards) -> None:
    live.mask_objects.clear()
    for name in known.objects:
        live.mask_objects.add().name = name
    live.mask_hints, live.masks_of = known.hints, known.hinted
    if live.mask_object not in live.mask_objects:
        live.mask_object = known.objects[0] if known.objects else ""


def _mark_shown(live: Any, run: str) -> None:
    live.shown_stage, live.shown_attempt = sandbox.shown(run) if run else ("", 0)
    for card in live.cards:
        for attempt in card.attempts:
            attempt.shown = (card.name, attempt.number) == (live.shown_stage, live.shown_attempt)


def _focus(live: Any, before: dict[str, str]) -> None:
    """Bring the stage into focus that has come to want attention; else leave the artist's choice."""
    wanted = next((card for card in live.cards if card.status in OPEN), None)
    if wanted is not None and before.get(wanted.name) not in OPEN:
        live.focus = wanted.name
    elif live.focus not in live.cards:
        done = [card.name for card in live.cards if card.status in ("accepted", "failed")]
        live.focus = wanted.name if wanted else done[-1] if done else ""


def fill_points(scene: bpy.types.Scene, known: RunCards, stage: str, number: int) -> None:
    """Put the verifier's points on an attempt into the artist's checklist, unless it is about that attempt already.

    What was typed for another attempt is gone; an undo brings it back, for the checklist is the scene's.
    """
    chosen = scene.restage
    about = f"{stage} {number}"
    if chosen.points_of == about:
        return
    cards = next((card for card in known.stages if card.name == stage), None)
    attempt = next((item for item in cards.attempts if item.number == number), None) if cards else None
    chosen.points.clear()
    chosen.points_of, chosen.note = about, ""
    for found in attempt.points if attempt else ():
        point = chosen.points.add()
        point.object, point.property, point.severity = found.object, found.property, found.severity
        point.observed, point.text = found.observed, found.wanted[:400]
        point.kept = json.dumps({"region": found.region, "values": found.values})
