# SPDX-License-Identifier: GPL-3.0-or-later
"""The worker seen from outside: start one, ask it, hold it to its limits, kill it, clean up after it.

Nothing a script does reaches the caller as an exception: it becomes a `JobResult`. Standard library only; used from the
agent's background thread inside the artist's Blender.
"""

from __future__ import annotations

import contextlib
import os
import queue
import shutil
import subprocess
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from types import TracebackType
from typing import Any, BinaryIO, cast

from . import launcher, protocol
from .binary import BlenderBinary
from .protocol import (
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
    Message,
    Solved,
    SolveRequest,
    StageScript,
    Status,
)
from .wire import Sender, Unsent, held, passed_on

_POLL_SECONDS = 0.02
_END_SECONDS = 1.0
_STDERR_LINES = 40
_STDERR_LINE_BYTES = 1000
_MAX_WAITING = 64
"""Messages that wait to be taken; a worker that has more to say waits itself, its pipe being full. A request has more
than this in its progress alone, and whoever asked may stand still: Blender holds Python while it draws."""


@dataclass(frozen=True)
class Limits:
    """What a worker may use, enforced from outside."""

    job_seconds: float = 120.0
    """Wall clock of one request, renders included."""
    script_seconds: float = 10.0
    """Wall clock of each script, and of the checks that evaluate what it made."""
    look_seconds: float = 30.0
    """Wall clock of one look at what a job built, or of asking for the API's facts."""
    start_seconds: float = 60.0
    memory_mb: int = 4096
    file_mb: int = 256


class WorkerError(Exception):
    """No worker could be started; the text is one sentence."""


