# SPDX-License-Identifier: GPL-3.0-or-later
"""What stays painted under a pattern is the shade on it, without the pattern."""

from __future__ import annotations

import cv2
import numpy as np
from restage.agent import colour_space
from restage.agent.solving import patterns, underpaint
from restage.agent.solving.patterns import Pattern

CHECKER = Pattern(
    "Floor", ("Floor",), "checker", ((0.05, 0.0, 0.0), (0.0, 0.05, 0.0)), (0.2, 0.3), 20.0, (0.1, 0.1, 0.2), (0.6,) * 3,
    replaces=True,
)  # fmt: skip


def test_shade_stays_and_squares_go():
    y, x = np.mgrid[:80, :120].astype(np.float64)
    own = np.stack([x, y, np.zeros_like(x)], axis=-1)
    shade = (0.7 + 0.3 * np.exp(-((x - 60) ** 2 + (y - 40) ** 2) / 800))[..., None]
    wanted = patterns.tinted(CHECKER, own.reshape(-1, 3)).reshape(own.shape) * shade
    where = np.ones(x.shape, bool)
    where[:20, :30] = False
    # It was painted with something blurred, which the render showed under a light of one half.
    albedo = cv2.GaussianBlur(wanted, (0, 0), 2.0)
    laid = underpaint.under(CHECKER, own, where, albedo, wanted * 0.5, albedo * 0.5)
    assert not laid.replaces and laid.under.shape == own.shape
    paint = colour_space.to_linear(laid.under)
    inner = where & (x > 8) & (x < 112) & (y > 8) & (y < 72)
    ratio = (paint / shade)[inner]
    assert ratio.std() / ratio.mean() < 0.05
    both = paint * patterns.tinted(laid, own.reshape(-1, 3)).reshape(own.shape)
    assert np.abs(both - wanted)[inner].mean() < 0.02
    # Where the picture shows something else, paint goes on as beside it.
    assert np.abs(paint[:20, :30] / paint[20, 30] - 1).max() < 0.4
