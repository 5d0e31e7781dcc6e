# SPDX-License-Identifier: GPL-3.0-or-later
"""Bodies of revolution: a region that is the same left and right, and one piece in every row, is turned on a lathe."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from math import log, radians, tan

import cv2
import numpy as np
from numpy.typing import NDArray

from .camera import Camera, on_plane, stand_at, standing
from .solids import Solid

Mask = NDArray[np.bool_]
Array = NDArray[np.float64]

ROWS = 40
MIRRORED = 0.95
"""Overlap with its own mirror image from which a region counts as symmetric."""
NEARLY = 0.88
"""The same when the axis is that of most rows: a shadow sticks out on one side."""
SHADOW = 0.03
"""Overlap that what is left off may cost."""
PITCHES = (6.0, 9.0, 12.0, 15.0, 18.0, 21.0, 24.0, 28.0, 32.0, 37.0, 42.0)
"""Degrees tried."""
ALIKE = 0.93
"""Overlap below which a symmetric region is no body of revolution."""
UNUSUAL = 0.015
"""Overlap a pitch e times the usual one must gain."""
WHOLE_ROWS = 0.97
"""Part of the area between the region's left and right ends that it must fill."""
_TURN = np.linspace(0, 2 * np.pi, 40, endpoint=False)


def turned(mask: Mask, camera: Camera, least: float, plane: float | None = None) -> Solid | None:
    """The body of revolution whose outline is the region's, standing where its foot meets the ground or, with `plane`,
    at that Y above it; None when it is not symmetric, or overlaps less than `least` from this camera."""
    if (rows := symmetric(mask)) is None:
        return None
    solid = _profile(rows, mask.shape, camera, plane)
    overlap = _overlap(solid, rows.mask(mask.shape), camera)
    if overlap < least or _overlap(solid, mask, camera) < least - SHADOW:
        return None
    return replace(solid, iou=overlap)


def pitch_of(mask: Mask, fov: float, usual: float) -> float | None:
    """The pitch (degrees) from which a body of revolution looks like a mask, weighed against a `usual` one; None
    when it does not look like one from anywhere. `fov` horizontal, radians.

    Seen from above, the rims of its base and its shade are ellipses: how round they are is the sine of the pitch.
    """
    if (rows := symmetric(mask)) is None:
        return None
    found, evened = [], rows.mask(mask.shape)
    for degrees in PITCHES:
        camera = standing(fov, radians(degrees), mask.shape[1] / mask.shape[0], (rows.bottom + 1) / mask.shape[0])
        overlap = _overlap(_profile(rows, mask.shape, camera, None), evened, camera)
        found.append((overlap - UNUSUAL * log(degrees / usual) ** 2, overlap, degrees))
    _, overlap, degrees = max(found)
    return degrees if overlap >= ALIKE else None


@dataclass(frozen=True)
class Rows:
    """A symmetric region, row by row."""

    top: int
    half: Array
    """Half the width of each row from `top` down, pixels."""
    middle: float
    """Column of the axis, from the left edge of the picture, pixels."""

    @property
    def bottom(self) -> int:
        """The last row."""
        return self.top + len(self.half) - 1

    def mask(self, shape: tuple[int, int]) -> Mask:
        """The region (h, w) without what sticks out on one side only."""
        columns = np.arange(shape[1]) + 0.5
        region = np.zeros(shape, bool)
        region[self.top : self.bottom + 1] = np.abs(columns - self.middle) <= self.half[:, None]
        return region


def symmetric(mask: Mask) -> Rows | None:
    """The rows of a region that is the same left and right, one piece in every row and not cut off by the frame. What
    sticks out on one side only, like a shadow at its foot, is left off."""
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
        # The median of the rows is not led astray by what sticks out in a few of them.
        middle = float(np.median((left + right) / 2))
        if _mirrored(mask, middle) < NEARLY:
            return None
    half = np.minimum(middle - left, right - middle)
    rows = rows[half > 0]
    return Rows(int(rows[0]), np.maximum(half[rows[0] - int(np.min(ys)) : rows[-1] + 1 - int(np.min(ys))], 0.5), middle)


def _mirrored(mask: Mask, middle: float) -> float:
    shift = np.array([[-1.0, 0, 2 * middle - 1], [0, 1, 0]])
    other = cv2.warpAffine(mask.astype(np.uint8), shift, (mask.shape[1], mask.shape[0]), flags=cv2.INTER_NEAREST) > 0
    return float((mask & other).sum() / (mask | other).sum())


