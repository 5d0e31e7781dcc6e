# SPDX-License-Identifier: GPL-3.0-or-later
"""The queue between the run's thread and the main thread, with real threads and without Blender's event loop."""

from __future__ import annotations

import threading

import pytest
from restage.scene.bridge import Bridge, BridgeClosed, Timer


def in_thread(call):
    """Start a thread that makes a call; return it and the list its result or exception ends up in."""
    outcome = []

    def body():
        try:
            outcome.append(call())
        except Exception as error:  # noqa: BLE001 - the test looks at whatever it was
            outcome.append(error)

    thread = threading.Thread(target=body)
    thread.start()
    return thread, outcome


def drain_until_done(bridge, thread):
    while thread.is_alive():
        bridge.drain()
        thread.join(0.005)


def test_posted_calls_are_made_in_order_on_the_draining_thread():
    bridge, seen = Bridge(), []
    thread, _ = in_thread(lambda: [bridge.post(lambda n=n: seen.append((n, threading.get_ident()))) for n in range(20)])
    thread.join()
    assert seen == []
    while bridge.waiting():
        bridge.drain()
    assert seen == [(n, threading.get_ident()) for n in range(20)]


def test_drain_makes_one_call_even_with_no_time_and_stops_at_the_budget():
    bridge, seen = Bridge(), []
    for n in range(3):
        bridge.post(lambda n=n: seen.append(n))
    assert bridge.drain(budget_s=0) == 1
    assert seen == [0]
    assert bridge.waiting() == 2
    assert bridge.drain(budget_s=60) == 2
    assert bridge.drain() == 0


def test_ask_returns_what_the_main_thread_found():
    bridge = Bridge()
    thread, outcome = in_thread(lambda: bridge.ask(threading.get_ident))
    drain_until_done(bridge, thread)
    assert outcome == [threading.get_ident()]


def test_ask_raises_what_the_call_raised():
    bridge = Bridge()
    thread, outcome = in_thread(lambda: bridge.ask(lambda: 1 // 0))
    drain_until_done(bridge, thread)
    assert isinstance(outcome[0], ZeroDivisionError)


def test_ask_gives_up_when_cancelled_and_the_call_is_never_made():
    bridge, cancel, seen = Bridge(), threading.Event(), []
    thread, outcome = in_thread(lambda: bridge.ask(lambda: seen.append(1), cancel=cancel))
    cancel.set()
    thread.join(5)
    assert isinstance(outcome[0], BridgeClosed)
    bridge.drain()
    assert seen == []


def test_ask_gives_up_after_its_time():
    with pytest.raises(TimeoutError):
        Bridge().ask(lambda: 1, timeout_s=0.01)


def test_closing_frees_a_waiting_thread_and_refuses_more():
    bridge = Bridge()
    thread, outcome = in_thread(lambda: bridge.ask(lambda: 1))
    while not bridge.waiting():
        thread.join(0.005)
    bridge.close()
    thread.join(5)
    assert isinstance(outcome[0], BridgeClosed)
    with pytest.raises(BridgeClosed):
        bridge.post(lambda: None)


def test_a_failing_post_is_told_and_the_next_is_still_made():
    errors, seen = [], []
    bridge = Bridge(on_error=errors.append)
    bridge.post(lambda: 1 // 0)
    bridge.post(lambda: seen.append(1))
    bridge.drain(budget_s=60)
    assert isinstance(errors[0], ZeroDivisionError)
    assert seen == [1]


def test_timer_ticks_often_when_busy_seldom_when_idle_and_then_stops():
    bridge, alive, ticks = Bridge(), [True], []
    timer = Timer(bridge, lambda: alive[0], lambda: ticks.append(1))
    bridge.post(lambda: None)
    busy, idle = timer.tick(), timer.tick()
    alive[0] = False
    assert busy < idle
    assert timer.tick() is None
    assert len(ticks) == 3


def test_timer_goes_on_while_something_is_left_to_show():
    left = [True]
    timer = Timer(Bridge(), lambda: False, lambda: left[0])
    assert timer.tick() is not None
    left[0] = False
    assert timer.tick() is None


def test_a_tick_that_fails_is_told_and_the_timer_goes_on():
    errors = []
    timer = Timer(Bridge(on_error=errors.append), lambda: True, lambda: 1 // 0)
    assert timer.tick() is not None
    assert isinstance(errors[0], ZeroDivisionError)


@pytest.mark.bpy
def test_a_stopped_timer_is_no_longer_blenders():
    import bpy

    timer = Timer(Bridge(), lambda: True, lambda: False)
    timer.start()
    assert bpy.app.timers.is_registered(timer._function)
    timer.stop()
    assert not bpy.app.timers.is_registered(timer._function)
