# SPDX-License-Identifier: GPL-3.0-or-later
"""Sort patches into shadow and things, and join the patches of one thing.

One thing's patches share a hue (a matte cube's faces differ in lightness only), or lie inside the others' outline (a
highlight, a mirror image), and together are about as convex as each is alone. Two things of one colour make a dent
where they meet.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable

import numpy as np

from . import features as f
from . import shapes, unjoin
from .backdrop import Backdrop
from .basins import OUTSIDE, Patch, Patches, oversegment

SOFT = 2.2
"""Rims weaker than this (Lab units per pixel) are no outline."""
SHADE = 3.0
"""The same for what is darker than the floor and of its hue."""
HUE = 20.0
"""Difference of tint that alone keeps two patches apart."""
DENT = 0.3
"""New hollow, in areas of the smaller patch, that alone keeps two patches apart."""
ALIKE = 0.7
"""Hue term up to which patches may be joined as one convex group."""
CONVEX = 0.94
"""Solidity from which a group of patches of one hue is one thing."""
DARK = 22.0
"""Lightness below which a patch's tint counts less."""
STEP = 40.0
"""Edge strength along the rim that alone keeps two patches apart."""


def things_on_floor(seen: f.Features, behind: Backdrop, where: f.Mask) -> list[f.Mask]:
    """Split what stands before a smooth floor into one mask per thing, largest first."""
    patches = Patches(oversegment(seen, where), seen)
    ramps = _ramps(seen, patches)
    drop_shadows(patches, behind, None)
    join_convex(patches)
    join(patches)
    while join_convex(patches):
        join(patches)
    drop_shadows(patches, behind, ramps)
    _drop_pockets(patches, behind)
    smallest = max(20, round(4e-4 * where.size))
    for index in [i for i, p in patches.all.items() if p.area < smallest]:
        patches.drop(index)
    joined = [patches.mask(i) for i in patches.all]
    tidy = [shapes.smooth(shapes.trim_shadow(seen, behind, mask)) for mask in joined]
    floor = ~np.any(tidy, axis=0) if tidy else ~where
    pieces = [shapes.smooth(piece) for mask in tidy for piece in unjoin.part(mask, patches.labels, floor, seen)]
    return _disjoint(sorted(pieces, key=lambda mask: -int(np.count_nonzero(mask))))


def _disjoint(masks: list[f.Mask]) -> list[f.Mask]:
    taken = np.zeros_like(masks[0]) if masks else None
    result = []
    for mask in masks:
        if taken is not None and np.count_nonzero(mask & ~taken) >= 12:
            result.append(mask & ~taken)
            taken = taken | mask
    return result


def _drop_pockets(patches: Patches, behind: Backdrop) -> None:
    """Drop small dark leftovers of the floor's hue: shade caught between things."""
    if not patches.all:
        return
    usual = float(np.median([p.area for p in patches.all.values() if p.area >= 40] or [0]))
    for index in list(patches.all):
        patch = patches.all[index]
        light, chroma = _against(patch, behind)
        shade = light < 0 and chroma < 8
        if shade and patch.area < 0.2 * usual and len(patch.rims) > 1 and patches.solidity(index) < 0.9:
            patches.drop(index)


