# SPDX-License-Identifier: GPL-3.0-or-later
"""Outlines of masks as polygons in picture coordinates, and back."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .solids import Ring

Mask = NDArray[np.bool_]

MOST_POINTS = 150
"""Of one ring."""


def rings(mask: Mask, most: int = 700, least_area: float = 0.004) -> list[Ring]:
    """Outer rings and holes of a mask (h, w), as fractions of the frame, the largest first; even-odd rule.

    A ring has at most MOST_POINTS points, all together `most`; rings smaller than `least_area` of the largest are left
    out. A mask too small to trace (a pixel) gives its box; an empty one nothing.
    """
    h, w = mask.shape
    # Four times as fine and padded, so that the contour runs along the pixels' edges and not through their centres.
    fine = cv2.resize(np.pad(mask, 1).astype(np.uint8), None, fx=4, fy=4, interpolation=cv2.INTER_NEAREST)
    soft = cv2.GaussianBlur(fine * 255, (0, 0), 2.0) > 127
    found, _ = cv2.findContours(soft.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    contours = sorted(found, key=cv2.contourArea, reverse=True)
    if not contours:
        return [_box(mask)] if mask.any() else []
    limit = max(least_area * cv2.contourArea(contours[0]), 16 * 12)
    kept = [contours[0]] + [c for c in contours[1:] if cv2.contourArea(c) >= limit]
    slack = 1.2
    simple = [cv2.approxPolyDP(contour, slack, True) for contour in kept]
    while sum(len(ring) for ring in simple) > most or max(len(ring) for ring in simple) > MOST_POINTS:
        slack *= 1.25
        simple = [cv2.approxPolyDP(contour, slack, True) for contour in kept]
    return [_unit(np.asarray(ring, np.float64), w, h) for ring in simple if len(ring) > 2]


def _unit(contour: NDArray[np.float64], w: int, h: int) -> Ring:
    points = ((contour[:, 0] + 0.5) / 4 - 1) / (w, h)
    return [(round(float(x), 4), round(float(y), 4)) for x, y in points]


def _box(mask: Mask) -> Ring:
    ys, xs = np.nonzero(mask)
    (x0, x1), (y0, y1) = ((int(v.min()), int(v.max()) + 1) for v in (xs, ys))
    return [(x / mask.shape[1], y / mask.shape[0]) for x, y in ((x0, y0), (x0, y1), (x1, y1), (x1, y0))]


def filled(shape: tuple[int, int], polygons: list[Ring]) -> Mask:
    """The mask (h, w) of rings by the even-odd rule."""
    h, w = shape
    canvas = np.zeros(shape, np.uint8)
    rounded = [np.round((np.array(ring) * (w, h) - 0.5) * 16).astype(np.int32) for ring in polygons if len(ring) > 2]
    if rounded:
        cv2.fillPoly(canvas, rounded, (1,), shift=4)
    return canvas > 0


def span_of(polygons: list[Ring], aspect: float) -> float:
    """Longer side of the box of all rings, in longer sides of the frame; `aspect` is its width over its height."""
    points = np.array([point for ring in polygons for point in ring])
    width, height = np.ptp(points, axis=0) * (aspect, 1.0) / max(aspect, 1.0)
    return float(max(width, height))
