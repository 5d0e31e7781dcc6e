# SPDX-License-Identifier: GPL-3.0-or-later
"""Who owns the run's thread: starts it, cancels it, waits for its end. One run at a time per Blender.

The thread never touches `bpy`. All it needs is in the `Request`, read on the main thread beforehand; all it wants goes
over the bridge.
"""

from __future__ import annotations

import io
import logging
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..agent import cards
from ..agent.assemble import HANDOFF_FOLDER, Assembled
from ..agent.cards import RunCards
from ..agent.listener import AttemptShown, Progress, StageDone
from ..agent.picture import Picture, PictureError
from ..agent.ports import NoWorker
from ..agent.providers import handoff
from ..agent.providers.errors import ProviderError
from ..agent.record import RecordError, RunFolder
from ..agent.run import Run, RunOptions
from ..agent.stages import BY_NAME
from ..scene.bridge import Bridge, BridgeClosed, Timer
from ..worker.binary import BlenderBinary
from ..worker.pool import Limits, NoConfinement, WorkerError, WorkerPool

JOIN_S = 1.2
"""The session may stand still for two seconds at most; a thread that takes longer ends by itself."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Request:
    """All a run needs to know, as plain values."""

    run: str
    """uuid; what the sandbox collection is found by."""
    scene: str
    """Name that the artist's scene has at the start."""
    picture: Callable[[], Picture]
    """Loads it; called on the run's thread."""
    folder: RunFolder
    assemble: Callable[[Callable[[str], None]], Assembled]
    """Puts the agent together, on the run's thread; told where lines for the artist go."""
    options: RunOptions
    binary: BlenderBinary
    limits: Limits
    allow_unconfined: bool = False
    viewport_pictures: bool = True


@dataclass(frozen=True)
class Ended:
    """How a run ended."""

    status: str
    """`DONE`, `CANCELLED`, `FAILED`, `CAPPED`, `PAUSED` or `REVIEW`."""
    message: str
    details: str = ""
    """Of a failure: the traceback, where it is none of the usual ones."""


@dataclass(frozen=True)
class ByHand:
    """A request that waits for somebody's reply."""

    folder: str
    title: str
    """What it asks for, in a few words."""
    pictures: int


class Show(Protocol):
    """What shows a run to the artist. Called on the main thread only."""

    undone: bool
    """Whether the artist took back what began the run; nothing of it is shown then."""

    def progress(self, progress: Progress) -> None:
        """The run moved on."""
        ...

    def attempt(self, shown: AttemptShown, known: RunCards) -> None:
        """An attempt was recorded; `known` is the run as it is now."""
        ...

    def stage_done(self, done: StageDone, known: RunCards) -> None:
        """A stage's script was accepted, or waits for the artist."""
        ...

    def log(self, text: str) -> None:
        """One line worth reading."""
        ...

    def draw(self, shown: AttemptShown, size: tuple[int, int]) -> tuple[NDArray[np.uint8], str] | None:
        """Draw the attempt as the artist sees it; None when that can't be done now."""
        ...

    def by_hand(self, request: ByHand | None) -> None:
        """A request waits for somebody's reply; None: not any more."""
        ...

    def stopping(self) -> None:
        """The run was cancelled and has not ended yet."""
        ...

    def remember(self) -> None:
        """Write into the scene which run it shows; called again after an undo."""
        ...

    def tick(self) -> bool:
        """Called on every tick of the timer; return whether something is left to show."""
        ...

    def failed(self, error: BaseException) -> None:
        """Showing something went wrong."""
        ...

    def ended(self, ended: Ended, known: RunCards | None) -> None:
        """The thread is about to end; `known` is the run as it is left, None when its folder can't be read."""
        ...


