# SPDX-License-Identifier: GPL-3.0-or-later
"""The parameters of a script as fields for an artist: what each is, in which unit, and what the script says of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from . import params

Kind = Literal[
    "number",
    "length",
    "angle",
    "degrees",
    "integer",
    "flag",
    "text",
    "colour",
    "vector2",
    "vector3",
    "vector4",
    "place",
    "turn",
    "other",
]
"""`angle` and `turn` are in radians, `degrees` is in degrees."""
_METRES = re.compile(r"\b(m|metres?|meters?)\b")
_RADIANS = re.compile(r"\b(rad|radians?)\b")
_DEGREES = re.compile(r"\b(deg|degrees?)\b")
_COLOUR = re.compile(r"colou?r|albedo|\brgb\b|tint", re.IGNORECASE)
_LENGTHS = re.compile(r"(location|position|size|radius|height|width|depth|length|thickness|distance|dimensions)$")
_TURNS = re.compile(r"(rotation|euler|heading|turn)$")
_UNIT = re.compile(r"^(m|mm|cm|W/m2|W/m\^2|W|degrees?|deg|px|pixels?|radians?|rad|EV|stops?|K)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Field:
    """One parameter."""

    key: str
    value: Any
    kind: Kind
    unit: str
    """As the script says it, for what has no unit of Blender's: `degrees`, `W`; else empty."""
    told: str
    """The comment beside it."""


def fields(script: str) -> list[Field]:
    """Return the fields of a script's PARAMS in their order; none when it has none that can be read."""
    try:
        values = params.read(script)
        told = params.comments(script)
    except params.ParamsError:
        return []
    return [_field(key, value, told.get(key, "")) for key, value in values.items()]


def _field(key: str, value: Any, told: str) -> Field:
    kind = _kind(key, value, told)
    found = _UNIT.match(told)
    known = kind in ("length", "angle", "degrees", "place", "turn", "colour")
    unit = "" if known or not found else found[1]
    return Field(key, value, kind, unit, told)


def _kind(key: str, value: Any, told: str) -> Kind:
    if isinstance(value, bool):
        return "flag"
    if isinstance(value, str):
        return "text"
    if isinstance(value, int):
        return "integer" if -(2**31) <= value < 2**31 else "other"
    if isinstance(value, float):
        if _RADIANS.search(told):
            return "angle"
        if _DEGREES.search(told):
            return "degrees"
        return "length" if _METRES.search(told) or (not told and _LENGTHS.search(key)) else "number"
    if not isinstance(value, (tuple, list)) or not all(_is_number(item) for item in value):
        return "other"
    if len(value) in (2, 4):
        return "vector2" if len(value) == 2 else "vector4"
    if len(value) != 3:
        return "other"
    if _RADIANS.search(told):
        return "turn"
    if _METRES.search(told):
        return "place"
    if all(0.0 <= item <= 1.0 for item in value) and (_COLOUR.search(key) or _COLOUR.search(told)):
        return "colour"
    if not told and _LENGTHS.search(key):
        return "place"
    return "turn" if not told and _TURNS.search(key) else "vector3"


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def differs(old: Any, new: Any) -> bool:
    """Whether an artist has changed a value: a field holds it in single precision, which is no change."""
    if isinstance(old, (tuple, list)):
        return any(differs(a, b) for a, b in zip(old, new, strict=True))
    if isinstance(old, float):
        return bool(abs(old - new) > 1e-6 * max(1.0, abs(old)))
    return bool(old != new)


def like(old: Any, new: Any) -> Any:
    """Return a field's value as the script wrote the old one: tuple or list, whole numbers where it had them."""
    if isinstance(old, (tuple, list)):
        items = [like(a, b) for a, b in zip(old, new, strict=True)]
        return tuple(items) if isinstance(old, tuple) else items
    if isinstance(old, (bool, str)):
        return new
    if isinstance(old, int) and float(new).is_integer():
        return int(new)
    return old if not differs(old, new) else new
