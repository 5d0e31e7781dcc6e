# SPDX-License-Identifier: GPL-3.0-or-later
"""Tidy a mask that was found by colour, and say how far it can be trusted."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .mask_models import Mixture

Bool = NDArray[np.bool_]
SPECK = 0.06
"""Pieces smaller than this share of the largest are left out."""
PINHOLE = 0.015
"""Holes smaller than this share of the mask are filled: highlights, noise; larger ones may be a handle's."""
STEP = 24.0
"""Difference of colours (feature units) across an edge that is plainly one."""


def tidy(mask: Bool, count: int = 1) -> Bool:
    """Return the mask without ragged edges, specks and pinholes. A heap (`count` above 1) keeps smaller pieces."""
    if not mask.any():
        return mask
    # A median rounds off what is thinner than its window: not on things that are small or thin altogether.
    thick = float(cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 3).max())
    smooth = cv2.medianBlur(mask.astype(np.uint8), 5 if thick > 8 else 3).astype(bool) if thick > 2.5 else mask
    mask = smooth if smooth.any() else mask
    mask = _without(mask, SPECK / max(1, count), largest=True)
    return ~_without(~mask, PINHOLE * float(np.count_nonzero(mask)), largest=False)


def _without(mask: Bool, least: float, largest: bool) -> Bool:
    """Leave out pieces below `least` pixels, or below that share of the largest piece. Those at the frame's edge of a
    background (`largest` False) stay."""
    number, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8 if largest else 4)
    if number < 2:
        return mask
    areas = stats[1:, cv2.CC_STAT_AREA]
    keep = areas >= (least * areas.max() if largest else least)
    if not largest:
        height, width = mask.shape
        x0, y0 = stats[1:, cv2.CC_STAT_LEFT], stats[1:, cv2.CC_STAT_TOP]
        x1, y1 = x0 + stats[1:, cv2.CC_STAT_WIDTH], y0 + stats[1:, cv2.CC_STAT_HEIGHT]
        keep |= (x0 == 0) | (y0 == 0) | (x1 == width) | (y1 == height)
    return np.asarray(np.concatenate([[False], keep])[labels], np.bool_)


def confidence(mask: Bool, hint: Bool, others: Bool, features: NDArray[np.uint8], outlined: bool) -> float:
    """Return 0 to 1: whether the mask reaches the box's sides (or fills its outline), whether its rim runs along edges
    of the picture, and whether its colours differ from those about it."""
    if not mask.any():
        return 0.0
    agreement = _overlap(mask, hint & ~others | mask & hint) if outlined else _reach(mask, hint, others)
    edges = _edges(mask, features)
    apart = _apart(mask, hint, others, features)
    return float(np.clip(agreement * (0.35 + 0.65 * (0.5 * edges + 0.5 * apart)), 0, 0.99))


def _overlap(one: Bool, two: Bool) -> float:
    union = np.count_nonzero(one | two)
    return float(np.count_nonzero(one & two) / union) if union else 0.0


def _reach(mask: Bool, hint: Bool, others: Bool) -> float:
    """Overlap of the mask's own box with the given one; a box covered by others is only asked for what is left."""
    seen = hint & ~others
    ys, xs = np.nonzero(seen if np.count_nonzero(seen) > 0.3 * np.count_nonzero(hint) else hint)
    my, mx = np.nonzero(mask)
    one = np.array([mx.min(), my.min(), mx.max() + 1, my.max() + 1])
    two = np.array([xs.min(), ys.min(), xs.max() + 1, ys.max() + 1])
    inner = np.maximum(0, np.minimum(one[2:], two[2:]) - np.maximum(one[:2], two[:2])).prod()
    return float(inner / ((one[2:] - one[:2]).prod() + (two[2:] - two[:2]).prod() - inner))


def _edges(mask: Bool, features: NDArray[np.uint8]) -> float:
    """Share of the rim with a plain step of colour across it."""
    smooth = cv2.GaussianBlur(features.astype(np.float32), (0, 0), 0.8)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    inside, whole = cv2.erode(mask.astype(np.uint8), kernel) > 0, cv2.dilate(mask.astype(np.uint8), kernel) > 0
    rim = mask & ~(cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)
    # The frame's edge is no edge of the thing, and none that speaks against it.
    rim[[0, -1]] = False
    rim[:, [0, -1]] = False
    if not rim.any():
        return 0.5
    means = []
    for side in (inside if inside.any() else mask, whole & ~mask):
        weight = cv2.GaussianBlur(side.astype(np.float32), (0, 0), 2.5)[..., None] + 1e-4
        means.append(cv2.GaussianBlur(smooth * side[..., None], (0, 0), 2.5) / weight)
    step = np.linalg.norm(means[0] - means[1], axis=-1)[rim]
    return float(np.clip(step / STEP, 0, 1).mean())


def _apart(mask: Bool, hint: Bool, others: Bool, features: NDArray[np.uint8]) -> float:
    """How well the colours alone tell the mask from what lies about it: 0 is a guess, 1 certain."""
    ys, xs = np.nonzero(hint)
    reach = max(3, round(0.2 * max(int(np.ptp(ys)), int(np.ptp(xs))))) if len(xs) else 3
    around = (cv2.dilate(hint.astype(np.uint8), np.ones((2 * reach + 1,) * 2, np.uint8)) > 0) & ~mask & ~others
    if np.count_nonzero(around) < 20 or np.count_nonzero(mask) < 20:
        return 0.5
    inner, outer = Mixture(features[mask]), Mixture(features[around])
    right_in = np.mean(inner.likelihood(features[mask]) > outer.likelihood(features[mask]))
    right_out = np.mean(outer.likelihood(features[around]) > inner.likelihood(features[around]))
    return float(np.clip(right_in + right_out - 1, 0, 1))
