# SPDX-License-Identifier: GPL-3.0-or-later
"""What the worker remembers between requests: whether it is fresh, and the scene that the last job built."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path

from . import execute, job
from .protocol import (
    ApiFacts,
    ApiFactsRequest,
    Failure,
    FinishRequest,
    Job,
    LightBasisRequest,
    LookRequest,
    Message,
    Prepare,
    Prepared,
    SolveRequest,
    StageScript,
)


class Session:
    """Answers requests; made once, before the worker says it is ready."""

    def __init__(self, scratch: Path, progress: Callable[[str], None]) -> None:
        """Empty Blender now, so that the first job need not wait for it. `progress` is called with each step's name."""
        self._scratch = scratch
        self._progress = progress
        self._fresh = True
        self._base: job.Base | None = None
        self._built = False
        self._looks = 0
        execute.reset()

    def answer(self, request: Message) -> Message:
        """Serve one request. Whatever a script does becomes a `JobResult`; our own errors are raised."""
        if isinstance(request, Prepare):
            return self._prepare(request)
        if isinstance(request, Job):
            base = self._base if self._base is not None and self._base.begins(request) else None
            if base is None:
                self._empty()
            self._fresh, self._built, self._base = False, False, None
            result = job.run(request, self._scratch, self._progress, base)
            self._built = result.status == "ok"
            return result
        if isinstance(request, SolveRequest):
            from .solve import variants

            self._fresh, self._built, self._base = False, False, None
            solved = variants.run(request, self._scratch, self._progress, execute.reset)
            self._built = bool(solved.variants) and solved.variants[-1].ok
            return solved
        if isinstance(request, ApiFactsRequest):
            from . import facts

            return ApiFacts(facts.gather())
        if isinstance(request, (LightBasisRequest, LookRequest, FinishRequest)):
            if not self._built:
                return Failure("There is no finished scene in this worker: run a job first.")
            if isinstance(request, LightBasisRequest):
                from . import lights

                return lights.basis(request, self._scratch)
            if isinstance(request, LookRequest):
                return self._look(request)
            from . import finish

            return finish.finish(request, self._scratch)
        return Failure(f"The worker cannot serve a {type(request).__name__}.")

    def _look(self, request: LookRequest) -> Message:
        from . import look

        self._looks += 1
        try:
            return look.look(request, self._scratch, self._looks)
        except look.NoLook as error:
            return Failure(str(error))

    def _prepare(self, request: Prepare) -> Prepared:
        wanted = Job(request.accepted, StageScript("", ""), (), guard=request.guard)
        base = self._base if self._base is not None and self._base.begins(wanted) else None
        if base is None:
            self._empty()
        self._fresh, self._built, self._base = False, False, None
        try:
            self._base = job.prepare(request.accepted, request.guard, base)
        except job.Stopped:
            # Nobody waits for this answer; the job that does replays the scripts again and says what is wrong.
            return Prepared(False)
        except Exception:  # noqa: BLE001 - as a Failure it would pass for the answer to the job that comes next
            traceback.print_exc()
            return Prepared(False)
        return Prepared()

    def _empty(self) -> None:
        if not self._fresh:
            execute.reset()
            self._fresh = True
