# SPDX-License-Identifier: GPL-3.0-or-later
"""Hand-off: no key and no network. Each request becomes a folder that somebody takes to any chat window, and the
reply comes back as a file in it, or pasted."""

from __future__ import annotations

import json
import re
import shutil
import time
from pathlib import Path
from threading import Event, Lock
from typing import Any

from .. import files
from ..roles import Cancelled, Usage
from . import handoff_text
from .base import Destination, Image, ModelFacts, OnWaiting, Reply, Request, Waiting
from .errors import ProviderError

REPLY = "reply.md"
_REQUEST = "request.md"
_ASKED = "request.json"
_WAITING = "waiting"
"""Stands in a request's folder as long as a run waits for its reply."""
_FOLDER = re.compile(r"\d{4,}_")
_TELL_SECONDS = 1.0
_SETTLED_POLLS = 2
_CHARACTERS_PER_TOKEN = 4
_PIXELS_PER_TOKEN = 750
"""Anthropic's published rule of thumb for pictures; nobody bills a hand-off, so it is only for the size of it."""
_NUMBERING = Lock()


class Handoff:
    """A person, or whatever they paste the request into, as a provider. Never gives up waiting."""

    def __init__(self, folder: Path, model: str = "by hand", poll_seconds: float = 0.2) -> None:
        """Requests become folders in `folder`, which need not exist yet; one left there by the same run is reused."""
        self.folder = Path(folder)
        self.poll_seconds = poll_seconds
        self._facts = ModelFacts(
            model, schema=False, usd_input=0.0, usd_cached_input=0.0, usd_output=0.0, image_px=1536, images=10
        )
        self._taken: set[Path] = set()
        self._swept = False

    @property
    def name(self) -> str:
        """`handoff`."""
        return "handoff"

    @property
    def facts(self) -> ModelFacts:
        """What a chat window takes, whichever it is."""
        return self._facts

    @property
    def destination(self) -> Destination:
        """Files, until somebody takes them somewhere."""
        return Destination(f"files in {self.folder}", leaves_machine=False)

    def models(self) -> list[str]:
        """The one there is."""
        return [self._facts.name]

    def ask(self, request: Request, cancel: Event, on_waiting: OnWaiting | None = None) -> Reply:
        """Write the request's folder and wait for its `reply.md`, however long it takes.

        A folder that holds the same request already, from before the run was stopped, is used again with its reply.
        Raises Cancelled within a second of `cancel`, and ProviderError when the folder can't be written or read.
        """
        if cancel.is_set():
            raise Cancelled
        began = time.monotonic()
        try:
            folder = self._place(request)
            try:
                text = self._wait(folder, request, cancel, on_waiting, began)
            finally:
                (folder / _WAITING).unlink(missing_ok=True)
        except OSError as error:
            raise ProviderError(
                f"The hand-off in {self.folder} can't be used: {error.strerror or error}.",
                "Check that the folder can be written and the disk is not full.",
            ) from error
        return Reply(text, estimate(request, text), self._facts.name, seconds=round(time.monotonic() - began, 3))

    def _sweep(self) -> None:
        """Remove what a killed run left. Only a run asks, and it holds its folder; before, they may be another's."""
        if self._swept:
            return
        self._swept = True
        for folder in _folders(self.folder):
            (folder / _WAITING).unlink(missing_ok=True)
        for leftover in files.partial(self.folder):
            shutil.rmtree(leftover, ignore_errors=True)

    def _place(self, request: Request) -> Path:
        with _NUMBERING:
            self._sweep()
            folder = self._same(request)
            if folder is None:
                self.folder.mkdir(parents=True, exist_ok=True)
                folder = self.folder / f"{_next_number(self.folder):04d}_{request.turn.name}"
                _write(folder, request)
            else:
                files.write_text(folder / _WAITING, "")
            self._taken.add(folder)
        return folder

    def _same(self, request: Request) -> Path | None:
        """The folder that asks the same already. A resumed run may count a turn differently, never its role."""
        fingerprint, role = request.fingerprint(), request.turn.role
        others = None
        for folder in reversed(_folders(self.folder)):
            asked = _asked(folder)
            if asked.get("fingerprint") != fingerprint:
                continue
            if asked.get("turn") == request.turn.name:
                return folder
            if asked.get("role") == role and folder not in self._taken:
                others = folder
        return others

    def _wait(self, folder: Path, request: Request, cancel: Event, on_waiting: OnWaiting | None, began: float) -> str:
        told = -_TELL_SECONDS
        seen: bytes | None = None
        polls = 0
        while True:
            if not folder.is_dir():
                # Somebody tidied up; the question stands.
                _write(folder, request)
            data = _read(folder / REPLY)
            polls = polls + 1 if data is not None and data == seen else 0
            if data is not None and polls >= _SETTLED_POLLS and (text := handoff_text.decode(data)).strip():
                return text
            seen = data
            elapsed = time.monotonic() - began
            if on_waiting and elapsed - told >= _TELL_SECONDS:
                on_waiting(Waiting("person", elapsed, note=str(folder)))
                told = elapsed
            if cancel.wait(min(self.poll_seconds, 0.5)):
                raise Cancelled


