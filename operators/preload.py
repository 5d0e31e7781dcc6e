# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports what a run needs off the main thread, once the artist looks at the tab: some seconds on a slow machine, which
the first press of a button would otherwise take."""

from __future__ import annotations

import importlib
import threading

import bpy

from .. import bundled, previews, properties
from . import follow, pictures

EVERY_S = 1.0
_MODULES = ("operators.launch", "agent.cards", "agent.decisions", "agent.offline.agent")
_CLIENTS = {"openai": "openai", "compatible": "openai", "anthropic": "anthropic"}
_tried: set[str] = set()
"""Also those that could not be imported: they will not be the second time either."""
_thread: threading.Thread | None = None


def start() -> None:
    """Wait for the tab to be looked at. Main thread only."""
    if not bpy.app.timers.is_registered(_tick):
        bpy.app.timers.register(_tick, first_interval=EVERY_S, persistent=True)


def stop() -> None:
    """Wait no longer; an import that has begun ends by itself."""
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)


def _tick() -> float | None:
    if bundled.missing():
        return None
    if previews.looked_at():
        agent = bpy.context.scene.restage.agent
        wanted = [*_MODULES, *([f"agent.providers.{_CLIENTS[agent]}"] if agent in properties.KEYED else [])]
        load([name for name in wanted if name not in _tried])
        if follow.elsewhere():
            follow.after_load()
        if pictures.changed(bpy.context):
            pictures.look(bpy.context)
    return EVERY_S


def load(names: list[str]) -> threading.Thread | None:
    """Import modules of ours in a thread; None when there is nothing to do or it is being done."""
    global _thread
    if not names or (_thread is not None and _thread.is_alive()):
        return None
    package = __package__.rpartition(".")[0]

    def work() -> None:
        for name in names:
            _tried.add(name)
            importlib.import_module(f"{package}.{name}")

    _thread = threading.Thread(target=work, name="restage-imports", daemon=True)
    _thread.start()
    return _thread
