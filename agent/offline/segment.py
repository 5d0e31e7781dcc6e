# SPDX-License-Identifier: GPL-3.0-or-later
"""The offline segmenter: from one picture to regions, one per thing, and what is behind them."""

from __future__ import annotations

import numpy as np

from ..picture import Picture
from . import backdrop, basins, certainty, foreground, scenery, shapes, split, tiles, unjoin
from . import features as f
from .regions import Segmentation

FLAT_NOISE = 1.0
MANY = 4
"""From this many separate things on, the picture shows a collection."""
MOST_ON_FLOOR = 15
MOST = 24
"""More regions than this are not handed on; the smallest go first."""


def segment(picture: Picture, seed: int = 0) -> Segmentation:
    """Split a picture into things and what is behind them.

    Returns regions with disjoint masks at the picture's size, largest first (in a `scene`, the most striking first). A
    picture without anything in it (one colour, or wholly transparent) gives no regions, confidence 0 and the reason;
    every other picture gives at least one region. The same picture and seed give the same result.
    """
    if picture.alpha is not None:
        masks = shapes.separate(picture.alpha > 0.5)
        return certainty.assess(picture, masks, "transparent", 1.0)
    seen = f.look(picture.rgb)
    if float(seen.lab.reshape(-1, 3).std(axis=0).max()) < 0.3:
        return certainty.assess(picture, [], "plain", 1.0)
    behind = backdrop.find(seen)
    if behind.flat and behind.noise < FLAT_NOISE and behind.share >= 0.5 and behind.cover >= 0.08:
        masks = _part_many(seen, shapes.separate(foreground.extract(seen, behind)))
        if _sensible(masks, 0.97):
            return certainty.assess(picture, masks, "plain", behind.share)
    elif not behind.flat and behind.share >= 0.5 and behind.cover >= 0.5:
        studio = behind.drift < foreground.STUDIO_DRIFT
        things = foreground.extract(seen, behind)
        masks = shapes.separate(things) if studio else split.things_on_floor(seen, behind, things)[:MOST]
        masks = masks if studio else shapes.as_one(masks)
        if _sensible(masks, 0.6) and (studio or _simple(masks)):
            return certainty.assess(picture, masks, "plain" if studio else "floor", behind.share)
    masks = tiles.things_on_tiles(seen) or scenery.things_in_scene(picture.rgb, seed)
    return certainty.assess(picture, masks, "scene", 0.0)


def _part_many(seen: f.Features, masks: list[f.Mask]) -> list[f.Mask]:
    """Among many separate things, part those that touch; a single thing is never cut."""
    if not MANY <= len(masks) <= MOST:
        return masks
    things = np.asarray(np.any(masks, axis=0), bool)
    labels = basins.oversegment(seen, things)
    pieces = [piece for mask in masks for piece in unjoin.part(mask, labels, ~things, seen)]
    return sorted(pieces, key=lambda mask: -int(np.count_nonzero(mask)))


def _simple(masks: list[f.Mask]) -> bool:
    """Tell whether the masks could be a few things on a floor: none runs from side to side, and not too many."""
    across = sum(1 for mask in masks if mask[:, 0].any() and mask[:, -1].any())
    return len(masks) <= MOST_ON_FLOOR and not across


def _sensible(masks: list[f.Mask], most: float) -> bool:
    """Tell whether the masks could be things: some, and not nearly everything."""
    return len(masks) > 0 and sum(float(mask.mean()) for mask in masks) < most
