# SPDX-License-Identifier: GPL-3.0-or-later
"""Least squares by damped Gauss-Newton (Levenberg and Marquardt), large misses damped (Huber)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Slopes = Callable[[], tuple[Array, Array]]
"""Gives a loss's gradient (n,) and about its curvature (n, n), positive definite, where it was taken; both may be
scaled alike."""
Loss = Callable[[Array], tuple[float, Slopes]]
"""Gives the loss at unknowns (n,), and what gives its slopes there: asked only where a step begins, so slopes that are
dear to find cost nothing at steps that are not taken."""

_FIRST, _EASED, _RAISED = 1e-2, 1 / 5, 5.0
_FLAT = 1e-12
"""Curvature where there is none, so that an unknown that does nothing stays."""
_LEAST, _MOST = 1e-6, 1e6
"""Damping, as a share of the curvature's diagonal: at first, by how much it changes after a step that helps and one
that does not, and between what."""


@dataclass(frozen=True)
class Stopping:
    """When it is enough."""

    steps: int
    """At most so many that help."""
    share: float
    """A step that gains less than this share of the loss left is short."""
    least: float = 0.0
    """So is one that gains less than that share and this together."""
    short: int = 0
    """So many short ones in a row may be, the next is the last."""


def solve(
    loss: Loss,
    start: Array,
    stride: Array | float,
    stopping: Stopping,
    check: Callable[[], None] = lambda: None,
    deadline: float = float("inf"),
    low: Array | float = -np.inf,
    high: Array | float = np.inf,
) -> tuple[Array, float]:
    """Return the unknowns (n,) of the least loss that is found from `start`, and that loss; never worse than there.

    `stride` is how far each unknown goes at most in one step, `low` and `high` what it stays between. `check` is called
    before every step and raises to give up; at `deadline` (monotonic) the best so far is returned.
    """
    here, damping, short = start, _FIRST, 0
    least, slopes = loss(here)
    for _ in range(stopping.steps):
        check()
        if time.monotonic() > deadline:
            break
        gradient, curvature = slopes()
        gained = 0.0
        while damping < _MOST:
            step = np.linalg.solve(curvature + damping * np.diag(np.diag(curvature) + _FLAT), -gradient)
            trial = np.clip(here + np.clip(step, -stride, stride), low, high)
            new, new_slopes = loss(trial)
            if new < least:
                gained, here, least, slopes = least - new, trial, new, new_slopes
                damping = max(damping * _EASED, _LEAST)
                break
            damping *= _RAISED
        # One short step says little: what misses are measured at may change with it, and the next be long again.
        short = short + 1 if gained < stopping.share * least + stopping.least else 0
        if short > stopping.short or gained <= 0:
            break
    return here, least


def huber(misses: Array, most: float) -> Array:
    """Return the loss of each miss: half its square up to `most`, and straight on from there."""
    size = np.abs(misses)
    return np.where(size < most, 0.5 * size**2, most * (size - 0.5 * most))


def of_misses(misses: Array, slopes: Array, most: float) -> tuple[Array, Array]:
    """Return gradient (n,) and about the curvature (n, n) of the summed `huber` loss of misses (m,) whose slopes are
    (m, n)."""
    weighted = slopes * np.minimum(1.0, most / np.maximum(np.abs(misses), 1e-9))[:, None]
    return weighted.T @ misses, slopes.T @ weighted
