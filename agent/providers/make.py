# SPDX-License-Identifier: GPL-3.0-or-later
"""Providers by their names, as settings and the command know them, and the test of a connection."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from threading import Event

import PIL.Image

from .. import keys
from .base import Image, Message, Provider, Request, Text, Turn

KeyOf = Callable[[str], "str | None"]
"""From a provider's name to its key; asked when a request is sent, off the main thread, since a key store may wait
for the artist to unlock it."""
NAMES = ("openai", "anthropic", "compatible", "handoff", "replay")


def make(
    name: str,
    model: str = "",
    base_url: str = "",
    online: bool = True,
    key_of: KeyOf = keys.get,
    folder: Path | None = None,
) -> Provider:
    """Return the provider of that name. Nothing is sent and no client library is imported yet.

    `model` may be empty for the recommended one (compatible: whichever the server lists first); `base_url` is for
    compatible servers, and for proxies of the others; `online` is Blender's *Allow Online Access*; `folder` is where
    a hand-off puts its requests, or the run that is replayed. Raises errors.ProviderError for a base URL that is
    none, ValueError for an unknown name or a missing folder.
    """
    if name == "openai":
        from .openai import OpenAI

        return OpenAI(model, base_url, online, key_of)
    if name == "anthropic":
        from .anthropic import Anthropic

        return Anthropic(model, base_url, online, key_of)
    if name == "compatible":
        from .compatible import Compatible

        return Compatible(model, base_url, online, key_of)
    if name not in NAMES:
        raise ValueError(f"There is no provider {name!r}; there are {', '.join(NAMES)}.")
    if folder is None:
        raise ValueError(f"The provider {name} needs a folder.")
    if name == "handoff":
        from .handoff import Handoff

        return Handoff(folder)
    from .replay import Replay

    return Replay(folder)


def test_connection(provider: Provider, cancel: Event | None = None) -> str:
    """Show the model a small red square; return one sentence saying that it answered and whether it saw it.

    Raises errors.ProviderError, NoVision among them, and roles.Cancelled.
    """
    request = Request(
        Turn("test"),
        "You answer in one word.",
        (Message("user", (Text("Which colour is this picture?"), _red_square())),),
        max_output_tokens=512,
    )
    reply = provider.ask(request, cancel or Event())
    who = f"{reply.model or provider.facts.name} at {provider.destination.who}"
    saw = "" if "red" in reply.text.lower() else ", but did not see the red of the picture it was shown"
    return f"{who} answered in {reply.seconds:.1f} s{saw}."


def _red_square() -> Image:
    data = io.BytesIO()
    PIL.Image.new("RGB", (64, 64), (220, 20, 20)).save(data, "PNG")
    return Image(data.getvalue(), label="a square", size=(64, 64))
