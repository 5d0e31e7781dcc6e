# SPDX-License-Identifier: GPL-3.0-or-later
"""How far the sum of the lights is from a picture, as shown, and which way that goes with lights, colours and lamps'
places: what Gauss-Newton needs."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .tone import Tone

Array = NDArray[np.float64]

_HUBER = 0.15
"""Residuals beyond it count by their size, not its square."""


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
    limits: Array | None = None
    """(moves, 2) how many steps of each may be taken back, 0 or less, and on, 0 or more."""
    plain: Array | None = None
    """(lights, pixels, 3) linear, at most `basis`: what of it no base colour changes, such as gloss on paint."""


@dataclass(frozen=True)
class Mix:
    """The sum of the lights with some gains."""

    loss: float
    parts: Array
    """(lights + moves, pixels, 3) what each light gives and each step of a lamp adds."""
    light: Array
    """(pixels, 3) linear."""
    coloured: Array
    """(pixels, 3) what of it goes with the material's colour."""
    residual: Array
    weight: Array
    """(pixels, 3) of the squared residual."""


class Residuals:
    """What is left between the sum of the lights and the picture."""

    def __init__(self, seen: Seen, tone: Tone, groups: int) -> None:
        """`groups` are the lights and the materials together."""
        self._lights, self._moves = len(seen.basis), len(seen.moved)
        self._groups, self._tone = groups, tone
        # Sorted, so that what a material adds up to is a sum over a stretch of pixels.
        order = np.argsort(seen.material, kind="stable")
        self._seen = Seen(
            seen.basis[:, order],
            seen.wanted[order],
            seen.material[order],
            seen.weight[order],
            seen.moves[:, order] if self._moves else seen.moves,
            seen.moved,
            seen.limits,
            None if seen.plain is None else seen.plain[:, order],
        )
        shown = self._seen.material >= 0
        self._materials, starts = np.unique(self._seen.material[shown], return_index=True)
        self._starts = starts + int((~shown).sum())
        self._total = float(seen.weight.sum()) * 3

    def mix(self, gains: Array, steps: Array) -> Mix:
        """Return what gains (groups, 3) and steps of the lamps come to."""
        seen, lights = self._seen, self._lights
        factors = np.concatenate([gains[lights:], np.ones((1, 3))])[seen.material]
        parts = np.empty((lights + self._moves, *seen.basis.shape[1:]))
        moved = moved_lights(seen, steps)
        parts[:lights] = moved * gains[:lights, None] * factors
        if self._moves:
            parts[lights:] = seen.moves * gains[list(seen.moved), None] * factors
        coloured = parts[:lights].sum(axis=0)
        if seen.plain is not None:
            plain = np.minimum(seen.plain, moved) * gains[:lights, None]
            coloured -= plain.sum(axis=0) * factors
            parts[:lights] += plain * (1 - factors)
        light = parts[:lights].sum(axis=0)
        residual = self._tone.shown(light) - seen.wanted
        weight = np.minimum(1.0, _HUBER / np.maximum(np.abs(residual), 1e-6))
        loss = float((seen.weight[:, None] * weight * (2 - weight) * residual**2).sum() / self._total)
        return Mix(loss, parts, light, coloured, residual, weight * seen.weight[:, None])

    def slopes(self, mix: Mix) -> tuple[Array, Array]:
        """Return half the loss's gradient and curvature (Gauss-Newton) by the logarithms of the groups' gains, channel
        by channel of each, and then by the steps."""
        lights, groups, moves = self._lights, self._groups, self._moves
        slope = self._tone.slope(mix.light)
        gradient = np.zeros(3 * groups + moves)
        curvature = np.zeros((3 * groups + moves, 3 * groups + moves))
        for c in range(3):
            rows = mix.parts[:, :, c] * slope[:, c]
            own = mix.coloured[:, c] * slope[:, c]
            weight = mix.weight[:, c]
            pull = weight * mix.residual[:, c]
            dense = np.concatenate([np.arange(lights) * 3 + c, 3 * groups + np.arange(moves)])
            gradient[dense] += rows @ pull
            curvature[np.ix_(dense, dense)] += (rows * weight) @ rows.T
            if not len(self._materials):
                continue
            sparse = (lights + self._materials) * 3 + c
            # A pixel shows one material, so between materials there is nothing.
            gradient[sparse] += np.add.reduceat(own * pull, self._starts)
            curvature[sparse, sparse] += np.add.reduceat(own * own * weight, self._starts)
            cross = np.add.reduceat(rows * (own * weight), self._starts, axis=1)
            curvature[np.ix_(dense, sparse)] += cross
            curvature[np.ix_(sparse, dense)] += cross.T
        return gradient / self._total, curvature / self._total


def moved_lights(seen: Seen, steps: Array) -> Array:
    """Return one picture per light, (lights, pixels, 3), with lamps moved by so many steps; a light is never less than
    none."""
    basis = seen.basis.copy()
    for light, move, step in zip(seen.moved, seen.moves, steps, strict=True):
        basis[light] += step * move
    return np.maximum(basis, 0.0) if len(seen.moved) else basis


def lit(basis: Array, gains: Array, lights: int, material: NDArray[np.int64], plain: Array | None = None) -> Array:
    """Return the light of pixels (..., 3) with gains for lights and materials; `basis` is (lights, ..., 3), and so is
    `plain`, what of it goes with no material's colour."""
    shape = (lights, *([1] * (basis.ndim - 2)), 3)
    factors = np.concatenate([gains[lights:], np.ones((1, 3))])[material]
    found = (basis * gains[:lights].reshape(shape)).sum(axis=0) * factors
    if plain is not None:
        found += (plain * gains[:lights].reshape(shape)).sum(axis=0) * (1 - factors)
    return np.asarray(found)


def error(seen: Seen, gains: Array, lights: int, tone: Tone, steps: Array | None = None) -> float:
    """Return the mean squared error as shown."""
    basis = seen.basis if steps is None else moved_lights(seen, steps)
    plain = None if seen.plain is None else np.minimum(seen.plain, basis)
    gap = (tone.shown(lit(basis, gains, lights, seen.material, plain)) - seen.wanted) ** 2
    return float((gap * seen.weight[:, None]).sum() / (3 * seen.weight.sum()))
