# SPDX-License-Identifier: GPL-3.0-or-later
"""The colours of things: what is typical of a region, and the names a person would call them by."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..colour_space import to_lab, to_linear, to_srgb

NAMES: dict[str, tuple[int, int, int]] = {
    "Black": (18, 18, 20),
    "Dark Grey": (68, 68, 70),
    "Grey": (128, 128, 128),
    "Light Grey": (190, 190, 190),
    "White": (242, 242, 242),
    "Red": (190, 30, 35),
    "Dark Red": (110, 15, 20),
    "Pink": (235, 150, 165),
    "Orange": (230, 120, 30),
    "Brown": (125, 75, 40),
    "Dark Brown": (65, 38, 25),
    "Beige": (215, 190, 150),
    "Cream": (240, 225, 195),
    "Yellow": (225, 200, 50),
    "Olive": (110, 110, 40),
    "Light Green": (140, 200, 110),
    "Green": (45, 130, 50),
    "Dark Green": (20, 65, 30),
    "Turquoise": (50, 170, 170),
    "Light Blue": (140, 180, 225),
    "Blue": (45, 75, 175),
    "Dark Blue": (20, 30, 85),
    "Purple": (125, 50, 150),
    "Magenta": (200, 50, 140),
}
"""sRGB, 8 bit."""


def _tint(srgb: ArrayLike) -> NDArray[np.float32]:
    """Lightness, and hue with a chroma in proportion to it that levels off: a surface keeps those in shade and haze."""
    lab = to_lab(srgb)
    chroma = np.linalg.norm(lab[..., 1:], axis=-1, keepdims=True)
    strength = 30 * (1 - np.exp(-2.2 * chroma / (lab[..., :1] + 14)))
    return np.concatenate([0.4 * lab[..., :1], strength * lab[..., 1:] / np.maximum(chroma, 1e-3)], axis=-1)


_TINTS = _tint(np.array(list(NAMES.values()), np.float32) / 255)


def name_of(srgb: ArrayLike) -> str:
    """The nearest of `NAMES`. Lightness counts little: it is the light's doing as much as the surface's."""
    distance = np.linalg.norm(_TINTS - _tint(np.asarray(srgb, np.float32)), axis=1)
    return list(NAMES)[int(distance.argmin())]


def typical(rgb: NDArray[np.float32], mask: NDArray[np.bool_]) -> tuple[float, float, float]:
    """Mean sRGB colour of the mask's pixels, averaged in linear light. Grey when the mask is empty."""
    if not mask.any():
        return 0.5, 0.5, 0.5
    mean = to_srgb(to_linear(rgb[mask]).mean(0))
    return float(mean[0]), float(mean[1]), float(mean[2])


def eroded(mask: NDArray[np.bool_], part: float = 0.06) -> NDArray[np.bool_]:
    """The mask without its rim: the rim's width is `part` of the mask's shorter side, and half the area stays."""
    ys, xs = np.nonzero(mask)
    if len(xs) == 0:
        return mask
    side = min(int(np.ptp(xs)), int(np.ptp(ys))) + 1
    distance = cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1]
    limit = min(max(1.0, part * side), float(np.median(distance[mask])))
    return np.asarray(distance >= limit, np.bool_)
