# SPDX-License-Identifier: GPL-3.0-or-later
"""The conversation of a run: every request and reply in its folder, each picture and each long text once.

`conversation/NNNN_<turn>.json` is one exchange; `conversation/pictures/` and `conversation/texts/` hold what they refer
to by SHA-256.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import time
from dataclasses import replace
from pathlib import Path
from threading import Event, Lock
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from . import files
from .providers.base import (
    Destination,
    Image,
    ModelFacts,
    OnWaiting,
    Part,
    Provider,
    Reply,
    Request,
    Role,
    Turn,
)
from .providers.errors import ProviderError
from .record import RecordError, now
from .redact import without_keys
from .roles import Cancelled, Usage

FORMAT = 1
FOLDER = "conversation"
INLINE_CHARACTERS = 600
"""Texts longer than this are kept by hash: system prompts, API sheets and scripts come again with every request."""
_EXCHANGE = re.compile(r"(\d{4,})_.*\.json")
_NUMBERING = Lock()


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TurnRecord(_Model):
    """providers.base.Turn."""

    role: Role
    stage: str = ""
    round: int = 0
    number: int = 1

    def turn(self) -> Turn:
        """As providers take it."""
        return Turn(self.role, self.stage, self.round, self.number)


class TextRecord(_Model):
    """A text, in place or by hash; `load` puts it in place."""

    kind: Literal["text"] = "text"
    text: str = ""
    sha256: str = Field("", pattern=r"^([0-9a-f]{64})?$")
    """Of its UTF-8; empty for one that was never in a file of its own."""


class PictureRecord(_Model):
    """A picture by hash."""

    kind: Literal["picture"] = "picture"
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    media_type: Literal["image/png", "image/jpeg"] = "image/png"
    label: str = ""
    size: tuple[int, int] = (0, 0)

    @property
    def file_name(self) -> str:
        """In `conversation/pictures`."""
        return self.sha256 + (".jpg" if self.media_type == "image/jpeg" else ".png")


class MessageRecord(_Model):
    """One turn of the conversation that was sent."""

    role: Literal["user", "assistant"]
    parts: list[TextRecord | PictureRecord] = Field(default_factory=list)


class ReplyRecord(_Model):
    """What came back."""

    text: str
    stop: Literal["end", "length"] = "end"
    model: str = ""
    """What the server said it is."""
    seconds: float = 0.0
    retries: int = 0
    spent: dict[str, int | float] = Field(default_factory=dict)
    """roles.Usage."""

    def reply(self) -> Reply:
        """As a provider returns it."""
        return Reply(self.text, self.usage, self.model, self.stop, self.seconds, self.retries)

    @property
    def usage(self) -> Usage:
        """What it cost."""
        return _usage(self.spent)


class ErrorRecord(_Model):
    """What came instead of a reply."""

    kind: str
    """A class of providers.errors, or `Cancelled`."""
    what: str
    advice: str = ""
    spent: dict[str, int | float] = Field(default_factory=dict)
    """roles.Usage: what was spent before it failed."""

    @property
    def usage(self) -> Usage:
        """What it cost all the same."""
        return _usage(self.spent)

    @property
    def sentence(self) -> str:
        """For the artist."""
        return " ".join(part for part in (self.what, self.advice) if part)


class Exchange(_Model):
    """One request and what came of it."""

    format: int = FORMAT
    at: str = ""
    """When it was asked, ISO 8601."""
    turn: TurnRecord
    provider: str
    model: str
    """The model asked."""
    facts: dict[str, str | int | float | bool | None] = Field(default_factory=dict)
    """providers.base.ModelFacts: a replay must cut and scale its pictures for the same model."""
    system: TextRecord = TextRecord()
    messages: list[MessageRecord] = Field(default_factory=list)
    wanted: TextRecord | None = None
    """The JSON schema of the wanted reply."""
    schema_name: str = ""
    max_output_tokens: int = 0
    fingerprint: str
    reply: ReplyRecord | None = None
    error: ErrorRecord | None = None
    seconds: float = 0.0
    """From asking to reply or error."""

    @property
    def usage(self) -> Usage:
        """What it cost, reply or not."""
        came = self.reply or self.error
        return came.usage if came else Usage()

    @property
    def name(self) -> str:
        """The turn's."""
        return self.turn.turn().name


