# SPDX-License-Identifier: GPL-3.0-or-later
"""What an artist says in words, as far as this agent understands it: `the cube is larger`, `a little to the left`,
`brighter`. It turns the numbers of the script that is there; of all else it says that it does not understand.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .. import params
from ..verdict import Verdict

STEP = 1.2
"""Factor of one step; `a little` is half of one, `much` two."""
MOVE = 0.25
"""Of a thing's size that it moves in one step; and metres where its size is not known."""
_LITTLE = re.compile(r"\b(little|bit|slightly|somewhat|touch|hair)\b")
_MUCH = re.compile(r"\b(much|lot|far|way|twice|considerably|very)\b")


@dataclass(frozen=True)
class _Sense:
    """One thing that words may mean: how the ends of parameters' names are recognised, and what is done to them."""

    said: re.Pattern[str]
    ends: tuple[str, ...]
    factor: float = 1.0
    """One step of multiplication; 1 for none."""
    axis: int | None = None
    """Which of several numbers; all when None."""
    move: float = 0.0
    """One step of addition, in `MOVE`."""


def _s(words: str, ends: Sequence[str], factor: float = 1.0, axis: int | None = None, move: float = 0.0) -> _Sense:
    return _Sense(re.compile(rf"\b({words})\b"), tuple(ends), factor, axis, move)


_BACK = "(?:further|farther)(?! (?:to the )?(?:left|right|up|down))|back|behind|away"
_ALL = ("size", "radius", "height", "tube", "scale")
_ACROSS = ("radius", "tube")
_PAINTS = ("colour", "painting")
_SENSES: dict[str, tuple[_Sense, ...]] = {
    "geometry": (
        _s("larger|bigger|grow|enlarge[d]?", _ALL, STEP),
        _s("smaller|shrink|reduce[d]?", _ALL, 1 / STEP),
        _s("taller|higher|longer", ("height",), STEP),
        _s("taller|higher", ("size",), STEP, 2),
        _s("shorter|lower|flatter", ("height",), 1 / STEP),
        _s("shorter|lower|flatter", ("size",), 1 / STEP, 2),
        _s("wider|broader|thicker|fatter", _ACROSS, STEP),
        _s("wider|broader|thicker|fatter", ("size",), STEP, 0),
        _s("narrower|thinner|slimmer", _ACROSS, 1 / STEP),
        _s("narrower|thinner|slimmer", ("size",), 1 / STEP, 0),
        _s("deeper", ("size",), STEP, 1),
        _s("left", ("location",), axis=0, move=-1),
        _s("right", ("location",), axis=0, move=1),
        _s("closer|nearer|forward|front", ("location",), axis=1, move=-1),
        _s(_BACK, ("location",), axis=1, move=1),
        _s("up|raise[d]?|lifted|float(ing)?", ("location",), axis=2, move=1),
        _s("down|sink|sunk", ("location",), axis=2, move=-1),
    ),
    "composition": (
        _s("larger|bigger", ("scale",), STEP),
        _s("smaller", ("scale",), 1 / STEP),
        _s("left", ("shift",), axis=0, move=-1),
        _s("right", ("shift",), axis=0, move=1),
        _s("closer|nearer|forward|front", ("shift",), axis=1, move=-1),
        _s(_BACK, ("shift",), axis=1, move=1),
        _s("up|raise[d]?|lifted", ("shift",), axis=2, move=1),
        _s("down|sink|sunk", ("shift",), axis=2, move=-1),
        _s("turn(ed)?|rotate[d]?", ("turn",), move=60),
    ),
    "materials": (
        _s("brighter|lighter", _PAINTS, STEP),
        _s("darker", _PAINTS, 1 / STEP),
        _s("warmer|redder", _PAINTS, STEP, 0),
        _s("greener", _PAINTS, STEP, 1),
        _s("cooler|colder|bluer", _PAINTS, STEP, 2),
        _s("shinier|glossier|smoother", ("roughness",), 1 / STEP**3),
        _s("rougher|duller|matt?e?", ("roughness",), STEP**3),
    ),
    "lighting": (
        _s("brighter|lighter|stronger", ("power",), STEP**2),
        _s("darker|dimmer|weaker", ("power",), 1 / STEP**2),
        _s("warmer|redder", ("colour",), STEP, 0),
        _s("cooler|colder|bluer", ("colour",), STEP, 2),
        _s("softer", ("size",), STEP**3),
        _s("harder|sharper|crisper", ("size",), 1 / STEP**3),
    ),
    "setup": (
        _s("wider|wide", ("fov",), STEP),
        _s("narrower|longer|zoom(ed)?", ("fov",), 1 / STEP),
        _s("higher|above|up", ("location",), axis=2, move=1),
        _s("lower|down", ("location",), axis=2, move=-1),
        _s("steeper", ("pitch",), STEP),
        _s("flatter|shallower", ("pitch",), 1 / STEP),
        _s("brighter|lighter", ("strength",), STEP**2),
        _s("darker|dimmer", ("strength",), 1 / STEP**2),
    ),
}


