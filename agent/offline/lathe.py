# SPDX-License-Identifier: GPL-3.0-or-later
"""Bodies of revolution: a region that is the same left and right, and one piece in every row, is turned on a lathe."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from .camera import Camera, on_plane, stand_at
from .solids import Solid

Mask = NDArray[np.bool_]
Array = NDArray[np.float64]

ROWS = 40
MIRRORED = 0.95
"""Overlap with its own mirror image from which a region counts as symmetric."""
WHOLE_ROWS = 0.97
"""Part of the area between the region's left and right ends that it must fill."""
_TURN = np.linspace(0, 2 * np.pi, 40, endpoint=False)


def turned(mask: Mask, camera: Camera, least: float, plane: float | None = None) -> Solid | None:
    """The body of revolution whose outline is the region's, standing where its foot meets the ground or, with `plane`,
    at that Y above it; None when it is not symmetric, or overlaps less than `least` from this camera."""
    ys, xs = np.nonzero(mask)
    h, w = mask.shape
    if xs.min() == 0 or xs.max() == w - 1 or ys.min() == 0 or ys.max() == h - 1:
        return None
    rows = np.arange(int(np.min(ys)), int(np.max(ys)) + 1)
    left = np.array([np.flatnonzero(mask[y])[0] if mask[y].any() else 0 for y in rows], np.float64)
    right = np.array([np.flatnonzero(mask[y])[-1] + 1 if mask[y].any() else 0 for y in rows], np.float64)
    if mask.sum() < WHOLE_ROWS * (right - left).sum():
        return None
    middle = float(((left + right) / 2 * (right - left)).sum() / (right - left).sum())
    if _mirrored(mask, middle) < MIRRORED:
        return None
    solid = _profile(rows, (right - left) / 2, middle, mask.shape, camera, plane)
    overlap = _overlap(solid, mask, camera)
    if overlap < least:
        return None
    return replace(solid, iou=overlap)


def _mirrored(mask: Mask, middle: float) -> float:
    shift = np.array([[-1.0, 0, 2 * middle - 1], [0, 1, 0]])
    other = cv2.warpAffine(mask.astype(np.uint8), shift, (mask.shape[1], mask.shape[0]), flags=cv2.INTER_NEAREST) > 0
    return float((mask & other).sum() / (mask | other).sum())


def _profile(
    rows: NDArray[np.int64], half: Array, middle: float, shape: tuple[int, int], camera: Camera, plane: float | None
) -> Solid:
    """Radius over height, read off on the upright plane through the foot, from the base up."""
    h, w = shape
    foot = (middle / w, (rows[-1] + 1) / h)
    x, y, _ = camera.ground_at(*foot)
    lift = 0.0
    if plane is not None:
        x, y, lift = stand_at(camera, foot, plane)
    edges = np.concatenate([rows, [rows[-1] + 1]]).astype(np.float64)
    widths = np.concatenate([[half[0] * 0.5], (half[:-1] + half[1:]) / 2, [half[-1] * 0.5]])
    picked = np.unique(np.linspace(0, len(edges) - 1, min(ROWS, len(edges))).round().astype(int))
    inner = on_plane(camera, np.column_stack([np.full(len(picked), middle / w), edges[picked] / h]), y)
    outer = on_plane(camera, np.column_stack([(middle + widths[picked]) / w, edges[picked] / h]), y)
    radii, heights = outer[:, 0] - inner[:, 0], np.maximum(inner[:, 2] - lift, 0.0)
    profile = [(max(float(r), 1e-3), float(z)) for r, z in zip(radii[::-1], heights[::-1], strict=True)]
    width = 2 * float(radii.max())
    return Solid("lathe", (x, y), (width, width, float(heights.max())), profile=profile, lift=lift)


def _overlap(solid: Solid, mask: Mask, camera: Camera) -> float:
    """IoU of the turned body with the region: the outline is the union of the hulls of neighbouring rings."""
    h, w = mask.shape
    rings = []
    for radius, height in solid.profile:
        points = np.column_stack(
            [
                solid.place[0] + radius * np.cos(_TURN),
                solid.place[1] + radius * np.sin(_TURN),
                np.full(len(_TURN), solid.lift + height),
            ]
        )
        rings.append(camera.project(points)[0] * (w, h) - 0.5)
    canvas = np.zeros((h, w), np.uint8)
    for low, high in pairwise(rings):
        hull = cv2.convexHull(np.vstack([low, high]).astype(np.float32))
        cv2.fillConvexPoly(canvas, np.round(hull * 16).astype(np.int32), 1, shift=4)
    drawn = canvas > 0
    return float((drawn & mask).sum() / (drawn | mask).sum())