class Conversation:
    """Writes the conversation of one run folder; goes on counting where an earlier session stopped."""

    def __init__(self, run_folder: Path) -> None:
        """Prepare; nothing is written before the first exchange."""
        self.folder = Path(run_folder) / FOLDER

    def add(
        self,
        request: Request,
        provider: Provider,
        outcome: Reply | ProviderError | Cancelled,
        at: str,
        seconds: float,
    ) -> Path:
        """Keep an exchange and return its file. Raises OSError."""
        for part in ("pictures", "texts"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        exchange = Exchange(
            at=at,
            turn=TurnRecord(**dataclasses.asdict(request.turn)),
            provider=provider.name,
            model=provider.facts.name,
            facts=dataclasses.asdict(provider.facts),
            system=self._text(request.system),
            messages=[
                MessageRecord(role=message.role, parts=[self._part(part) for part in message.parts])
                for message in request.messages
            ],
            wanted=None if request.schema is None else self._text(schema_text(request.schema)),
            schema_name=request.schema_name,
            max_output_tokens=request.max_output_tokens,
            fingerprint=request.fingerprint(),
            reply=_reply(outcome) if isinstance(outcome, Reply) else None,
            error=None if isinstance(outcome, Reply) else _error(outcome),
            seconds=round(seconds, 3),
        )
        with _NUMBERING:
            number = max((int(found[1]) for found in map(_match, self.folder.iterdir()) if found), default=0) + 1
            path = self.folder / f"{number:04d}_{request.turn.name}.json"
            files.write_text(path, exchange.model_dump_json(indent=1))
        return path

    def _part(self, part: Part) -> TextRecord | PictureRecord:
        if not isinstance(part, Image):
            return self._text(part.text)
        record = PictureRecord(sha256=part.sha256, media_type=part.media_type, label=part.label, size=part.size)
        path = self.folder / "pictures" / record.file_name
        if not path.exists():
            files.write_bytes(path, part.data)
        return record

    def _text(self, text: str) -> TextRecord:
        text = _clean(text)
        if len(text) <= INLINE_CHARACTERS:
            return TextRecord(text=text)
        data = text.encode()
        sha256 = hashlib.sha256(data).hexdigest()
        path = self.folder / "texts" / f"{sha256}.md"
        if not path.exists():
            files.write_bytes(path, data)
        return TextRecord(sha256=sha256)


class Recorded:
    """A provider whose every exchange is kept, errors and cancelled ones included.

    With `reuse`, what a stopped run had asked already, word for word, is not asked and paid for again on resume.
    """

    def __init__(self, provider: Provider, conversation: Conversation, reuse: bool = False) -> None:
        """Ask `provider`, write to `conversation`; with `reuse`, take what that holds already for what it answers.

        Raises RecordError when what it holds is damaged.
        """
        self.provider = provider
        self.conversation = conversation
        self._answered = {
            (item.turn.role, item.fingerprint): item.reply
            for item in (load(conversation.folder.parent) if reuse else ())
            if item.reply and item.provider == provider.name and item.model == provider.facts.name
        }

    @property
    def name(self) -> str:
        """The provider's."""
        return self.provider.name

    @property
    def facts(self) -> ModelFacts:
        """The provider's."""
        return self.provider.facts

    @property
    def destination(self) -> Destination:
        """The provider's."""
        return self.provider.destination

    def models(self) -> list[str]:
        """The provider's."""
        return self.provider.models()

    def ask(self, request: Request, cancel: Event, on_waiting: OnWaiting | None = None) -> Reply:
        """Ask and keep what came of it. Raises what the provider raises, and OSError when it can't be written."""
        before = self._answered.pop((request.turn.role, request.fingerprint()), None)
        if before is not None:
            return replace(before.reply(), usage=Usage())
        at, began = now(), time.monotonic()
        try:
            reply = self.provider.ask(request, cancel, on_waiting)
        except (ProviderError, Cancelled) as error:
            self.conversation.add(request, self.provider, error, at, time.monotonic() - began)
            raise
        # What the run goes on with is what is on record, to the byte.
        reply = dataclasses.replace(reply, text=_clean(reply.text))
        self.conversation.add(request, self.provider, reply, at, time.monotonic() - began)
        return reply


def load(run_folder: Path) -> list[Exchange]:
    """Return the exchanges of a run in their order, all texts in place; empty when no model was asked.

    Raises RecordError when a file is damaged or missing.
    """
    folder = Path(run_folder) / FOLDER
    if not folder.is_dir():
        return []
    try:
        found = sorted((int(match[1]), match.string) for match in map(_match, folder.iterdir()) if match)
        return [_read(folder, folder / name) for _, name in found]
    except OSError as error:
        raise RecordError(f"The conversation in {folder} can't be read: {error.strerror or error}.") from error


def picture_path(run_folder: Path, picture: PictureRecord) -> Path:
    """Where a picture's file is, if the folder holds the pictures."""
    return Path(run_folder) / FOLDER / "pictures" / picture.file_name


def schema_text(schema: dict[str, object]) -> str:
    """A JSON schema as it is kept and compared."""
    return json.dumps(schema, indent=1, sort_keys=True)


def _clean(text: str) -> str:
    """Text as UTF-8 can hold it: a server's JSON may escape half a character."""
    return text.encode(errors="replace").decode()


def _match(path: Path) -> re.Match[str] | None:
    return _EXCHANGE.fullmatch(path.name)


def _read(folder: Path, path: Path) -> Exchange:
    try:
        exchange = Exchange.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise RecordError(f"{path} is damaged or from another version of Restage.") from error
    texts = [exchange.system, *([exchange.wanted] if exchange.wanted else [])]
    texts += [part for message in exchange.messages for part in message.parts if isinstance(part, TextRecord)]
    for text in texts:
        if text.sha256:
            try:
                data = (folder / "texts" / f"{text.sha256}.md").read_bytes()
            except FileNotFoundError as error:
                raise RecordError(f"{path} refers to a text that is not in {folder / 'texts'}.") from error
            text.text = data.decode(errors="replace")
    return exchange


def _reply(reply: Reply) -> ReplyRecord:
    return ReplyRecord(
        text=reply.text,
        stop=reply.stop,
        model=reply.model,
        seconds=reply.seconds,
        retries=reply.retries,
        spent=dataclasses.asdict(reply.usage),
    )


def _error(error: ProviderError | Cancelled) -> ErrorRecord:
    spent = dataclasses.asdict(error.usage)
    if isinstance(error, ProviderError):
        what, advice = without_keys(error.what), without_keys(error.advice)
        return ErrorRecord(kind=type(error).__name__, what=what, advice=advice, spent=spent)
    return ErrorRecord(kind="Cancelled", what="Cancelled before there was a reply.", spent=spent)


def _usage(spent: dict[str, int | float]) -> Usage:
    known = {field.name for field in dataclasses.fields(Usage)}
    return Usage(**{name: value for name, value in spent.items() if name in known})  # type: ignore[arg-type]
