# SPDX-License-Identifier: GPL-3.0-or-later
"""Which wave runs over a surface: from what a picture shows at places of a thing's own space to stripes, a checker or a
gradient, and how much of the picture each explains."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .patterns import SHARPNESSES, SMOOTH, Kind, shares

Floats = NDArray[np.float64]

FEWEST_TURNS = 2.0
"""Over most of what is seen of a surface: fewer may be light as well."""
DEEP = 1.5
"""How many times as far away as the nearest pixels the farthest are, where waves may be too fine there."""
WINDOWS = (0.3, 0.6, 1.0)
"""Of the pixels, nearest ones first: on a floor that goes to the horizon waves far away are too fine to be found."""
BINS = {1: 256, 2: 128, 3: 40}
PEAKS, MOST_PAIRS = 6, 3
SAMPLES = 2500
FLAT = 0.03
"""Of the longest extent: thinner is no extent."""
SQUARE, UPRIGHT = 0.2, 0.35
"""How far the two waves of a checker may differ in length, and in angle (cosine) from a right one."""
COLOURS = (0.002, 0.95)
_ROUNDS = 12


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
    middle, axes, extent = _own(seen.points)
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
        for kind, start in _starts(flatly[window], signal[window]):
            found = start, np.zeros(len(start))
            for pick in picks[index:]:
                found = _refined(kind, *found, flatly[pick], signal[pick])
            left = _left(kind, *found, flatly[picks[-1]], signal[picks[-1]])
            if kind not in best or left < best[kind][0]:
                best[kind] = left, *found
    made = []
    for kind, (_, turns, shifts) in best.items():
        along = np.quantile(flatly @ turns.T, (0.05, 0.95), axis=0)
        if (along[1] - along[0]).min() < FEWEST_TURNS:
            continue
        own = turns @ axes
        made.append(_sharpened(kind, own, shifts - own @ middle, seen))
    return made


def gradient(seen: Seen) -> Found | None:
    """Return the straight gradient that is nearest; None where the surface has no extent."""
    middle, axes, _ = _own(seen.points)
    if not len(axes):
        return None
    flatly = (seen.points - middle) @ axes.T
    rise, *_ = np.linalg.lstsq(_with_one(flatly), _signal(seen), rcond=None)
    along = flatly @ rise[:-1]
    low, high = np.quantile(along, (0.02, 0.98))
    if high - low < 1e-6:
        return None
    own = (rise[:-1] / (high - low) @ axes)[None]
    shifts = np.array([-low / (high - low)]) - own @ middle
    part = shares("gradient", own, shifts, SMOOTH, seen.points)
    dark, light = _tints(seen, np.stack([1 - part, part], axis=1))
    return Found("gradient", own, shifts, SMOOTH, dark, light, _shown(seen, part, dark, light))


def _own(points: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the middle of points, the directions in which they extend (d, 3), and by how much (d,)."""
    middle = np.median(points, axis=0)
    spread = points - middle
    _, axes = np.linalg.eigh(spread.T @ spread / len(points))
    along = spread @ axes
    extent = np.quantile(along, 0.98, axis=0) - np.quantile(along, 0.02, axis=0)
    kept = extent > FLAT * max(float(extent.max()), 1e-9)
    return middle, axes.T[kept], extent[kept]


def _signal(seen: Seen) -> Floats:
    """Return one number a pixel: how the wanted tint varies most, as a logarithm."""
    ratio = np.log((seen.wanted + 0.01) / (seen.lit + 0.01))
    ratio = ratio - np.median(ratio, axis=0)
    ratio = np.clip(ratio, *np.quantile(ratio, (0.01, 0.99)))
    _, axes = np.linalg.eigh(ratio.T @ ratio)
    main = axes[:, -1] * (1.0 if axes[:, -1].sum() >= 0 else -1.0)
    return np.asarray(ratio @ main)


