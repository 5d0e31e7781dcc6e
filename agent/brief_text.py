# SPDX-License-Identifier: GPL-3.0-or-later
"""The brief as a text the artist edits, and read back: what is wrong with it is one sentence with its place."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from .brief import Brief

FILE = "brief.json"
_NUMBERS = re.compile(r"\[\s*((?:-?[\d.eE+-]+,?\s*)+)\]")


class BriefError(Exception):
    """The text is no brief; `str()` is one sentence with the place."""


def text_of(brief: Brief) -> str:
    """Return the brief as JSON for people: a line per value, points and colours on one line each, four decimals."""
    plain = json.dumps(_rounded(brief.model_dump(mode="json")), indent=2, ensure_ascii=False)
    return _NUMBERS.sub(lambda found: f"[{' '.join(found[1].split())}]", plain) + "\n"


def read(text: str) -> Brief:
    """Return the brief a text holds. Raises BriefError."""
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        said = error.msg.removesuffix(" at")
        raise BriefError(f"The brief is not valid JSON: line {error.lineno}, column {error.colno}: {said}.") from None
    if not isinstance(data, dict):
        raise BriefError("The brief must be one object in braces, { … }.")
    try:
        return Brief.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        said = str(first["msg"]).removeprefix("Value error, ").rstrip(".")
        said = "there is no such entry" if first["type"] == "extra_forbidden" else said[:1].lower() + said[1:]
        raise BriefError(f"The brief can't be used: {_place(first['loc'], data)}{said}.") from None


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return [_rounded(item) for item in value] if isinstance(value, list) else value


def _place(loc: Sequence[int | str], data: dict[str, Any]) -> str:
    """Where a value stands, in words: `object 2 (Ball), box, 3rd value: `."""
    words: list[str] = []
    inside: Any = data
    for step in loc:
        inside = inside[step] if _has(inside, step) else None
        if isinstance(step, int):
            name = inside.get("name") if isinstance(inside, dict) else None
            number = f"number {step + 1}" + (f" ({name})" if isinstance(name, str) else "")
            words[-1:] = [f"{words[-1]} {number}"] if words else [number]
        else:
            words.append(step)
    return f"{', '.join(words)}: " if words else ""


def _has(inside: Any, step: int | str) -> bool:
    return (isinstance(inside, dict) and step in inside) or (
        isinstance(inside, list) and isinstance(step, int) and 0 <= step < len(inside)
    )
