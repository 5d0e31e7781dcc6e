# SPDX-License-Identifier: GPL-3.0-or-later
"""Waves in a signal at scattered places: where to begin from, by the peaks of its spectrum, and the nearest from there,
by least squares."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from . import damped
from .patterns import Kind, shares

Floats = NDArray[np.float64]

BINS = {1: 256, 2: 128, 3: 40}
"""Cells along the longest side, by the number of directions."""
PEAKS, MOST_PAIRS = 6, 3
FEWEST_TURNS = 2.0
"""Over most of what is seen of a surface: fewer may be light as well."""
SQUARE, UPRIGHT = 0.2, 0.35
"""How far the two waves of a checker may differ in length, and in angle (cosine) from a right one."""
_STOPPING, _STEP = damped.Stopping(12, share=1e-5), 1e-3


def starts(points: Floats, signal: Floats) -> Iterator[tuple[Kind, Floats]]:
    """Yield kinds with (m, d) waves to begin from: peaks of the spectrum."""
    trend, *_ = np.linalg.lstsq(with_one(points), signal, rcond=None)
    rest = signal - with_one(points) @ trend
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
    total = np.bincount(flat_place, rest[inside], minlength=int(shape.prod()))
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


def refined(kind: Kind, turns: Floats, shifts: Floats, points: Floats, signal: Floats) -> tuple[Floats, Floats]:
    """Return waves and shifts that leave less of the signal (amplitudes are solved inside)."""
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
    def at(here: Floats) -> tuple[float, damped.Slopes]:
        now = residual(here)

        def slopes() -> tuple[Floats, Floats]:
            slope = np.stack([(residual(here + step) - now) / _STEP for step in _STEP * np.eye(len(here))], axis=1)
            return slope.T @ now, slope.T @ slope

        return float(now @ now), slopes

    return damped.solve(at, values, np.inf, _STOPPING)[0]


def _residual(kind: Kind, turns: Floats, shifts: Floats, points: Floats, signal: Floats) -> Floats:
    # A little sharper than a sine: both sines and squares are near it.
    shape = shares(kind, turns, shifts, 1.0, points)
    base = np.column_stack([with_one(points), shape])
    fitted, *_ = np.linalg.lstsq(base, signal, rcond=None)
    return np.asarray(signal - base @ fitted)


def left(kind: Kind, turns: Floats, shifts: Floats, points: Floats, signal: Floats) -> float:
    """Return what a wave leaves of a signal, mean square."""
    return float(np.mean(_residual(kind, turns, shifts, points, signal) ** 2))


def with_one(points: Floats) -> Floats:
    """Return points with a column of ones, for a trend with a constant."""
    return np.column_stack([points, np.ones(len(points))])
