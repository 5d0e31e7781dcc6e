# SPDX-License-Identifier: GPL-3.0-or-later
"""The offline segmenter: from one picture to regions, one per thing, and what is behind them."""

from __future__ import annotations

from typing import Literal

import numpy as np

from ..picture import Picture
from . import backdrop, foreground, split
from . import features as f
from .regions import Region, Segmentation

MOST = 24
"""More regions than this are not handed on; the smallest go first."""


def segment(picture: Picture, seed: int = 0) -> Segmentation:
    """Split a picture into things and backdrop.

    Returns regions with disjoint masks at the picture's size, largest first. An empty or uniform picture gives no regions,
    confidence 0 and the reason.
    """
    seen = f.look(picture.rgb)
    if picture.alpha is not None:
        things = picture.alpha > 0.5
        kind: Literal["transparent", "plain", "floor", "scene"] = "transparent"
    else:
        behind = backdrop.find(seen)
        things = foreground.extract(seen, behind)
        kind = "plain" if behind.flat else "floor"
    if kind == "floor":
        regions = [Region(mask, 0.5) for mask in split.things_on_floor(seen, behind, things)]
    else:
        count, labels, stats = f.components(things)
        smallest = max(9, round(3e-4 * things.size))
        regions = [Region(labels == i, 0.5) for i in range(1, count) if stats[i, 4] >= smallest]
    regions.sort(key=lambda region: -int(region.mask.sum()))
    rest = ~things if not things.all() else things
    colour = np.median(picture.unit[rest], axis=0)
    return Segmentation(regions[:MOST], kind, (float(colour[0]), float(colour[1]), float(colour[2])), 0.5, [])