def _profile(rows: Rows, shape: tuple[int, int], camera: Camera, plane: float | None) -> Solid:
    """Radius over height, read off on the upright plane through the axis, from the base up."""
    h, w = shape
    down = (rows.top + np.arange(len(rows.half)) + 0.5) / h
    sight = camera.rays(np.column_stack([np.full(len(down), rows.middle / w), down]))
    focal = w / (2 * tan(camera.fov / 2))
    radii = within(rows.half, np.maximum(-sight[:, 2] / np.linalg.norm(sight, axis=1), 0.0), focal)
    foot = rows.middle / w, (rows.top + radii.last + 0.5) / h
    x, y, _ = camera.ground_at(*foot)
    lift = 0.0
    if plane is not None:
        x, y, lift = stand_at(camera, foot, plane)
    picked = np.unique(
        np.linspace(radii.first, radii.last, min(ROWS, radii.last + 1 - radii.first)).round().astype(int)
    )
    at = (rows.top + picked + 0.5) / h
    inner = on_plane(camera, np.column_stack([np.full(len(picked), rows.middle / w), at]), y)
    outer = on_plane(camera, np.column_stack([(rows.middle + radii.radius[picked]) / w, at]), y)
    wide, heights = outer[:, 0] - inner[:, 0], np.maximum(inner[:, 2] - lift, 0.0)
    profile = [(max(float(r), 1e-3), float(z)) for r, z in zip(wide[::-1], heights[::-1], strict=True)]
    width = 2 * float(wide.max())
    # A top seen from above is painted too, so it needs faces of its own.
    rim, top = profile[-1]
    steps = round(rim / max(width, top) * ROWS)
    profile += [(rim * k / steps, top) for k in range(steps - 1, 0, -1)]
    return Solid("lathe", (x, y), (width, width, float(heights.max())), profile=profile, lift=lift)


def _corners(radii: Radii) -> NDArray[np.int64]:
    """The rows, from the first to the last, between which the radius runs straight; at most ROWS."""
    rows = np.arange(radii.first, radii.last + 1)
    curve = np.column_stack([rows, radii.radius[rows]]).astype(np.float32)
    slack = 0.5
    picked = cv2.approxPolyDP(curve, slack, False)
    while len(picked) > ROWS:
        slack *= 1.3
        picked = cv2.approxPolyDP(curve, slack, False)
    # A long smooth stretch keeps a few rows of its own, so that it can be painted.
    even = np.linspace(radii.first, radii.last, min(ROWS // 2, len(rows))).round()
    return np.unique(np.concatenate([picked[:, 0, 0], even])).astype(np.int64)


@dataclass(frozen=True)
class Radii:
    """The largest rings inside an outline, by the row of their middle."""

    radius: Array
    """In pixels, one for every row of the outline."""
    first: int
    """The row of the top ring's middle; the rows above it are that ring's far rim."""
    last: int
    """The row of the base's middle; the rows below it are the base's near rim."""


def within(half: Array, slant: Array, focal: float) -> Radii:
    """The largest rings that fit into a symmetric outline of these half widths. Rings look like ellipses `slant` times
    as high as wide, the sine of the angle each row is seen from; the near half is seen larger, the more so the
    shorter the `focal` length (pixels)."""
    count = len(half)
    radius = np.zeros(count)
    turn, level = np.linspace(-1.0, 1.0, 25), np.sqrt(1 - np.clip(slant, 0, 1) ** 2)
    across = np.sqrt(1 - turn**2)
    padded = np.concatenate([[0.0], half, [0.0]])
    low, high = np.zeros(count), half.copy()
    for _ in range(12):
        radius = (low + high) / 2
        nearer = 1 / np.maximum(1 - (radius * level / focal)[:, None] * turn, 0.2)
        at = np.arange(count)[:, None] + (slant * radius)[:, None] * turn * nearer
        wide = radius[:, None] * across * nearer
        fits = (np.interp(at + 1, np.arange(count + 2), padded) >= wide - 0.75).all(axis=1)
        low, high = np.where(fits, radius, low), np.where(fits, high, radius)
    rows = np.arange(count)
    swell = low * level / focal
    up = rows - slant * low / (1 + swell) < 0.75
    down = rows + slant * low / np.maximum(1 - swell, 0.2) > count - 1.75
    first = int(np.flatnonzero(up)[-1]) if up.any() else 0
    last = int(np.flatnonzero(down)[0]) if down.any() else count - 1
    if last - first < 2:
        first, last = 0, count - 1
    return Radii(low, first, last)


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
        cv2.fillConvexPoly(canvas, np.round(hull * 16).astype(np.int32), (1,), shift=4)
    drawn = canvas > 0
    return float((drawn & mask).sum() / (drawn | mask).sum())
