# SPDX-License-Identifier: GPL-3.0-or-later
"""Cut a part of the picture into small even patches, and keep book of which patches touch while they are merged."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from . import features as f

COVERED = 0.5
"""How much a pixel of a hull counts as hollow when another patch lies there."""
OUTSIDE = 0
"""Label of what is not to be cut: the backdrop."""


def oversegment(seen: f.Features, where: f.Mask, smallest: int = 4) -> f.Labels:
    """Watershed `where` from the quiet places of the edge map; returns labels 1..n inside it and OUTSIDE elsewhere."""
    quiet = cv2.GaussianBlur(seen.edge, (0, 0), 0.8)
    lowest = cv2.erode(quiet, f.disc(3))
    seeds = where & ((quiet <= lowest + 1e-6) | (quiet < 0.8))
    count, markers, _ = f.components(seeds)
    grown = markers + 1
    grown[~where] = 1
    # Unknown pixels are 0 for OpenCV; the backdrop is a marker of its own, so that nothing floods through it.
    grown[where & (markers == 0)] = 0
    image = np.clip(seen.smooth * (2.55, 1, 1) + (0, 128, 128), 0, 255).astype(np.uint8)
    if count > 1:
        cv2.watershed(np.ascontiguousarray(image), grown)
    labels = np.where(where & (grown > 1), grown - 1, 0).astype(np.int32)
    labels = spill(labels, where)
    return relabel(labels)


def spill(labels: f.Labels, where: f.Mask, rounds: int = 12) -> f.Labels:
    """Give the unlabelled pixels of `where` the label of a neighbour."""
    labels = labels.copy()
    for _ in range(rounds):
        missing = where & (labels == 0)
        if not missing.any():
            break
        grown = cv2.dilate(labels.astype(np.float32), np.ones((3, 3), np.uint8)).astype(np.int32)
        labels[missing] = grown[missing]
    return labels


def relabel(labels: f.Labels) -> f.Labels:
    """Number the labels 1..n without gaps, 0 staying 0."""
    values, compact = np.unique(labels, return_inverse=True)
    numbered: f.Labels = compact.reshape(labels.shape).astype(np.int32)
    return numbered if values[0] == 0 else np.asarray(numbered + 1, np.int32)


@dataclass
class Patch:
    """One patch, or several merged into one."""

    area: int
    total: NDArray[np.float64]
    """Sum of Lab over its pixels."""
    box: tuple[int, int, int, int]
    """x0, y0, x1, y1, exclusive."""
    members: list[int]
    """The labels it is made of."""
    rims: dict[int, tuple[int, float]] = field(default_factory=dict)
    """Per neighbour (patch or OUTSIDE): length of the shared rim in pixels, and the edge strength summed along it."""

    @property
    def lab(self) -> NDArray[np.float64]:
        """Mean Lab."""
        return self.total / self.area

    @property
    def tint(self) -> NDArray[np.float64]:
        """(a, b) relative to lightness: the same for a matte surface in light and in shade."""
        lab = self.lab
        return np.asarray(100 * lab[1:] / (lab[0] + 12), np.float64)

    def rim(self, other: int) -> tuple[int, float]:
        """Length of the rim shared with another, and the mean edge strength along it."""
        length, strength = self.rims.get(other, (0, 0.0))
        return length, strength / max(1, length)

    @property
    def around(self) -> int:
        """Length of its whole rim."""
        return sum(length for length, _ in self.rims.values())


class Patches:
    """The patches of a labelled picture, mergeable."""

    def __init__(self, labels: f.Labels, seen: f.Features) -> None:
        """Take labels 1..n (OUTSIDE elsewhere) over the picture whose colours and edges are in `seen`."""
        self.labels = labels
        self.all: dict[int, Patch] = {}
        count = int(labels.max()) + 1
        flat = labels.ravel()
        area = np.bincount(flat, minlength=count)
        totals = [np.bincount(flat, seen.lab[..., c].ravel(), count) for c in range(3)]
        ys, xs = np.indices(labels.shape)
        low = [np.full(count, 1 << 30), np.full(count, 1 << 30)]
        high = [np.zeros(count, int), np.zeros(count, int)]
        for axis, place in enumerate((xs.ravel(), ys.ravel())):
            np.minimum.at(low[axis], flat, place)
            np.maximum.at(high[axis], flat, place)
        for i in range(1, count):
            if area[i]:
                box = (int(low[0][i]), int(low[1][i]), int(high[0][i]) + 1, int(high[1][i]) + 1)
                self.all[i] = Patch(int(area[i]), np.array([t[i] for t in totals]), box, [i])
        self._hollows: dict[int, float] = {}
        self._kept = np.zeros(count, bool)
        self._kept[list(self.all)] = True
        self._rims(seen.edge)

    def _rims(self, edge: f.Floats) -> None:
        size = int(self.labels.max()) + 1
        for one, two, strength in (
            (self.labels[:, :-1], self.labels[:, 1:], np.maximum(edge[:, :-1], edge[:, 1:])),
            (self.labels[:-1], self.labels[1:], np.maximum(edge[:-1], edge[1:])),
        ):
            differ = one != two
            low, high = np.minimum(one[differ], two[differ]), np.maximum(one[differ], two[differ])
            pairs = low.astype(np.int64) * size + high
            keys, inverse, counts = np.unique(pairs, return_inverse=True, return_counts=True)
            sums = np.bincount(inverse.ravel(), strength[differ], len(keys))
            for key, length, total in zip(keys.tolist(), counts.tolist(), sums.tolist(), strict=True):
                i, j = divmod(key, size)
                for here, there in ((i, j), (j, i)):
                    if here in self.all:
                        was = self.all[here].rims.get(there, (0, 0.0))
                        self.all[here].rims[there] = (was[0] + length, was[1] + total)

    def merge(self, keep: int, gone: int) -> None:
        """Merge patch `gone` into patch `keep`."""
        one, two = self.all[keep], self.all.pop(gone)
        self._hollows.pop(keep, None)
        self._hollows.pop(gone, None)
        one.area += two.area
        one.total = one.total + two.total
        one.box = _joined(one.box, two.box)
        one.members += two.members
        one.rims.pop(gone, None)
        for other, (length, strength) in two.rims.items():
            if other == keep:
                continue
            was = one.rims.get(other, (0, 0.0))
            one.rims[other] = (was[0] + length, was[1] + strength)
            if other in self.all:
                self.all[other].rims.pop(gone, None)
                self.all[other].rims[keep] = one.rims[other]

    def drop(self, gone: int) -> None:
        """Give a patch to the backdrop."""
        patch = self.all.pop(gone)
        self._kept[patch.members] = False
        self._hollows.clear()
        for other, (length, strength) in patch.rims.items():
            if other in self.all:
                rims = self.all[other].rims
                rims.pop(gone, None)
                was = rims.get(OUTSIDE, (0, 0.0))
                rims[OUTSIDE] = (was[0] + length, was[1] + strength)

    def crop(self, indices: Iterable[int]) -> f.Mask:
        """Return the mask of some patches together, cropped to their box."""
        members = [m for i in indices for m in self.all[i].members]
        box = self._box(indices)
        chosen = np.zeros(len(self._kept), bool)
        chosen[members] = True
        return np.asarray(chosen[self.labels[box[1] : box[3], box[0] : box[2]]], bool)

    def _box(self, indices: Iterable[int]) -> tuple[int, int, int, int]:
        boxes = np.array([self.all[i].box for i in indices])
        x0, y0 = boxes[:, :2].min(axis=0).tolist()
        x1, y1 = boxes[:, 2:].max(axis=0).tolist()
        return x0, y0, x1, y1

    def hollow(self, *indices: int) -> float:
        """Pixels of the convex hull of some patches that are not theirs.

        Those of other patches, which may stand in front, count COVERED each.
        """
        if len(indices) == 1 and indices[0] in self._hollows:
            return self._hollows[indices[0]]
        box = self._box(indices)
        crop = self.labels[box[1] : box[3], box[0] : box[2]]
        own = self.crop(indices)
        rest = f.hull(own) & ~own
        gone = ~self._kept[crop]
        size = float(np.count_nonzero(rest & gone) + COVERED * np.count_nonzero(rest & ~gone))
        if len(indices) == 1:
            self._hollows[indices[0]] = size
        return size

    def solidity(self, *indices: int) -> float:
        """Area over convex hull area of some patches together, what may be hidden by others counted in part."""
        area = sum(self.all[i].area for i in indices)
        return area / (area + self.hollow(*indices))

    def mask(self, index: int) -> f.Mask:
        """Return one patch's mask at the picture's size."""
        result = np.zeros(self.labels.shape, bool)
        x0, y0, x1, y1 = self.all[index].box
        result[y0:y1, x0:x1] = self.crop([index])
        return result


def _joined(one: tuple[int, int, int, int], two: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    return min(one[0], two[0]), min(one[1], two[1]), max(one[2], two[2]), max(one[3], two[3])
