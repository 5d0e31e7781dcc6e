# SPDX-License-Identifier: GPL-3.0-or-later
"""Which numbers of a script set light or colour, and what they do: each is turned, and what that makes is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .. import lift, script_numbers
from ..script_numbers import Number
from .probe import Made, Probe

Array = NDArray[np.float64]

WORLD = "World"
STEP = 0.1
MOST_NUMBERS = 80


@dataclass
class Knobs:
    """The numbers that set how much light there is or what surfaces reflect, and what they do."""

    groups: list[str]
    """Names of the lights, then of the materials."""
    lights: int
    """How many of the groups are lights."""
    numbers: list[Number] = field(default_factory=list)
    values: Array = field(default_factory=lambda: np.zeros(0))
    effect: Array = field(default_factory=lambda: np.zeros((0, 0, 3)))
    """(numbers, groups, 3): derivative of the logarithm of each group's channel by that of the number."""

    def owner(self, index: int) -> str:
        """Return which group a number mostly belongs to."""
        return self.groups[int(np.abs(self.effect[index]).sum(axis=1).argmax())]

    def only(self, kept: Sequence[int]) -> Knobs:
        """Return these knobs with some of the numbers."""
        at = list(kept)
        return Knobs(self.groups, self.lights, [self.numbers[i] for i in at], self.values[at], self.effect[at])


class Effects:
    """What numbers were found to do, for scripts that differ from one looked at before in their numbers alone."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._knobs: dict[tuple[object, ...], list[tuple[int, Array]]] = {}
        self._movers: dict[tuple[object, ...], list[int]] = {}

    def knobs(self, script: str, names: Sequence[str]) -> list[tuple[int, Array]] | None:
        """Return by its place among the script's numbers what each does to the named lights and materials; None when
        that is not known."""
        return self._knobs.get(_kind(script, names))

    def knobs_found(self, script: str, names: Sequence[str], found: list[tuple[int, Array]]) -> None:
        """Remember what numbers do."""
        self._knobs[_kind(script, names)] = found

    def movers(self, script: str, names: Sequence[str]) -> list[int] | None:
        """Return the places of the numbers that move one of the named lamps; None when that is not known."""
        return self._movers.get(_kind(script, names))

    def movers_found(self, script: str, names: Sequence[str], found: list[int]) -> None:
        """Remember which numbers move lamps."""
        self._movers[_kind(script, names)] = found


def _kind(script: str, names: Sequence[str]) -> tuple[object, ...]:
    numbers = script_numbers.find(script)
    return lift.with_values(script, dict.fromkeys(numbers, 0.0)), len(numbers), tuple(names)


def find(
    probe: Probe, script: str, lights: Sequence[str], materials: Sequence[str] = (), effects: Effects | None = None
) -> tuple[Knobs, Made] | None:
    """Run the script with each number turned and see what it sets. None when the script does not run. What `effects`
    knows is not looked at again."""
    names = [*lights, *materials]
    known = effects.knobs(script, names) if effects else None
    if known is not None:
        made = probe.run([script])[0]
        numbers = script_numbers.find(script)
        values = np.array([numbers[place].value for place, _ in known])
        effect = np.stack([each for _, each in known]) if known else np.zeros((0, len(names), 3))
        again = Knobs(names, len(lights), [numbers[place] for place, _ in known], values, effect)
        return (again, made) if made.ok else None
    found = sorted(script_numbers.find(script), key=lambda number: not number.param)
    found = [number for number in found if number.value > 0][:MOST_NUMBERS]
    texts = [lift.with_values(script, {number: number.value * (1 + STEP)}) for number in found]
    first, *others = probe.run([script, *texts])
    if not first.ok:
        return None
    base = levels(first, lights, materials)
    knobs = Knobs(names, len(lights), effect=np.zeros((0, len(base), 3)))
    values_now, does = [], []
    for number, made in zip(found, others, strict=True):
        if not made.ok:
            continue
        turned = levels(made, lights, materials)
        both = (base > 0) & (turned > 0)
        effect = np.where(both, np.log(np.maximum(turned, 1e-12) / np.maximum(base, 1e-12)) / np.log(1 + STEP), 0.0)
        if np.abs(effect).max(initial=0.0) < 0.05:
            continue
        knobs.numbers.append(number)
        values_now.append(number.value)
        does.append(effect)
    if does:
        knobs.values, knobs.effect = np.array(values_now), np.stack(does)
    if effects and all(made.ok for made in others):
        places = {number.start: place for place, number in enumerate(script_numbers.find(script))}
        kept = [(places[number.start], effect) for number, effect in zip(knobs.numbers, does, strict=True)]
        effects.knobs_found(script, names, kept)
    return knobs, first


def levels(made: Made, lights: Sequence[str], materials: Sequence[str] = ()) -> Array:
    """Return what each light emits and each material reflects, (groups, 3); zero where nothing says so."""
    out = np.zeros((len(lights) + len(materials), 3))
    for index, name in enumerate(lights):
        if name == WORLD:
            out[index] = sum((v for k, v in made.numbers.items() if k.startswith("background/")), np.zeros(3))
        elif (values := made.numbers.get(f"light/{name}")) is not None:
            out[index] = values
    for index, name in enumerate(materials, len(lights)):
        if (values := made.numbers.get(f"base/{name}")) is not None:
            out[index] = values
    return out
