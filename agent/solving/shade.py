# SPDX-License-Identifier: GPL-3.0-or-later
"""Light and colour: the powers and colours a script gives its lights, the world and its materials.

Rendering is linear in the lights, so the picture for any powers is a sum of one picture per light; what a surface shows
is about proportional to its base colour. Gauss-Newton with damping (Levenberg and Marquardt) on the logarithms of the
script's numbers, so that none becomes negative; residuals as shown, large ones damped (Huber), so that a reflection or
a misplaced edge does not decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .. import lift, script_numbers
from ..script_numbers import Number
from .gauge import Gauge
from .probe import Made, Probe
from .tone import Tone

Array = NDArray[np.float64]

WORLD = "World"
STEP = 0.1
MOST_NUMBERS = 80
BRIGHTEST = 0.9
"""No surface reflects more of any colour."""
_COLOUR_COST = 1e-3
"""Cost of a light's channels differing more than they did, per squared logarithm."""
_CHANGE_COST = 3e-6
"""Cost of changing a number at all, so that what the picture says nothing of stays."""
_LEVEL_COST = 1e-3
"""Cost of surfaces being brighter on the whole than they were in the first place, per squared logarithm."""
_MOVE_COST = 1e-5
"""Cost of moving a lamp, per squared step."""
MOST_STEPS = 2.0
"""That a lamp goes at once; pictures in between are no longer like their sum."""
_HUBER = 0.15
_REACH = 4.5
"""Natural logarithm of how far a number may go, either way."""


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


def find(probe: Probe, script: str, lights: Sequence[str], materials: Sequence[str] = ()) -> tuple[Knobs, Made] | None:
    """Run the script with each number turned and see what it sets. None when the script does not run."""
    found = sorted(script_numbers.find(script), key=lambda number: not number.param)
    found = [number for number in found if number.value > 0][:MOST_NUMBERS]
    texts = [lift.with_values(script, {number: number.value * (1 + STEP)}) for number in found]
    first, *others = probe.run([script, *texts])
    if not first.ok:
        return None
    base = levels(first, lights, materials)
    knobs = Knobs([*lights, *materials], len(lights), effect=np.zeros((0, len(base), 3)))
    values, effects = [], []
    for number, made in zip(found, others, strict=True):
        if not made.ok:
            continue
        turned = levels(made, lights, materials)
        both = (base > 0) & (turned > 0)
        effect = np.where(both, np.log(np.maximum(turned, 1e-12) / np.maximum(base, 1e-12)) / np.log(1 + STEP), 0.0)
        if np.abs(effect).max(initial=0.0) < 0.05:
            continue
        knobs.numbers.append(number)
        values.append(number.value)
        effects.append(effect)
    if effects:
        knobs.values, knobs.effect = np.array(values), np.stack(effects)
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


@dataclass(frozen=True)
class Seen:
    """The pixels to explain. All lengths are the same."""

    basis: Array
    """(lights, pixels, 3) linear, one picture per light."""
    wanted: Array
    """(pixels, 3) sRGB."""
    material: NDArray[np.int64]
    """Which material a pixel shows, -1 for none that is to change."""
    weight: Array
    """(pixels,) how much a pixel counts."""
    moves: Array = field(default_factory=lambda: np.zeros((0, 0, 3)))
    """(moves, pixels, 3) linear: what one step of each number that moves a lamp adds to that lamp's picture."""
    moved: tuple[int, ...] = ()
    """Which light each of them moves."""


@dataclass(frozen=True)
class Shaded:
    """A solution: the numbers' new values, gains per group and channel, the mean squared error as shown."""

    values: Array
    gains: Array
    before: float
    after: float
    steps: Array = field(default_factory=lambda: np.zeros(0))
    """How many steps each of `Seen.moves` is taken."""


