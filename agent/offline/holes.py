# SPDX-License-Identifier: GPL-3.0-or-later
"""The floor seen through a coloured thing: what its outline shuts off from the flood, lit or in the thing's own shade.

Inside a ring the floor is shaded, so no difference of lightness tells it; but it has the floor's hue, the thing round
it has not, and somewhere it is nearly as light as the floor. What is lighter than the floor is gloss.
"""

from __future__ import annotations

import cv2
import numpy as np

from . import features as f
from .backdrop import Backdrop

FLOOR = 20.0
"""Difference of tint from the floor's up to which something may be the floor, with the colour a thing throws on it."""
COLOURED = 40.0
"""Difference of tint from which what is round a hole is surely no floor."""
LIT, GLOSS = -15.0, 3.0
"""Lightness (L) against the floor's that some of a hole must reach, and that hardly any of it may pass."""
SOME, HARDLY = 75, 98
"""Percentiles of the lightness that are `some` and `all but hardly any`."""
OUTLINE = 4.0
"""Edge strength along the rim, as that of a thing against the floor."""
LEAST = 1e-3
"""Share of the picture below which a patch is gloss or a mark."""


def seen_through(seen: f.Features, behind: Backdrop, things: f.Mask, light: f.Floats) -> f.Mask:
    """Return the parts of `things` (h, w) that are floor shut in by a coloured thing.

    `light` (h, w) is lightness (L) minus the floor's.
    """
    gap = np.linalg.norm(tint(seen.smooth) - tint(behind.lab), axis=2)
    inside = f.erode(things, 2)
    count, labels, stats = f.components(inside & (gap < FLOOR), 4)
    outline = cv2.dilate(seen.edge, f.disc(2))
    found = np.zeros_like(things)
    for index in range(1, count):
        patch = labels == index
        around = f.dilate(patch, 6) & ~f.dilate(patch, 3)
        # What reaches the edge of the things is a shade outside of them.
        if stats[index, 4] < LEAST * things.size or np.any(f.dilate(patch, 3) & ~things):
            continue
        rim = f.dilate(patch, 1) & ~patch
        shut = np.percentile(outline[rim], 20) > OUTLINE and np.percentile(gap[around], 20) > COLOURED
        some, most = np.percentile(light[patch], (SOME, HARDLY))
        if shut and some > LIT and most < GLOSS:
            found |= f.dilate(patch, 1)
    return found


def tint(lab: f.Floats) -> f.Floats:
    """Return (a, b) by lightness: nearly the same for a colour in light and in shade."""
    return np.asarray(100 * lab[..., 1:] / (lab[..., :1] + 12), np.float32)
