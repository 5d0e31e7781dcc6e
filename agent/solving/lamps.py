# SPDX-License-Identifier: GPL-3.0-or-later
"""Which numbers of a script move a lamp or make it larger, and what a step of each does to that lamp's picture.

A lamp's picture is no plain formula of where it stands, for shadows move with it, nor of its size, which makes them
soft; so it is rendered once a step away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ...worker.protocol import LightBasisRequest
from .. import lift, script_numbers
from ..roles import Looker
from ..script_numbers import Number
from .knobs import Effects
from .probe import Made, Probe

Floats = NDArray[np.float32]

EMISSION = "Emission"
"""As worker/lights.py calls what glows."""
MOST_NUMBERS = 12
TURN = 0.08
"""One step: radians that a lamp's light turns by, as it falls on the middle of the things."""
_TRIED = 0.02
_SHRINKS = 0.8
"""Share of its size that a lamp may lose at once."""
_PLACE, _SIZE, _WAY = range(3)
_BLUR = 1.5
"""Pixels: what is finer in the difference of two pictures is noise."""


@dataclass(frozen=True)
class Move:
    """A number that moves a lamp or changes its size."""

    number: Number
    step: float
    """By how much the number changes for one step."""
    least: float
    """Steps that can be taken at least: a size stays above nothing."""
    light: int
    """Which of the lights it moves."""
    picture: Floats
    """(h, w, 3) linear: what one step adds to that light's picture."""


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
    if known is not None:
        numbers = [numbers[place] for place in known]
    tried = [max(_TRIED * abs(number.value), 0.01) for number in numbers]
    texts = [lift.with_values(script, {n: n.value + by}) for n, by in zip(numbers, tried, strict=True)]
    first, *others = probe.run([script, *texts])
    if not first.ok:
        return []
    glow = pictures[list(names).index(EMISSION)] if EMISSION in names else 0.0
    found: list[Move] = []
    if effects and known is None and all(made.ok for made in others):
        movers = [place for place, made in enumerate(others) if len(_moved(first, made, names)) == 1]
        effects.movers_found(script, names, movers)
    ways = [
        (number, by, name, first.numbers[f"place/{name}"], made.numbers[f"place/{name}"])
        for number, by, made in zip(numbers, tried, others, strict=True)
        if len(moved := _moved(first, made, names)) == 1
        for name in moved
    ]
    for number, by, name, before, after in sorted(ways, key=lambda way: _kind(*way[3:])):
        if len(found) >= MOST_NUMBERS:
            break
        turned = _turned(before, after, middle)
        if turned < 1e-5:
            continue
        step = by * turn / turned
        least = -_SHRINKS * number.value / step if _kind(before, after) == _SIZE else -np.inf
        if not probe.run([lift.with_values(script, {number: number.value + step})])[0].ok:
            continue
        only = LightBasisRequest(request.pixels, request.samples, (name,))
        alone = looker.light_basis(only)
        light = list(names).index(name)
        if alone.names != (name,) or alone.pictures.shape[1:] != pictures.shape[1:]:
            continue
        found.append(Move(number, step, least, light, _smooth(alone.pictures[0] - glow - pictures[light])))
    return found


def _moved(first: Made, made: Made, names: Sequence[str]) -> list[str]:
    """Return the lamps that are elsewhere, turned or of another size."""
    if not made.ok:
        return []
    keys = [name for name in names if f"place/{name}" in first.numbers and f"place/{name}" in made.numbers]
    return [
        name for name in keys if np.abs(first.numbers[f"place/{name}"] - made.numbers[f"place/{name}"]).max() > 1e-5
    ]


def _kind(before: NDArray[np.float64], after: NDArray[np.float64]) -> int:
    """Return what became of a lamp: those that matter most for what it lights are the lowest."""
    changed = np.abs(before - after) > 1e-5
    return _PLACE if changed[:3].any() else _SIZE if changed[6:].any() else _WAY


def _turned(before: NDArray[np.float64], after: NDArray[np.float64], middle: NDArray[np.float64]) -> float:
    """Return by how much a lamp's light changes at `middle`: radians its way turns there or at the lamp or its half
    grows by, or the share its distance changes by."""
    away = max(float(np.linalg.norm(before[:3] - middle)), 1e-6)
    across = float(np.linalg.norm(before[:3] - after[:3])) / away
    larger = abs(float(before[6] - after[6])) / away + abs(float(before[7] - after[7]))
    return max(across, larger, float(np.linalg.norm(before[3:6] - after[3:6])))


def _smooth(picture: Floats) -> Floats:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), _BLUR), np.float32)
