# SPDX-License-Identifier: GPL-3.0-or-later
"""Which wave runs over a surface: from what a picture shows at places of a thing's own space to stripes, a checker or a
gradient, and how much of the picture each explains."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from . import wave_search
from .patterns import SHARPNESSES, SMOOTH, Kind, shares

Floats = NDArray[np.float64]

DEEP = 1.5
"""How many times as far away as the nearest pixels the farthest are, where waves may be too fine there."""
WINDOWS = (0.3, 0.6, 1.0)
"""Of the pixels, nearest ones first: on a floor that goes to the horizon waves far away are too fine to be found."""
SAMPLES = 2500
FLAT = 0.03
"""Of the longest extent: thinner is no extent."""
COLOURS = (0.002, 0.95)


@dataclass(frozen=True)
class Seen:
    """Pixels of one surface."""

    points: Floats
    """(n, 3) in the thing's own space."""
    far: Floats
    """(n,) metres from the camera."""
    wanted: Floats
    """(n, 3) linear light of the picture."""
    lit: Floats
    """(n, 3) linear light of the render where the tint is 1."""

    def part(self, which: NDArray[np.int64]) -> Seen:
        """Return some of the pixels."""
        return Seen(self.points[which], self.far[which], self.wanted[which], self.lit[which])


@dataclass(frozen=True)
class Found:
    """A wave, and how far the picture is from it: mean squared difference of roots of light."""

    kind: Kind
    waves: Floats
    """(m, 3)."""
    shifts: Floats
    sharpness: float
    dark: Floats
    light: Floats
    misfit: float


def misfit(wanted: Floats, light: Floats) -> float:
    """Return how far linear light is from the wanted one, about as the eye has it."""
    return float(np.mean((np.sqrt(np.maximum(wanted, 0)) - np.sqrt(np.maximum(light, 0))) ** 2))


def flat(seen: Seen) -> float:
    """Return the misfit that one tint for the whole surface leaves."""
    one = np.ones(len(seen.points))
    return misfit(seen.wanted, seen.lit * _tints(seen, one[:, None])[0])


def waves(seen: Seen, rng: np.random.Generator) -> list[Found]:
    """Return the best stripes and the best checker, if any can be made out."""
    middle, axes = _own(seen.points)
    if not len(axes):
        return []
    flatly = (seen.points - middle) @ axes.T
    signal = _signal(seen)
    best: dict[Kind, tuple[float, Floats, Floats]] = {}
    order = np.argsort(seen.far)
    deep = np.quantile(seen.far, 0.95) > DEEP * np.quantile(seen.far, 0.05)
    windows = [order[: max(64, int(len(order) * size))] for size in (WINDOWS if deep else WINDOWS[-1:])]
    picks = [rng.permutation(window)[:SAMPLES] for window in windows]
    for index, window in enumerate(windows):
        for kind, start in wave_search.starts(flatly[window], signal[window]):
            found = start, np.zeros(len(start))
            for pick in picks[index:]:
                found = wave_search.refined(kind, *found, flatly[pick], signal[pick])
            left = wave_search.left(kind, *found, flatly[picks[-1]], signal[picks[-1]])
            if kind not in best or left < best[kind][0]:
                best[kind] = left, *found
    made = []
    for kind, (_, turns, shifts) in best.items():
        along = np.quantile(flatly @ turns.T, (0.05, 0.95), axis=0)
        if (along[1] - along[0]).min() < wave_search.FEWEST_TURNS:
            continue
        own = turns @ axes
        made.append(_sharpened(kind, own, shifts - own @ middle, seen))
    return made


def gradient(seen: Seen) -> Found | None:
    """Return the straight gradient that is nearest; None where the surface has no extent."""
    middle, axes = _own(seen.points)
    if not len(axes):
        return None
    flatly = (seen.points - middle) @ axes.T
    rise, *_ = np.linalg.lstsq(wave_search.with_one(flatly), _signal(seen), rcond=None)
    along = flatly @ rise[:-1]
    low, high = np.quantile(along, (0.02, 0.98))
    if high - low < 1e-6:
        return None
    own = (rise[:-1] / (high - low) @ axes)[None]
    shifts = np.array([-low / (high - low)]) - own @ middle
    part = shares("gradient", own, shifts, SMOOTH, seen.points)
    dark, light = _tints(seen, np.stack([1 - part, part], axis=1))
    return Found("gradient", own, shifts, SMOOTH, dark, light, _shown(seen, part, dark, light))


def _own(points: Floats) -> tuple[Floats, Floats]:
    """Return the middle of points, and the directions in which they extend (d, 3)."""
    middle = np.median(points, axis=0)
    spread = points - middle
    _, axes = np.linalg.eigh(spread.T @ spread / len(points))
    along = spread @ axes
    extent = np.quantile(along, 0.98, axis=0) - np.quantile(along, 0.02, axis=0)
    kept = extent > FLAT * max(float(extent.max()), 1e-9)
    return middle, axes.T[kept]


def _signal(seen: Seen) -> Floats:
    """Return one number a pixel: how the wanted tint varies most, as a logarithm."""
    ratio = np.log((seen.wanted + 0.01) / (seen.lit + 0.01))
    ratio = ratio - np.median(ratio, axis=0)
    ratio = np.clip(ratio, *np.quantile(ratio, (0.01, 0.99)))
    _, axes = np.linalg.eigh(ratio.T @ ratio)
    main = axes[:, -1] * (1.0 if axes[:, -1].sum() >= 0 else -1.0)
    return np.asarray(ratio @ main)


def _sharpened(kind: Kind, turns: Floats, shifts: Floats, seen: Seen) -> Found:
    best: Found | None = None
    # Far away a pixel is many waves, which says nothing of each one's colours.
    near = seen.part(np.flatnonzero(seen.far <= np.quantile(seen.far, WINDOWS[1])))
    for sharpness in SHARPNESSES:
        part = shares(kind, turns, shifts, sharpness, near.points)
        dark, light = _tints(near, np.stack([1 - part, part], axis=1))
        left = _shown(seen, shares(kind, turns, shifts, sharpness, seen.points), dark, light)
        if best is None or left < best.misfit:
            best = Found(kind, turns, shifts % 1.0, sharpness, dark, light, left)
    assert best is not None
    if best.dark.sum() > best.light.sum():
        # Half a turn of one wave makes light of dark.
        half = np.eye(len(shifts))[0] * 0.5
        best = replace(best, shifts=(best.shifts + half) % 1.0, dark=best.light, light=best.dark)
    return best


def _shown(seen: Seen, part: Floats, dark: Floats, light: Floats) -> float:
    return misfit(seen.wanted, seen.lit * (dark * (1 - part[:, None]) + light * part[:, None]))


def _tints(seen: Seen, parts: Floats) -> Floats:
    """Return the tints, (m, 3), whose mix by (n, m) shares comes nearest to what is wanted."""
    # Weighed so that a difference counts as much as the eye makes of it.
    weight = 1.0 / np.sqrt(np.maximum(seen.wanted, 0.02))
    found = []
    for channel in range(3):
        base = parts * seen.lit[:, channel : channel + 1] * weight[:, channel : channel + 1]
        tint, *_ = np.linalg.lstsq(base, seen.wanted[:, channel] * weight[:, channel], rcond=None)
        found.append(np.maximum(tint, COLOURS[0]))
    return np.stack(found, axis=1)
