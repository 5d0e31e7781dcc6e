# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of a hand-off: a request as Markdown for a person to read or paste, and a reply as they saved it."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from pathlib import Path

from .base import Image, Message, Request

HOW_TO_ANSWER = "\n\n---\n\n## How to answer\n"
_SLUG_LENGTH = 40
_SUFFIX = {"image/png": ".png", "image/jpeg": ".jpg"}


def file_name(index: int, picture: Image) -> str:
    """Return the name of a request's picture (1-based): its place and its label, `02_picture_with_rulers.png`."""
    slug = re.sub(r"[^a-z0-9]+", "_", picture.label.lower()).strip("_")[:_SLUG_LENGTH].rstrip("_")
    return f"{index:02d}_{slug or 'picture'}{_SUFFIX[picture.media_type]}"


def request_text(request: Request, names: list[str]) -> str:
    """Return the request as Markdown; `names` are its pictures' files, in order, each linked where it stands."""
    left = iter(names)
    parts = [f"# {title(request)}"]
    if request.system:
        parts.append(f"## Instructions\n\n{request.system.strip()}")
    for index, message in enumerate(request.messages):
        parts.append(f"## {_heading(message, index, len(request.messages))}\n\n{_message(message, left)}")
    if request.schema is not None:
        parts.append(_schema(request))
    return "\n\n".join(parts) + HOW_TO_ANSWER + _how(names)


def title(request: Request) -> str:
    """Return whose turn it is, in words."""
    turn = request.turn
    what = {
        "brief": "What is in the picture",
        "generator": "Write the script",
        "verifier": "Judge the scene",
        "select": "Compare two attempts",
        "test": "Connection test",
    }[turn.role]
    where = [turn.stage, f"round {turn.round}" if turn.round else "", f"request {turn.number}"]
    return f"{what} ({', '.join(part for part in where if part)})"


def to_paste(markdown: str, pictures: list[Path]) -> str:
    """Return `request.md` without its note on files, each picture's link replaced by the name of the file to attach."""
    text = markdown.rpartition(HOW_TO_ANSWER)[0] or markdown
    for index, picture in enumerate(pictures, 1):
        link = re.compile(rf"^!\[([^\]\n]*)\]\({re.escape(picture.name)}\)$", re.MULTILINE)
        text = link.sub(rf"[Attached picture {index}, {picture.name}: \g<1>]", text)
    return text.strip() + "\n"


def decode(data: bytes) -> str:
    """Return a saved reply as text, whatever its editor made of it: UTF-8 or UTF-16, with or without a mark, any line
    ends. Bytes that are none of these are kept visible as replacement characters."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = data.decode("utf-16", errors="replace")
    else:
        text = data.decode("utf-8-sig", errors="replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _heading(message: Message, index: int, count: int) -> str:
    if message.role == "assistant":
        return "Your reply to that"
    return "Request" if index == 0 else "Now" if index == count - 1 else "Then"


def _message(message: Message, names: Iterator[str]) -> str:
    shown = []
    for part in message.parts:
        if isinstance(part, Image):
            label = re.sub(r"[\[\]\s]+", " ", part.label).strip() or "picture"
            shown.append(f"![{label}]({next(names)})")
        else:
            shown.append(part.text.strip("\n"))
    return "\n\n".join(shown)


def _schema(request: Request) -> str:
    name = f" (`{request.schema_name}`)" if request.schema_name else ""
    return (
        f"## Form of the reply{name}\n\n"
        "Please answer with exactly one fenced ```json block, and nothing after it. It holds one JSON object that fits "
        f"this schema:\n\n```json\n{json.dumps(request.schema, indent=1)}\n```"
    )


def _how(names: list[str]) -> str:
    attach = f" Attach the {len(names)} pictures of this folder in their order." if names else ""
    return (
        f"\nGive everything above the line to a model, or answer it yourself.{attach} "
        "Save the whole reply as `reply.md` in this folder, or paste it in Restage's panel; the run then goes on by "
        "itself.\n"
    )