def _starts(points: Floats, signal: Floats) -> Iterator[tuple[Kind, Floats]]:
    """Yield kinds with (m, d) waves to begin from: peaks of the spectrum."""
    trend, *_ = np.linalg.lstsq(_with_one(points), signal, rcond=None)
    left = signal - _with_one(points) @ trend
    low, high = np.quantile(points, (0.01, 0.99), axis=0)
    size = np.maximum(high - low, 1e-9)
    dims = points.shape[1]
    bins = BINS[dims]
    # Square cells, so that no direction is coarser than it need be.
    shape = np.maximum(4, np.round(bins * size / size.max()).astype(int))
    place = np.floor((points - low) / size * shape).astype(int)
    inside = ((place >= 0) & (place < shape)).all(axis=1)
    flat_place = np.ravel_multi_index(tuple(place[inside].T), tuple(shape))
    count = np.bincount(flat_place, minlength=int(shape.prod()))
    total = np.bincount(flat_place, left[inside], minlength=int(shape.prod()))
    grid = (total / np.maximum(count, 1)).reshape(shape)
    power = np.abs(np.fft.fftn(grid, s=tuple(2 * shape), axes=tuple(range(dims))))
    axes = [np.fft.fftfreq(2 * n, 1.0 / n) for n in shape]
    turns = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    length = np.linalg.norm(turns, axis=-1)
    # One of each pair of opposite ones.
    half = turns[..., 0] >= 0
    power = np.where(half & (length > FEWEST_TURNS) & (np.abs(turns) < 0.4 * shape).all(-1), power, 0.0)
    peaks = []
    for _ in range(PEAKS):
        at = np.unravel_index(int(power.argmax()), power.shape)
        if power[at] <= 0:
            break
        peaks.append(turns[at])
        near = np.minimum(np.abs(turns - turns[at]).max(-1), np.abs(turns + turns[at]).max(-1)) < 1.6
        power = np.where(near, 0.0, power)
    for peak in peaks[:2]:
        yield "stripes", (peak / size)[None]
    pairs = 0
    for first, second in itertools.combinations(peaks, 2):
        one, two = first / size, second / size
        lengths = np.linalg.norm(one), np.linalg.norm(two)
        alike = abs(lengths[0] - lengths[1]) < SQUARE * max(lengths) and abs(one @ two) < UPRIGHT * lengths[0] ** 2
        if alike and pairs < MOST_PAIRS:
            pairs += 1
            yield "checker", np.stack([(one + two) / 2, (one - two) / 2])


def _refined(
    kind: Kind, turns: Floats, shifts: Floats, points: Floats, signal: Floats
) -> tuple[Floats, Floats]:
    """Return waves and shifts that leave less of the signal (Levenberg and Marquardt; amplitudes are solved inside)."""
    dims = points.shape[1]
    extent = np.maximum(np.ptp(points, axis=0), 1e-9)
    steps = np.concatenate([np.tile(1.0 / extent, len(turns)), np.ones(len(turns))])

    def unpacked(values: Floats) -> tuple[Floats, Floats]:
        values = values * steps
        return values[: turns.size].reshape(-1, dims), values[turns.size :]

    def residual(values: Floats) -> Floats:
        return _residual(kind, *unpacked(values), points, signal)

    # The phase first: with a wrong one there is no slope to follow.
    tries = np.linspace(0, 0.5, 4, endpoint=False)
    options = np.stack(np.meshgrid(*[tries] * len(turns)), axis=-1).reshape(-1, len(turns))
    values = min(
        (np.concatenate([turns.ravel(), shifts + option]) / steps for option in options),
        key=lambda v: float(np.sum(residual(v) ** 2)),
    )
    return unpacked(_least(residual, values))


def _least(residual: Callable[[Floats], Floats], values: Floats) -> Floats:
    now, damping = residual(values), 1e-2
    for _ in range(_ROUNDS):
        slope = np.stack([(residual(values + step) - now) / 1e-3 for step in 1e-3 * np.eye(len(values))], axis=1)
        normal = slope.T @ slope
        step = np.linalg.solve(normal + damping * np.diag(normal.diagonal() + 1e-9), -slope.T @ now)
        then = residual(values + step)
        if then @ then < now @ now:
            done = then @ then > (1 - 1e-5) * (now @ now)
            values, now, damping = values + step, then, damping * 0.3
            if done:
                break
        else:
            damping *= 10.0
    return values


def _residual(kind: Kind, turns: Floats, shifts: Floats, points: Floats, signal: Floats) -> Floats:
    # A little sharper than a sine: both sines and squares are near it.
    shape = shares(kind, turns, shifts, 1.0, points)
    base = np.column_stack([_with_one(points), shape])
    fitted, *_ = np.linalg.lstsq(base, signal, rcond=None)
    return np.asarray(signal - base @ fitted)


def _left(kind: Kind, turns: Floats, shifts: Floats, points: Floats, signal: Floats) -> float:
    return float(np.mean(_residual(kind, turns, shifts, points, signal) ** 2))


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


def _with_one(points: Floats) -> Floats:
    return np.column_stack([points, np.ones(len(points))])
