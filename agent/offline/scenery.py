# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures with no simple backdrop: find the patches that stand out, honestly unsure."""

from __future__ import annotations

import cv2
import numpy as np

from . import features as f
from .basins import OUTSIDE, Patches, oversegment
from .split import cost, join

LARGE = 0.12
"""A patch covering more of the picture than this is a surface, not a thing on one."""
MOST = 12
PATCHES = 500
"""More patches than this are texture or noise; the picture is blurred until there are fewer."""
LIMIT = 0.8


def things_in_scene(rgb: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> list[f.Mask]:
    """Return up to twelve masks of what stands out, best first; at least one unless the picture is uniform."""
    height, width = rgb.shape[:2]
    scale = min(1.0, 256 / max(height, width))
    small = cv2.resize(rgb, (max(8, round(width * scale)), max(8, round(height * scale))), interpolation=cv2.INTER_AREA)
    calm = np.asarray(cv2.bilateralFilter(small, 7, 30, 3), np.uint8)
    seen = f.look(calm)
    everything = np.ones(seen.shape, bool)
    labels = oversegment(seen, everything)
    for sigma in (1.5, 2.5, 4.0):
        if labels.max() <= PATCHES:
            break
        labels = oversegment(f.look(np.asarray(cv2.GaussianBlur(calm, (0, 0), sigma), np.uint8)), everything)
    patches = Patches(labels, seen)
    surface = round(LARGE * everything.size)
    join(patches, LIMIT, lambda p, i, j: _cost(p, i, j, surface))
    scores = {i: _score(patches, i, seen.shape) for i in patches.all}
    best = [i for i in sorted(scores, key=lambda i: -scores[i]) if scores[i] > 0][:MOST]
    masks = [_enlarge(_whole(patches, i, scores), (height, width)) for i in best]
    masks = [mask for mask in masks if mask.any()]
    if masks:
        return masks
    middle = _middle(rgb)
    return [middle] if middle.any() else []


def _cost(patches: Patches, one: int, two: int, surface: int) -> float:
    a, b = patches.all[one], patches.all[two]
    # A thing surrounded by a table top is not a mark on the table.
    return cost(patches, one, two, enclosed=max(a.area, b.area) < surface)


def _score(patches: Patches, index: int, shape: tuple[int, int]) -> float:
    """Area, compactness and contrast of a patch; 0 for surfaces, dust and what the frame cuts off for long."""
    height, width = shape
    patch = patches.all[index]
    share = patch.area / (height * width)
    x0, y0, x1, y1 = patch.box
    sides = (x0 <= 0) + (y0 <= 0) + (x1 >= width) + (y1 >= height)
    if share < 1.5e-3 or share > 0.35 or sides > 1 or min(x1 - x0, y1 - y0) < 4:
        return 0.0
    if share > LARGE and sides:
        return 0.0
    total = sum(length for other, (length, _) in patch.rims.items() if other != OUTSIDE)
    strength = sum(value for other, (_, value) in patch.rims.items() if other != OUTSIDE) / max(1, total)
    solid = patches.solidity(index)
    if solid < 0.5 or strength < 3:
        return 0.0
    return float(np.sqrt(share) * min(1.0, solid) ** 2 * min(strength, 15.0) * (0.6 if sides else 1.0))


def _whole(patches: Patches, index: int, scores: dict[int, float]) -> f.Mask:
    """A patch with its holes filled, except where another chosen patch lies."""
    mask = patches.mask(index)
    others = np.zeros_like(mask)
    for other, score in scores.items():
        if other != index and score > 0:
            others |= patches.mask(other)
    return f.filled(mask) & ~others


def _enlarge(mask: f.Mask, shape: tuple[int, int]) -> f.Mask:
    large = cv2.resize(mask.astype(np.float32), (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(large > 0.5, bool)


def _middle(rgb: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> f.Mask:
    """GrabCut from the middle of the picture, when nothing stands out by itself."""
    height, width = rgb.shape[:2]
    scale = min(1.0, 200 / max(height, width))
    small = cv2.resize(rgb, (max(8, round(width * scale)), max(8, round(height * scale))), interpolation=cv2.INTER_AREA)
    if float(small.std(axis=(0, 1)).max()) < 1.5:
        return np.zeros((height, width), bool)
    h, w = small.shape[:2]
    labels = np.full((h, w), cv2.GC_BGD, np.uint8)
    labels[h // 8 : h - h // 8, w // 8 : w - w // 8] = cv2.GC_PR_FGD
    cv2.setRNGSeed(0)
    back, fore = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(np.ascontiguousarray(small), labels, (0, 0, w, h), back, fore, 3, cv2.GC_INIT_WITH_MASK)
    found = (labels == cv2.GC_PR_FGD) | (labels == cv2.GC_FGD)
    found = f.opened(found, 2)
    count, parts, stats = f.components(found)
    if count < 2:
        found = np.zeros((h, w), bool)
        found[h // 4 : h - h // 4, w // 4 : w - w // 4] = True
        return _enlarge(found, (height, width))
    return _enlarge(f.filled(parts == 1 + int(np.argmax(stats[1:, 4]))), (height, width))
