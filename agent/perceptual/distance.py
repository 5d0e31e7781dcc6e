# SPDX-License-Identifier: GPL-3.0-or-later
"""LPIPS: how different two pictures look to a person, 0 for equal ones, about 0.7 for unrelated ones.

Zhang et al. 2018, "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", v0.1, AlexNet. The values
depend on the size at which pictures are compared, so compare like with like.
"""

from __future__ import annotations

from threading import Lock

import cv2
import numpy as np
from numpy.typing import NDArray

from . import alexnet

Floats = NDArray[np.float32]

LONGEST = 256
"""Longer side, pixels, at which attempts are compared: 50 ms on two cores, and the ranking of larger ones."""


def lpips(a: Floats, b: Floats, longest: int = 0) -> float:
    """Return the LPIPS distance of two (h, w, 3) sRGB pictures in 0 to 1 of equal size, brought down to `longest`
    pixels on the longer side first (0: as they are). Raises ValueError when sizes differ or are below 31 pixels."""
    if a.shape != b.shape:
        raise ValueError(f"pictures of one size are wanted, not {a.shape} and {b.shape}")
    return _distance(alexnet.features(reduced(a, longest)), alexnet.features(reduced(b, longest)))


class Judge:
    """Compares many pictures with one reference, whose features are computed once per size."""

    def __init__(self, reference: Floats, longest: int = LONGEST) -> None:
        """Remember the (h, w, 3) sRGB reference, 0 to 1; pictures are compared at `longest` pixels or less."""
        self._reference = reference
        self._longest = longest
        self._known: dict[tuple[int, int], list[Floats]] = {}
        self._lock = Lock()

    def lpips(self, picture: Floats) -> float | None:
        """Return the distance of a (h, w, 3) sRGB picture, 0 to 1, of the reference's aspect but any size; the larger
        of the two is brought to the size of the smaller. None when that is too small to say."""
        pair = self._features(picture)
        return None if pair is None else _distance(*pair[1:])

    def map(self, picture: Floats) -> Floats | None:
        """Return where a picture is how far from the reference: (h, w), at the size they are compared at, whose mean is
        the distance. A pixel's value is of all that a feature there looks at, so what differs is seen around it too.
        None when the picture is too small to say."""
        pair = self._features(picture)
        return None if pair is None else _map(*pair)

    def _features(self, picture: Floats) -> tuple[tuple[int, int], list[Floats], list[Floats]] | None:
        side = min(self._longest, max(picture.shape[:2]), max(self._reference.shape[:2]))
        small = reduced(picture, side)
        height, width = small.shape[:2]
        if min(height, width) < alexnet.SMALLEST:
            return None
        with self._lock:
            known = self._known.get((width, height))
        if known is None:
            known = alexnet.features(_resized(self._reference, width, height))
            with self._lock:
                self._known[width, height] = known
        return (width, height), known, alexnet.features(small)


def reduced(picture: Floats, longest: int) -> Floats:
    """Return the picture with at most `longest` pixels on its longer side (0: as it is), by area averaging."""
    height, width = picture.shape[:2]
    if not longest or max(height, width) <= longest:
        return picture
    scale = longest / max(height, width)
    return _resized(picture, max(1, round(width * scale)), max(1, round(height * scale)))


def _resized(picture: Floats, width: int, height: int) -> Floats:
    if picture.shape[:2] == (height, width):
        return picture
    smaller = width < picture.shape[1] or height < picture.shape[0]
    way = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, (width, height), interpolation=way), np.float32)


def _map(size: tuple[int, int], one: list[Floats], two: list[Floats]) -> Floats:
    total = np.zeros(size[::-1], np.float32)
    for a, b in zip(one, two, strict=True):
        layer = np.square(a - b).sum(axis=0)
        large = np.asarray(cv2.resize(layer, size, interpolation=cv2.INTER_LINEAR), np.float32)
        # Interpolating moves the mean a little.
        total += large * (layer.mean() / max(float(large.mean()), 1e-12))
    return total


def _distance(one: list[Floats], two: list[Floats]) -> float:
    total = 0.0
    for a, b in zip(one, two, strict=True):
        gap = a - b
        total += float(np.vdot(gap, gap)) / (gap.shape[1] * gap.shape[2])
    return total