class RunThread:
    """A run in its thread. All methods are for the main thread."""

    def __init__(self, request: Request, show: Show) -> None:
        """Prepare; `start` starts."""
        self.request = request
        self.show = show
        self.cancelled = threading.Event()
        self._run: Run | None = None
        self.began_at = request.folder.record.state
        """The journal's state the run began in: who goes back before it takes back what began it."""
        self.bridge = Bridge(on_error=show.failed)
        self._timer = Timer(self.bridge, self.alive, show.tick)
        # A daemon, so that a Blender that quits never waits for it; the workers die with it.
        self._thread = threading.Thread(target=self._body, name="restage-run", daemon=True)

    def start(self) -> None:
        """Start the thread and the timer that listens to it."""
        self._thread.start()
        self._timer.start()

    def alive(self) -> bool:
        """Whether the thread still runs."""
        return self._thread.is_alive()

    def cancel(self) -> None:
        """Ask the run to stop; it does so within a second, and says so by `Show.ended`."""
        self.cancelled.set()

    def enough(self) -> None:
        """Ask the run to end what it is solving with the best so far, and to go on."""
        if self._run is not None:
            self._run.enough()

    def abandon(self) -> bool:
        """Stop the run and listen to it no longer; return whether its thread has ended within a few seconds."""
        self.cancelled.set()
        self.bridge.close()
        self._timer.stop()
        if self._thread.ident is not None:
            self._thread.join(JOIN_S)
        return not self._thread.is_alive()

    def _body(self) -> None:
        try:
            ended = self._execute()
        except (WorkerError, NoConfinement, NoWorker, ProviderError, RecordError, PictureError) as error:
            ended = Ended("FAILED", str(error), getattr(error, "detail", ""))
        except OSError as error:
            ended = Ended("FAILED", f"{self.request.folder.path} can't be used: {error.strerror or error}.")
        except Exception as error:  # noqa: BLE001 - an agent is any code; the panel shows what it raised
            _log.exception("the run failed")
            ended = Ended("FAILED", f"{type(error).__name__}: {error}", traceback.format_exc())
        try:
            known = cards.of(self.request.folder)
        except (RecordError, OSError) as error:
            _log.warning("the run's folder can't be read: %s", error)
            known = None
        try:
            self.bridge.post(lambda: self.show.ended(ended, known))
        except BridgeClosed:
            _log.info("the run ended after Blender stopped listening: %s", ended.message)

    def _execute(self) -> Ended:
        request = self.request
        with WorkerPool(request.binary, request.limits, allow_unconfined=request.allow_unconfined) as pool:
            pool.warm()
            listener = _Listener(self)
            assembled = request.assemble(listener.log)
            run = self._run = Run(
                request.picture(),
                request.folder,
                assembled.agent,
                pool,
                request.options,
                listener,
                self._viewport if request.viewport_pictures else None,
                assembled.meter,
            )
            record = run.execute(self.cancelled)
        if record.status in ("cancelled", "capped", "paused", "review"):
            return Ended(record.status.upper(), record.message)
        sure = "" if record.confidence is None else f", {record.confidence:.0%} sure"
        score = "" if record.final is None or record.final.psnr is None else f", {record.final.psnr:.1f} dB"
        left = " and ".join(stage.name for stage in record.stages if stage.status == "failed")
        without = f" Without {left}: nothing of it could be used." if left else ""
        return Ended("DONE", record.message or f"Done in {record.seconds:.0f} s{score}{sure}.{without}")

    def _viewport(self, shown: AttemptShown, size: tuple[int, int]) -> tuple[bytes, str] | None:
        try:
            drawn = self.bridge.ask(lambda: self.show.draw(shown, size), cancel=self.cancelled)
        except BridgeClosed:
            # Cancelled or abandoned; the run notices by itself at its next step.
            self.cancelled.set()
            return None
        except TimeoutError as error:
            # Blender is busy with something long, a render perhaps; the worker's own picture will do.
            _log.info("no viewport picture: %s", error)
            return None
        if drawn is None:
            return None
        buffer = io.BytesIO()
        Image.fromarray(drawn[0]).save(buffer, "PNG")
        return buffer.getvalue(), drawn[1]


class _Listener:
    """Passes on what the run tells, from its thread to the main one."""

    def __init__(self, thread: RunThread) -> None:
        self._thread = thread
        settings = thread.request.folder.record.settings
        self._by_hand = "handoff" in {asked.provider for asked in (settings.generator, settings.verifier) if asked}
        self._waiting: ByHand | None = None

    def progress(self, progress: Progress) -> None:
        self._tell(lambda: self._thread.show.progress(progress))
        if self._by_hand:
            self._look_for_requests()

    def _look_for_requests(self) -> None:
        """Here and not on the main thread, for it reads files. A waiting hand-off tells of itself every second."""
        folder = handoff.pending(self._thread.request.folder.path / HANDOFF_FOLDER)
        waiting = (
            None if folder is None else ByHand(str(folder), _title(folder.name), len(handoff.picture_files(folder)))
        )
        if waiting != self._waiting:
            self._waiting = waiting
            self._tell(lambda: self._thread.show.by_hand(waiting))

    def attempt(self, shown: AttemptShown) -> None:
        known = cards.of(self._thread.request.folder, live=True)
        self._tell(lambda: self._thread.show.attempt(shown, known))

    def stage_done(self, done: StageDone) -> None:
        known = cards.of(self._thread.request.folder, live=True)
        self._tell(lambda: self._thread.show.stage_done(done, known))

    def log(self, text: str) -> None:
        self._tell(lambda: self._thread.show.log(text))

    def _tell(self, call: Callable[[], None]) -> None:
        try:
            self._thread.bridge.post(call)
        except BridgeClosed:
            # A listener never raises; the run learns of its end by the cancel event.
            self._thread.cancelled.set()


def _title(name: str) -> str:
    """Say in words what a request folder's name says: `0003_generator_geometry_r2_1`."""
    parts = name.split("_")[1:]
    role = parts[0] if parts else ""
    words = {
        "brief": "What is in the picture?",
        "generator": "Write the script",
        "verifier": "Judge the attempt",
        "select": "Which attempt is nearer?",
    }.get(role, "A request")
    stage = next((part for part in parts[1:] if part in BY_NAME or part == "program"), "")
    turn = next((part[1:] for part in parts[1:] if part[0] == "r" and part[1:].isdigit()), "")
    return words + (f": {stage}" if stage else "") + (f", round {turn}" if turn else "")


_current: RunThread | None = None


def current() -> RunThread | None:
    """Return the run that is going on, or None."""
    return _current if _current is not None and _current.alive() else None


def begin(request: Request, show: Show) -> RunThread:
    """Start a run. Raises RuntimeError when one is going on."""
    global _current
    if current() is not None:
        raise RuntimeError("A run is going on; cancel it first.")
    # One that ended while the artist was in another mode may still be waiting to show its result.
    abandon()
    _current = RunThread(request, show)
    _current.start()
    return _current


def abandon() -> bool:
    """Stop the run that is going on, if any, and listen to it no longer; return whether its thread has ended."""
    global _current
    thread, _current = _current, None
    return thread is None or thread.abandon()
