# SPDX-License-Identifier: GPL-3.0-or-later
"""Light: the powers and colours a script gives its lights and the world, from one linear picture per light.

Rendering is linear in them, so the picture for any powers is a sum. Gauss-Newton with damping (Levenberg and Marquardt)
on the logarithms of the script's numbers, so that none becomes negative; residuals as shown, large ones damped (Huber),
so that a reflection or a misplaced edge does not decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .. import lift, script_numbers
from ..script_numbers import Number
from .probe import Made, Probe
from .tone import Tone

Array = NDArray[np.float64]

WORLD = "World"
STEP = 0.1
MOST_NUMBERS = 80
_COLOUR_COST = 1e-3
"""Cost of a light's channels differing more than they did, per squared logarithm."""
_CHANGE_COST = 3e-6
"""Cost of changing a number at all, so that what the picture says nothing of stays."""
_HUBER = 0.15
_REACH = 4.5
"""Natural logarithm of how far a number may go, either way."""


@dataclass
class Knobs:
    """The numbers that set how much light there is, and what they do."""

    numbers: list[Number]
    values: Array
    effect: Array
    """(numbers, lights, 3): derivative of the logarithm of each light's channel by that of the number."""
    lights: list[str]
    owners: list[str]
    """Which light each number mostly belongs to."""


def find(probe: Probe, script: str, lights: Sequence[str]) -> tuple[Knobs, Made] | None:
    """Run the script with each number turned and see which light it belongs to. None when it does not run."""
    found = sorted(script_numbers.find(script), key=lambda number: not number.param)
    found = [number for number in found if number.value > 0][:MOST_NUMBERS]
    texts = [lift.with_values(script, {number: number.value * (1 + STEP)}) for number in found]
    first, *others = probe.run([script, *texts])
    if not first.ok:
        return None
    base = emitted(first, lights)
    knobs = Knobs([], np.zeros(0), np.zeros((0, len(lights), 3)), list(lights), [])
    values, effects = [], []
    for number, made in zip(found, others, strict=True):
        if not made.ok:
            continue
        turned = emitted(made, lights)
        both = (base > 0) & (turned > 0)
        effect = np.where(both, np.log(np.maximum(turned, 1e-12) / np.maximum(base, 1e-12)) / np.log(1 + STEP), 0.0)
        if np.abs(effect).max(initial=0.0) < 0.05:
            continue
        knobs.numbers.append(number)
        values.append(number.value)
        effects.append(effect)
        knobs.owners.append(lights[int(np.abs(effect).sum(axis=1).argmax())])
    if effects:
        knobs.values, knobs.effect = np.array(values), np.stack(effects)
    return knobs, first


def emitted(made: Made, lights: Sequence[str]) -> Array:
    """Return what each light of the basis emits, (lights, 3); zero where nothing says so."""
    out = np.zeros((len(lights), 3))
    for index, name in enumerate(lights):
        if name == WORLD:
            out[index] = sum((v for k, v in made.numbers.items() if k.startswith("background/")), np.zeros(3))
        elif (values := made.numbers.get(f"light/{name}")) is not None:
            out[index] = values
    return out


@dataclass(frozen=True)
class Lit:
    """A solution: the numbers' new values, gains per light and channel, the mean squared error as shown."""

    values: Array
    gains: Array
    before: float
    after: float


def solve(knobs: Knobs, basis: Array, wanted: Array, tone: Tone) -> Lit:
    """Return the numbers that bring the sum of the lights nearest to the picture.

    `basis` (lights, pixels, 3) linear, one picture per light; `wanted` (pixels, 3) sRGB.
    """
    count = len(knobs.numbers)
    effect = knobs.effect.reshape(count, -1)
    lights = len(basis)
    spread = np.eye(3) - np.full((3, 3), 1 / 3)
    costs = effect @ np.kron(np.eye(lights), _COLOUR_COST * spread) @ effect.T + _CHANGE_COST * np.eye(count)

    def at(t: Array) -> tuple[float, Array, Array]:
        gains = np.exp(t @ effect).reshape(lights, 1, 3)
        light = (basis * gains).sum(axis=0)
        residual = tone.shown(light) - wanted
        weight = np.minimum(1.0, _HUBER / np.maximum(np.abs(residual), 1e-6))
        per_light = basis * gains * tone.slope(light)
        # Derivatives by each light's channel first (few), by the numbers through `effect`.
        gradient = np.einsum("lpc,pc->lc", per_light, weight * residual).ravel() / residual.size
        curvature = np.zeros((lights, 3, lights, 3))
        for c in range(3):
            j = per_light[:, :, c]
            curvature[:, c, :, c] = (j * weight[:, c]) @ j.T / residual.size
        loss = float((weight * (2 - weight) * residual**2).sum() / residual.size + t @ costs @ t)
        full = effect @ curvature.reshape(3 * lights, -1) @ effect.T + costs
        return loss, 2 * (effect @ gradient + costs @ t), 2 * full

    t = np.zeros(count)
    loss, gradient, curvature = at(t)
    damping = 1e-2
    for _ in range(120):
        step = np.linalg.solve(curvature + damping * np.diag(np.diag(curvature) + 1e-9), -gradient)
        trial = np.clip(t + np.clip(step, -0.8, 0.8), -_REACH, _REACH)
        new = at(trial)
        if new[0] < loss:
            gained = loss - new[0]
            t, (loss, gradient, curvature) = trial, new
            damping = max(damping / 3, 1e-7)
            if gained < 1e-10:
                break
        else:
            damping *= 4
            if damping > 1e7:
                break
    t = _colours_to_one(knobs, t)
    gains = np.exp(t @ effect).reshape(lights, 3)
    return Lit(
        knobs.values * np.exp(t), gains, _error(basis, wanted, tone), _error(basis * gains[:, None], wanted, tone)
    )


def _colours_to_one(knobs: Knobs, t: Array) -> Array:
    """Bring the largest channel of each light's colour to one where its power has a number of its own to make up."""
    t = t.copy()
    for light in range(len(knobs.lights)):
        rest = np.delete(np.abs(knobs.effect), light, axis=1).sum(axis=(1, 2))
        own = [i for i in range(len(t)) if rest[i] < 0.05]
        powers = [i for i in own if np.allclose(knobs.effect[i, light], 1.0, atol=0.05)]
        channels = [i for i in own if sorted(np.round(knobs.effect[i, light], 1)) == [0.0, 0.0, 1.0]]
        if not powers or len(channels) != 3:
            continue
        over = float(np.max(np.log(knobs.values[channels]) + t[channels]))
        t[channels] -= over
        t[powers[0]] += over
    return t


def _error(basis: Array, wanted: Array, tone: Tone) -> float:
    return float(((tone.shown(basis.sum(axis=0)) - wanted) ** 2).mean())