def _against(patch: Patch, behind: Backdrop) -> tuple[float, float]:
    """Lightness and chroma of a patch against the floor where it lies."""
    x0, y0, x1, y1 = patch.box
    model = behind.lab[(y0 + y1 - 1) // 2, (x0 + x1 - 1) // 2]
    return float(patch.lab[0] - model[0]), float(np.hypot(*(patch.lab[1:] - model[1:])))


def _ramps(seen: f.Features, patches: Patches) -> dict[int, float]:
    """Median edge strength inside each patch: high where it is all slope and no plateau, like a contact shadow."""
    return {i: float(np.median(seen.edge[patches.mask(i)])) for i in patches.all}


def drop_shadows(patches: Patches, behind: Backdrop, ramps: dict[int, float] | None) -> None:
    """Give soft and contact shadows, and bits of floor between things, back to the floor."""
    again = True
    while again:
        again = False
        for index in sorted(patches.all, key=lambda i: patches.all[i].area):
            if is_shadow(patches, index, behind, ramps[index] if ramps else 0.0):
                patches.drop(index)
                again = True


def is_shadow(patches: Patches, index: int, behind: Backdrop, ramp: float) -> bool:
    """Tell whether a patch is floor: softly bounded, or a dark slope of the floor's hue beside the floor."""
    patch = patches.all[index]
    length, strength = patch.rim(OUTSIDE)
    share = length / max(1, patch.around)
    light, chroma = _against(patch, behind)
    if share >= 0.2 and strength < (SOFT if light > 0 or chroma > 9 else SHADE):
        return True
    if abs(light) < 4 and chroma < 4 and share < 0.05:
        return _between(patches, patch)
    sloping = ramp > 2.4 and ramp > 0.45 * strength
    return 0.2 <= share < 0.85 and light < -4 and chroma < 13 and sloping and len(patch.members) <= 2


def _between(patches: Patches, patch: Patch) -> bool:
    """Tell whether no single neighbour surrounds a patch."""
    lengths = [length for other, (length, _) in patch.rims.items() if other != OUTSIDE]
    return not lengths or max(lengths) < 0.8 * patch.around


def join(patches: Patches, limit: float = 1.0, pair_cost: Callable[[Patches, int, int], float] | None = None) -> None:
    """Merge patches, cheapest pair first, until every pair costs `limit` or more by `pair_cost` (`cost` when None)."""
    price = pair_cost or cost
    waiting: list[tuple[float, int, int]] = []

    latest: dict[tuple[int, int], float] = {}

    def offer(i: int, j: int) -> None:
        pair = min(i, j), max(i, j)
        latest[pair] = price(patches, *pair)
        if latest[pair] < limit:
            heapq.heappush(waiting, (latest[pair], *pair))

    for i, patch in patches.all.items():
        for j in patch.rims:
            if j in patches.all and i < j:
                offer(i, j)
    while waiting:
        value, one, two = heapq.heappop(waiting)
        if one not in patches.all or two not in patches.all or latest.get((one, two)) != value:
            continue
        keep, gone = (one, two) if patches.all[one].area >= patches.all[two].area else (two, one)
        patches.merge(keep, gone)
        for other in patches.all[keep].rims:
            if other in patches.all:
                offer(keep, other)


def cost(patches: Patches, one: int, two: int, enclosed: bool = True) -> float:
    """How unlike one thing two touching patches are; below 1 they are joined.

    With `enclosed`, a patch wholly inside the other counts as its highlight, mark or mirror image.
    """
    if OUTSIDE in (one, two):
        return np.inf
    a, b = patches.all[one], patches.all[two]
    small = a if a.area <= b.area else b
    length, strength = a.rim(two)
    contact = length / max(1, min(a.around, b.around))
    if length < 2:
        return np.inf
    hue = hue_term(a, b)
    step = max(0.0, strength - SOFT) / STEP
    inside = enclosed and contact > 0.5
    if not inside and hue + step > 2:
        return hue + step
    dent = max(-0.6 if enclosed else 0.0, new_dent(patches, one, two) / DENT)
    total = hue + dent + step - 0.4 * min(1.0, 2 * contact)
    outer = small.rim(OUTSIDE)[0] / max(1, small.around)
    if enclosed and ((contact > 0.85 and outer == 0) or (contact > 0.5 and outer < 0.05 and dent < -0.5)):
        total = min(total, 0.5)
    return total


def hue_term(a: Patch, b: Patch) -> float:
    """Difference of hue as a share of what keeps two patches apart; the tint of something dark or tiny says little."""
    sure = min(1.0, float(min(a.lab[0], b.lab[0])) / DARK)
    if min(a.area, b.area) < 25:
        sure *= 0.4
    return sure * hue_gap(a, b) / HUE


def join_convex(patches: Patches) -> bool:
    """Merge groups of one hue that make a convex shape together although no two of them do, like a cube's faces."""
    changed = False
    again = True
    while again:
        again = False
        alike = {i: _like(patches, i) for i in sorted(patches.all)}
        for group in _groups(alike):
            if patches.solidity(*group) >= CONVEX:
                for other in group[1:]:
                    patches.merge(group[0], other)
                changed = again = True
                break
    return changed


def _like(patches: Patches, index: int) -> list[int]:
    """Neighbours of much the same hue."""
    patch = patches.all[index]
    near = [j for j in sorted(patch.rims) if j in patches.all and patch.rims[j][0] >= 2]
    return [j for j in near if hue_term(patch, patches.all[j]) < ALIKE]


def _groups(alike: dict[int, list[int]]) -> list[list[int]]:
    """Connected groups of like patches, the largest first, then all triples in which each touches the two others."""
    groups: list[list[int]] = []
    seen: set[int] = set()
    for start in alike:
        group, waiting = [], [start]
        while waiting:
            i = waiting.pop()
            if i not in seen:
                seen.add(i)
                group.append(i)
                waiting.extend(alike[i])
        if len(group) > 1:
            groups.append(group)
    groups.sort(key=len, reverse=True)
    for i, near in alike.items():
        groups += [[i, j, k] for j in near for k in near if i < j < k and k in alike[j]]
    return groups


def new_dent(patches: Patches, one: int, two: int) -> float:
    """Hollow that appears when two patches are joined, in areas of the smaller; negative where they fill it."""
    hollow = patches.hollow(one, two) - patches.hollow(one) - patches.hollow(two)
    return hollow / min(patches.all[one].area, patches.all[two].area)


def hue_gap(a: Patch, b: Patch) -> float:
    """Difference of two patches' tints; along one hue a quarter of it counts, as gloss washes colour out."""
    one, two = a.tint, b.tint
    gap = two - one
    lengths = np.hypot(*one), np.hypot(*two)
    if min(lengths) < 10:
        return float(np.hypot(*gap))
    along = one / lengths[0] + two / lengths[1]
    size = float(np.hypot(*along))
    if size < 1.7:
        return float(np.hypot(*gap))
    along = along / size
    washed = float(gap @ along)
    return float(np.hypot(0.25 * washed, gap @ np.array([-along[1], along[0]])))
