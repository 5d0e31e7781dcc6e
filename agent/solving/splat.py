# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a thing falls in the picture, from points on its surface: a thousand times faster than a render, and good to
about a pixel. A pixel counts as covered when anything of the thing touches it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

TOUCHED = 0.12
"""Share of a pixel from which samples of a thing are likely to hit it."""
DENSITY = 2.4
"""Samples per pixel and side of the surface."""
_NEAR = 1e-3
_KERNEL = np.ones((3, 3), np.uint8)


@dataclass(frozen=True)
class Layer:
    """One thing alone in the frame."""

    mask: Mask
    depth: Floats
    """(h, w): distance along the camera's axis of what is nearest, inf where there is nothing."""


def samples(size: tuple[int, int]) -> float:
    """Return the density to ask the worker for, so that a thing is covered at `size` (width, height)."""
    return DENSITY * size[0] * size[1] / 1e4


def layer(points: Floats, projection: Floats, size: tuple[int, int]) -> Layer:
    """Return where points (n, 3) fall through `projection` (4, 4) in a frame of `size` (width, height) pixels.

    Of several points in a pixel the last counts, so give them from far to near (`far_to_near`).
    """
    width, height = size
    clip = points @ projection[:, :3].T + projection[:, 3]
    w = clip[:, 3]
    front = w > _NEAR
    w = np.where(front, w, 1)
    column = (clip[:, 0] / w * 0.5 + 0.5) * width
    row = (0.5 - clip[:, 1] / w * 0.5) * height
    inside = front & (column >= 0) & (column < width) & (row >= 0) & (row < height)
    at = row[inside].astype(np.int32) * width + column[inside].astype(np.int32)
    depth = np.full(height * width, np.inf, np.float32)
    # An orthographic camera has the same w everywhere; its z grows with the distance.
    depth[at] = (w if projection[3, :3].any() else clip[:, 2])[inside]
    near = depth.reshape(height, width)
    seen = np.isfinite(near)
    closed = cv2.morphologyEx(seen.astype(np.uint8), cv2.MORPH_CLOSE, _KERNEL, borderType=cv2.BORDER_REPLICATE) > 0
    if inside.any():
        near[closed & ~seen] = float(np.median(near[seen]))
    return Layer(closed, near)


def shrunk(mask: Mask, pixels: int) -> Mask:
    """Return a mask without a border of some pixels; the frame's edge is one."""
    inner = cv2.erode(
        mask.astype(np.uint8), _KERNEL, iterations=pixels, borderType=cv2.BORDER_CONSTANT, borderValue=(0,)
    )
    return np.asarray(inner > 0, np.bool_)


def far_to_near(points: Floats, projection: Floats) -> NDArray[np.intp]:
    """Return the order of points (n, 3) by distance from the camera, farthest first."""
    row = 3 if projection[3, :3].any() else 2
    return np.argsort(-(points @ projection[row, :3]))


def touched(mask: Mask, size: tuple[int, int]) -> Mask:
    """Return a mask at `size` (width, height): every pixel that anything of it touches, as `layer` draws things."""
    covered = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return np.asarray(covered > TOUCHED, np.bool_)
