# SPDX-License-Identifier: GPL-3.0-or-later
"""What the worker remembers between requests: whether it is fresh, and the scene that the last job built."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from . import execute, job
from .protocol import Failure, FinishRequest, Job, LightBasisRequest, Message


class Session:
    """Answers requests; made once, before the worker says it is ready."""

    def __init__(self, scratch: Path, progress: Callable[[str], None]) -> None:
        """Empty Blender now, so that the first job need not wait for it. `progress` is called with each step's name."""
        self._scratch = scratch
        self._progress = progress
        self._fresh = True
        self._built = False
        execute.reset()

    def answer(self, request: Message) -> Message:
        """Serve one request. Whatever a script does becomes a `JobResult`; our own errors are raised."""
        if isinstance(request, Job):
            if not self._fresh:
                execute.reset()
            self._fresh, self._built = False, False
            result = job.run(request, self._scratch, self._progress)
            self._built = result.status == "ok"
            return result
        if isinstance(request, (LightBasisRequest, FinishRequest)):
            if not self._built:
                return Failure("There is no finished scene in this worker: run a job first.")
            if isinstance(request, LightBasisRequest):
                from . import lights

                return lights.basis(request, self._scratch)
            from . import finish

            return finish.finish(request, self._scratch)
        return Failure(f"The worker cannot serve a {type(request).__name__}.")
