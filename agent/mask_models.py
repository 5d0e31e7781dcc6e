# SPDX-License-Identifier: GPL-3.0-or-later
"""Colour models for cutting things out: the background's gradient taken off, and mixtures of Gaussians."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .colour_space import to_lab

Bool = NDArray[np.bool_]
Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]
EVEN = 9.0
"""A background whose colours stray less than this (Lab) from a smooth gradient is an even one."""
FEWEST = 200
CLUSTERS = 4
CHROMA = 1.6
"""How much more hue counts than lightness: shadows and shading change lightness only."""


def features_of(picture: Bytes, free: Bool) -> Bytes:
    """Return the picture as three bytes a pixel that colours are compared by: Lab with hue stretched, and the smooth
    gradient of the background, fitted where `free`, taken off where there is one."""
    lab = to_lab(picture / np.float32(255))
    gradient = _gradient(lab, free)
    if gradient is not None:
        lab = lab - gradient + np.array([50, 0, 0], np.float32)
    stretched = np.stack([lab[..., 0] * 2.55, 128 + CHROMA * lab[..., 1], 128 + CHROMA * lab[..., 2]], axis=-1)
    return np.clip(np.round(stretched), 0, 255).astype(np.uint8)


def _gradient(lab: Floats, free: Bool) -> Floats | None:
    """A quadratic surface per channel through the free pixels, robust against what stands out; None where they are
    too few or no such surface fits."""
    height, width = free.shape
    ys, xs = np.nonzero(free)
    if len(xs) < max(FEWEST, 0.08 * free.size):
        return None
    step = max(1, len(xs) // 6000)
    ys, xs = ys[::step], xs[::step]

    def terms(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1)

    basis = terms(xs / width - 0.5, ys / height - 0.5)
    values = lab[ys, xs].astype(np.float64)
    weights = np.ones(len(xs))
    fitted = np.zeros((6, 3))
    for _ in range(4):
        root = np.sqrt(weights)[:, None]
        fitted = np.linalg.lstsq(basis * root, values * root, rcond=None)[0]
        off = np.linalg.norm(values - basis @ fitted, axis=1)
        weights = 1 / (1 + (off / 4.0) ** 2)
    if float(np.median(off)) > EVEN:
        return None
    x, y = np.meshgrid(np.arange(width) / width - 0.5, np.arange(height) / height - 0.5)
    return np.asarray(terms(x, y) @ fitted, np.float32)


class Mixture:
    """Colours as a few Gaussians."""

    def __init__(self, samples: NDArray[np.uint8]) -> None:
        """Fit to (n, 3) colours, n at least 1."""
        values = samples.astype(np.float32)
        count = min(CLUSTERS, max(1, len(values) // 30))
        if len(values) > 4000:
            values = values[:: len(values) // 4000 + 1]
        labels = np.zeros(len(values), np.int32)
        if count > 1:
            stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 12, 0.5)
            _, found, _ = cv2.kmeans(values, count, None, stop, 1, cv2.KMEANS_PP_CENTERS)  # type: ignore[call-overload]
            labels = found.ravel()
        self._parts = []
        for index in range(count):
            own = values[labels == index].astype(np.float64)
            if not len(own):
                continue
            spread = np.cov(own.T) if len(own) > 3 else np.zeros((3, 3))
            # Noise and compression alone spread colours this much.
            spread = spread + np.eye(3) * 12.0
            share = np.log(len(own) / len(values)) - 0.5 * np.linalg.slogdet(spread)[1]
            self._parts.append((own.mean(axis=0), np.linalg.inv(spread), float(share)))

    def likelihood(self, colours: NDArray[np.uint8]) -> Floats:
        """Return the log likelihood (up to a constant) of (n, 3) colours."""
        values = colours.astype(np.float64)
        best = np.full(len(values), -np.inf)
        for middle, inverse, share in self._parts:
            off = values - middle
            best = np.maximum(best, share - 0.5 * np.einsum("ni,ij,nj->n", off, inverse, off))
        return best.astype(np.float32)
