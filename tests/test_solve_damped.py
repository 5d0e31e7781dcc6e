# SPDX-License-Identifier: GPL-3.0-or-later
"""Damped least squares find the least, within bounds, and are never worse than where they began."""

from __future__ import annotations

import numpy as np
import pytest
from restage.agent.solving import damped

STOPPING = damped.Stopping(steps=200, share=1e-9, least=1e-15, short=3)


def curved(found):
    """Rosenbrock's valley as two misses; its least is at (1, 1)."""
    x, y = found
    misses = np.array([10 * (y - x * x), 1 - x])
    slopes = np.array([[-20 * x, 10.0], [-1.0, 0.0]])
    return float(0.5 * misses @ misses), lambda: (slopes.T @ misses, slopes.T @ slopes)


def line(level, times, most):
    """A constant and a slope through points, of which some may lie far off."""
    slopes = np.stack([np.ones_like(times), times], axis=1)

    def at(found):
        misses = slopes @ found - level
        return float(damped.huber(misses, most).sum()), lambda: damped.of_misses(misses, slopes, most)

    return at


def test_the_least_is_found_along_a_curved_valley():
    found, loss = damped.solve(curved, np.array([-1.2, 1.0]), 1.0, STOPPING)
    assert found == pytest.approx((1.0, 1.0), abs=1e-4) and loss == pytest.approx(curved(found)[0])


def test_no_step_is_longer_than_the_stride_and_bounds_hold():
    seen = []

    def watched(found):
        seen.append(found)
        return curved(found)

    stride = np.array([0.1, 0.3])
    one = damped.Stopping(steps=1, share=0.0)
    found, _ = damped.solve(watched, np.array([-1.2, 1.0]), stride, one)
    assert (np.abs(np.array(seen) - seen[0]) <= stride + 1e-12).all() and (found != seen[0]).any()
    found, _ = damped.solve(curved, np.array([-1.2, 1.0]), 1.0, STOPPING, low=-2.0, high=np.array([0.5, 2.0]))
    assert found == pytest.approx((0.5, 0.25), abs=1e-3)


def test_slopes_are_asked_only_where_a_step_begins():
    losses, slopes = [], []

    def counted(found):
        loss, there = curved(found)
        losses.append(loss)
        return loss, lambda: (slopes.append(loss), there())[1]

    damped.solve(counted, np.array([-1.2, 1.0]), 1.0, STOPPING)
    assert slopes == sorted(slopes, reverse=True) and len(slopes) < len(losses)


def test_it_gives_up_when_told_and_stops_in_time():
    start = np.array([-1.2, 1.0])
    assert damped.solve(curved, start, 1.0, STOPPING, deadline=0.0) == (pytest.approx(start), curved(start)[0])

    def cancelled():
        raise InterruptedError

    with pytest.raises(InterruptedError):
        damped.solve(curved, start, 1.0, STOPPING, check=cancelled)


def test_what_lies_far_off_does_not_decide():
    times = np.linspace(0, 1, 30)
    level = 2.0 + 3.0 * times + 0.01 * np.sin(40 * times)
    level[5] += 50.0
    found, _ = damped.solve(line(level, times, 0.05), np.zeros(2), 10.0, STOPPING)
    assert found == pytest.approx((2.0, 3.0), abs=0.05)
    # Wide enough, they are plain squares: the slopes of the loss are what its differences say.
    at, here, by = line(level, times, 0.05), np.array([1.0, 2.5]), 1e-5
    gradient = at(here)[1]()[0]
    near = [(at(here + way)[0] - at(here - way)[0]) / (2 * by) for way in by * np.eye(2)]
    assert gradient == pytest.approx(near, rel=1e-4)
