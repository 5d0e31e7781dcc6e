# SPDX-License-Identifier: GPL-3.0-or-later
"""Send to a worker without ever waiting for one that does not read. Standard library only.

What Windows does otherwise (no polling of pipes, handles for descriptors) is written from its documentation and was
never run there; the sender in a thread is tested where the other one works, too.
"""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any, Literal

_POLL_SECONDS = 0.02
CAN_POLL = hasattr(select, "poll") and sys.platform != "win32"


def passed_on(descriptor: int) -> tuple[int, dict[str, Any]]:
    """Return what a program started with `Popen(**options)` knows the descriptor by, and those options.

    They also keep the program out of the way: in a session, or without a console, of its own.
    """
    if sys.platform == "win32":
        import msvcrt

        handle = msvcrt.get_osfhandle(descriptor)
        os.set_handle_inheritable(handle, True)
        info = subprocess.STARTUPINFO(lpAttributeList={"handle_list": [handle]})
        return handle, {"startupinfo": info, "creationflags": subprocess.CREATE_NO_WINDOW}
    return descriptor, {"pass_fds": (descriptor,), "start_new_session": True}


class Unsent(Exception):
    """A message did not get out whole: the worker must not be spoken to any more."""

    def __init__(self, why: Literal["cancelled", "timeout", "ended"]) -> None:
        """Keep why."""
        super().__init__(why)
        self.why = why


class Sender:
    """The writing end of a worker's pipe. A pipe holds 64 kB only, and a busy worker reads nothing."""

    def __init__(self, descriptor: int) -> None:
        """Take the pipe's descriptor; whoever opened it closes it."""
        if CAN_POLL:
            os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._lock = threading.Lock()
        self._broken = False

    def stop(self, seconds: float) -> None:
        """Send nothing any more; call before the descriptor is closed, since its number is given out again."""
        # One that is writing to a dead worker finds out at once; the wait is for that.
        held_now = self._lock.acquire(timeout=seconds)
        self._broken = True
        if held_now:
            self._lock.release()

    def send(self, frame: bytes, end: float, cancel: threading.Event | None = None) -> None:
        """Write a frame whole, one thread at a time. Raises Unsent at the time `end` (monotonic), on `cancel`, or
        when nobody reads any more."""
        with held(self._lock, end, cancel):
            if self._broken:
                raise Unsent("ended")
            self._broken = True
            (self._polled if CAN_POLL else self._in_a_thread)(memoryview(frame), end, cancel)
            self._broken = False

    def _polled(self, left: memoryview, end: float, cancel: threading.Event | None) -> None:
        poll = select.poll()
        poll.register(self._descriptor, select.POLLOUT)
        while left:
            _check(end, cancel)
            try:
                # Not select(): a Blender with many files open has descriptors past its 1,024.
                if poll.poll(_POLL_SECONDS * 1000):
                    left = left[os.write(self._descriptor, left) :]
            except BlockingIOError:
                continue
            except (OSError, ValueError) as error:
                raise Unsent("ended") from error

    def _in_a_thread(self, left: memoryview, end: float, cancel: threading.Event | None) -> None:
        """Write in a thread that is left alone when it takes too long: the worker's end ends it."""
        failed: list[Exception] = []

        def write(left: memoryview = left) -> None:
            try:
                while left:
                    left = left[os.write(self._descriptor, left) :]
            except (OSError, ValueError) as error:
                failed.append(error)

        thread = threading.Thread(target=write, name="restage-worker-in", daemon=True)
        thread.start()
        while thread.is_alive():
            _check(end, cancel)
            thread.join(_POLL_SECONDS)
        if failed:
            raise Unsent("ended") from failed[0]


@contextlib.contextmanager
def held(lock: threading.Lock, end: float, cancel: threading.Event | None) -> Iterator[None]:
    """Hold a lock for the length of the block. Raises Unsent when it is not had by `end`, or on `cancel`."""
    while not lock.acquire(timeout=_POLL_SECONDS):
        _check(end, cancel)
    try:
        yield
    finally:
        lock.release()


def _check(end: float, cancel: threading.Event | None) -> None:
    if cancel is not None and cancel.is_set():
        raise Unsent("cancelled")
    if time.monotonic() >= end:
        raise Unsent("timeout")
