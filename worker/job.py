# SPDX-License-Identifier: GPL-3.0-or-later
"""One attempt inside the worker, from the empty scene to its measurements (design, section 6)."""

from __future__ import annotations

import contextlib
import resource
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bpy

from . import execute
from .protocol import Job, JobResult, StageScript


class Stopped(Exception):
    """The attempt ends here with this status."""

    def __init__(self, status: str, message: str, line: int = 0) -> None:
        """Keep the status, the one sentence, and the candidate's line."""
        super().__init__(message)
        self.status, self.message, self.line = status, message, line


def run(job: Job, scratch: Path, progress: Callable[[str], None]) -> JobResult:
    """Run a job on the empty scene; whatever the scripts do becomes a status, only our own errors are raised."""
    attempt = _Attempt(job, scratch, progress)
    status, message, line = "ok", "", 0
    try:
        attempt.build()
    except Stopped as stop:
        status, message, line = stop.status, stop.message, stop.line
    found: dict[str, Any] = attempt.found
    return JobResult(
        status=status,  # type: ignore[arg-type]
        message=message,
        line=line,
        output=attempt.output.text(),
        notes=tuple(attempt.notes),
        seconds=attempt.seconds,
        peak_memory_mb=_peak_memory_mb(),
        blender=bpy.app.version_string,
        **found,
    )


class _Attempt:
    def __init__(self, job: Job, scratch: Path, progress: Callable[[str], None]) -> None:
        self.job, self.scratch, self.progress = job, scratch, progress
        self.seconds: dict[str, float] = {}
        self.notes: list[str] = []
        self.found: dict[str, Any] = {}
        self.output = execute.Output()

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[None]:
        self.progress(name)
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - began

    def build(self) -> None:
        with self.step("reset"):
            execute.run_prelude()
        with self.step("replay"):
            for script in self.job.accepted:
                self._script(script, replayed=True)
        with self.step("run"):
            self._script(self.job.candidate, replayed=False)

    def _script(self, script: StageScript, replayed: bool) -> None:
        source = f"<{script.stage}>"
        try:
            with contextlib.redirect_stdout(self.output):
                code = compile(script.text, source, "exec")
                execute.run(code, execute.plain_namespace(), source)
        except SyntaxError as error:
            raise Stopped("error", f"SyntaxError: {error.msg}", error.lineno or 0) from error
        except execute.ScriptError as error:
            status = "memory" if error.out_of_memory else "error"
            if replayed:
                raise Stopped(status, f"the accepted {script.stage} script no longer runs: {error.text}") from error
            raise Stopped(status, error.text, error.line) from error


def _peak_memory_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20) if sys.platform == "darwin" else peak / (1 << 10)
