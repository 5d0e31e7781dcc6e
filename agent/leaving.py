# SPDX-License-Identifier: GPL-3.0-or-later
"""Work that cannot look at the cancel event while it computes, on a thread that is left behind when the event is set.

One call of OpenCV or NumPy may take a second and more, and nobody can look at the event inside it. So whoever waits for
such a call waits here instead, and goes when the run is cancelled; what comes of the call then is dropped. Whatever is
called must therefore only compute: what it returns is written by the one who waited for it.
"""

from __future__ import annotations

import atexit
import contextlib
import contextvars
import ctypes
import logging
import os
import sys
from collections.abc import Callable
from threading import Event, Lock, Thread
from time import monotonic
from typing import Generic, TypeVar

from .roles import Cancelled

POLL_S = 0.05
LAST_WAIT_S = 30.0
"""At the end of the process, for the one native call a left thread may still be in. Ours take a fifth of a second to a
second of a core's time; the rest is for a machine that has more to do."""

T = TypeVar("T")
_log = logging.getLogger(__name__)


class _Left(BaseException):
    """Nobody waits for this thread any more. No Exception, so that no handler of the work's own keeps it going."""


class _Work(Generic[T]):
    def __init__(self, call: Callable[[], T]) -> None:
        self.done = Event()
        self._call = call
        self._lock = Lock()
        self._over = False
        self._made: list[T] = []
        self._error: BaseException | None = None
        context = contextvars.copy_context()
        # A daemon, as Python would otherwise wait for it without an end; at the end `_wait_for_the_left` does.
        self.thread = Thread(target=context.run, args=(self._body,), name="restage-compute", daemon=True)

    def result(self) -> T:
        if self._error is not None:
            raise self._error
        return self._made[0]

    def leave(self) -> None:
        """Have the thread end as soon as it is out of the native call it is in."""
        with self._lock:
            if not self._over and self.thread.ident is not None:
                _LEFT.add(self.thread)
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self.thread.ident), ctypes.py_object(_Left))

    def _body(self) -> None:
        try:
            try:
                self._made.append(self._call())
            except _Left:
                raise
            except BaseException as error:  # noqa: BLE001 - raised where it is waited for
                self._error = error
            # Nothing is thrown into the thread from here on.
            with self._lock:
                self._over = True
            self.done.set()
        except _Left:
            _log.debug("a call that was left has ended")
        finally:
            _LEFT.discard(self.thread)


_LEFT: set[Thread] = set()
"""Threads that still compute what nobody wants any more."""


def run(call: Callable[[], T], cancel: Event, patience: float = 0.0) -> T:
    """Return what `call` returns, or raise what it raises; raise Cancelled as soon as `cancel` is set.

    `call` runs on a thread of its own. When it is left it goes on to the end of the native call it is in, so it must
    neither write into the run folder nor tell anybody anything (`quiet`). With `patience` it is given that many seconds
    from now even though `cancel` is set.
    """
    until = monotonic() + patience
    if cancel.is_set() and not patience:
        raise Cancelled
    work = _Work(call)
    work.thread.start()
    try:
        while not work.done.wait(POLL_S):
            if cancel.is_set() and monotonic() >= until:
                raise Cancelled
    except BaseException:
        work.leave()
        raise
    return work.result()


def quiet(tell: Callable[[str], None], cancel: Event) -> Callable[[str], None]:
    """Return a `tell` that says nothing once `cancel` is set: for work that may have been left by then."""

    def told(doing: str) -> None:
        if not cancel.is_set():
            tell(doing)

    return told


def left() -> int:
    """Return how many calls that were left still compute."""
    return len(_LEFT)


def wait(seconds: float = LAST_WAIT_S) -> bool:
    """Wait until nothing that was left computes any more; return whether that is so."""
    end = monotonic() + seconds
    for thread in list(_LEFT):
        thread.join(max(0.0, end - monotonic()))
    return not any(thread.is_alive() for thread in list(_LEFT))


def end(code: int, at_once: bool = False) -> int:
    """Return an exit code; where something that was left still computes, or `at_once`, end the process with it here.

    For a command that has nothing more to do: it then waits neither for the call that was left nor for Python to take
    everything down, which on a busy machine is a second.
    """
    if at_once or left():
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)
    return code


def _wait_for_the_left() -> None:
    """A thread that comes out of OpenCV or NumPy while Python is taken down brings the process down with it (seen: exit
    139 with bpy 4.2, and `terminate called` with bpy 5.2)."""
    if not wait():
        _log.warning("a calculation that was left did not end within %g s", LAST_WAIT_S)


atexit.register(_wait_for_the_left)
