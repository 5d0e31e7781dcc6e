# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks a few times a second whether the artist has turned a parameter or edited a script. Nothing else tells: property
callbacks crash bpy 4.2 as a module, and a depsgraph handler would be called for everything.

Only while the scene shows a run; with nothing to see a look costs some microseconds.
"""

from __future__ import annotations

import logging
import time

import bpy

from .. import properties
from ..scene import compat, edits, looking, scripts
from . import follow, params

EVERY_S = 0.25
QUIET_S = 0.4
"""A field that was not turned for this long is where the artist wants it."""
_log = logging.getLogger(__name__)
_seen: dict[str, object] = {"values": None, "since": 0.0, "tried": None}


def start() -> None:
    """Look from now on, for as long as a run is shown. Main thread only."""
    if not bpy.app.timers.is_registered(_tick):
        bpy.app.timers.register(_tick, first_interval=EVERY_S, persistent=True)


def stop() -> None:
    """Look no longer."""
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)


def _tick() -> float | None:
    live = bpy.context.window_manager.restage
    if not live.cards:
        return None
    try:
        look(time.monotonic())
    except RuntimeError as error:
        # An operator's error, which it has told in the panel; Blender drops a timer that raises.
        _log.info("not run: %s", error)
    return EVERY_S


def look(now: float) -> None:
    """Look once; `now` in seconds of a clock that only goes on."""
    live = bpy.context.window_manager.restage
    if follow.elsewhere():
        # Another scene: `preload` reads its run, off the main thread.
        from . import view

        view.clear()
        return
    looking.note(bpy.context.scene.restage.run)
    _look_at_texts(live)
    _look_at_objects(live)
    values = params.changed(live)
    if not values:
        _seen["tried"] = None
    if values != _seen["values"]:
        _seen["values"], _seen["since"] = values, now
        return
    if not values or values == _seen["tried"] or now - float(_seen["since"]) < QUIET_S:  # type: ignore[arg-type]
        return
    if live.status in properties.BUSY:
        _run_that_instead(live, values)
        return
    with compat.window_override():
        if not bpy.ops.restage.run_parameters.poll():
            return
        _seen["tried"] = values
        bpy.ops.restage.run_parameters()


def _run_that_instead(live: properties.RestageLive, values: dict[str, object]) -> None:
    """Stop running numbers that the artist has turned further."""
    from . import run_thread

    thread = run_thread.current()
    if thread is not None and thread.request.options.only_wishes and params.running() not in ({}, values):
        thread.cancel()


def _look_at_objects(live: properties.RestageLive) -> None:
    """Notice what the artist has changed by hand."""
    run = bpy.context.scene.restage.run
    found = [(item.name, item.words()) for item in edits.found(run)] if run else []
    if found != [(item.name, item.words) for item in live.edits]:
        live.edits.clear()
        for name, words in found:
            item = live.edits.add()
            item.name, item.words = name, words
        compat.redraw()


def _look_at_texts(live: properties.RestageLive) -> None:
    run = bpy.context.scene.restage.run
    card = properties.card(live)
    if not run or card is None:
        return
    file = next((file for file in scripts.names(run) if file.endswith(f"_{card.name}.py")), "")
    edited = bool(file) and scripts.edited(run, file)
    if edited != card.edited:
        card.edited = edited
        compat.redraw()
        compat.redraw("TEXT_EDITOR")
