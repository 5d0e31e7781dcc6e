# SPDX-License-Identifier: GPL-3.0-or-later
"""Tidy masks: trim shadow off a thing's foot, smooth its outline, tell fragments of one thing from separate things."""

from __future__ import annotations

import cv2
import numpy as np

from . import features as f
from . import holes
from .backdrop import Backdrop

SPECK = 2e-4
"""Parts smaller than this share of the picture are dust."""
PIECE = 0.03
"""Parts smaller than this share of everything that is not backdrop are fragments of a neighbour."""
BRANCH = 0.12
"""Parts smaller than this share belong to a ragged or thin neighbour close by."""
WHOLE = 0.97
"""Share of all that stands on a floor from which a connected part is everything."""
FEW, PLAIN, SIZEABLE = 3, 0.88, 0.08
"""Up to so many pieces of at least this solidity and share of the whole are things that touch, not parts of one."""
COMPACT = 0.85
"""Solidity from which a part looks like a thing of its own."""


def trim_shadow(seen: f.Features, behind: Backdrop, mask: f.Mask) -> f.Mask:
    """Take from a coloured thing's lower half the rim that has the floor's hue and is darker than the floor."""
    inner = f.erode(mask, 3)
    if np.count_nonzero(inner) < 30:
        return mask
    tint = holes.tint(seen.smooth)
    thing = np.median(tint[inner], axis=0)
    ground = holes.tint(behind.lab)
    if np.linalg.norm(np.median(ground[mask], axis=0) - thing) < 25:
        return mask
    nearer = np.linalg.norm(tint - ground, axis=2) < 0.8 * np.linalg.norm(tint - thing, axis=2)
    rows = np.nonzero(mask.any(axis=1))[0]
    low = np.arange(mask.shape[0])[:, None] > (rows[0] + rows[-1]) / 2
    shade = mask & nearer & low & (seen.smooth[..., 0] < behind.lab[..., 0] - 2) & (seen.smooth[..., 0] > 3)
    gone = f.touching(shade | ~mask, ~mask) & mask
    return mask if np.count_nonzero(gone) > 0.3 * np.count_nonzero(mask) else mask & ~gone


def smooth(mask: f.Mask) -> f.Mask:
    """Round off what sticks out or bites in by a few pixels, keeping the largest part; thin things stay as they are."""
    area = int(np.count_nonzero(mask))
    radius = 1 if area < 400 else 2
    tidy = largest(f.opened(mask, radius))
    if np.count_nonzero(tidy) < 0.85 * area:
        tidy = mask
    if f.solidity(tidy) > 0.88:
        tidy = _pricks_filled(f.closed(tidy, radius + 1))
    blurred = cv2.GaussianBlur(tidy.astype(np.float32), (0, 0), 1.0 if area < 2000 else 1.5)
    rounded = np.asarray(blurred > 0.5, bool)
    # A blur eats thin parts; those are kept.
    changed = int(np.count_nonzero(rounded ^ tidy))
    return rounded if changed < 0.08 * np.count_nonzero(tidy) else tidy


def _pricks_filled(mask: f.Mask) -> f.Mask:
    """Fill holes that are small beside the thing; a ring keeps its hole."""
    holes = f.filled(mask) & ~mask
    count, labels, stats = f.components(holes, 4)
    small = [i for i in range(1, count) if stats[i, 4] < 0.03 * np.count_nonzero(mask)]
    return np.asarray(mask | np.isin(labels, small), bool) if small else mask


def largest(mask: f.Mask) -> f.Mask:
    """Return the largest connected part."""
    count, labels, stats = f.components(mask)
    if count < 2:
        return mask
    return np.asarray(labels == 1 + int(np.argmax(stats[1:, 4])), bool)


def separate(things: f.Mask) -> list[f.Mask]:
    """Group the connected parts of what stands before a plain backdrop into things, largest first.

    Specks are dropped. A part joins its neighbour when it is small beside everything, or when the gap is a hairline and
    either is too ragged to be a thing by itself.
    """
    count, labels, stats = f.components(things)
    total = sum(int(a) for a in stats[1:count, 4])
    speck = max(4, round(SPECK * things.size))
    parts = [i for i in range(1, count) if stats[i, 4] >= speck]
    parts = parts or ([1 + int(np.argmax(stats[1:, 4]))] if count > 1 else [])
    parts.sort(key=lambda i: -stats[i, 4])
    parts = parts[:60]
    compact = {i: _compact(labels == i) for i in parts}
    group = {i: i for i in parts}
    hairline = max(2.0, 0.012 * max(things.shape))
    reach = 0.12 * max(things.shape)
    for index in reversed(parts):
        away = cv2.distanceTransform((labels != index).astype(np.uint8), cv2.DIST_L2, 3)
        near = sorted((float(away[labels == other].min()), other) for other in parts if other != index)
        if not near:
            continue
        gap, other = near[0]
        larger = [(g, o) for g, o in near if stats[o, 4] > stats[index, 4]]
        distance, host = larger[0] if larger else (np.inf, index)
        fragment = stats[index, 4] < PIECE * total and distance < reach
        branch = stats[index, 4] < BRANCH * total and distance < 0.4 * reach and not compact[host]
        if fragment or branch:
            _link(group, index, host)
        elif gap < hairline and not (compact[index] and compact[other]):
            _link(group, index, other)
    roots: dict[int, list[int]] = {}
    for index in parts:
        roots.setdefault(_root(group, index), []).append(index)
    masks = [np.asarray(np.isin(labels, members), bool) for members in roots.values()]
    return sorted(masks, key=lambda mask: -int(np.count_nonzero(mask)))


def as_one(masks: list[f.Mask]) -> list[f.Mask]:
    """Put the pieces of a floor's only thing together: a stool's seat and legs, a truck's body and wheels.

    Where everything on the floor hangs together, it is one thing built of parts, unless it is a few plain solids that
    touch. Other masks are returned as they came.
    """
    if len(masks) < 2:
        return masks
    together = f.closed(np.asarray(np.any(masks, axis=0), bool), 2)
    count, _, stats = f.components(together)
    if count > 2 and max(int(a) for a in stats[1:, 4]) < WHOLE * np.count_nonzero(together):
        return masks
    least = SIZEABLE * np.count_nonzero(together)
    if len(masks) <= FEW and all(f.solidity(mask) > PLAIN and np.count_nonzero(mask) > least for mask in masks):
        return masks
    return [largest(together)]


def _compact(mask: f.Mask) -> bool:
    """Tell whether a part is convex enough and not a rod or a wire."""
    if f.solidity(mask) < COMPACT:
        return False
    inside = cv2.distanceTransform(np.pad(mask.astype(np.uint8), 1), cv2.DIST_L2, 3)
    return bool(float(np.max(inside)) ** 2 * np.pi > 0.2 * np.count_nonzero(mask))


def _root(group: dict[int, int], index: int) -> int:
    while group[index] != index:
        index = group[index]
    return index


def _link(group: dict[int, int], one: int, two: int) -> None:
    group[_root(group, one)] = _root(group, two)
