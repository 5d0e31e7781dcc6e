# SPDX-License-Identifier: GPL-3.0-or-later
"""Ending a search early with the best so far, which is no cancelling of the run."""

from __future__ import annotations

import time
from threading import Event

POLL_S = 0.05


class Either(Event):
    """Set as soon as one of two others is."""

    def __init__(self, first: Event, second: Event) -> None:
        """Neither is changed from here."""
        super().__init__()
        self._both = first, second

    def is_set(self) -> bool:
        """Whether one of them is set."""
        return any(event.is_set() for event in self._both)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until one of them is set, for `timeout` seconds at most; return whether one is."""
        end = None if timeout is None else time.monotonic() + timeout
        while not self.is_set():
            left = POLL_S if end is None else min(POLL_S, end - time.monotonic())
            if left <= 0:
                return False
            self._both[0].wait(left)
        return True
