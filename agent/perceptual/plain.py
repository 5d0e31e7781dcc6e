# SPDX-License-Identifier: GPL-3.0-or-later
"""Two likenesses that need no network: of the colours of two pictures, wherever they are, and of their edges."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ..colour_space import to_linear

Floats = NDArray[np.float32]

_QUANTILES = 513
_LINEAR = to_linear(np.arange(256) / 255).astype(np.float32)
# IEC 61966-2-1 to XYZ (D65).
_XYZ = np.array([[0.4124, 0.2126, 0.0193], [0.3576, 0.7152, 0.1192], [0.1805, 0.0722, 0.9505]], np.float32)
_WHITE = np.array([0.95047, 1, 1.08883], np.float32)
_MIX = np.array([[3, 1, 0], [1, 2, 1], [0, 1, 3]], np.float32)
"""Neighbouring channels weighed in, as by a Sobel filter over all three axes, which published figures are made with."""
_EDGE_BLUR = 1.4
_EDGE_SHARE = 0.90
_EDGE_FLOOR = 6.0
"""Of `_MIX` and Sobel's own factor in Lab; below it is noise."""


def lab_distance(a: Floats, b: Floats) -> float:
    """Return the mean of the three earth mover's distances between the Lab values of two (h, w, 3) sRGB pictures, 0 to
    1, of equal size: how different their colours are (in ΔE units), wherever they stand. 0 is equal.

    Raises ValueError when sizes differ.
    """
    _same(a, b)
    one, two = (np.sort(_lab(picture).reshape(-1, 3), axis=0) for picture in (a, b))
    # The distance of two equally large samples is that of their sorted values; a few hundred of them tell it.
    at = np.linspace(0, len(one) - 1, _QUANTILES).round().astype(int)
    return float(np.abs(one[at] - two[at]).mean())


def edge_f1(a: Floats, b: Floats) -> float:
    """Return how far the edges of two (h, w, 3) sRGB pictures, 0 to 1, of equal size lie on each other: the harmonic
    mean of the shares of each one's edge pixels near the other's, 0 to 1. Raises ValueError when sizes differ."""
    _same(a, b)
    one, two = edges(a), edges(b)
    if not one.any() or not two.any():
        return 1.0 if one.any() == two.any() else 0.0
    near = max(2.0, 0.0075 * float(np.hypot(*a.shape[:2])))
    precision = float((_distance_to(one)[two] <= near).mean())
    recall = float((_distance_to(two)[one] <= near).mean())
    return 2 * precision * recall / (precision + recall + 1e-9)


def edges(picture: Floats) -> NDArray[np.bool_]:
    """Return the edge pixels of a (h, w, 3) sRGB picture, 0 to 1: the ridges of the gradient of blurred Lab."""
    lab = cv2.GaussianBlur(_lab(picture) @ _MIX, (13, 13), _EDGE_BLUR, borderType=cv2.BORDER_REFLECT)
    gx = cv2.Sobel(lab, cv2.CV_32F, 1, 0, borderType=cv2.BORDER_REFLECT)
    gy = cv2.Sobel(lab, cv2.CV_32F, 0, 1, borderType=cv2.BORDER_REFLECT)
    squared = gx**2 + gy**2
    strength = np.sqrt(squared.sum(-1))
    leading = np.argmax(squared, -1)[..., None]
    across = np.abs(np.take_along_axis(gx, leading, -1)) >= np.abs(np.take_along_axis(gy, leading, -1))
    sideways = (strength >= np.roll(strength, 1, 1)) & (strength >= np.roll(strength, -1, 1))
    upright = (strength >= np.roll(strength, 1, 0)) & (strength >= np.roll(strength, -1, 0))
    limit = max(float(np.quantile(strength, _EDGE_SHARE)) * 0.6, _EDGE_FLOOR)
    return np.asarray(np.where(across[..., 0], sideways, upright) & (strength > limit), np.bool_)


def _lab(picture: Floats) -> Floats:
    """CIE Lab of sRGB at 8 bit. OpenCV's own goes through a coarse table: it shifts edges in even areas."""
    levels = np.round(np.clip(picture, 0, 1) * 255).astype(np.uint8)
    light = _LINEAR[levels] @ _XYZ / _WHITE
    f = np.where(light > 0.008856, np.cbrt(light), 7.787 * light + np.float32(16 / 116)).astype(np.float32)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1)


def _distance_to(mask: NDArray[np.bool_]) -> Floats:
    return np.asarray(cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE), np.float32)


def _same(a: Floats, b: Floats) -> None:
    if a.shape != b.shape:
        raise ValueError(f"pictures of one size are wanted, not {a.shape} and {b.shape}")
