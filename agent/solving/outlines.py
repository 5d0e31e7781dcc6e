# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a thing reaches in the picture in each of many directions (its support function): of masks, and of points.

Finer than a pixel and smooth in the numbers that move a thing, so few steps lead a thing under its mask from anywhere.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

DIRECTIONS = 24
_TOUCHES = 2
"""Pixels: a neighbour nearer than this may be what ends a mask."""
_INSIDE = 0.25
"""Pixels that a thing reaches beyond the middle of its outermost pixel, on average."""
_BY_EYE = 0.05
"""How much the sides of a doubtful mask's box count."""
_SIDES = np.arange(DIRECTIONS) % (DIRECTIONS // 4) == 0


def directions() -> Array:
    """Return unit vectors, (DIRECTIONS, 2), evenly around."""
    angles = 2 * np.pi * np.arange(DIRECTIONS) / DIRECTIONS
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


@dataclass(frozen=True)
class Reach:
    """How far a mask reaches."""

    far: Array
    """(DIRECTIONS,) percent of the frame's width, from the frame's top left, y down."""
    open: Mask
    """(DIRECTIONS,) where the mask ends at something else or at the frame, so that the thing may go on behind it."""
    exact: Array
    """(DIRECTIONS,) how much each counts: 1, and little or nothing where the mask is doubtful."""


def of_masks(masks: Mapping[str, Mask], doubtful: Collection[str] = ()) -> dict[str, Reach]:
    """Return the reach of every mask with anything in it; all (h, w), one size. Of those of `doubtful` only the sides
    of their box count, and little."""
    found = {}
    ways = directions()
    for name, mask in masks.items():
        if not mask.any():
            continue
        height, width = mask.shape
        others = np.zeros((height, width), np.uint8)
        for other, theirs in masks.items():
            if other != name:
                others |= theirs.astype(np.uint8)
        reach = 2 * _TOUCHES + 1
        near = cv2.dilate(others, np.ones((reach, reach), np.uint8)) > 0
        rows, columns = np.nonzero(mask)
        places = np.stack([columns + 0.5, rows + 0.5], axis=1)
        along = places @ ways.T
        at = along.argmax(axis=0)
        row, column = rows[at], columns[at]
        edge = (row <= 0) | (column <= 0) | (row >= height - 1) | (column >= width - 1)
        exact = np.where(_SIDES, _BY_EYE, 0.0) if name in doubtful else np.ones(DIRECTIONS)
        found[name] = Reach((along.max(axis=0) + _INSIDE) * 100.0 / width, edge | near[row, column], exact)
    return found


def of_points(points: NDArray[np.float32], projection: NDArray[np.float32], aspect: float) -> Array:
    """Return how far points (n, 3) reach through `projection` (4, 4), (DIRECTIONS,) percent of the frame's width.

    `aspect` is the frame's height over its width. Points behind the camera are left out; all of them: far away.
    """
    clip = points @ projection[:, :3].T + projection[:, 3]
    front = clip[:, 3] > 1e-3
    if not front.any():
        return np.full(DIRECTIONS, 1e3)
    clip = clip[front]
    x = (clip[:, 0] / clip[:, 3] * 0.5 + 0.5) * 100.0
    y = (0.5 - clip[:, 1] / clip[:, 3] * 0.5) * 100.0 * aspect
    return np.asarray((np.stack([x, y], axis=1) @ directions().T.astype(np.float32)).max(axis=0), np.float64)
