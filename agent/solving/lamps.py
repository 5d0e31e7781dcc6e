# SPDX-License-Identifier: GPL-3.0-or-later
"""Which numbers of a script move a lamp or make it larger, and what a step of each does to that lamp's picture.

A lamp's picture is no plain formula of where it stands, for shadows move with it, nor of its size, which makes them
soft; so it is rendered once a step away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

import cv2
import numpy as np
from numpy.typing import NDArray

from ...worker.protocol import LightBasisRequest
from .. import lift, script_numbers
from ..roles import Looker
from ..script_numbers import Number
from . import coded
from .knobs import Effects
from .probe import Made, Probe

Floats = NDArray[np.float32]

EMISSION = "Emission"
"""As worker/lights.py calls what glows."""
MOST_NUMBERS = 16
TURN = 0.08
"""One step: radians that a lamp's light turns by, as it falls on the middle of the things."""
_TRIED = 0.02
_SHRINKS = 0.8
"""Share of its size that a lamp may lose at once."""
_PLACE, _SIZE, _WAY, _NOTHING = range(4)
_SPARE = 4
_BLUR = 1.5
"""Pixels: what is finer in the difference of two pictures is noise."""


@dataclass(frozen=True)
class Move:
    """A number that moves a lamp or changes its size."""

    number: Number
    step: float
    """By how much the number changes for one step."""
    limits: tuple[float, float]
    """How many steps may be taken back and on: a size stays above nothing."""
    light: int
    """Which of the lights it moves."""
    picture: Floats
    """(h, w, 3) linear: what one step adds to that light's picture."""
    resizes: bool = False
    """Whether it changes the lamp's size and nothing else."""


def find(
    probe: Probe,
    script: str,
    names: Sequence[str],
    looker: Looker,
    pictures: Floats,
    request: LightBasisRequest,
    middle: NDArray[np.float64],
    turn: float = TURN,
    effects: Effects | None = None,
) -> list[Move]:
    """Return the script's numbers that move one lamp and no other or change its size, and what they do.

    `names` and `pictures` (lights, h, w, 3) are those of `request`, asked with the script as it is; `middle` is what
    the lamps shine at, metres. Afterwards the worker holds some other scene.
    """
    numbers = script_numbers.find(script)
    known = effects.movers(script, names) if effects else None
    if known is None:
        known = _shortlist(probe, script, names, numbers)
    if known is not None:
        numbers = [numbers[place] for place in known]
    first, *others = probe.run([script, *(lift.with_values(script, {n: n.value + _by(n)}) for n in numbers)])
    if not first.ok:
        return []
    glow = pictures[list(names).index(EMISSION)] if EMISSION in names else 0.0
    found: list[Move] = []
    ways = [
        (number, name, first.numbers[f"place/{name}"], made.numbers[f"place/{name}"])
        for number, made in zip(numbers, others, strict=True)
        if len(moved := _moved(first, made, names)) == 1
        for name in moved
    ]
    for row in _turns(ways, middle, turn):
        values = {each.number: each.number.value + each.step for each in row}
        if not probe.run([lift.with_values(script, values)])[0].ok:
            continue
        alone = looker.light_basis(LightBasisRequest(request.pixels, request.samples, tuple(e.name for e in row)))
        if alone.pictures.shape[1:] != pictures.shape[1:]:
            continue
        for each in row:
            if each.name in alone.names:
                light = list(names).index(each.name)
                picture = _smooth(alone.pictures[alone.names.index(each.name)] - glow - pictures[light])
                found.append(Move(each.number, each.step, each.limits, light, picture, each.resizes))
    if effects and all(made.ok for made in others):
        places = {number.start: place for place, number in enumerate(script_numbers.find(script))}
        effects.movers_found(script, names, [places[move.number.start] for move in found])
    return found


@dataclass(frozen=True)
class _Step:
    """A number to turn for one lamp's next picture."""

    number: Number
    name: str
    step: float
    limits: tuple[float, float]
    resizes: bool


