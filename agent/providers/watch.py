# SPDX-License-Identifier: GPL-3.0-or-later
"""One attempt's connection, seen from the thread that asked: how far it is, and the means to cut it off.

The client libraries block. So each attempt runs on a daemon thread, and the asking thread watches it: on cancel or a
time-out it shuts the sockets down, which ends any blocking read or write, and goes on without waiting for a server.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Event, Lock, Thread
from time import monotonic
from typing import Any, Generic, Literal, TypeVar

from ..roles import Cancelled
from .base import Waiting
from .retry import Tell

T = TypeVar("T")
_TICK = 0.05
_TELL_SECONDS = 1.0
_ABANDONED_JOIN = 0.2


@dataclass(frozen=True)
class Limits:
    """Longest silences in seconds."""

    connect: float = 10.0
    first_byte: float = 300.0
    """From the request being sent to anything of the answer; models think before they write."""
    stall: float = 120.0
    """Between two pieces of the answer."""


class Abandoned(Exception):
    """The asking thread has gone on; raised inside the attempt's thread to end it."""


class TooSlow(Exception):
    """A limit has passed."""

    def __init__(self, state: Literal["connecting", "waiting", "streaming"]) -> None:
        """`state` says which."""
        self.state = state
        super().__init__(state)


class Watch:
    """What the asking thread knows of an attempt. The attempt's thread writes, the asking thread reads and cuts."""

    def __init__(self) -> None:
        """Nothing is connected yet."""
        self.state: Literal["connecting", "waiting", "streaming"] = "connecting"
        self.characters = 0
        self.note = ""
        self.connected = False
        self._moved = monotonic()
        self._lock = Lock()
        self._sockets: list[socket.socket] = []
        self._abandoned = False

    def received(self, characters: int) -> None:
        """Count received text; raises Abandoned when nobody waits for it any more."""
        if self._abandoned:
            raise Abandoned
        if characters:
            self.characters += characters
            self.state, self.note = "streaming", ""
        self._moved = monotonic()

    def abandon(self) -> None:
        """Cut all connections off, now and those still to come."""
        with self._lock:
            self._abandoned = True
            sockets, self._sockets = self._sockets, []
        for open_socket in sockets:
            _cut(open_socket)

    def check(self, limits: Limits) -> None:
        """Raise TooSlow when a limit has passed. Connecting is limited by the client library, address by address."""
        silent = monotonic() - self._moved
        if self.state == "waiting" and silent > limits.first_byte:
            raise TooSlow("waiting")
        if self.state == "streaming" and silent > limits.stall:
            raise TooSlow("streaming")

    def hooks(self) -> dict[str, list[Callable[[Any], None]]]:
        """Return the event hooks for the HTTP client (httpx2) that make it report here."""
        return {"request": [self._on_request], "response": [self._on_response]}

    def _on_request(self, request: Any) -> None:
        request.extensions = {**request.extensions, "trace": self._trace}

    def _on_response(self, response: Any) -> None:
        response.stream = _counted(response.stream, self)

    def _trace(self, event: str, info: dict[str, Any]) -> None:
        """httpcore's trace extension: called on the attempt's thread at each step of a connection."""
        if event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            opened = info["return_value"].get_extra_info("socket")
            with self._lock:
                if not self._abandoned:
                    self._sockets.append(opened)
            if self._abandoned:
                _cut(opened)
        if self._abandoned and event.endswith((".started", "_tcp.complete", "_tls.complete")):
            raise Abandoned
        if event.endswith(".send_request_headers.started"):
            self.connected, self.note = True, "sending"
        if event.endswith(".send_request_body.complete"):
            self.state, self.note, self._moved = "waiting", "", monotonic()


def _cut(open_socket: socket.socket) -> None:
    try:
        # Not SSLSocket.shutdown, which would pull the TLS state from under the thread that reads.
        socket.socket.shutdown(open_socket, socket.SHUT_RDWR)
    except OSError:
        return  # closed already, or taken over by the TLS socket, which is in the list as well


def _counted(stream: Any, watch: Watch) -> Any:
    """Wrap an answer's byte stream so that each piece counts as a sign of life, keep-alive pings included."""
    import httpx2

    class Counted(httpx2.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            for piece in stream:
                watch.received(0)
                yield piece

        def close(self) -> None:
            stream.close()

    return Counted()


class _Outcome(Generic[T]):
    """What the attempt's thread came to."""

    def __init__(self) -> None:
        self.value: list[T] = []
        self.error: BaseException | None = None


def run(work: Callable[[Watch], T], limits: Limits, cancel: Event, tell: Tell) -> T:
    """Return what `work` returns, run on a thread of its own; raise what it raises, Cancelled, or TooSlow.

    `tell` hears about once a second and at each change of state how it is getting on.
    """
    if cancel.is_set():
        raise Cancelled
    watch, done, outcome = Watch(), Event(), _Outcome[T]()

    def body() -> None:
        try:
            outcome.value.append(work(watch))
        except BaseException as error:  # noqa: BLE001 - raised again on the asking thread, whatever it is
            outcome.error = error
        finally:
            done.set()

    thread = Thread(target=body, name="restage-ask", daemon=True)
    thread.start()
    told, told_at = "", 0.0
    try:
        while not done.wait(_TICK):
            if cancel.is_set():
                raise Cancelled
            watch.check(limits)
            now = monotonic()
            if watch.state + watch.note != told or now - told_at >= _TELL_SECONDS:
                told, told_at = watch.state + watch.note, now
                tell(Waiting(watch.state, 0.0, watch.characters, watch.note))
    finally:
        if not done.is_set():
            watch.abandon()
            thread.join(_ABANDONED_JOIN)
    if outcome.error is not None:
        raise outcome.error
    return outcome.value[0]
