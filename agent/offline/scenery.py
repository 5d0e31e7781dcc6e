# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures with no simple backdrop: find the patches that stand out, honestly unsure."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from . import faint, foreground, shapes, split
from . import features as f
from .backdrop import Backdrop
from .basins import OUTSIDE, Patches, oversegment

LARGE = 0.12
"""A patch covering more of the picture than this is a surface, not a thing on one."""
SURFACE = 0.06
"""An even area covering more of the picture than this is a surface: a wall, a floor, a table top."""
EVEN = 1.6
"""Edge strength up to which a surface is even (Lab units per pixel)."""
BARE = 0.35
"""Surfaces must cover this share of the picture for things to be what they leave over."""
WORKING = 320
"""Longest side, in pixels, things are looked for at."""
LUMP = 0.08
RAGGED = 0.8
"""A piece larger than LUMP of the picture and less solid than RAGGED is several things that touch."""
MARK = 0.05
"""What a patch surrounds and is smaller than this share of it is a mark or a highlight on it."""
MOST = 12
PATCHES = 500
"""More patches than this are texture or noise; the picture is blurred until there are fewer."""
LIMIT = 0.8
SLIGHT = 0.02
"""What stands out must cover this share of the picture, or the middle of it is taken instead."""


def things_in_scene(rgb: NDArray[np.uint8], seed: int = 0) -> list[f.Mask]:
    """Return up to twelve masks of what stands out, best first; at least one unless the picture is uniform."""
    height, width = rgb.shape[:2]
    small = _shrunk(rgb, WORKING)
    calm = np.asarray(cv2.bilateralFilter(small, 7, 25, 3), np.uint8)
    seen = f.look(calm)
    masks = _on_surfaces(seen) or _patches(_shrunk(rgb, 256))
    if sum(float(mask.mean()) for mask in masks) < SLIGHT:
        masks = []
    large = [_enlarge(mask, (height, width)) for mask in masks]
    large = [mask for mask in large if np.count_nonzero(mask) >= 12]
    if large:
        return large
    middle = _middle(rgb, seed)
    return [middle] if middle.any() else []


def _on_surfaces(seen: f.Features) -> list[f.Mask]:
    """Take the even surfaces away and keep the pieces left over; nothing where surfaces are few."""
    even = f.opened(seen.edge < EVEN, 2)
    count, labels, stats = f.components(even, 4)
    ring = labels[f.frame(seen.shape, 3)]
    wide = [i for i in range(1, count) if stats[i, 4] >= SURFACE * even.size and np.count_nonzero(ring == i) > 20]
    surfaces = np.isin(labels, wide)
    if surfaces.mean() < BARE:
        return []
    # The seams between surfaces are thin; things are not.
    things = f.opened(~surfaces, 3)
    things |= faint.enclosed(seen, things)
    masks: list[f.Mask] = []
    for piece in _pieces(things):
        # A thing that leans against a seam comes off it when the seam is worn away.
        seam = bool((piece & f.frame(seen.shape)).any()) and f.solidity(piece) < 0.6
        masks += _pieces(f.opened(piece, round(0.025 * max(seen.shape)))) if seam else [piece]
    masks = [shapes.smooth(foreground.sharpen(seen, f.filled(mask), 3)) for mask in masks]
    lumps = [mask for mask in masks if mask.mean() > LUMP and f.solidity(mask) < RAGGED]
    if lumps:
        colour = f.spread(seen.smooth, surfaces, 0.06 * max(seen.shape))
        behind = Backdrop(colour, 1.0, 1.0, float(surfaces.mean()), 99.0, False)
        masks = [mask for mask in masks if not any(mask is lump for lump in lumps)]
        for lump in lumps:
            masks += split.things_on_floor(seen, behind, lump)
    scored = sorted(((_stands_out(seen, mask), i) for i, mask in enumerate(masks)), reverse=True)
    return [masks[i] for score, i in scored if score > 0][:MOST]


def _pieces(mask: f.Mask) -> list[f.Mask]:
    count, labels, stats = f.components(mask, 4)
    return [labels == i for i in range(1, count) if stats[i, 4] >= 1e-3 * mask.size]


def _stands_out(seen: f.Features, mask: f.Mask) -> float:
    """Area, compactness and contrast of a mask; 0 for surfaces, strips, dust and what the frame cuts off for long."""
    rim = f.dilate(mask, 1) & ~f.erode(mask, 1)
    if not rim.any():
        return 0.0
    outline = cv2.dilate(seen.edge, f.disc(2))
    return _worth(mask, f.solidity(mask), float(np.median(outline[rim])))


