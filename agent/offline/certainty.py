# SPDX-License-Identifier: GPL-3.0-or-later
"""How sure a segmentation is, said in words an artist can act on."""

from __future__ import annotations

from typing import Literal

import numpy as np

from ..picture import Picture
from . import features as f
from .regions import Region, Segmentation

BASE = {"transparent": 0.98, "plain": 0.88, "floor": 0.75, "scene": 0.3}
SMALL = 250
"""Pixels below which a thing's shape can't be told well."""

Kind = Literal["transparent", "plain", "floor", "scene"]


def assess(picture: Picture, masks: list[f.Mask], kind: Kind, fit: float) -> Segmentation:
    """Make regions of masks (disjoint, largest first), with confidences and reasons.

    `fit` is how well the backdrop's model holds along the frame, 0 to 1.
    """
    colour = _backdrop_colour(picture, masks, kind)
    if not masks:
        return Segmentation([], kind, colour, 0.0, ["Nothing stands out in the picture: there is nothing to rebuild."])
    regions = [Region(mask, _confidence(picture, mask, masks, kind)) for mask in masks]
    weights = np.array([np.sqrt(np.count_nonzero(mask)) for mask in masks])
    confidence = float(np.average([region.confidence for region in regions], weights=weights))
    reasons = [_opening(kind, len(masks))]
    if kind in {"plain", "floor"} and fit < 0.8:
        confidence *= 0.85
        reasons.append("What is behind is not even along the whole frame, so an outline may be off in places.")
    cut = sum(_cut_off(mask) for mask in masks)
    if cut:
        confidence *= 0.95
        reasons.append(f"{_count(cut)} cut off by the frame; what lies beyond it is a guess.")
    small = sum(1 for mask in masks if np.count_nonzero(mask) < SMALL)
    if small:
        reasons.append(f"{_count(small)} too small in the picture for the shape to be told well.")
    if kind == "floor" and len(masks) > 8:
        confidence *= 0.9
        reasons.append("There are many things in the picture; some may be joined or split wrongly.")
    unclear = sum(1 for region in regions if region.confidence < 0.6)
    if unclear and kind == "floor":
        reasons.append(f"{_count(unclear)} hard to tell from the floor or from a neighbour.")
    return Segmentation(regions, kind, colour, round(float(np.clip(confidence, 0.05, 1)), 3), reasons)


def _opening(kind: Kind, count: int) -> str:
    found = "one thing" if count == 1 else f"{count} separate things"
    if kind == "transparent":
        return f"The backdrop is transparent, so the outline is exact: {found}."
    if kind == "plain":
        return f"The backdrop is plain, so the outline can be told well: {found}."
    if kind == "floor":
        return f"The floor is even enough to tell things from it: {found}."
    return f"There is neither a plain backdrop nor an even floor; that what stands out is {found} is a guess."


def _count(number: int) -> str:
    return "One thing is" if number == 1 else f"{number} things are"


def _cut_off(mask: f.Mask) -> bool:
    return bool(np.count_nonzero(mask & f.frame((mask.shape[0], mask.shape[1]))) > 3)


def _confidence(picture: Picture, mask: f.Mask, masks: list[f.Mask], kind: Kind) -> float:
    """From the kind of backdrop, the contrast across the outline, the size, the shape, and the frame."""
    value = BASE[kind]
    if _cut_off(mask):
        value -= 0.1
    if kind == "transparent":
        return round(value, 3)
    area = int(np.count_nonzero(mask))
    inside, outside = mask & ~f.erode(mask, 3), f.dilate(mask, 3) & ~mask
    if inside.any() and outside.any():
        step = float(np.abs(picture.unit[inside].mean(axis=0) - picture.unit[outside].mean(axis=0)).max())
        value += 0.08 if step > 0.2 else -0.15 if step < 0.06 else 0.0
    if area < SMALL:
        value -= 0.15
    if kind == "floor":
        solid = f.solidity(mask)
        value += 0.1 * (solid > 0.93) - 0.2 * (solid < 0.8)
        near = f.dilate(mask, 2)
        value -= 0.05 * min(3, sum(1 for other in masks if other is not mask and (near & other).any()))
    if kind == "scene":
        value += 0.1 * (f.solidity(mask) > 0.9)
    return round(float(np.clip(value, 0.05, 0.99)), 3)


def _backdrop_colour(picture: Picture, masks: list[f.Mask], kind: Kind) -> tuple[float, float, float]:
    """Colour behind the regions: the median for a plain backdrop, else the mean; white for a transparent one."""
    if kind == "transparent":
        return 1.0, 1.0, 1.0
    rest = np.ones(picture.rgb.shape[:2], bool)
    for mask in masks:
        rest &= ~mask
    if not rest.any():
        rest[:] = True
    pixels = picture.unit[rest]
    red, green, blue = (np.median(pixels, axis=0) if kind == "plain" else pixels.mean(axis=0)).tolist()
    return red, green, blue
