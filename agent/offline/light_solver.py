# SPDX-License-Identifier: GPL-3.0-or-later
"""Solve the lights' powers and colours: rendering is linear in them, so one picture per light is enough."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .. import colour_space
from ..solving import damped

Array = NDArray[np.float64]

COLOUR_COST = 1e-3
"""Cost of a light's channels differing, per squared logarithm: white light unless the picture insists."""
CHANGE_COST = 3e-6
"""Cost of changing a light at all, so that lights the picture says nothing of stay."""
COVERED = 0.98
_STOPPING = damped.Stopping(120, share=0.0, least=1e-10)


@dataclass(frozen=True)
class Solution:
    """Gains per light and channel (lights, 3), and the displayed mean squared error before and after."""

    gains: Array
    before: float
    after: float


def solve(basis: NDArray[np.float32], coverage: NDArray[np.float32], wanted: NDArray[np.float32]) -> Solution:
    """Non-negative gains that bring the sum of the lights nearest to the picture as displayed.

    `basis` (lights, h, w, 3) linear, one picture per light; `coverage` (h, w); `wanted` (h, w, 3) sRGB. Damped
    Gauss-Newton on the logarithms of the gains, residuals in sRGB, large ones damped (Huber), so that a reflection or a
    misplaced edge doesn't decide.
    """
    lights = len(basis)
    there = coverage > COVERED
    if not there.any() or lights == 0:
        return Solution(np.ones((lights, 3)), 0.0, 0.0)
    x = np.asarray(basis, np.float64)[:, there]
    y = np.asarray(wanted, np.float64)[there]
    pull = _regulariser(lights)

    def at(flat: Array) -> tuple[float, damped.Slopes]:
        loss, gradient, curvature = _loss(x, y, flat.reshape(lights, 3), pull)
        return loss, lambda: (gradient, curvature)

    flat, _ = damped.solve(at, np.zeros(3 * lights), 0.8, _STOPPING, low=-6.0, high=4.0)
    t, before = flat.reshape(lights, 3), _error(x, y, np.zeros((lights, 3)))
    return Solution(np.exp(t), before, _error(x, y, t))


def _regulariser(lights: int) -> Array:
    """Quadratic form over the 3 x lights logarithms: colourfulness and change."""
    spread = np.eye(3) - np.full((3, 3), 1 / 3)
    return np.kron(np.eye(lights), COLOUR_COST * spread + CHANGE_COST * np.eye(3))


def _shown(x: Array, t: Array) -> tuple[Array, Array]:
    light = np.einsum("lpc,lc->pc", x, np.exp(t))
    shown = np.clip(colour_space.to_srgb(light), 0, 1)
    slope = np.where(light < 1, 1.055 / 2.4 * np.maximum(light, 0.0031) ** (1 / 2.4 - 1), 0.0)
    return shown, slope


def _loss(x: Array, y: Array, t: Array, pull: Array) -> tuple[float, Array, Array]:
    """Loss, gradient and Gauss-Newton curvature at logarithms `t`."""
    lights = len(t)
    shown, slope = _shown(x, t)
    residual = shown - y
    weight = np.minimum(1.0, 0.15 / np.maximum(np.abs(residual), 1e-6))
    count = residual.size
    flat = t.ravel()
    loss = float(np.sum(weight * (2 - weight) * residual**2) / count + flat @ pull @ flat)
    jacobian = x * np.exp(t)[:, None] * slope
    curvature = np.zeros((lights, 3, lights, 3))
    for c in range(3):
        j = jacobian[:, :, c]
        curvature[:, c, :, c] = (j * weight[:, c]) @ j.T / count
    gradient = np.einsum("lpc,pc->lc", jacobian, weight * residual).ravel() / count
    return loss, 2 * (gradient + pull @ flat), 2 * (curvature.reshape(3 * lights, -1) + pull)


def _error(x: Array, y: Array, t: Array) -> float:
    return float(np.mean((_shown(x, t)[0] - y) ** 2))
