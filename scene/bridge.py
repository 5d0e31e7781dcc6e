# SPDX-License-Identifier: GPL-3.0-or-later
"""The one way from the run's thread to Blender: a queue of calls, drained on the main thread by one timer.

The thread never touches `bpy`, and never registers a timer (a timer registered from a thread can be lost): it posts a
call, or asks for one and waits. `drain` is a plain function, so all of it works, and is tested, without a window.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any, TypeVar

BUDGET_S = 0.03
BUSY_INTERVAL_S = 0.05
IDLE_INTERVAL_S = 0.25
WAIT_S = 0.05

T = TypeVar("T")
_log = logging.getLogger(__name__)


class BridgeClosed(Exception):
    """Blender is no longer listening (the extension was switched off, the run cancelled, or Blender quits)."""


class Bridge:
    """A queue between one thread, which may `post`, `submit` and `ask`, and the main thread, which drains it."""

    def __init__(self, on_error: Callable[[BaseException], None] | None = None) -> None:
        """Make an open bridge; `on_error` is told, on the main thread, what a posted call raised."""
        self._calls: deque[tuple[Callable[[], Any], Future[Any] | None]] = deque()
        self._lock = threading.Lock()
        self._closed = False
        self._on_error = on_error

    def post(self, call: Callable[[], object]) -> None:
        """Have the main thread make a call, soon; don't wait. Raises BridgeClosed."""
        self._put(call, None)

    def submit(self, call: Callable[[], T]) -> Future[T]:
        """Have the main thread make a call, soon; its result or exception comes by the future. Raises BridgeClosed."""
        future: Future[T] = Future()
        self._put(call, future)
        return future

    def ask(self, call: Callable[[], T], timeout_s: float = 60.0, cancel: threading.Event | None = None) -> T:
        """Have the main thread make a call and wait for its result; what the call raises is raised here.

        Raises BridgeClosed when nobody will answer any more or `cancel` was set, TimeoutError after `timeout_s`.
        """
        future = self.submit(call)
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                return future.result(timeout=WAIT_S)
            except CancelledError:
                raise BridgeClosed("Blender is no longer listening") from None
            except FutureTimeout:
                if future.done():
                    # The call itself raised a TimeoutError.
                    raise
            if cancel is not None and cancel.is_set():
                future.cancel()
                raise BridgeClosed("cancelled")
            if time.monotonic() > deadline:
                future.cancel()
                raise TimeoutError(f"Blender did not answer within {timeout_s:.0f} s")

    def drain(self, budget_s: float = BUDGET_S) -> int:
        """Make waiting calls, oldest first, until none is left or the time is spent; return how many were made.

        At least one call is made, however small the budget. Main thread only.
        """
        deadline = time.perf_counter() + budget_s
        made = 0
        while made == 0 or time.perf_counter() < deadline:
            with self._lock:
                if not self._calls:
                    break
                call, future = self._calls.popleft()
            made += 1
            if future is None:
                self.make(call)
            elif future.set_running_or_notify_cancel():
                _answer(call, future)
        return made

    def make(self, call: Callable[[], T]) -> T | None:
        """Make a call now; what it raises is logged and told to `on_error`, and None comes back. Main thread only."""
        try:
            return call()
        except Exception as error:  # noqa: BLE001 - a call is any code; the panel gets its error
            _log.exception("a call for the run failed")
            if self._on_error is not None:
                self._on_error(error)
            return None

    def waiting(self) -> int:
        """How many calls wait to be made."""
        with self._lock:
            return len(self._calls)

    def close(self) -> None:
        """Take no more calls and drop those that wait; whoever waits for one gets BridgeClosed."""
        with self._lock:
            self._closed = True
            dropped = list(self._calls)
            self._calls.clear()
        for _, future in dropped:
            if future is not None:
                future.cancel()

    def _put(self, call: Callable[[], Any], future: Future[Any] | None) -> None:
        with self._lock:
            if self._closed:
                raise BridgeClosed("Blender is no longer listening")
            self._calls.append((call, future))


def _answer(call: Callable[[], Any], future: Future[Any]) -> None:
    try:
        result = call()
    except Exception as error:  # noqa: BLE001 - a call is any code; whoever asked gets its error
        future.set_exception(error)
    else:
        future.set_result(result)


class Timer:
    """Drains a bridge from Blender's event loop: often while something happens, seldom when idle, then not at all."""

    def __init__(self, bridge: Bridge, alive: Callable[[], bool], each_tick: Callable[[], bool]) -> None:
        """Make a stopped timer. It runs while `alive()`, while calls wait, and while there is something left to show.

        `each_tick` is called after each drain and says whether there is.
        """
        # Blender knows a timer by its function's identity, and every look at `self.tick` makes a new object.
        self._function = self.tick
        self._bridge = bridge
        self._alive = alive
        self._each_tick = each_tick

    def start(self) -> None:
        """Start ticking; survives opening another file. Main thread only."""
        import bpy

        if not bpy.app.timers.is_registered(self._function):
            bpy.app.timers.register(self._function, first_interval=BUSY_INTERVAL_S, persistent=True)

    def stop(self) -> None:
        """Stop ticking. Main thread only."""
        import bpy

        if bpy.app.timers.is_registered(self._function):
            bpy.app.timers.unregister(self._function)

    def tick(self) -> float | None:
        """Drain once; return the seconds to the next tick, None to stop."""
        made = self._bridge.drain()
        # Blender drops a timer that raises, and with it the end of the run would never be shown.
        more = self._bridge.make(self._each_tick)
        if not more and not self._alive() and not self._bridge.waiting():
            return None
        return BUSY_INTERVAL_S if made or self._bridge.waiting() else IDLE_INTERVAL_S