class Worker:
    """One live worker process. Use as a context manager, or call `close`."""

    def __init__(self, binary: BlenderBinary, limits: Limits, scratch_root: Path | None, confine: bool) -> None:
        """Start the process; `wait_ready` waits until it answers."""
        self._limits = limits
        self._began = time.monotonic()
        try:
            self._scratch = Path(tempfile.mkdtemp(prefix="restage-", dir=scratch_root)).resolve()
        except OSError as error:
            raise WorkerError(f"The worker gets no scratch folder: {error}.") from error
        lifeline, self._lifeline = os.pipe()
        number, passing = passed_on(lifeline)
        plan = launcher.Plan(
            kind=binary.kind,
            path=binary.path,
            scratch=str(self._scratch),
            lifeline=number,
            reads=binary.reads,
            memory_mb=limits.memory_mb,
            cpu_seconds=int(limits.job_seconds * 3),
            file_mb=limits.file_mb,
            confine=confine,
        )
        line = [binary.python, "-I", "-S", launcher.__file__, plan.to_json()]
        try:
            self._process = subprocess.Popen(
                line,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                **passing,
            )
        except OSError as error:
            os.close(self._lifeline)
            shutil.rmtree(self._scratch, ignore_errors=True)
            raise WorkerError(f"The worker does not start: {error}.") from error
        finally:
            os.close(lifeline)
        self._messages: queue.Queue[Message] = queue.Queue(_MAX_WAITING)
        self._ended_reading = threading.Event()
        self._answers = threading.Event()
        self._on_ready: Callable[[], None] | None = None
        self._stderr: deque[str] = deque(maxlen=_STDERR_LINES)
        self._close_lock = threading.Lock()
        self._closed = False
        assert self._process.stdin is not None
        self._sender = Sender(self._process.stdin.fileno())
        self._prepare_lock = threading.Lock()
        self._order_lock = threading.Lock()
        """Held while a `Prepare` is sent: one that came after a job would take the job's scene away."""
        self._prepare: protocol.Prepare | None = None
        self._begun = False
        self._exit_code: int | None = None
        self._waited = 0.0
        self.ready: protocol.Ready | None = None
        self._readers = [
            threading.Thread(target=self._read_messages, name="restage-worker-out", daemon=True),
            threading.Thread(target=self._read_errors, name="restage-worker-err", daemon=True),
        ]
        for thread in self._readers:
            thread.start()

    def __enter__(self) -> Worker:
        """Return the worker itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the worker."""
        self.close()

    def wait_ready(self, cancel: threading.Event | None = None) -> protocol.Ready:
        """Wait until the worker answers. Raises WorkerError when it does not come up, and closes it then."""
        if self.ready is not None:
            return self.ready
        began = time.monotonic()
        outcome = self._receive(time.monotonic() + self._limits.start_seconds, cancel)
        self._waited += time.monotonic() - began
        if isinstance(outcome, protocol.Ready) and outcome.protocol == protocol.PROTOCOL_VERSION:
            self.ready = outcome
            if self._on_ready is not None:
                # A standby that can't be started is told by the `open` that needs it.
                with contextlib.suppress(WorkerError):
                    self._on_ready()
            return outcome
        if outcome == "ended":
            self._wait_for_end()
        self.close()
        if outcome == "cancelled":
            raise WorkerError("The start of the worker was cancelled.")
        if outcome == "timeout":
            raise WorkerError(f"The worker did not start within {self._limits.start_seconds:g} s.")
        raise WorkerError(f"The worker did not start: {self._last_words()}")

    def prepare(self, accepted: tuple[StageScript, ...]) -> None:
        """Have the worker replay accepted scripts as soon as it is up, while nobody waits; returns at once.

        Nothing to do once the worker has been asked for something else.
        """
        with self._prepare_lock:
            self._prepare = protocol.Prepare(accepted)
        if self._answers.is_set():
            threading.Thread(target=self._send_prepare, name="restage-worker-prepare", daemon=True).start()

    def _send_prepare(self) -> None:
        with self._order_lock:
            with self._prepare_lock:
                request, self._prepare = self._prepare, None
            if request is None or self._begun or self._closed:
                return
            # A worker that has died or does not read is told of by the one who asks it next.
            with contextlib.suppress(Unsent):
                self._sender.send(protocol.encode(request), time.monotonic() + self._limits.script_seconds)

    def run(self, job: Job, cancel: threading.Event | None = None) -> JobResult:
        """Run one attempt. Never raises for what a script did; on any killing status the worker is closed."""
        try:
            self.wait_ready(cancel)
        except WorkerError as error:
            cancelled = cancel is not None and cancel.is_set()
            return JobResult("cancelled" if cancelled else "crashed", str(error))
        waited, self._waited = self._waited, 0.0
        outcome = self._ask(job, cancel)
        if isinstance(outcome, JobResult):
            return replace(outcome, seconds={"start": waited, **outcome.seconds})
        if isinstance(outcome, tuple):
            status, message = outcome
            return JobResult(
                status, message, seconds={"start": waited}, blender=self.ready.blender if self.ready else ""
            )
        return JobResult(
            "crashed", outcome.message if isinstance(outcome, Failure) else "The worker answered nonsense."
        )

    def ask(
        self,
        request: LightBasisRequest | LookRequest | ApiFactsRequest | SolveRequest | FinishRequest,
        cancel: threading.Event | None = None,
    ) -> LightBasis | Look | ApiFacts | Solved | Finished | Failure:
        """Ask something about the scene that the last job built; whatever goes wrong comes back as a Failure."""
        try:
            self.wait_ready(cancel)
        except WorkerError as error:
            return Failure(str(error))
        outcome = self._ask(request, cancel)
        if isinstance(outcome, (LightBasis, Look, ApiFacts, Solved, Finished, Failure)):
            return outcome
        if isinstance(outcome, tuple):
            return Failure(outcome[1])
        return Failure("The worker answered nonsense.")

    def file(self, name: str) -> Path:
        """Return the path of a file the worker wrote. Raises FileNotFoundError unless it lies in its scratch folder."""
        plain = PurePath(name)
        path = self._scratch / plain
        if not name or plain.is_absolute() or ".." in plain.parts or not path.resolve().is_relative_to(self._scratch):
            raise FileNotFoundError(f"{name!r} is not a file of the worker's scratch folder")
        if path.is_symlink() or not path.is_file():
            raise FileNotFoundError(f"the worker wrote no file {name!r}")
        return path

    def close(self) -> None:
        """Kill the worker and remove its scratch folder. Safe to call twice and from any thread."""
        with self._close_lock:
            if self._closed:
                return
            self._closed = True
            os.close(self._lifeline)
            end = time.monotonic() + _END_SECONDS
            # Popen.wait sleeps longer and longer, up to 50 ms at a time.
            while self._process.poll() is None and time.monotonic() < end:
                time.sleep(0.002)
            if self._process.poll() is None:
                # The supervisor's death takes the worker with it (its parent-death signal).
                self._process.kill()
                self._process.wait()
            self._exit_code = self._process.returncode
            for thread in self._readers:
                if thread is not threading.current_thread():
                    thread.join(_END_SECONDS)
            self._sender.stop(_END_SECONDS)
            if self._process.stdin is not None:
                # What may fail is flushing bytes that the dead worker never read; nobody is left to tell.
                with contextlib.suppress(OSError):
                    self._process.stdin.close()
            shutil.rmtree(self._scratch, ignore_errors=True)

    @property
    def alive(self) -> bool:
        """Whether the worker still runs."""
        return not self._closed and self._process.poll() is None

    def _ask(self, request: Message, cancel: threading.Event | None) -> Message | tuple[Status, str]:
        if self._closed:
            return "crashed", "The worker is no longer running."
        allowed = self._request_seconds(request)
        end = time.monotonic() + allowed
        try:
            with held(self._order_lock, end, cancel):
                self._begun = True
            self._sender.send(protocol.encode(request), end, cancel)
        except Unsent as error:
            return self._unsent(error, allowed)
        deadline, step = end, "the whole attempt"
        while True:
            outcome = self._receive(deadline, cancel)
            if isinstance(outcome, protocol.Progress):
                allowed = self._step_seconds(outcome.step, request)
                deadline = end if allowed is None else min(end, time.monotonic() + allowed)
                step = outcome.step
                continue
            if isinstance(outcome, protocol.Prepared):
                continue
            if outcome == "cancelled":
                self.close()
                return "cancelled", "Cancelled."
            if outcome == "timeout":
                self.close()
                return "timeout", self._timeout_message(request, step, deadline == end)
            if outcome == "ended":
                return self._ended()
            return cast(Message, outcome)

    def _unsent(self, error: Unsent, allowed: float) -> tuple[Status, str]:
        if error.why == "cancelled":
            self.close()
            return "cancelled", "Cancelled."
        if error.why == "timeout":
            self.close()
            return "timeout", f"Stopped after {allowed:g} s: the worker did not read what it was asked."
        return self._ended()

    def _request_seconds(self, request: Message) -> float:
        quick = isinstance(request, (LookRequest, ApiFactsRequest))
        return self._limits.look_seconds if quick else self._limits.job_seconds

    def _step_seconds(self, step: str, request: Message) -> float | None:
        scripts = len(request.accepted) if isinstance(request, (Job, SolveRequest)) else 1
        return {
            "replay": self._limits.script_seconds * max(1, scripts),
            "run": self._limits.script_seconds,
            "check": self._limits.script_seconds,
        }.get(step)

    def _timeout_message(self, request: Message, step: str, whole: bool) -> str:
        if isinstance(request, LookRequest):
            return f"Stopped after {self._limits.look_seconds:g} s: the look took too long."
        if isinstance(request, ApiFactsRequest):
            return f"Stopped after {self._limits.look_seconds:g} s: Blender did not say what its API is like."
        if whole:
            return f"Stopped after {self._limits.job_seconds:g} s: the attempt took too long, in the step {step!r}."
        if step == "run":
            return f"Stopped after {self._limits.script_seconds:g} s: is there a loop without end in the script?"
        if step == "check":
            return f"Stopped after {self._limits.script_seconds:g} s: what the script made takes too long to evaluate."
        return "Stopped: the accepted scripts take too long to replay."

    def _ended(self) -> tuple[Status, str]:
        self._wait_for_end()
        self.close()
        if self._exit_code == launcher.EXIT_MEMORY:
            return "memory", f"Stopped: the script used more than {self._limits.memory_mb / 1024:g} GB of memory."
        if self._exit_code == launcher.EXIT_SCRATCH:
            return "budget", "Stopped: the script filled its scratch folder."
        return "crashed", f"Blender crashed: {self._last_words()}"

    def _wait_for_end(self) -> None:
        """Let the supervisor report how the worker ended: closing the lifeline first would make it report our own."""
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._stderr.append("the worker closed its pipe but still ran")

    def _last_words(self) -> str:
        code = self._exit_code or 0
        how = f"signal {code - 128}" if code > 128 else f"exit code {code}"
        lines = [line for line in self._stderr if line.strip()]
        if code in (launcher.EXIT_NO_CONFINEMENT, launcher.EXIT_NO_EXEC) and lines:
            return lines[-1][:300]
        said = " / ".join(lines[-3:])[:300]
        return f"{how}; it last said: {said}" if said else f"{how}."

    def _receive(self, deadline: float, cancel: threading.Event | None) -> Any:
        """Return the next message, or `cancelled`, `timeout` or `ended`."""
        while True:
            if cancel is not None and cancel.is_set():
                return "cancelled"
            left = deadline - time.monotonic()
            if left <= 0:
                return "timeout"
            over = self._ended_reading.is_set()
            try:
                return self._messages.get(timeout=0 if over else min(left, _POLL_SECONDS))
            except queue.Empty:
                if over:
                    return "ended"

    def _read_messages(self) -> None:
        stdout = self._process.stdout
        assert stdout is not None
        try:
            while (message := protocol.read(cast(BinaryIO, stdout))) is not None:
                self._keep(message)
                if isinstance(message, protocol.Ready):
                    self._answers.set()
                    threading.Thread(target=self._send_prepare, name="restage-worker-prepare", daemon=True).start()
        except (protocol.ProtocolError, OSError, ValueError) as error:
            self._stderr.append(f"protocol: {error}")
        finally:
            self._ended_reading.set()
            stdout.close()

    def _keep(self, message: Message) -> None:
        """Queue a message as soon as there is room; drop it when the worker is closed, for nobody takes it then."""
        while not self._closed:
            with contextlib.suppress(queue.Full):
                self._messages.put(message, timeout=_POLL_SECONDS)
                return

    def _read_errors(self) -> None:
        stderr = self._process.stderr
        assert stderr is not None
        with stderr:
            # Bounded: a worker that prints without end and without a line break must not fill this process.
            while line := stderr.readline(_STDERR_LINE_BYTES):
                self._stderr.append(line.decode("utf-8", "replace").rstrip())
