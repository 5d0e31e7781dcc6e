# SPDX-License-Identifier: GPL-3.0-or-later
"""A server on this machine that speaks the wire formats of both OpenAI and Anthropic, as well or badly as told.

`Loopback([...])` answers the first request with the first behaviour of the list, and so on; the last one stays.
"""

from __future__ import annotations

import json
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

Event = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class Behaviour:
    """How one request is answered."""

    text: str = "ready"
    status: int = 200
    error: dict[str, Any] | str | None = None
    """Body of an error."""
    headers: dict[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    """Drop the connection after that many events."""
    reset: bool = False
    """Cut with a TCP reset rather than an orderly end."""
    pause: float = 0.0
    """Seconds between events."""
    silent: bool = False
    """Read the request and never answer."""
    stop: str = ""
    """Stop reason as the wire has it; empty for a normal end."""
    refusal: str = ""
    usage: bool = True
    thinking: bool = False
    in_stream_error: dict[str, Any] | None = None
    raw: bytes | None = None
    """Sent as the whole body with status 200."""
    check: Callable[[dict[str, Any]], Behaviour | None] | None = None
    """Looks at the request's body and may answer otherwise."""


class Loopback:
    """The server. Use as a context manager."""

    def __init__(self, behaviours: Sequence[Behaviour] = (Behaviour(),), models: Sequence[str] = ("a-model",)) -> None:
        self.behaviours, self.models = list(behaviours), list(models)
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.closed = threading.Event()
        """Set when a client was seen to have closed its connection while we were answering."""
        self.reached = threading.Event()
        """Set when a request has come."""
        self._lock = threading.Lock()
        self.stopping = threading.Event()
        handler = type("Handler", (_Handler,), {"owner": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Loopback:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """For OpenAI's client; Anthropic's wants it without `/v1`."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def next(self) -> Behaviour:
        with self._lock:
            return self.behaviours.pop(0) if len(self.behaviours) > 1 else self.behaviours[0]


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that cut a connection are what is tested here."""


class _Handler(BaseHTTPRequestHandler):
    owner: Loopback
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self.owner.headers.append({name.lower(): value for name, value in self.headers.items()})
        self.owner.reached.set()
        behaviour = self.owner.next()
        if behaviour.silent:
            self._wait_for_close()
        elif behaviour.status != 200:
            self._send_error(behaviour)
        elif "anthropic-version" in self.headers:
            data = [
                {"type": "model", "id": m, "display_name": m, "created_at": "2026-01-01T00:00:00Z"}
                for m in self.owner.models
            ]
            self._send_json({"data": data, "has_more": False, "first_id": None, "last_id": None})
        else:
            data = [{"id": m, "object": "model", "created": 1, "owned_by": "me"} for m in self.owner.models]
            self._send_json({"object": "list", "data": data})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.owner.bodies.append(body)
        self.owner.headers.append({name.lower(): value for name, value in self.headers.items()})
        behaviour = self.owner.next()
        if behaviour.check is not None:
            behaviour = behaviour.check(body) or behaviour
        self.owner.reached.set()
        if behaviour.silent:
            self._wait_for_close()
        elif behaviour.status != 200:
            self._send_error(behaviour)
        elif behaviour.raw is not None:
            self._send(behaviour.raw, "text/html")
        else:
            self._stream(
                _anthropic(behaviour) if self.path.endswith("/messages") else _openai(behaviour, body), behaviour
            )

    def _stream(self, events: list[Event], behaviour: Behaviour) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            for number, (name, data) in enumerate(events):
                if behaviour.cut_after == number:
                    # In the middle of an event, as a cable does it.
                    self._chunk(f"event: {name}\ndata: {json.dumps(data)[:9]}".encode())
                    self._cut(behaviour.reset)
                    return
                kind = f"event: {name}\n" if name else ""
                self._chunk(f"{kind}data: {json.dumps(data) if data else '[DONE]'}\n\n".encode())
                if behaviour.pause and self._pause(behaviour.pause):
                    self.owner.closed.set()
                    return
            self._chunk(b"")
        except OSError:
            self.owner.closed.set()

    def _pause(self, seconds: float) -> bool:
        """Wait; return whether the client has closed the connection meanwhile."""
        end = time.monotonic() + seconds
        self.connection.settimeout(0.02)
        while time.monotonic() < end and not self.owner.stopping.is_set():
            try:
                if self.connection.recv(1) == b"":
                    return True
            except TimeoutError:
                continue
            except OSError:
                return True
        return self.owner.stopping.is_set()

    def _wait_for_close(self) -> None:
        if self._pause(60.0) and not self.owner.stopping.is_set():
            self.owner.closed.set()
        self.close_connection = True

    def _cut(self, reset: bool) -> None:
        self.close_connection = True
        if reset:
            linger = (1).to_bytes(4, "little") + (0).to_bytes(4, "little")
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        else:
            self.connection.shutdown(socket.SHUT_RDWR)
        self.connection.close()

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def _send_error(self, behaviour: Behaviour) -> None:
        body = (
            behaviour.error
            if behaviour.error is not None
            else {"error": {"message": "it failed", "type": "server_error"}}
        )
        if isinstance(body, str):
            self._send(body.encode(), "text/plain", behaviour.status, behaviour.headers)
        else:
            self._send(json.dumps(body).encode(), "application/json", behaviour.status, behaviour.headers)

    def _send_json(self, data: dict[str, Any]) -> None:
        self._send(json.dumps(data).encode(), "application/json")

    def _send(self, data: bytes, kind: str, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


def _pieces(text: str) -> list[str]:
    return [text[start : start + 5] for start in range(0, len(text), 5)]


def _openai(behaviour: Behaviour, body: dict[str, Any]) -> list[Event]:
    def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> Event:
        choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
        base = {
            "id": "c1",
            "object": "chat.completion.chunk",
            "created": 1,
            "model": "served-model",
            "choices": choices,
        }
        return "", {**base, **more}

    events = [chunk({"role": "assistant", "content": ""})]
    if behaviour.thinking:
        events.append(chunk({"reasoning_content": "hm"}))
    events += [chunk({"content": piece}) for piece in _pieces(behaviour.text)]
    if behaviour.refusal:
        events.append(chunk({"refusal": behaviour.refusal}))
    if behaviour.in_stream_error is not None:
        return [*events, ("", {"error": behaviour.in_stream_error})]
    events.append(chunk({}, behaviour.stop or "stop"))
    if behaviour.usage and body.get("stream_options", {}).get("include_usage"):
        usage = {
            "prompt_tokens": 1000,
            "completion_tokens": 50,
            "total_tokens": 1050,
            "prompt_tokens_details": {"cached_tokens": 400},
        }
        events.append(("", {**chunk({})[1], "choices": [], "usage": usage}))
    return [*events, ("", {})]


def _anthropic(behaviour: Behaviour) -> list[Event]:
    usage = {
        "input_tokens": 500,
        "cache_read_input_tokens": 400,
        "cache_creation_input_tokens": 100,
        "output_tokens": 1,
    }
    message = {
        "id": "m1",
        "type": "message",
        "role": "assistant",
        "model": "served-model",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": usage,
    }
    events: list[Event] = [("message_start", {"type": "message_start", "message": message})]
    index = 0
    if behaviour.thinking:
        block = {"type": "thinking", "thinking": "", "signature": ""}
        events += [
            ("content_block_start", {"type": "content_block_start", "index": 0, "content_block": block}),
            ("content_block_stop", {"type": "content_block_stop", "index": 0}),
        ]
        index = 1
    start = {"type": "content_block_start", "index": index, "content_block": {"type": "text", "text": ""}}
    events += [("content_block_start", start), ("ping", {"type": "ping"})]
    for piece in _pieces(behaviour.text):
        delta = {"type": "text_delta", "text": piece}
        events.append(("content_block_delta", {"type": "content_block_delta", "index": index, "delta": delta}))
    if behaviour.in_stream_error is not None:
        return [*events, ("error", {"type": "error", "error": behaviour.in_stream_error})]
    events.append(("content_block_stop", {"type": "content_block_stop", "index": index}))
    delta = {"stop_reason": behaviour.stop or "end_turn", "stop_sequence": None}
    events.append(("message_delta", {"type": "message_delta", "delta": delta, "usage": {"output_tokens": 50}}))
    return [*events, ("message_stop", {"type": "message_stop"})]
