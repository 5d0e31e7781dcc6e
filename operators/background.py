# SPDX-License-Identifier: GPL-3.0-or-later
"""Short tasks off the main thread: a key store that may ask for a password, a server that may take its time.

One thread each; what comes of it is shown on the main thread, through the same bridge a run uses.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from ..scene.bridge import Bridge, BridgeClosed, Timer

JOIN_S = 0.6
"""For all tasks together, as long as the session may stand still for them."""
_tasks: dict[str, Task] = {}


class Task:
    """Some work in a thread of its own. All methods are for the main thread."""

    def __init__(self, work: Callable[[threading.Event], str], done: Callable[[str, bool], None]) -> None:
        """`work` returns a sentence; `done` is told it, or the sentence of what `work` raised and True."""
        self.cancelled = threading.Event()
        self.bridge = Bridge()
        self._work: Callable[[threading.Event], str] | None = work
        self._done = done
        self._thread = threading.Thread(target=self._body, name="restage-task", daemon=True)
        self._timer = Timer(self.bridge, self.alive, lambda: False)

    def start(self) -> None:
        """Start the thread and the timer that listens to it."""
        self._thread.start()
        self._timer.start()

    def alive(self) -> bool:
        """Whether the work goes on."""
        return self._thread.is_alive()

    def abandon(self, seconds: float = JOIN_S) -> None:
        """Stop, and listen no longer; wait so long for the end of the work."""
        self.cancelled.set()
        self.bridge.close()
        self._timer.stop()
        self._thread.join(max(0.0, seconds))

    def _body(self) -> None:
        # A task outlives its work, which may hold a key.
        work, self._work = self._work, None
        try:
            said, failed = work(self.cancelled), False
        except Exception as error:  # noqa: BLE001 - the work is any library's; its error is shown
            said, failed = str(error) or type(error).__name__, True
        try:
            self.bridge.post(lambda: self._done(said, failed))
        except BridgeClosed:
            return  # Nobody is left to be told: the extension was switched off.


def start(name: str, work: Callable[[threading.Event], str], done: Callable[[str, bool], None]) -> Task:
    """Start a task, in place of an earlier one of the same name."""
    if (before := _tasks.pop(name, None)) is not None:
        before.abandon()
    task = _tasks[name] = Task(work, done)
    task.start()
    return task


def find(name: str) -> Task | None:
    """Return the latest task of that name, ended or not."""
    return _tasks.get(name)


def going_on(name: str) -> bool:
    """Whether the work of the latest task of that name goes on."""
    task = find(name)
    return task is not None and task.alive()


def abandon_all() -> None:
    """Stop all tasks."""
    end = time.monotonic() + JOIN_S
    for task in _tasks.values():
        task.cancelled.set()
    while _tasks:
        _tasks.popitem()[1].abandon(end - time.monotonic())
