# SPDX-License-Identifier: GPL-3.0-or-later
"""What stays painted on a thing once a pattern lies on it: shade and reflections, without the pattern."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from .. import colour_space
from .patterns import Pattern, tinted

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

FINE, COARSE = 2.5, 40.0
"""Pixels: sigma of what is kept, and of what fills in where the picture does not show the thing."""
MOST = 2.0
"""How far from the pattern's own colour a place may be, a factor."""
_BRIGHT = 0.99


def under(pattern: Pattern, own: Floats, where: Mask, albedo: Floats, wanted: Floats, shown: Floats) -> Pattern:
    """Return a pattern whose colours stand for a thing's as one that tints what stays painted on it.

    All (h, w): `own` the pixels' places in the thing's own space, trusted in `where`, the `albedo` that is seen there
    now, and linear light, `wanted` and `shown` now.
    """
    tint = tinted(pattern, own[where])
    ratio = np.clip((wanted[where] + 4e-3) / (shown[where] + 4e-3), 1 / 3, 3)
    left = np.zeros(own.shape)
    left[where] = np.log(np.clip(albedo[where] * ratio / np.maximum(tint, 1e-3), 1 / MOST, MOST))
    weight = where.astype(np.float64)[..., None]
    even = _blurred(left, weight, COARSE, np.zeros_like(left))
    smooth = np.exp(_blurred(left, weight, FINE, even))
    # Paint is no brighter than white.
    most = float(np.quantile(smooth[where], _BRIGHT))
    paint = np.asarray(colour_space.to_srgb(np.clip(smooth / most, 0, 1)), np.float32)
    dark, light = ((r * most, g * most, b * most) for r, g, b in (pattern.dark, pattern.light))
    return replace(pattern, replaces=False, dark=dark, light=light, under=paint)


def _blurred(values: Floats, weight: Floats, sigma: float, otherwise: Floats) -> Floats:
    total = cv2.GaussianBlur(values * weight, (0, 0), sigma)
    share = cv2.GaussianBlur(weight, (0, 0), sigma)[..., None]
    return np.asarray(np.where(share > 1e-3, total / np.maximum(share, 1e-3), otherwise))
