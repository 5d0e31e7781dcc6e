# SPDX-License-Identifier: GPL-3.0-or-later
"""Find what is behind the things: a flat colour, or a surface whose brightness drifts smoothly."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from . import features as f

ORDER = 4
"""Degree of the polynomial in x and y that follows a smooth floor or wall."""
LEAST_PIXELS = 60
"""A fit needs at least this many pixels."""
ROUNDS = 8
FOLLOW_ROUNDS = 3


@dataclass
class Backdrop:
    """A model of what is behind, per pixel."""

    lab: f.Floats
    """(h, w, 3) Lab the backdrop would have at each pixel, were nothing before it and nothing shading it."""
    noise: float
    """Spread of its lightness round the model, in L."""
    share: float
    """Share of the frame's border that fits the model, 0 to 1."""
    cover: float
    """Share of the picture that fits the model, 0 to 1."""
    drift: float
    """How much its lightness changes over the picture, in L."""
    flat: bool
    """It is one colour."""

    def difference(self, seen: f.Floats) -> tuple[f.Floats, f.Floats]:
        """Return lightness minus the model's, and the distance in (a, b) from it."""
        residual = seen - self.lab
        return residual[..., 0], np.hypot(residual[..., 1], residual[..., 2])


def find(seen: f.Features) -> Backdrop:
    """Fit a flat backdrop, and a smooth one where the flat one does not hold."""
    flat = _flat(seen)
    if flat.share >= 0.9 and flat.noise < 0.8:
        return flat
    smooth = _smooth(seen)
    if flat.share >= 0.55 and flat.noise < 0.9 and smooth.share < flat.share + 0.1:
        return flat
    return smooth if smooth.share > flat.share + 0.05 or flat.noise >= 1.5 else flat


def _flat(seen: f.Features) -> Backdrop:
    border = seen.lab[f.frame(seen.shape, 2)]
    centre = np.median(border, axis=0)
    # A thing cut off by the frame pulls the plain median; the densest of a few candidates does not move.
    candidates = [centre, *[border[i] for i in np.linspace(0, len(border) - 1, 24).astype(int)]]
    counts = [int(np.count_nonzero(np.linalg.norm(border - c, axis=1) < 4)) for c in candidates]
    centre = candidates[int(np.argmax(counts))]
    for _ in range(4):
        near = np.linalg.norm(border - centre, axis=1) < 4
        centre = np.median(border[near], axis=0)
    near = np.linalg.norm(border - centre, axis=1) < 4
    noise = float(np.std(border[near][:, 0]))
    everywhere = np.linalg.norm(seen.lab - centre, axis=2) < max(2.0, 4 * noise)
    model = np.broadcast_to(centre.astype(np.float32), seen.lab.shape)
    return Backdrop(model, noise, float(near.mean()), float(everywhere.mean()), 0.0, True)


def _smooth(seen: f.Features) -> Backdrop:
    ring = f.frame(seen.shape, 2)
    centre = np.median(seen.smooth[ring], axis=0)
    fits = (np.linalg.norm(seen.smooth[..., 1:] - centre[1:], axis=2) < 8) & (seen.edge < 2.0)
    if fits.mean() < 0.15:
        fits = seen.edge < 2.0
    model = np.broadcast_to(centre.astype(np.float32), seen.lab.shape)
    for turn in range(ROUNDS):
        if np.count_nonzero(fits) < LEAST_PIXELS:
            break
        model = _fit(seen.smooth, fits)
        residual = seen.smooth - model
        fits = (np.abs(residual[..., 0]) < max(3.0, 8.0 - turn)) & (np.hypot(residual[..., 1], residual[..., 2]) < 4.0)
    model = _follow(seen, model, fits)
    residual = seen.smooth - model
    fits = (np.abs(residual[..., 0]) < 3.0) & (np.hypot(residual[..., 1], residual[..., 2]) < 4.0)
    if not fits.any():
        return Backdrop(model, 10.0, 0.0, 0.0, 0.0, False)
    noise = float(np.std(residual[..., 0][fits]))
    low, high = np.percentile(model[..., 0][fits], (3, 97))
    return Backdrop(model, noise, float(fits[ring].mean()), float(fits.mean()), float(high - low), False)


def _follow(seen: f.Features, model: f.Floats, fits: f.Mask) -> f.Floats:
    """Let the model follow what no polynomial does, such as the rim of a pool of light, by a blur of the misfit."""
    sigma = 0.05 * max(seen.shape)
    for _ in range(FOLLOW_ROUNDS):
        residual = seen.smooth - model
        neutral = np.hypot(residual[..., 1], residual[..., 2]) < 4.0
        calm = (np.abs(residual[..., 0]) < 9.0) & neutral & (seen.edge < 1.5)
        weight = f.erode(calm | fits, 1).astype(np.float32)
        total = cv2.GaussianBlur(weight, (0, 0), sigma)
        drift = cv2.GaussianBlur(residual * weight[..., None], (0, 0), sigma) / np.maximum(total, 1e-4)[..., None]
        model = np.asarray(model + drift * np.minimum(1.0, total / 0.3)[..., None], np.float32)
        fits = (np.abs(residual[..., 0]) < 4.0) & calm
    return model


def _fit(lab: f.Floats, where: f.Mask) -> f.Floats:
    """Least squares over a sample of the masked pixels, evaluated everywhere."""
    height, width = where.shape
    across, down = np.linspace(-1, 1, width), np.linspace(-1, 1, height)
    index = np.flatnonzero(where)
    index = index[:: max(1, len(index) // 10000)]
    ys, xs = np.divmod(index, width)
    powers = [(i, j) for i in range(ORDER + 1) for j in range(ORDER + 1 - i)]
    terms = np.stack([across[xs] ** i * down[ys] ** j for i, j in powers], -1)
    # A little damping keeps the polynomial tame where a large thing hides the backdrop.
    normal = terms.T @ terms + 1e-4 * len(index) * np.eye(len(powers))
    solution = np.linalg.solve(normal, terms.T @ lab.reshape(-1, 3)[index].astype(np.float64))
    table = np.zeros((3, ORDER + 1, ORDER + 1))
    for row, (i, j) in zip(solution, powers, strict=True):
        table[:, j, i] = row
    by_row = np.vander(down, ORDER + 1, increasing=True)
    by_column = np.vander(across, ORDER + 1, increasing=True)
    model = by_row @ table @ by_column.T
    return np.ascontiguousarray(np.moveaxis(model, 0, -1), np.float32)
