# SPDX-License-Identifier: GPL-3.0-or-later
"""The one interface of all providers: a request with text and pictures in, a reply out, streaming and cancellable."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event
from typing import Any, Literal, Protocol

from ..roles import Usage

Role = Literal["brief", "generator", "verifier", "select", "test"]
"""Whose turn it is; `select` is the verifier comparing two attempts, `test` a connection test."""


@dataclass(frozen=True)
class Turn:
    """Where in the run a request belongs; with `number` it names the request in records, hand-offs and replays."""

    role: Role
    stage: str = ""
    """Empty for the brief and a connection test."""
    round: int = 0
    number: int = 1
    """1-based count among the requests of the same role, stage and round: repairs, extra looks, candidates, votes."""

    @property
    def name(self) -> str:
        """Short and sortable within a run's order, fit for a file name: `generator_geometry_r2_1`."""
        parts = [self.role, self.stage, f"r{self.round}" if self.round else "", str(self.number)]
        return "_".join(part for part in parts if part)


@dataclass(frozen=True)
class Text:
    """A piece of text."""

    text: str


@dataclass(frozen=True)
class Image:
    """A picture as it is sent."""

    data: bytes
    """PNG or JPEG file contents."""
    media_type: Literal["image/png", "image/jpeg"] = "image/png"
    label: str = ""
    """What it shows, a few words; also in the text before it."""
    size: tuple[int, int] = (0, 0)
    """Width and height in pixels, for estimates."""

    @property
    def sha256(self) -> str:
        """Hash of the file contents: its name in a record."""
        return hashlib.sha256(self.data).hexdigest()


Part = Text | Image


@dataclass(frozen=True)
class Message:
    """One turn of the conversation."""

    role: Literal["user", "assistant"]
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Request:
    """One question, complete in itself: nothing is remembered between requests."""

    turn: Turn
    system: str
    messages: tuple[Message, ...]
    schema: dict[str, Any] | None = None
    """JSON schema of the wanted reply; providers that can, enforce it, the others leave it to the text."""
    schema_name: str = ""
    max_output_tokens: int = 16000
    stable_parts: int = 0
    """How many leading parts of the first message are the same in every request of the stage: worth caching."""

    def fingerprint(self) -> str:
        """SHA-256 over all that is asked, pictures by their own hash; equal requests have equal fingerprints."""
        parts = [
            [m.role, [p.text if isinstance(p, Text) else ["image", p.sha256] for p in m.parts]] for m in self.messages
        ]
        asked = {"system": self.system, "messages": parts, "schema": self.schema}
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Reply:
    """What came back, whole."""

    text: str
    usage: Usage = field(default_factory=Usage)
    model: str = ""
    """What the server said it is."""
    stop: Literal["end", "length"] = "end"
    """`length`: it was cut at the token limit. (A refusal is an error.)"""
    seconds: float = 0.0
    retries: int = 0


@dataclass(frozen=True)
class ModelFacts:
    """What is known of a model; prices in US dollars per million tokens, None when unknown (a local one is 0)."""

    name: str
    context_tokens: int = 128_000
    max_output_tokens: int = 16_000
    vision: bool = True
    schema: bool = False
    """Whether the provider enforces a JSON schema with this model."""
    usd_input: float | None = None
    usd_cached_input: float | None = None
    usd_output: float | None = None
    image_px: int = 1024
    """Longer side worth sending; larger pictures are scaled down by the server, or cost without helping."""
    images: int = 12
    """Most pictures worth sending in one request."""


@dataclass(frozen=True)
class Waiting:
    """How a request is getting on, told about once a second and at each change."""

    state: Literal["connecting", "waiting", "streaming", "retrying", "person"]
    """`person`: a hand-off waits for someone's reply."""
    seconds: float
    characters: int = 0
    """Received so far."""
    note: str = ""
    """For the artist, when there is more to say: `rate limited, next try in 8 s`; the folder of a hand-off."""


OnWaiting = Callable[[Waiting], None]


@dataclass(frozen=True)
class Destination:
    """Who gets what is sent, for the estimate the artist confirms."""

    who: str
    """`OpenAI (api.openai.com)`, `this machine (127.0.0.1:11434)`, `nobody: files in a folder`."""
    leaves_machine: bool


class Provider(Protocol):
    """One way to ask one model."""

    @property
    def name(self) -> str:
        """`openai`, `anthropic`, `compatible`, `handoff` or `replay`."""
        ...

    @property
    def facts(self) -> ModelFacts:
        """The model asked."""
        ...

    @property
    def destination(self) -> Destination:
        """Where requests go."""
        ...

    def ask(self, request: Request, cancel: Event, on_waiting: OnWaiting | None = None) -> Reply:
        """Ask and wait. Raises roles.Cancelled within a second of `cancel`, and errors.ProviderError with a sentence
        for the artist. Retries by itself where that can help."""
        ...

    def models(self) -> list[str]:
        """Names of the models that can be asked there. Raises errors.ProviderError."""
        ...


@dataclass
class Ask:
    """What a generator or verifier needs to ask: provider, cancel, and whom to tell while waiting."""

    provider: Provider
    cancel: Event = field(default_factory=Event)
    on_waiting: OnWaiting | None = None

    def __call__(self, request: Request) -> Reply:
        """Ask the provider."""
        return self.provider.ask(request, self.cancel, self.on_waiting)
