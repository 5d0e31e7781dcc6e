# SPDX-License-Identifier: GPL-3.0-or-later
"""Where workers come from: one is always warm, so that an attempt does not wait for Blender to start.

Standard library only; used from the agent's background thread inside the artist's Blender.
"""

from __future__ import annotations

import threading
from pathlib import Path
from types import TracebackType

from . import lockdown
from .binary import BlenderBinary, why_not_here
from .client import Limits, Worker, WorkerError
from .lockdown import NoConfinement
from .protocol import StageScript

__all__ = ["Limits", "NoConfinement", "Worker", "WorkerError", "WorkerPool", "start_one", "why_unconfined"]


def why_unconfined() -> str:
    """Return one sentence saying why workers can't be confined on this machine; empty when they can."""
    try:
        lockdown.check_available()
    except NoConfinement as error:
        return str(error)
    return ""


def start_one(
    binary: BlenderBinary,
    limits: Limits | None = None,
    allow_unconfined: bool = False,
    scratch_root: Path | None = None,
) -> Worker:
    """Start a single worker with none kept warm behind it; closing it is the caller's.

    Raises NoConfinement unless workers can be confined here or `allow_unconfined`, WorkerError when none starts.
    """
    limits = limits or Limits()
    return Worker(binary, limits, scratch_root, _confinement(binary, limits, allow_unconfined))


def _confinement(binary: BlenderBinary, limits: Limits, allow_unconfined: bool) -> bool:
    """Say whether workers are started locked down. A lock that nobody tried is used where it holds, with leave."""
    if reason := why_not_here():
        raise WorkerError(reason)
    try:
        lockdown.check_available()
    except NoConfinement as error:
        if not allow_unconfined:
            raise
        return isinstance(error, lockdown.Untried) and _holds(binary, limits)
    return True


def _holds(binary: BlenderBinary, limits: Limits) -> bool:
    """Whether a worker comes up locked down; it serves only when all it tries is refused (proof.py)."""
    try:
        with Worker(binary, limits, None, True) as one:
            return one.wait_ready().confined
    except WorkerError:
        return False


class WorkerPool:
    """Hands out workers, keeping one warm in the background. Use as a context manager, or call `close`."""

    def __init__(
        self,
        binary: BlenderBinary,
        limits: Limits | None = None,
        scratch_root: Path | None = None,
        allow_unconfined: bool = False,
    ) -> None:
        """Check that workers can be confined here. Raises NoConfinement unless they can or `allow_unconfined`.

        Raises WorkerError where there is no launcher for this system.
        """
        self._binary = binary
        self._limits = limits or Limits()
        self._confine = _confinement(binary, self._limits, allow_unconfined)
        self._scratch_root = scratch_root
        self._lock = threading.Lock()
        self._standby: Worker | None = None
        self._accepted: tuple[StageScript, ...] = ()
        self._given: list[Worker] = []
        self._closed = False

    def __enter__(self) -> WorkerPool:
        """Return the pool itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the pool."""
        self.close()

    def warm(self) -> None:
        """Begin to start a standby worker, unless there is one; returns at once."""
        with self._lock:
            if not self._closed and (self._standby is None or not self._standby.alive):
                if self._standby is not None:
                    self._standby.close()
                self._standby = self._start()

    def prepare(self, accepted: tuple[StageScript, ...]) -> None:
        """Have the standby, and those that come after it, replay accepted scripts ahead of the job; returns at once."""
        with self._lock:
            self._accepted = accepted
            if self._standby is not None:
                self._standby.prepare(accepted)

    def open(self) -> Worker:
        """Return a worker for one attempt, the standby if there is one; once it is ready the next one is warmed.

        Raises WorkerError when none can be started. The worker may still be starting: `run` waits for it.
        """
        with self._lock:
            if self._closed:
                raise WorkerError("The worker pool is closed.")
            worker, self._standby = self._standby, None
            if worker is not None and not worker.alive:
                worker.close()
                worker = None
            worker = worker or self._start()
            self._given = [given for given in self._given if not given._closed]
            self._given.append(worker)
            worker._on_ready = self.warm
        return worker

    def close(self) -> None:
        """Kill the standby and every worker handed out."""
        with self._lock:
            self._closed = True
            workers = [*self._given, *([self._standby] if self._standby else [])]
            self._standby, self._given = None, []
        for worker in workers:
            worker.close()

    def _start(self) -> Worker:
        worker = Worker(self._binary, self._limits, self._scratch_root, self._confine)
        if self._accepted:
            worker.prepare(self._accepted)
        return worker
