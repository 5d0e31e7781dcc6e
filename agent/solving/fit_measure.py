# SPDX-License-Identifier: GPL-3.0-or-later
"""How well things placed in the frame cover the picture's masks, occlusion respected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from . import splat
from .evenness import Evenness
from .splat import Layer, Mask

Floats = NDArray[np.float32]
BY_EYE = 0.02
"""How far the edges of a doubtful mask's box may be off, as a share of the frame."""


@dataclass(frozen=True)
class Behind:
    """Things composed in the frame: per pixel the number of the nearest (-1 for none of them) and its distance."""

    nearest: NDArray[np.int32]
    depth: Floats


class Targets:
    """The picture's masks at the size things are compared at."""

    def __init__(
        self,
        masks: Mapping[str, Mask],
        size: tuple[int, int],
        static: Floats | None = None,
        even: Evenness | None = None,
    ) -> None:
        """`masks` by name at the picture's size; `size` is (width, height); `static` (h, w) is the distance of what
        stands in front without being an object of the brief, inf where nothing does; `even` is of the things whose mask
        is doubtful, at the same size."""
        self.names = list(masks)
        self.size = size
        self.masks = np.stack([splat.touched(masks[name], size) for name in self.names])
        self._flat = self.masks.reshape(len(self.names), -1)
        self._areas = self._flat.sum(axis=1).astype(np.float64)
        self.boxes = np.stack([_box(mask) for mask in self.masks])
        self._static = static
        self._even = even
        self._doubtful = even.names if even else frozenset()
        self._columns = np.arange(self._flat.shape[1])

    def compose(self, layers: Mapping[str, Layer], over: Behind | None = None) -> Behind:
        """Put layers into the frame, on top of what is there already."""
        height, width = self.masks.shape[1:]
        if over is None:
            depth = np.full((height, width), np.inf, np.float32) if self._static is None else self._static
            nearest = np.full((height, width), -1, np.int32)
        else:
            depth, nearest = over.depth, over.nearest
        for name, layer in layers.items():
            front = layer.depth < depth
            nearest = np.where(front, self.names.index(name), nearest)
            depth = np.where(front, layer.depth, depth)
        return Behind(nearest, depth)

    def ious(self, scene: Behind) -> NDArray[np.float64]:
        """Return every object's mask IoU, in the order of `names`; of those with a doubtful mask how evenly coloured
        what they cover is, which is 0 to 1 and the more the better as well."""
        nearest = scene.nearest.ravel()
        count = len(self.names)
        there = nearest >= 0
        which = nearest[there]
        area = np.bincount(which, minlength=count)
        both = np.bincount(which, weights=self._flat[which, self._columns[there]], minlength=count)
        union = area + self._areas - both
        found = np.where(union > 0, both / np.maximum(union, 1), 1.0)
        if self._even:
            for name in self._doubtful:
                index = self.names.index(name)
                found[index] = self._even.of(name, scene.nearest, index)
        return np.asarray(found)

    def box_gap(self, scene: Behind, name: str) -> float:
        """Return the mean distance of the edges of an object's visible box from the picture's, fraction of the frame;
        1 when it can't be seen."""
        index = self.names.index(name)
        seen = scene.nearest == index
        if not seen.any():
            return 1.0
        gaps = np.abs(_box(seen) - self.boxes[index])
        if name in self._doubtful:
            # A box read off by eye says where about a thing is, no more.
            gaps = np.maximum(gaps - BY_EYE, 0.0)
        return float(gaps.mean())


def _box(mask: Mask) -> NDArray[np.float64]:
    if not mask.any():
        return np.array([0.0, 0.0, 1.0, 1.0])
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    height, width = mask.shape
    return np.array([columns[0] / width, rows[0] / height, (columns[-1] + 1) / width, (rows[-1] + 1) / height])


def scene_loss(ious: NDArray[np.float64], gaps: Sequence[float]) -> float:
    """What is minimised: missing overlap of all objects, and box edges that are off, which tell the way to an object
    that misses its mask wholly."""
    return float((1 - ious).sum() + 1.5 * sum(gaps))
