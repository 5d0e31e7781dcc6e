# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a mask is doubtful: how even the picture's colour is inside what a thing covers and beside it, without a mask.

The less colours vary inside the regions of an object-id view, the better the regions are those of the picture (Chan and
Vese 2001, Active contours without edges).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from .. import colour_space

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]
Mask = NDArray[np.bool_]

AROUND = 0.35
"""Width of the surroundings that count, as a share of the thing's box."""
LIGHTNESS = 0.5
"""How much less lightness counts than hue: shading changes lightness within a thing."""


class Evenness:
    """Of some things of one picture, at one size."""

    def __init__(
        self, picture: Floats, masks: Mapping[str, Mask], doubtful: Collection[str], size: tuple[int, int]
    ) -> None:
        """`picture` (h, w, 3) sRGB 0 to 1; `masks` by name, of which those of `doubtful` are good for no more than
        where about a thing is; `size` (width, height) at which things are compared."""
        shown = cv2.resize(np.asarray(picture, np.float32), size, interpolation=cv2.INTER_AREA)
        self._lab = np.asarray(colour_space.to_lab(shown) * (LIGHTNESS, 1.0, 1.0), np.float64)
        self._windows = {name: _window(masks[name], size) for name in masks if name in doubtful and masks[name].any()}
        self._all = {name: _strays(self._lab[window], None) for name, window in self._windows.items()}

    @property
    def names(self) -> frozenset[str]:
        """The things it is of."""
        return frozenset(self._windows)

    def of(self, name: str, regions: Ints, number: int) -> float:
        """Return how much of the colour's variance about a thing the regions explain, 0 to 1; 0 where the thing is not
        seen there. `regions` (h, w) says what is seen at each pixel, the thing where it is `number`."""
        window = self._windows[name]
        inside = regions[window]
        if self._all[name] <= 1e-9 or not (inside == number).any():
            return 0.0
        return float(np.clip(1.0 - _strays(self._lab[window], inside) / self._all[name], 0.0, 1.0))


def _window(mask: Mask, size: tuple[int, int]) -> tuple[slice, slice]:
    """The box of a mask and its surroundings, rows and columns at `size`."""
    found = []
    for axis, longest in ((1, size[1]), (0, size[0])):
        at = np.flatnonzero(mask.any(axis=axis)) / len(mask.any(axis=axis))
        low, high = float(at[0]), float(at[-1])
        around = AROUND * (high - low) + 0.02
        found.append(slice(max(0, int((low - around) * longest)), min(longest, int((high + around) * longest) + 2)))
    return found[0], found[1]


def _strays(colours: NDArray[np.float64], regions: Ints | None) -> float:
    """The squared distances of colours from the mean of their region, summed."""
    values = colours.reshape(-1, 3)
    which = np.zeros(len(values), np.int64) if regions is None else np.unique(regions, return_inverse=True)[1].ravel()
    count = np.bincount(which)
    squares = float((values**2).sum())
    sums = [np.bincount(which, weights=values[:, channel]) for channel in range(3)]
    return squares - float(sum((total**2 / np.maximum(count, 1)).sum() for total in sums))