def turned(stage: str, script: str, verdict: Verdict) -> tuple[str, str]:
    """Return the script with its numbers turned as the artist says, and what was turned in words.

    What is not understood changes nothing; when nothing is understood, the script is the one given.
    """
    values = params.read(script)
    said = [part for part in re.split(r"[.;,\n]| and (?=the )", verdict.summary) if part.strip()]
    said += [f"{item.object} {item.property} {item.wanted}" for item in verdict.items]
    changes: dict[str, Any] = {}
    for part in said:
        changes |= _changes(stage, {**values, **changes}, part.casefold())
    if not changes:
        return script, ""
    told = ", ".join(
        f"{key} {params.literal(values[key])} to {params.literal(value)}" for key, value in changes.items()
    )
    return params.rewrite(script, changes), f"As you said: {told}."


def _changes(stage: str, values: dict[str, Any], said: str) -> dict[str, Any]:
    steps = 0.5 if _LITTLE.search(said) else 2.0 if _MUCH.search(said) else 1.0
    owners = _owners(values, said)
    changes: dict[str, Any] = {}
    for sense in _SENSES.get(stage, ()):
        if not sense.said.search(said):
            continue
        for key, value in values.items():
            owner, _, end = key.rpartition(".")
            if owner in owners and end in sense.ends:
                new = _turn(changes.get(key, value), sense, steps, _size(values, owner))
                if new is not None:
                    changes[key] = new
    return changes


def _owners(values: dict[str, Any], said: str) -> set[str]:
    """Whom words are about: those named, by their whole name or by a word that no other has; all where none is."""
    owners = {key.rpartition(".")[0] for key in values}
    named = {owner for owner in owners if owner and re.search(rf"\b{re.escape(owner.casefold())}\b", said)}
    if named:
        return named
    words = {owner: set(owner.casefold().split()) for owner in owners}
    spoken = set(re.findall(r"\w+", said))
    close = {owner: len(found & spoken) for owner, found in words.items()}
    most = max(close.values(), default=0)
    best = {owner for owner, count in close.items() if count == most}
    return best if most else owners


def _size(values: dict[str, Any], owner: str) -> float:
    for end in ("size", "radius", "height"):
        value = values.get(f"{owner}.{end}")
        if isinstance(value, tuple):
            return float(max(value))
        if isinstance(value, (int, float)):
            return 2 * float(value) if end == "radius" else float(value)
    return 1.0


def _turn(value: Any, sense: _Sense, steps: float, size: float) -> Any:
    if isinstance(value, (list, tuple)):
        if sense.axis is not None and sense.axis >= len(value):
            return None
        return tuple(
            _number(item, sense, steps, size) if sense.axis in (None, place) else item
            for place, item in enumerate(value)
        )
    if isinstance(value, bool) or not isinstance(value, (int, float)) or sense.axis not in (None, 0):
        return None
    return _number(value, sense, steps, 1.0 if sense.move > 1 else size)


def _number(value: float, sense: _Sense, steps: float, size: float) -> float:
    return round(float(value) * float(sense.factor**steps) + sense.move * MOVE * steps * size, 4)
