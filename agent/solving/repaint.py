# SPDX-License-Identifier: GPL-3.0-or-later
"""The albedo of painted things, texel by texel: what the picture shows over what the render does, times what is
painted there. So light and shade that fall on a thing are not in its painting as well, and where it reaches beyond what
the picture shows of it, it gets what the picture has there."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from .. import colour_space, paintings
from ..paintings import Painting

Floats = NDArray[np.float32]

MOST = 3.0
"""Factor by which a texel may get brighter or darker at once."""
DARK = 4e-3
"""Linear light below which a ratio says nothing."""
BRIGHTEST = 0.98
LEAST = 30
"""Pixels that a thing must show."""


def solve(
    painted: Mapping[str, Painting],
    picture: Floats,
    beauty: Floats,
    ids: NDArray[np.int32],
    names: Mapping[int, str],
    ignored: NDArray[np.bool_] | None = None,
) -> dict[str, Painting]:
    """Return the paintings with the albedo the picture asks for, under the light so far.

    `picture` and `beauty` are (h, w, 3) sRGB of one size, shown as Standard shows light; `ids` (h, w) are the things
    seen, by `names`; where `ignored`, nothing changes.
    """
    there, light = (colour_space.to_linear(each.astype(np.float64)) for each in (picture, beauty))
    ratio = np.clip((there + DARK) / (light + DARK), 1 / MOST, MOST)
    found = dict(painted)
    for key, name in names.items():
        if name not in painted:
            continue
        inside = cv2.erode((ids == key).astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=[1]).astype(bool)
        if ignored is not None:
            inside &= ~ignored
        if int(inside.sum()) < LEAST:
            continue
        albedo = paintings.shown(painted[name], ids.shape).astype(np.float64)
        wanted = (albedo * ratio)[inside]
        # All channels or none: one alone would change the hue.
        over = np.maximum(1.0, wanted.max(axis=-1, keepdims=True) / BRIGHTEST)
        albedo[inside] = wanted / over
        found[name] = paintings.again(painted[name], colour_space.to_srgb(albedo).astype(np.float32))
    return found
