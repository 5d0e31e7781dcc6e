# SPDX-License-Identifier: GPL-3.0-or-later
"""What surfaces mirror: none of it has a paint's colour, and all of it has a metal's.

What a metal mirrors of the things around it is in the picture, so it tells the metal's colour; what it mirrors of lamps
and the sky is as unknown as those are.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..roles import LightPictures
from .probe import Made

SMOOTH_METAL = 0.5
"""Metallic times smooth, from which on a surface shows what is around it."""
LEAST = 0.05
"""What a metal's pixel counts that mirrors nothing but light."""


def shiny(made: Made, materials: Sequence[str]) -> list[int]:
    """Return which of the materials are smooth metal."""
    surfaces = [made.numbers.get(f"surface/{name}", np.array([1.0, 0.0])) for name in materials]
    return [index for index, (rough, metal) in enumerate(surfaces) if metal * (1 - rough) > SMOOTH_METAL]


def colourless(
    alone: LightPictures, worn: NDArray[np.int64], made: Made, materials: Sequence[str]
) -> NDArray[np.float64]:
    """Return what of each light's picture goes with no material's colour, (lights, h, w, 3) linear; `worn` (h, w) is
    which of the materials a pixel shows, -1 for none."""
    return np.asarray(alone.gloss * (1 - _metallic(made, materials))[worn][..., None])


def trust(alone: LightPictures, worn: NDArray[np.int64], made: Made, materials: Sequence[str]) -> NDArray[np.float64]:
    """Return how much each pixel says of its material's colour, (h, w), 0 to 1."""
    whole, around = (each.sum(axis=(0, -1)) for each in (alone.pictures, alone.around))
    share = np.clip(around / np.maximum(whole, 1e-6), LEAST, 1.0)
    metal = _metallic(made, materials)[worn]
    return np.asarray(1 - metal + metal * share)


def _metallic(made: Made, materials: Sequence[str]) -> NDArray[np.float64]:
    """How metallic each material is; last, for none of them, one that mirrors nothing of itself."""
    return np.array([made.numbers.get(f"surface/{name}", np.zeros(2))[1] for name in materials] + [0.0])
