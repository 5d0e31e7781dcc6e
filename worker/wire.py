# SPDX-License-Identifier: GPL-3.0-or-later
"""Send to a worker without ever waiting for one that does not read. Standard library only."""

from __future__ import annotations

import contextlib
import os
import select
import threading
import time
from collections.abc import Iterator
from typing import Literal

_POLL_SECONDS = 0.02


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
            poll = select.poll()
            poll.register(self._descriptor, select.POLLOUT)
            left = memoryview(frame)
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
            self._broken = False


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