def pending(folder: Path) -> Path | None:
    """Return the folder of the oldest request a run is waiting for that has no reply yet; None when there is none."""
    for asked in _folders(folder):
        if (asked / _WAITING).exists() and not (_read(asked / REPLY) or b"").strip():
            return asked
    return None


def answer(folder: Path, text: str) -> None:
    """Put a reply into a request's folder, as `reply.md`. Raises ValueError for an empty one, and OSError."""
    if not text.strip():
        raise ValueError("The reply is empty.")
    files.write_text(folder / REPLY, text)


def prompt_text(folder: Path) -> str:
    """Return a request as text to paste into a chat window: where a picture goes, its file is named. Raises OSError."""
    return handoff_text.to_paste((folder / _REQUEST).read_text(encoding="utf-8"), picture_files(folder))


def picture_files(folder: Path) -> list[Path]:
    """Return the pictures of a request in their order, to be attached to what `prompt_text` returns."""
    return [folder / name for name in _asked(folder).get("pictures", []) if isinstance(name, str)]


def estimate(request: Request, reply: str) -> Usage:
    """About how many tokens a request and its reply are; a hand-off costs nothing."""
    parts = [part for message in request.messages for part in message.parts]
    characters = len(request.system) + sum(0 if isinstance(part, Image) else len(part.text) for part in parts)
    if request.schema is not None:
        characters += len(json.dumps(request.schema))
    pixels = sum(part.size[0] * part.size[1] for part in parts if isinstance(part, Image))
    tokens = characters // _CHARACTERS_PER_TOKEN + pixels // _PIXELS_PER_TOKEN
    return Usage(tokens, -(-len(reply) // _CHARACTERS_PER_TOKEN))


def _write(folder: Path, request: Request) -> None:
    """Make a request's folder; whoever looks sees it whole or not at all."""
    pictures = [part for message in request.messages for part in message.parts if isinstance(part, Image)]
    names = [handoff_text.file_name(index, picture) for index, picture in enumerate(pictures, 1)]
    asked = {
        "turn": request.turn.name,
        "role": request.turn.role,
        "fingerprint": request.fingerprint(),
        "pictures": names,
    }
    with files.NewFolder(folder) as new:
        for name, picture in zip(names, pictures, strict=True):
            (new.path / name).write_bytes(picture.data)
        (new.path / _ASKED).write_text(json.dumps(asked, indent=1), encoding="utf-8")
        (new.path / _REQUEST).write_text(handoff_text.request_text(request, names), encoding="utf-8")
        (new.path / _WAITING).touch()


def _folders(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(
        (item for item in folder.iterdir() if _FOLDER.match(item.name) and item.is_dir()),
        key=lambda item: (int(item.name.split("_")[0]), item.name),
    )


def _next_number(folder: Path) -> int:
    return max((int(item.name.split("_")[0]) for item in _folders(folder)), default=0) + 1


def _asked(folder: Path) -> dict[str, Any]:
    """What a folder asks; nothing when its notes are damaged, so that it is never taken for something else."""
    try:
        asked = json.loads((folder / _ASKED).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return asked if isinstance(asked, dict) else {}


def _read(path: Path) -> bytes | None:
    """A reply's bytes; None when there is none yet, or its writer has it locked."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, PermissionError, NotADirectoryError, IsADirectoryError):
        return None
