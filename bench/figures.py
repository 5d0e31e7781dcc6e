# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmark's arithmetic: matching masks, order in depth, trivial answers, medians. Nothing here reads a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Picture = NDArray[np.float32]

MATCH_IOU = 0.5
LEAST_VISIBLE = 2e-4
"""A true object with less than this share of the frame visible is not asked for."""
DEPTH_MARGIN = 0.02
"""Pairs whose true depths differ by less than this share have no order worth asking for."""


def iou(one: Mask, two: Mask) -> float:
    """Intersection over union of two masks; 1 when both are empty."""
    union = int(np.count_nonzero(one | two))
    return float(np.count_nonzero(one & two) / union) if union else 1.0


def match(found: Mapping[str, Mask], true: Mapping[str, Mask]) -> list[tuple[str, str, float]]:
    """Return (found, true, IoU) of the matched, best first. Greedy from IoU 0.5 up, each at most once."""
    pairs = sorted(((iou(a, b), i, j) for i, a in found.items() for j, b in true.items()), reverse=True)
    taken: list[tuple[str, str, float]] = []
    for value, i, j in pairs:
        if value >= MATCH_IOU and all(i != a and j != b for a, b, _ in taken):
            taken.append((i, j, value))
    return taken


def worth_asking(true: Mapping[str, Mask]) -> dict[str, Mask]:
    """Leave out objects that are hidden but for a few pixels."""
    return {name: mask for name, mask in true.items() if np.count_nonzero(mask) >= LEAST_VISIBLE * mask.size}


def f1(matched: int, found: int, true: int) -> float:
    """Harmonic mean of precision and recall; 1 when there was nothing to find and nothing was found."""
    return 2 * matched / (found + true) if found + true else 1.0


def depth_order(true: Sequence[float], ours: Sequence[float | None]) -> tuple[int, int]:
    """Return how many pairs are in the right order, and how many pairs there are.

    Pairs whose true depths differ by at most 2 % are not asked. A depth we do not have makes its pairs wrong.
    """
    right = pairs = 0
    for i, a in enumerate(true):
        for j in range(i + 1, len(true)):
            b = true[j]
            if abs(a - b) <= DEPTH_MARGIN * min(a, b):
                continue
            pairs += 1
            mine, other = ours[i], ours[j]
            right += mine is not None and other is not None and mine != other and (mine < other) == (a < b)
    return right, pairs


def depth_off(true: NDArray[np.float64], ours: NDArray[np.float64]) -> float:
    """Return by how much depths (n,) are off the true ones, percent: the median, after ours are scaled as a whole, as
    how large a thing is can't be known from a picture."""
    ratio = np.log(np.asarray(ours, np.float64) / np.asarray(true, np.float64))
    return round(100 * float(np.expm1(np.median(np.abs(ratio - np.median(ratio))))), 3)


def middle(values: Sequence[float | None]) -> float | None:
    """Return the median of the values that are there."""
    known = [value for value in values if value is not None]
    return float(median(known)) if known else None


def mean(values: Sequence[float | None]) -> float | None:
    """Return the mean of the values that are there."""
    known = [value for value in values if value is not None]
    return float(sum(known) / len(known)) if known else None


def blank(reference: Picture, backdrop: float = 1.0) -> Picture:
    """Return the empty picture: white (1) or black (0)."""
    return np.full_like(reference, backdrop)


def mean_colour(reference: Picture) -> Picture:
    """Return the picture's mean colour all over."""
    return np.broadcast_to(reference.reshape(-1, 3).mean(0), reference.shape).astype(np.float32)


def flat_silhouette(reference: Picture, mask: Mask, backdrop: float = 1.0) -> Picture:
    """Return the true silhouette in its mean colour on the backdrop: no shape, no shading."""
    picture = blank(reference, backdrop)
    if mask.any():
        picture[mask] = reference[mask].mean(0)
    return picture


def on_backdrop(rgb: Picture, coverage: NDArray[np.float32], backdrop: float) -> Picture:
    """Put a picture (h, w, 3) over a backdrop by its coverage (h, w), 0 to 1, as displayed."""
    share = coverage[..., None]
    return np.asarray(rgb * share + backdrop * (1 - share), np.float32)


@dataclass(frozen=True)
class Objects:
    """What was found of a picture's objects."""

    true: int
    found: int
    ious: tuple[float, ...]
    """Of the matched."""
    pairs_right: int
    pairs: int

    @property
    def f1(self) -> float:
        """Object F1 of this picture."""
        return f1(len(self.ious), self.found, self.true)


def objects(
    true: Mapping[str, Mask],
    found: Mapping[str, Mask],
    true_depth: Mapping[str, float],
    our_depth: Mapping[str, float],
) -> Objects:
    """Match objects by mask and compare the order of the matched in depth. Empty masks of ours are not counted."""
    asked = worth_asking(true)
    shown = {name: mask for name, mask in found.items() if mask.any()}
    matched = match(shown, asked)
    known = [(true_depth[j], our_depth.get(i)) for i, j, _ in matched if j in true_depth]
    right, pairs = depth_order([a for a, _ in known], [b for _, b in known])
    return Objects(len(asked), len(shown), tuple(value for _, _, value in matched), right, pairs)


def together(tables: Sequence[Objects]) -> Objects:
    """Add pictures up, every object and every pair counting once."""
    return Objects(
        sum(t.true for t in tables),
        sum(t.found for t in tables),
        tuple(value for t in tables for value in t.ious),
        sum(t.pairs_right for t in tables),
        sum(t.pairs for t in tables),
    )
