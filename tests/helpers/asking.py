# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests and providers for the tests of `agent/providers/`."""

from __future__ import annotations

from threading import Event
from typing import Any

from loopback import Behaviour, Loopback
from restage.agent.providers.base import Image, Message, OnWaiting, Reply, Request, Text, Turn
from restage.agent.providers.make import make
from restage.agent.providers.remote import Remote
from restage.agent.providers.retry import Policy

KEY = "sk-planted-0123456789abcdef"
BOTH = ("openai", "anthropic")
ALL = ("openai", "anthropic", "compatible")
PICTURE = Image(b"not looked at", size=(64, 64))


def request(*, picture: bool = False, **more: Any) -> Request:
    parts = (Text("Stable."), PICTURE, Text("Now answer.")) if picture else (Text("Now answer."),)
    return Request(Turn("generator", "geometry", 1), "You are a test.", (Message("user", parts),), **more)


def provider(
    name: str, server: Loopback, model: str | None = None, key: str | None = KEY, online: bool = False
) -> Remote:
    """A provider that asks the loopback server and hardly waits between attempts."""
    url = server.root if name == "anthropic" else server.url
    if model is None:
        model = "llava" if name == "compatible" else ""
    made = make(name, model, url, online, lambda _name: key)
    assert isinstance(made, Remote)
    made.policy = Policy(first=0.01, most=0.02, most_asked=0.05)
    return made


def ask(
    name: str, *behaviours: Behaviour, on_waiting: OnWaiting | None = None, asked: Request | None = None, **more: Any
) -> tuple[Reply, Loopback]:
    """Ask a server of its own that behaves as told; return the reply, and the server for what it saw."""
    with Loopback(behaviours or (Behaviour(),)) as server:
        return provider(name, server, **more).ask(asked or request(), Event(), on_waiting), server


def error_body(name: str, message: str, kind: str = "invalid_request_error", code: str | None = None) -> dict[str, Any]:
    """An error's body as the provider words it."""
    if name == "anthropic":
        return {"type": "error", "error": {"type": kind, "message": message}}
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}
