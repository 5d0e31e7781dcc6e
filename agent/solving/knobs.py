# SPDX-License-Identifier: GPL-3.0-or-later
"""Which numbers of a script set light or colour, and what they do: each is turned, and what that makes is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .. import lift, script_numbers
from ..script_numbers import Number
from . import coded
from .probe import Made, Probe

Array = NDArray[np.float64]

WORLD = "World"
EXPOSURE = "exposure"
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
    """(numbers, groups, 3): derivative of the logarithm of each group's channel by that of the number, or by the number
    itself where it is added to."""
    added: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))
    """(numbers,) which are added to instead of multiplied: the view's exposure, in stops, may be nought or less."""

    def __post_init__(self) -> None:
        """By itself no number is added to."""
        if len(self.added) != len(self.numbers):
            self.added = np.zeros(len(self.numbers), bool)

    def turned(self, change: Array) -> Array:
        """Return the numbers' values with each changed by its unknown of `change` (numbers,)."""
        return np.where(self.added, self.values + change, self.values * np.exp(change))

    def owner(self, index: int) -> str:
        """Return which group a number mostly belongs to."""
        return self.groups[int(np.abs(self.effect[index]).sum(axis=1).argmax())]

    def only(self, kept: Sequence[int]) -> Knobs:
        """Return these knobs with some of the numbers."""
        at = list(kept)
        numbers = [self.numbers[i] for i in at]
        return Knobs(self.groups, self.lights, numbers, self.values[at], self.effect[at], self.added[at])


class Effects:
    """What numbers were found to do, for scripts that differ from one looked at before in their numbers alone."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._knobs: dict[tuple[object, ...], list[tuple[int, Array, bool]]] = {}
        self._movers: dict[tuple[object, ...], list[int]] = {}

    def knobs(self, script: str, names: Sequence[str]) -> list[tuple[int, Array, bool]] | None:
        """Return by its place among the script's numbers what each does to the named lights and materials, and whether
        it is added to; None when that is not known."""
        return self._knobs.get(_kind(script, names))

    def knobs_found(self, script: str, names: Sequence[str], found: list[tuple[int, Array, bool]]) -> None:
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
        again = _of(names, len(lights), [(numbers[place], effect, added) for place, effect, added in known])
        return (again, made) if made.ok else None
    found = sorted(script_numbers.find(script), key=lambda number: not number.param)
    found = [number for number in found if number.value > 0][:MOST_NUMBERS]
    looked = _together(probe, script, lights, materials, found) or _one_by_one(probe, script, lights, materials, found)
    if looked is None:
        return None
    first, all_effects, whole = looked
    both = zip(found, all_effects, strict=True)
    does = [(number, effect, False) for number, effect in both if np.abs(effect).max(initial=0.0) > 0.05]
    does += [(number, effect, True) for number, effect in _exposures(probe, script, first, len(lights), len(names))]
    if effects and whole:
        places = {number.start: place for place, number in enumerate(script_numbers.find(script))}
        effects.knobs_found(script, names, [(places[number.start], effect, added) for number, effect, added in does])
    return _of(names, len(lights), does), first


def _of(names: list[str], lights: int, does: Sequence[tuple[Number, Array, bool]]) -> Knobs:
    """Return the knobs of numbers, each with what it does and whether it is added to."""
    effect = np.stack([each for _, each, _ in does]) if does else np.zeros((0, len(names), 3))
    numbers, added = [number for number, _, _ in does], np.array([each for _, _, each in does], bool)
    return Knobs(names, lights, numbers, np.array([number.value for number in numbers]), effect, added)


def _exposures(probe: Probe, script: str, first: Made, lights: int, groups: int) -> list[tuple[Number, Array]]:
    """Return the numbers that set the view's exposure, which brightens all lights alike, and what a unit of each
    does."""
    if not lights:
        return []
    called = [n for n in script_numbers.find(script) if EXPOSURE in (n.hint, n.param.rpartition(".")[2])]
    found = []
    for number in called:
        made = probe.run([lift.with_values(script, {number: number.value + STEP})])[0]
        stops = float(made.numbers[EXPOSURE][0] - first.numbers[EXPOSURE][0]) / STEP if made.ok else 0.0
        if abs(stops) > 0.05:
            effect = np.zeros((groups, 3))
            effect[:lights] = stops * np.log(2)
            found.append((number, effect))
    return found


def _together(
    probe: Probe, script: str, lights: Sequence[str], materials: Sequence[str], found: Sequence[Number]
) -> tuple[Made, list[Array], bool] | None:
    """Return what the script makes and what each number does, all turned at once; None where that does not tell."""
    if len(found) < coded.FEWEST:
        return None
    turned = coded.codes(len(found), STEP)
    texts = [
        lift.with_values(script, {n: n.value * (1 + by) for n, by in zip(found, row, strict=True)}) for row in turned
    ]
    first, second = probe.run([script, texts[0]])
    if not (first.ok and second.ok):
        return None
    others = [second, *probe.run(texts[1:])]
    if not all(made.ok for made in others):
        return None
    base = levels(first, lights, materials)
    now = np.stack([levels(made, lights, materials) for made in others])
    there = (base > 0) & (now > 0).all(axis=0)
    changes = np.where(there, np.log(np.maximum(now, 1e-12) / np.maximum(base, 1e-12)), 0.0)
    rates, told = coded.read(np.log1p(turned), changes.reshape(len(now), -1), 1e-4)
    return (first, list(rates.reshape(len(found), *base.shape)), True) if told.all() else None


def _one_by_one(
    probe: Probe, script: str, lights: Sequence[str], materials: Sequence[str], found: Sequence[Number]
) -> tuple[Made, list[Array], bool] | None:
    """Return what the script makes, what each number does, turned alone, and whether all could be turned."""
    texts = [lift.with_values(script, {number: number.value * (1 + STEP)}) for number in found]
    first, *others = probe.run([script, *texts])
    if not first.ok:
        return None
    base = levels(first, lights, materials)
    does = []
    for made in others:
        now = levels(made, lights, materials) if made.ok else base
        both = (base > 0) & (now > 0)
        ratio = np.log(np.maximum(now, 1e-12) / np.maximum(base, 1e-12)) / np.log(1 + STEP)
        does.append(np.where(both, ratio, 0.0))
    return first, does, all(made.ok for made in others)


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
