# SPDX-License-Identifier: GPL-3.0-or-later
"""What the loop needs of the outside: isolated workers, and a viewport when there is one. The worker's client and
the artist's side implement these; the loop imports neither."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Protocol

from ..worker.protocol import (
    ApiFacts,
    ApiFactsRequest,
    Failure,
    Finished,
    FinishRequest,
    Job,
    JobResult,
    LightBasis,
    LightBasisRequest,
    Look,
    LookRequest,
    Ready,
    Solved,
    SolveRequest,
    StageScript,
)
from .listener import AttemptShown
from .roles import Usage

Question = LightBasisRequest | LookRequest | ApiFactsRequest | SolveRequest | FinishRequest
"""What a worker can be asked after a job; API facts also before one."""


class NoWorker(Exception):
    """No isolated Blender can be had, so nothing can be tried; the text is one sentence."""


class WorkerPort(Protocol):
    """One isolated Blender, for one attempt."""

    @property
    def ready(self) -> Ready | None:
        """What the worker said of itself when it was up; None before that."""
        ...

    def run(self, job: Job, cancel: Event | None = None) -> JobResult:
        """Run a job; whatever the script does becomes a status, never an exception."""
        ...

    def ask(
        self, request: Question, cancel: Event | None = None
    ) -> LightBasis | Look | ApiFacts | Solved | Finished | Failure:
        """Ask something of the scene the last job built."""
        ...

    def file(self, name: str) -> Path:
        """Path of a file the worker named in a reply."""
        ...

    def close(self) -> None:
        """Kill the worker and remove its scratch folder."""
        ...


class PoolPort(Protocol):
    """Where workers come from."""

    def prepare(self, accepted: tuple[StageScript, ...]) -> None:
        """Have the next workers replay these scripts ahead of their job; returns at once."""
        ...

    def open(self) -> WorkerPort:
        """Return a worker nobody else uses, and warm the next one. Raises WorkerError with one sentence."""
        ...


class MeterPort(Protocol):
    """What counts the cost of an agent's requests."""

    @property
    def total(self) -> Usage:
        """All of it so far, with what a resumed run had cost before."""
        ...


ViewportRender = Callable[[AttemptShown, tuple[int, int]], "tuple[bytes, str] | None"]
"""Show an attempt in the artist's Blender and return a PNG of its viewport at that size with what drew it; None
when there is no window. Blocks the run's thread, never the main one."""
