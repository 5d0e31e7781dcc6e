# SPDX-License-Identifier: GPL-3.0-or-later
"""How a role asks its provider: every request gets its number, and the artist is told how long it has been."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from threading import Event

from .providers.base import Message, Provider, Reply, Request, Text, Waiting
from .roles import Cancelled

AskFunction = Callable[[Request], Reply]


class Asker:
    """Asks one provider on behalf of one role. Numbers its requests among those of the same turn, from 1."""

    def __init__(self, provider: Provider) -> None:
        """Nothing has been asked yet."""
        self.provider = provider
        self._asked: Counter[tuple[str, str, int]] = Counter()

    def within(self, cancel: Event, tell: Callable[[str], None]) -> AskFunction:
        """Return a function that asks, stops at `cancel`, and tells how the waiting goes on.

        It raises roles.Cancelled and errors.ProviderError.
        """

        def ask(request: Request) -> Reply:
            if cancel.is_set():
                raise Cancelled
            turn = request.turn
            key = (turn.role, turn.stage, turn.round)
            self._asked[key] += 1
            numbered = replace(request, turn=replace(turn, number=self._asked[key]))
            return self.provider.ask(numbered, cancel, lambda waiting: tell(_in_words(waiting)))

        return ask


def answered(request: Request, reply: Reply, then: str) -> Request:
    """Return the request that goes on after a reply: the whole conversation so far and one more message."""
    # No server takes an empty message.
    said = Message("assistant", (Text(reply.text if reply.text.strip() else "(an empty reply)"),))
    return replace(request, messages=(*request.messages, said, Message("user", (Text(then),))))


def _in_words(waiting: Waiting) -> str:
    seconds = f"{waiting.seconds:.0f} s"
    words = {
        "connecting": f"asking the model, {seconds}",
        "waiting": f"waiting for the model, {seconds}",
        "streaming": f"the model is answering, {waiting.characters} characters, {seconds}",
        "retrying": f"asking the model again, {seconds}",
        "person": f"waiting for a reply, {seconds}",
    }[waiting.state]
    return f"{words}: {waiting.note}" if waiting.note else words
