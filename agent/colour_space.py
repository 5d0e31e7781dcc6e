# SPDX-License-Identifier: GPL-3.0-or-later
"""Colour spaces: displayed sRGB, linear light and CIE Lab."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

LUMINANCE = np.array((0.2126, 0.7152, 0.0722))
"""Of linear R, G and B (Rec. 709)."""


def to_linear(srgb: ArrayLike) -> NDArray[np.float64]:
    """Linear light of sRGB values, both 0 to 1 (IEC 61966-2-1)."""
    c = np.asarray(srgb, np.float64)
    return np.where(c <= 0.04045, c / 12.92, ((np.maximum(c, 0) + 0.055) / 1.055) ** 2.4)


def to_srgb(linear: ArrayLike) -> NDArray[np.float64]:
    """sRGB of linear light, not clipped above 1 (IEC 61966-2-1)."""
    c = np.asarray(linear, np.float64)
    return np.where(c <= 0.0031308, 12.92 * c, 1.055 * np.maximum(c, 1e-9) ** (1 / 2.4) - 0.055)


def to_lab(srgb: ArrayLike) -> NDArray[np.float32]:
    """CIE Lab (D65) of sRGB values 0 to 1; any leading shape, last axis 3."""
    c = np.asarray(srgb, np.float32)
    flat = np.clip(c.reshape(-1, 1, 3), 0, 1)
    return np.asarray(cv2.cvtColor(flat, cv2.COLOR_RGB2Lab), np.float32).reshape(c.shape)
