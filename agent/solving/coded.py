# SPDX-License-Identifier: GPL-3.0-or-later
"""What each of many numbers does, from a few runs in which all are turned at once.

What a script makes mostly follows one number or a few: a lamp's light its power and its colour. Each number is turned
by a code of its own, so that how a thing changed from run to run tells whose code that is; where none fits, the numbers
must be turned one by one.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

RUNS = 16
FEWEST = 20
"""Numbers below which turning them one by one is as quick."""
MOST = 4
"""Numbers that one thing may follow."""
_FITS = 0.02
"""Share of a change that may be left unexplained."""


def codes(numbers: int, step: float) -> Array:
    """Return how far each number is turned in each run, (runs, numbers), half to all of `step` up or down; the same
    every time."""
    rng = np.random.default_rng(11)
    return np.asarray(rng.uniform(0.5, 1.0, (RUNS, numbers)) * rng.choice([-step, step], (RUNS, numbers)))


def read(turned: Array, changes: Array, least: float) -> tuple[Array, NDArray[np.bool_]]:
    """Return what each number does to each thing per unit, (numbers, things), from how far the numbers were `turned`
    (runs, numbers) and how the things changed (runs, things), and for which things that can be told (things,). Changes
    below `least` are none."""
    found, told = np.zeros((turned.shape[1], changes.shape[1])), np.ones(changes.shape[1], bool)
    for thing in np.flatnonzero(np.abs(changes).max(axis=0, initial=0.0) > least):
        change = changes[:, thing]
        for chosen in _supports(turned, change):
            rates = np.linalg.lstsq(turned[:, chosen], change, rcond=None)[0]
            if np.linalg.norm(change - turned[:, chosen] @ rates) <= _FITS * np.linalg.norm(change):
                found[chosen, thing] = rates
                break
        else:
            told[thing] = False
    return found, told


def _supports(turned: Array, change: Array) -> Iterator[list[int]]:
    """Yield the numbers that explain a change best: one, two, and then the best pair with more."""
    products, towards = turned.T @ turned, turned.T @ change
    lengths = np.diag(products)
    yield [int(np.argmax(towards**2 / lengths))]
    area = np.outer(lengths, lengths) - products**2
    np.fill_diagonal(area, np.inf)
    explained = (
        np.outer(towards**2, lengths) + np.outer(lengths, towards**2) - 2 * np.outer(towards, towards) * products
    )
    chosen = [int(place) for place in np.unravel_index(np.argmax(explained / area), area.shape)]
    yield chosen
    while len(chosen) < MOST:
        rates = np.linalg.lstsq(turned[:, chosen], change, rcond=None)[0]
        left = (change - turned[:, chosen] @ rates) @ turned
        left[chosen] = 0.0
        chosen = [*chosen, int(np.argmax(left**2 / lengths))]
        yield chosen