def _turns(
    ways: Sequence[tuple[Number, str, NDArray[np.float64], NDArray[np.float64]]],
    middle: NDArray[np.float64],
    turn: float,
) -> list[list[_Step]]:
    """Return what to turn at once: one number of each lamp, those that matter most first, so that each lamp is seen
    alone with one of its own turned."""
    by_lamp: dict[str, list[_Step]] = {}
    count = 0
    for number, name, before, after in sorted(ways, key=lambda way: _becomes(*way[2:])):
        kind, turned = _becomes(before, after), _turned(before, after, middle)
        if kind == _NOTHING or turned < 1e-5 or count >= MOST_NUMBERS:
            continue
        step = _by(number) * turn / turned
        limits = _limits(before, after, step / _by(number)) if kind == _SIZE else (-np.inf, np.inf)
        by_lamp.setdefault(name, []).append(_Step(number, name, step, limits, kind == _SIZE))
        count += 1
    return [[step for step in row if step is not None] for row in zip_longest(*by_lamp.values())]


def _by(number: Number) -> float:
    return max(_TRIED * abs(number.value), 0.01)


def _shortlist(probe: Probe, script: str, names: Sequence[str], numbers: Sequence[Number]) -> list[int] | None:
    """Return the places of the numbers that matter most for where one lamp is, which way it shines or how large it is,
    a few more than are wanted; None where that can't be told at once."""
    if len(numbers) < coded.FEWEST:
        return None
    turned = coded.codes(len(numbers), 1.0)
    by = np.array([_by(number) for number in numbers])
    texts = [
        lift.with_values(script, {n: n.value + step for n, step in zip(numbers, row, strict=True)})
        for row in turned * by
    ]
    made = probe.run([script, texts[0]])
    if not all(each.ok for each in made):
        return None
    made += probe.run(texts[1:])
    keys = [f"place/{name}" for name in names if f"place/{name}" in made[0].numbers]
    if not keys or not all(each.ok and all(key in each.numbers for key in keys) for each in made):
        return None
    places = np.stack([np.concatenate([each.numbers[key] for key in keys]) for each in made])
    before = places[0].reshape(len(keys), -1)
    rates, told = coded.read(turned, places[1:] - places[0], 1e-5)
    needed = np.ones(before.shape, bool)
    # Which way a lamp shines follows its place and its aim, too many to be told; of a sun it is all that matters.
    needed[before[:, 7] == 0, 3:6] = False
    if not told[needed.ravel()].all():
        return None
    movers = []
    for place, rate in enumerate(rates.reshape(len(numbers), *before.shape)):
        moved = np.flatnonzero(np.abs(rate).max(axis=1) > 1e-5)
        if len(moved) == 1 and (kind := _becomes(before[moved[0]], before[moved[0]] + rate[moved[0]])) != _NOTHING:
            movers.append((kind, place))
    return sorted(place for _, place in sorted(movers)[: MOST_NUMBERS + _SPARE])


def _moved(first: Made, made: Made, names: Sequence[str]) -> list[str]:
    """Return the lamps that are elsewhere, turned or of another size."""
    if not made.ok:
        return []
    keys = [name for name in names if f"place/{name}" in first.numbers and f"place/{name}" in made.numbers]
    return [
        name for name in keys if np.abs(first.numbers[f"place/{name}"] - made.numbers[f"place/{name}"]).max() > 1e-5
    ]


def _becomes(before: NDArray[np.float64], after: NDArray[np.float64]) -> int:
    """Return what became of a lamp: those that matter most for what it lights are the lowest."""
    changed = np.abs(before - after) > 1e-5
    place, way, size = changed[:3].any(), changed[3:6].any(), changed[6:].any()
    if before[7] > 0:
        # Where a sun is does not matter.
        return _PLACE if way else _SIZE if size else _NOTHING
    return _PLACE if place else _SIZE if size else _WAY


def _limits(before: NDArray[np.float64], after: NDArray[np.float64], times: float) -> tuple[float, float]:
    """Return how many steps, each so many times what was tried, leave a lamp a size."""
    size, grows = float(before[6:].sum()), float((after - before)[6:].sum()) * times
    end = -_SHRINKS * size / grows
    return (min(end, 0.0), np.inf) if grows > 0 else (-np.inf, max(end, 0.0))


def _turned(before: NDArray[np.float64], after: NDArray[np.float64], middle: NDArray[np.float64]) -> float:
    """Return by how much a lamp's light changes at `middle`: radians its way turns there or at the lamp or its half
    grows by, or the share its distance changes by."""
    away = max(float(np.linalg.norm(before[:3] - middle)), 1e-6)
    across = float(np.linalg.norm(before[:3] - after[:3])) / away
    larger = abs(float(before[6] - after[6])) / away + abs(float(before[7] - after[7]))
    return max(across, larger, float(np.linalg.norm(before[3:6] - after[3:6])))


def _smooth(picture: Floats) -> Floats:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), _BLUR), np.float32)
