# SPDX-License-Identifier: GPL-3.0-or-later
"""What the segmenter looks at: Lab colour, edge strength, and a few operations on masks."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Labels = NDArray[np.int32]

SMOOTHING = 0.7
"""Standard deviation in pixels of the blur before gradients."""


@dataclass
class Features:
    """A picture as the segmenter sees it; all arrays are (h, w) or (h, w, 3) float32."""

    lab: Floats
    """CIE Lab of the sRGB picture, unsmoothed: L 0 to 100."""
    smooth: Floats
    """`lab` after a slight blur."""
    edge: Floats
    """Length of the Lab gradient, in Lab units per pixel."""

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        return self.lab.shape[0], self.lab.shape[1]


def look(rgb: NDArray[np.uint8]) -> Features:
    """Return the features of an (h, w, 3) sRGB picture."""
    lab = cv2.cvtColor(rgb.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2LAB)
    smooth = cv2.GaussianBlur(lab, (0, 0), SMOOTHING)
    total = np.zeros(lab.shape[:2], np.float32)
    for channel in cv2.split(smooth):
        across = cv2.Sobel(channel, cv2.CV_32F, 1, 0) / 8
        down = cv2.Sobel(channel, cv2.CV_32F, 0, 1) / 8
        total += across * across + down * down
    return Features(np.asarray(lab, np.float32), np.asarray(smooth, np.float32), np.sqrt(total))


def disc(radius: int) -> NDArray[np.uint8]:
    """Return a round structuring element."""
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)), np.uint8)


def erode(mask: Mask, radius: int = 1) -> Mask:
    """Shrink a mask; what lies beyond the picture counts as part of it."""
    if radius < 1:
        return mask
    return np.asarray(cv2.erode(mask.astype(np.uint8), disc(radius), borderValue=(1.0,)) > 0, bool)


def dilate(mask: Mask, radius: int = 1) -> Mask:
    """Grow a mask."""
    if radius < 1:
        return mask
    return np.asarray(cv2.dilate(mask.astype(np.uint8), disc(radius)) > 0, bool)


def opened(mask: Mask, radius: int = 1) -> Mask:
    """Remove what is thinner than the disc."""
    return dilate(erode(mask, radius), radius) & mask


def closed(mask: Mask, radius: int = 1) -> Mask:
    """Bridge gaps narrower than the disc."""
    return erode(dilate(mask, radius), radius) | mask


def components(mask: Mask, connectivity: int = 8) -> tuple[int, Labels, NDArray[np.int32]]:
    """Label connected parts: how many with 0 as the outside, labels, and OpenCV's statistics."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=connectivity)
    return int(count), np.asarray(labels, np.int32), np.asarray(stats, np.int32)


def touching(mask: Mask, seeds: Mask, connectivity: int = 4) -> Mask:
    """Return the connected parts of `mask` that hold a seed."""
    _, labels, _ = components(mask, connectivity)
    wanted = np.unique(labels[seeds & mask])
    return np.isin(labels, wanted[wanted > 0])


def frame(shape: tuple[int, int], width: int = 1) -> Mask:
    """Return the outermost pixels of a picture."""
    ring = np.ones(shape, bool)
    ring[width:-width, width:-width] = False
    return ring


def solidity(mask: Mask) -> float:
    """Area over the area of the convex hull, 0 to 1."""
    area = int(np.count_nonzero(mask))
    if area < 3:
        return 1.0
    return min(1.0, area / max(1.0, hull_area(mask)))


def hull(mask: Mask) -> Mask:
    """Return the filled convex hull."""
    result = np.zeros(mask.shape, np.uint8)
    rows = np.flatnonzero(mask.any(axis=1))
    if len(rows) == 0:
        return np.zeros(mask.shape, bool)
    # Only the first and last pixel of a row can be on the hull.
    held = mask[rows]
    left, right = held.argmax(axis=1), mask.shape[1] - 1 - held[:, ::-1].argmax(axis=1)
    points = np.stack([np.concatenate([left, right]), np.concatenate([rows, rows])], axis=1).astype(np.int32)
    cv2.fillConvexPoly(result, np.asarray(cv2.convexHull(points), np.int32), (1.0,))
    return np.asarray(result > 0, bool)


def hull_area(mask: Mask) -> float:
    """Pixels in the convex hull, counted as filled."""
    ys, xs = np.nonzero(mask)
    if len(xs) == 0:
        return 0.0
    y0, x0 = ys.min(), xs.min()
    return float(np.count_nonzero(hull(mask[y0 : ys.max() + 1, x0 : xs.max() + 1])))


def filled(mask: Mask) -> Mask:
    """Fill every hole."""
    outside = touching(np.pad(~mask, 1, constant_values=True), np.pad(np.zeros_like(mask), 1, constant_values=True))
    return np.asarray(~outside[1:-1, 1:-1], bool)


def spread(values: Floats, where: Mask, sigma: float) -> Floats:
    """Carry values of a mask outwards: normalised Gaussian blur of `values` (h, w, c) over `where`."""
    weight = where.astype(np.float32)
    blurred = cv2.GaussianBlur(values * weight[..., None], (0, 0), sigma)
    total = cv2.GaussianBlur(weight, (0, 0), sigma)
    return np.asarray(blurred / np.maximum(total, 1e-6)[..., None], np.float32)