def solve(
    knobs: Knobs, seen: Seen, tone: Tone, base: Array, paints: Array | None = None, light_known: bool = True
) -> Shaded:
    """Return the numbers that bring what is shown nearest to the picture.

    `base` (groups, 3) is what lights emit and materials reflect with the numbers as they are, `paints` (materials, 3)
    what materials reflected in the first place. Surfaces stay as bright as that on the whole, unless the picture says
    otherwise; without `light_known` always.
    """
    count, groups, lights = len(knobs.numbers), len(knobs.groups), knobs.lights
    effect = knobs.effect.reshape(count, -1)
    spread = np.eye(3) - np.full((3, 3), 1 / 3)
    colourful = np.kron(np.diag(np.arange(groups) < lights).astype(float), _COLOUR_COST * spread)
    moves = len(seen.moved)
    costs = np.zeros((count + moves, count + moves))
    costs[:count, :count] = effect @ colourful @ effect.T + _CHANGE_COST * np.eye(count)
    costs[count:, count:] = _MOVE_COST * np.eye(moves)
    # All unknowns together: the numbers by what they do to the groups' channels, then the lamps' steps as they are.
    chain = np.zeros((count + moves, 3 * groups + moves))
    chain[:count, : 3 * groups] = effect
    chain[count:, 3 * groups :] = np.eye(moves)
    light_shape = seen.basis.shape[1:]
    total = float(seen.weight.sum()) * 3
    low = np.concatenate([np.full(count, -_REACH), np.full(moves, -MOST_STEPS)])
    high = np.concatenate([_ceilings(knobs, base), np.full(moves, MOST_STEPS)])
    coloured = [np.flatnonzero(seen.material == m) for m in range(groups - lights)]
    gauge = Gauge.of(knobs.effect[:, lights:], base[lights:], base[lights:] if paints is None else paints)

    def at(t: Array) -> tuple[float, Array, Array]:
        gains = np.exp(t[:count] @ effect).reshape(groups, 3)
        parts = moved_lights(seen, t[count:]) * gains[:lights, None]
        slides = seen.moves * gains[list(seen.moved), None] if moves else np.zeros((0, *light_shape))
        for m, pixels in enumerate(coloured):
            parts[:, pixels] *= gains[lights + m]
            slides[:, pixels] *= gains[lights + m]
        light = parts.sum(axis=0)
        residual = tone.shown(light) - seen.wanted
        weight = np.minimum(1.0, _HUBER / np.maximum(np.abs(residual), 1e-6))
        loss = float((seen.weight[:, None] * weight * (2 - weight) * residual**2).sum() / total + t @ costs @ t)
        brighter, by = gauge.common(t[:count])
        loss += _LEVEL_COST * brighter**2
        weight = weight * seen.weight[:, None]
        slope = tone.slope(light)
        gradient = np.zeros(3 * groups + moves)
        curvature = np.zeros((3 * groups + moves, 3 * groups + moves))
        for c in range(3):
            rows = np.zeros((groups + moves, len(light)))
            rows[:lights] = parts[:, :, c] * slope[:, c]
            for m, pixels in enumerate(coloured):
                rows[lights + m, pixels] = light[pixels, c] * slope[pixels, c]
            rows[groups:] = slides[:, :, c] * slope[:, c]
            at_these = np.concatenate([np.arange(groups) * 3 + c, 3 * groups + np.arange(moves)])
            gradient[at_these] += rows @ (weight[:, c] * residual[:, c]) / total
            curvature[np.ix_(at_these, at_these)] += (rows * weight[:, c]) @ rows.T / total
        gradient, curvature = chain @ gradient + costs @ t, chain @ curvature @ chain.T + costs
        gradient[:count] += _LEVEL_COST * brighter * by
        curvature[:count, :count] += _LEVEL_COST * np.outer(by, by)
        return loss, 2 * gradient, 2 * curvature

    t = np.zeros(count + moves)
    loss, gradient, curvature = at(t)
    damping = 1e-2
    for _ in range(120):
        step = np.linalg.solve(curvature + damping * np.diag(np.diag(curvature) + 1e-9), -gradient)
        trial = np.clip(t + np.clip(step, -0.8, 0.8), low, high)
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
    steps = t[count:]
    t = _colours_to_one(knobs, t[:count])
    gains = np.exp(t @ effect).reshape(groups, 3)
    none = np.ones_like(gains)
    before, after = _error(seen, none, lights, tone), _error(seen, gains, lights, tone, steps)
    if not light_known:
        t = _level_kept(knobs, gauge, t, high[:count])
    return Shaded(knobs.values * np.exp(t), gains, before, after, steps)


def moved_lights(seen: Seen, steps: Array) -> Array:
    """Return one picture per light, (lights, pixels, 3), with lamps moved by so many steps; a light is never less than
    none."""
    basis = seen.basis.copy()
    for light, move, step in zip(seen.moved, seen.moves, steps, strict=True):
        basis[light] += step * move
    return np.maximum(basis, 0.0) if len(seen.moved) else basis


def lit(basis: Array, gains: Array, lights: int, material: NDArray[np.int64]) -> Array:
    """Return the light of pixels (..., 3) with gains for lights and materials; `basis` is (lights, ..., 3)."""
    shape = (lights, *([1] * (basis.ndim - 2)), 3)
    factors = np.concatenate([gains[lights:], np.ones((1, 3))])
    return np.asarray((basis * gains[:lights].reshape(shape)).sum(axis=0) * factors[material])


def _ceilings(knobs: Knobs, base: Array) -> Array:
    """How far each number may rise: as the logarithm of a factor."""
    out = np.full(len(knobs.numbers), _REACH)
    for index, effect in enumerate(knobs.effect):
        for group in range(knobs.lights, len(knobs.groups)):
            for c in range(3):
                if effect[group, c] > 0.05 and base[group, c] > 0:
                    room = max(0.0, float(np.log(BRIGHTEST / base[group, c]))) / effect[group, c]
                    out[index] = min(out[index], room)
    return out


def _level_kept(knobs: Knobs, gauge: Gauge, t: Array, most: Array) -> Array:
    """Take back what all the surfaces' colours have in common."""
    effect = knobs.effect[:, knobs.lights :]
    wanted = np.zeros(effect.shape[1:])
    wanted[np.abs(effect).max(axis=(0, 2), initial=0.0) > 0.05] = gauge.common(t)[0]
    back = np.linalg.lstsq(effect.reshape(len(t), -1).T, wanted.ravel(), rcond=None)[0]
    return np.asarray(np.minimum(t - back, most))


def _colours_to_one(knobs: Knobs, t: Array) -> Array:
    """Bring the largest channel of each light's colour to one where its power has a number of its own to make up."""
    t = t.copy()
    for light in range(knobs.lights):
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


def _error(seen: Seen, gains: Array, lights: int, tone: Tone, steps: Array | None = None) -> float:
    basis = seen.basis if steps is None else moved_lights(seen, steps)
    gap = (tone.shown(lit(basis, gains, lights, seen.material)) - seen.wanted) ** 2
    return float((gap * seen.weight[:, None]).sum() / (3 * seen.weight.sum()))