def _patches(rgb: NDArray[np.uint8]) -> list[f.Mask]:
    """Cut the whole picture into patches and keep those that stand out."""
    calm = np.asarray(cv2.bilateralFilter(rgb, 7, 30, 3), np.uint8)
    seen = f.look(calm)
    everything = np.ones(seen.shape, bool)
    labels = oversegment(seen, everything)
    for sigma in (1.5, 2.5, 4.0):
        if int(np.max(labels)) <= PATCHES:
            break
        labels = oversegment(f.look(np.asarray(cv2.GaussianBlur(calm, (0, 0), sigma), np.uint8)), everything)
    patches = Patches(labels, seen)
    surface = round(LARGE * everything.size)
    split.join(patches, LIMIT, lambda p, i, j: _cost(p, i, j, surface))
    scores = {i: _score(patches, i) for i in patches.all}
    for mark in _marks(patches, [i for i, score in scores.items() if score > 0]):
        scores[mark] = 0.0
    best = [i for i in sorted(scores, key=lambda i: (-scores[i], i)) if scores[i] > 0][:MOST]
    return [_whole(patches, i, scores) for i in best]


def _marks(patches: Patches, chosen: list[int]) -> set[int]:
    """Those that lie wholly inside a far larger one: a highlight or a pattern on it, not a thing before it."""
    masks = {i: patches.mask(i) for i in chosen}
    areas = {i: int(np.count_nonzero(mask)) for i, mask in masks.items()}
    marks = set()
    for around in chosen:
        inner = f.filled(masks[around]) & ~masks[around]
        marks |= {i for i in chosen if areas[i] < MARK * areas[around] and not (masks[i] & ~inner).any()}
    return marks


def _cost(patches: Patches, one: int, two: int, surface: int) -> float:
    a, b = patches.all[one], patches.all[two]
    # A thing surrounded by a table top is not a mark on the table.
    return split.cost(patches, one, two, enclosed=max(a.area, b.area) < surface)


def _score(patches: Patches, index: int) -> float:
    patch = patches.all[index]
    total = sum(length for other, (length, _) in patch.rims.items() if other != OUTSIDE)
    strength = sum(value for other, (_, value) in patch.rims.items() if other != OUTSIDE) / max(1, total)
    return _worth(patches.mask(index), patches.solidity(index), strength)


def _worth(mask: f.Mask, solid: float, strength: float) -> float:
    height, width = mask.shape
    ys, xs = np.nonzero(mask)
    if len(xs) == 0:
        return 0.0
    x0, y0, x1, y1 = int(np.min(xs)), int(np.min(ys)), int(np.max(xs)) + 1, int(np.max(ys)) + 1
    share = len(xs) / mask.size
    sides = (x0 <= 0) + (y0 <= 0) + (x1 >= width) + (y1 >= height)
    if (
        share < 1.5e-3
        or share > (0.35 if sides else 0.7)
        or sides > 1
        or min(x1 - x0, y1 - y0) < 4
        or (share > LARGE and sides)
    ):
        return 0.0
    strip = sides and max(x1 - x0, y1 - y0) > 5 * min(x1 - x0, y1 - y0)
    if solid < 0.5 or strength < 3 or strip:
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


def _shrunk(rgb: NDArray[np.uint8], longest: int) -> NDArray[np.uint8]:
    height, width = rgb.shape[:2]
    scale = min(1.0, longest / max(height, width))
    size = max(8, round(width * scale)), max(8, round(height * scale))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


def _enlarge(mask: f.Mask, shape: tuple[int, int]) -> f.Mask:
    large = cv2.resize(mask.astype(np.float32), (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(large > 0.5, bool)


def _middle(rgb: NDArray[np.uint8], seed: int) -> f.Mask:
    """GrabCut from the middle of the picture, when nothing stands out by itself."""
    height, width = rgb.shape[:2]
    small = _shrunk(rgb, 200)
    if float(np.max(small.std(axis=(0, 1)))) < 1.5:
        return np.zeros((height, width), bool)
    h, w = small.shape[:2]
    labels = np.full((h, w), cv2.GC_BGD, np.uint8)
    labels[h // 8 : h - h // 8, w // 8 : w - w // 8] = cv2.GC_PR_FGD
    cv2.setRNGSeed(seed)
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
