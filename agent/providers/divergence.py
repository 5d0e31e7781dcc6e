# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a request differs from the recorded one, in a sentence that names the place."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest

from ..conversation import Exchange, PictureRecord, TextRecord, schema_text
from .base import Image, Part, Request, Turn

_SHOWN_CHARACTERS = 100
_LEAD_CHARACTERS = 20


@dataclass(frozen=True)
class Divergence:
    """The first difference between a request and its recording."""

    turn: Turn
    where: str
    """The part: `the system text, line 3`, `picture 2 (picture with rulers)`."""
    sentence: str
    """What is there and what was recorded."""

    def __str__(self) -> str:
        """All of it in words."""
        return f"In {turn_in_words(self.turn)}, {self.where}: {self.sentence}"


def turn_in_words(turn: Turn) -> str:
    """Return a turn as the artist reads it: `generator, geometry, round 2, request 1`."""
    parts = [turn.role, turn.stage, f"round {turn.round}" if turn.round else "", f"request {turn.number}"]
    return ", ".join(part for part in parts if part)


def compare(request: Request, recorded: Exchange) -> Divergence | None:
    """Return the first difference in reading order; None when the same is asked."""
    if request.fingerprint() == recorded.fingerprint:
        return None
    where, sentence = _first(request, recorded)
    return Divergence(request.turn, where, sentence)


def _first(request: Request, recorded: Exchange) -> tuple[str, str]:
    if request.system != recorded.system.text:
        return _texts("the system text", recorded.system.text, request.system)
    pictures = blocks = 0
    several = len(request.messages) > 1 or len(recorded.messages) > 1
    for at, (old, new) in enumerate(zip_longest(recorded.messages, request.messages), 1):
        if old is None:
            return f"message {at}", "the recording ends before it."
        if new is None:
            return f"message {at}", "it was recorded and is not asked now."
        if old.role != new.role:
            return f"message {at}", f"it was the {old.role}'s and is the {new.role}'s now."
        inside = f" of message {at}" if several else ""
        for was, part in zip_longest(old.parts, new.parts):
            is_picture = isinstance(was if part is None else part, Image | PictureRecord)
            pictures, blocks = pictures + is_picture, blocks + (not is_picture)
            where = f"picture {pictures}{inside}" if is_picture else f"text {blocks}{inside}"
            if found := _parts(was, part, where):
                return found
    was_wanted = recorded.wanted.text if recorded.wanted else ""
    wanted = "" if request.schema is None else schema_text(request.schema)
    if wanted != was_wanted:
        return _texts("the schema of the reply", was_wanted, wanted)
    return "all that was recorded", "nothing differs, but its fingerprint was made by another version of Restage."


def _parts(was: TextRecord | PictureRecord | None, part: Part | None, where: str) -> tuple[str, str] | None:
    if part is None:
        label = f" ({was.label})" if isinstance(was, PictureRecord) else ""
        return where + label, "it was recorded and is not asked now."
    if isinstance(part, Image):
        where = f"{where} ({part.label or 'no label'})"
        if isinstance(was, PictureRecord):
            return None if was.sha256 == part.sha256 else (where, _pictures(was, part))
        return where, "nothing was recorded there." if was is None else "a text was recorded there."
    if isinstance(was, PictureRecord):
        return where, f"the picture {was.label or was.sha256[:12]} was recorded there."
    if was is None:
        return where, "nothing was recorded there."
    return None if was.text == part.text else _texts(where, was.text, part.text)


def _pictures(was: PictureRecord, now: Image) -> str:
    label = "" if was.label == now.label else f"what was recorded there is {was.label or 'unnamed'}; "
    sizes = f"{was.size[0]} x {was.size[1]} recorded, {now.size[0]} x {now.size[1]} now"
    size = "both are of the same size" if was.size == now.size else sizes
    return f"{label}the pictures differ ({size}; recorded {was.sha256[:12]}, now {now.sha256[:12]})."


def _texts(where: str, old: str, new: str) -> tuple[str, str]:
    lines = zip_longest(old.split("\n"), new.split("\n"))
    number, was, now = next((n, a, b) for n, (a, b) in enumerate(lines, 1) if a != b)
    return f"{where}, line {number}", f"recorded {_quoted(was, now)}, now {_quoted(now, was)}."


def _quoted(line: str | None, other: str | None) -> str:
    """A line, from a little before where it differs."""
    if line is None:
        return "nothing"
    same = next((i for i, (a, b) in enumerate(zip(line, other or "", strict=False)) if a != b), 0)
    begin = max(0, same - _LEAD_CHARACTERS) if len(line) > _SHOWN_CHARACTERS else 0
    shown = line[begin : begin + _SHOWN_CHARACTERS]
    return repr(("…" if begin else "") + shown + ("…" if begin + _SHOWN_CHARACTERS < len(line) else ""))
