# SPDX-License-Identifier: GPL-3.0-or-later
"""The panel driven without a window: timers don't tick here, so the tests do what they would."""

from __future__ import annotations

import time

import bpy
import pytest
from restage import properties, registration
from restage.agent.assemble import Assembled
from restage.operators import background, launch, run_thread


def live():
    return bpy.context.window_manager.restage


def chosen():
    return bpy.context.scene.restage


def card(stage):
    return live().cards[stage]


def statuses():
    return [item.status for item in live().cards]


def tick_until(done, seconds=120.0):
    """What the timer does, until `done()`; the time is there to end a hanging test, not to measure."""
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, (live().status, live().message, live().error, live().doing)
        tick()
        time.sleep(0.01)


def tick():
    thread = run_thread._current
    if thread is not None:
        thread.bridge.drain()
        thread.show.tick()
    for task in list(background._tasks.values()):
        task.bridge.drain()


def stopped():
    """Run until the run's thread has ended and all that it told is shown."""
    tick_until(lambda: run_thread.current() is None and live().status not in properties.BUSY)
    tick()


def with_agent(monkeypatch, made):
    """Have the panel's runs work with this agent."""
    monkeypatch.setattr(launch, "_assembler", lambda _folder, _online: lambda _log: Assembled(made.agent()))


def silent():
    """The operators that can't be pressed as things are now and don't say why, as Blender would show it."""
    told, found = [], []
    with pytest.MonkeyPatch.context() as patch:
        for cls in registration.CLASSES:
            if not issubclass(cls, bpy.types.Operator) or "poll" not in dir(cls):
                continue
            told.clear()
            patch.setattr(cls, "poll_message_set", staticmethod(lambda text, *_: told.append(text)), raising=False)
            if not cls.poll(bpy.context) and not (told and told[-1] and not told[-1].endswith(".")):
                found.append(cls.bl_idname)
    return found
