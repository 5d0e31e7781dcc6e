# SPDX-License-Identifier: GPL-3.0-or-later
"""Light and colour: the powers and colours a script gives its lights, the world and its materials.

Rendering is linear in the lights, so the picture for any powers is a sum of one picture per light; what a surface shows
is about proportional to its base colour. Damped Gauss-Newton on the logarithms of the script's numbers, so that none
becomes negative; residuals as shown, large ones damped (Huber), so that a reflection or a misplaced edge does not
decide. The view's exposure, where a script sets it, brightens all lights alike; where powers can do the same, both give
a little.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from . import damped
from .gauge import Gauge
from .knobs import Knobs
from .residuals import Mix, Residuals, Seen, error
from .tone import Tone

Array = NDArray[np.float64]

BRIGHTEST = 0.95
"""No surface reflects more of any colour: silver and clear glass about that, paint and paper less."""
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
_REACH = 4.5
"""Natural logarithm of how far a number may go, either way."""
_STRIDE = 0.8
"""Most that a logarithm changes in one step."""
_STOPPING = damped.Stopping(80, share=1e-5, short=1)


@dataclass(frozen=True)
class Shaded:
    """A solution: the numbers' new values, gains per group and channel, the mean squared error as shown."""

    values: Array
    gains: Array
    before: float
    after: float
    change: Array
    """(numbers,) by what each was changed: a logarithm, or as it is where the number is added to."""
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
    limits = np.tile([-np.inf, np.inf], (moves, 1)) if seen.limits is None else seen.limits
    low = np.concatenate([np.full(count, -_REACH), np.maximum(limits[:, 0], -MOST_STEPS)])
    high = np.concatenate([_ceilings(knobs, base), np.minimum(limits[:, 1], MOST_STEPS)])
    gauge = Gauge.of(knobs.effect[:, lights:], base[lights:], base[lights:] if paints is None else paints)
    residuals = Residuals(seen, tone, groups)

    def at(t: Array) -> tuple[float, damped.Slopes]:
        mix = residuals.mix(np.exp(t[:count] @ effect).reshape(groups, 3), t[count:])
        loss = mix.loss + float(t @ costs @ t) + _LEVEL_COST * gauge.common(t[:count])[0] ** 2
        return loss, lambda: slopes(t, mix)

    def slopes(t: Array, mix: Mix) -> tuple[Array, Array]:
        gradient, curvature = residuals.slopes(mix)
        gradient, curvature = chain @ gradient + costs @ t, chain @ curvature @ chain.T + costs
        brighter, by = gauge.common(t[:count])
        gradient[:count] += _LEVEL_COST * brighter * by
        curvature[:count, :count] += _LEVEL_COST * np.outer(by, by)
        return gradient, curvature

    t, _ = damped.solve(at, np.zeros(count + moves), _STRIDE, _STOPPING, low=low, high=high)
    steps = t[count:]
    t = _colours_to_one(knobs, t[:count])
    gains = np.exp(t @ effect).reshape(groups, 3)
    none = np.ones_like(gains)
    before, after = error(seen, none, lights, tone), error(seen, gains, lights, tone, steps)
    if not light_known:
        t = _level_kept(knobs, gauge, t, high[:count])
    return Shaded(knobs.turned(t), gains, before, after, t, steps)


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
