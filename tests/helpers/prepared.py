# SPDX-License-Identifier: GPL-3.0-or-later
"""A provider in memory: answers with texts prepared beforehand and keeps what it was asked."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

from restage.agent.providers.base import Destination, Image, ModelFacts, Reply, Request, Text
from restage.agent.roles import Cancelled, Usage

Answer = str | Reply | Exception | Callable[[Request], str]


class Answering:
    """Answers each request with the next prepared text; an exception is raised, a function is called."""

    name = "answering"
    destination = Destination("nobody", False)

    def __init__(self, *answers: Answer, schema: bool = False, vision: bool = True) -> None:
        self.answers = list(answers)
        self.asked: list[Request] = []
        self.facts = ModelFacts("prepared", schema=schema, vision=vision)

    def ask(self, request: Request, cancel: Event, on_waiting=None) -> Reply:
        if cancel.is_set():
            raise Cancelled
        self.asked.append(request)
        assert self.answers, f"asked more often than prepared for: {request.turn.name}"
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, Reply):
            return answer
        text = answer if isinstance(answer, str) else answer(request)
        return Reply(text, Usage(100, 10, 0.01))

    def models(self) -> list[str]:
        return ["prepared"]


def said(request: Request) -> str:
    """All text of a request."""
    return "\n".join(p.text for m in request.messages for p in m.parts if isinstance(p, Text))


def shown(request: Request) -> list[Image]:
    """All pictures of a request."""
    return [p for m in request.messages for p in m.parts if isinstance(p, Image)]
