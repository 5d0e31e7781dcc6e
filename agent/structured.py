# SPDX-License-Identifier: GPL-3.0-or-later
"""Replies that are data: asked for by JSON schema where a provider enforces one, read from fenced JSON otherwise."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from .asking import AskFunction, answered
from .providers.base import Request
from .providers.errors import BadReply
from .roles import Usage

T = TypeVar("T", bound=BaseModel)
MOST_ERRORS = 8
MOST_BRACES = 60
"""Braces in prose that are tried for the beginning of the object."""
_KEYWORDS = """
    title default format pattern minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minLength maxLength
    minItems maxItems uniqueItems
    """
_UNENFORCED = frozenset(_KEYWORDS.split())
"""Keywords that one or the other provider's strict mode does not take; pydantic still checks them."""


class Unreadable(ValueError):
    """A reply holds no JSON that fits; the text says what is wrong, for the model."""


def ask_for(ask: AskFunction, request: Request, model: type[T]) -> tuple[T, Usage]:
    """Ask for a reply in the form of `model` and return it with what it cost.

    One more turn with the validation errors mends a bad reply; after that errors.BadReply is raised.
    """
    request = replace(request, schema=schema_of(model), schema_name=model.__name__)
    reply = ask(request)
    try:
        return parse(reply.text, model), reply.usage
    except Unreadable as error:
        wrong = "It was cut at the length limit; be shorter. " if reply.stop == "length" else ""
        then = (
            f"That reply cannot be used. {wrong}{error}\n\n"
            "Answer again with the whole JSON object, corrected, and nothing else."
        )
    second = ask(answered(request, reply, then))
    try:
        return parse(second.text, model), reply.usage + second.usage
    except Unreadable as error:
        raise BadReply(
            "The model's reply is not in the form that was asked for, also after it was told what is wrong.",
            "Try a stronger model.",
            detail=f"{error}\n\n{second.text[:2000]}",
        ) from error


def parse(text: str, model: type[T]) -> T:
    """Return the reply's data: the first piece of JSON in it that fits. Raises Unreadable."""
    problem = "There is no JSON object in it."
    for value in _values(text):
        try:
            return model.model_validate(value)
        except ValidationError as error:
            problem = _in_words(error)
    raise Unreadable(problem)


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """Return the model's JSON schema in the form strict modes take: closed objects, everything required."""
    return _strict(model.model_json_schema())  # type: ignore[no-any-return]


def _strict(node: Any) -> Any:
    if isinstance(node, list):
        return [_strict(item) for item in node]
    if not isinstance(node, dict):
        return node
    made: dict[str, Any] = {}
    for key, value in node.items():
        if key in ("properties", "$defs"):
            # Names in here are fields, not keywords: one may well be called `format`.
            made[key] = {name: _strict(item) for name, item in value.items()}
        elif key not in _UNENFORCED:
            made[key] = _strict(value)
    if made.get("type") == "object" and "properties" in made:
        made["required"] = list(made["properties"])
        made["additionalProperties"] = False
    return made


def _values(text: str) -> Iterator[Any]:
    """Yield what can be read as a JSON object, likeliest first: the whole, fences, then anything in braces."""
    pieces = [text, *re.findall(r"```[^\n`]*\n(.*?)```", text, re.DOTALL)]
    seen = set()
    for piece in pieces:
        value = _object(piece.strip())
        if value is not None:
            seen.add(json.dumps(value, sort_keys=True))
            yield value
    at = text.find("{")
    for _ in range(MOST_BRACES):
        if at < 0:
            return
        value, end = _object_at(text, at)
        if value is not None and json.dumps(value, sort_keys=True) not in seen:
            yield value
        at = text.find("{", end if value is not None else at + 1)


def _object(text: str) -> dict[str, Any] | None:
    value, end = _object_at(text, 0) if text.startswith("{") else (None, 0)
    return value if value is not None and not text[end:].strip() else None


def _object_at(text: str, at: int) -> tuple[dict[str, Any] | None, int]:
    """Read an object that begins at `at`; harmless slips (comments, a comma too many) are mended."""
    try:
        value, end = json.JSONDecoder().raw_decode(text, at)
        return (value if isinstance(value, dict) else None), end
    except (ValueError, RecursionError):
        pass
    end = text.rfind("}") + 1
    try:
        value = json.loads(_mended(text[at:end]))
    except (ValueError, RecursionError):
        return None, at
    return (value if isinstance(value, dict) else None), end


def _mended(text: str) -> str:
    """Drop `//` comments and trailing commas outside of strings."""
    text = re.sub(r'("(?:\\.|[^"\\])*")|//[^\n]*', lambda found: found.group(1) or "", text)
    return re.sub(r'("(?:\\.|[^"\\])*")|,(?=\s*[}\]])', lambda found: found.group(1) or "", text)


def _in_words(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_context=False)
    lines = []
    for item in found[:MOST_ERRORS]:
        where = ".".join(str(part) for part in item["loc"]) or "the object"
        lines.append(f"- {where}: {item['msg']}")
    if len(found) > MOST_ERRORS:
        lines.append(f"- and {len(found) - MOST_ERRORS} more")
    return "What is wrong:\n" + "\n".join(lines)
