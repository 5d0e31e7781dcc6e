# SPDX-License-Identifier: GPL-3.0-or-later
"""Have a mask heed what an artist said of it: how far it may reach, which of its pieces go, where two are parted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .mask_hints import Marks

Bool = NDArray[np.bool_]
NEAR = 0.01
"""How far from what was said, as a share of the frame, a change of a traced mask may begin."""
SURROUNDED = 0.5
"""Share of what lies about *not it* that the mask must claim before colours are held to tell nothing."""
NEXT_TO, FAR = 0.25, 1.0
"""How far a mask may grow, as a share of its thing's size: from what touches it, and from what lies elsewhere."""
LEAK = 0.1
"""Share of its room's rim that a mask which grew may touch."""
SLIVER = 0.3
"""A piece that was said to be it, and is smaller than this share of another piece, is only a part of the thing."""
RIM = 2
"""Pixels: half the width of what is thin."""
_OWN, _DENIED, _BEYOND = 1, 2, 3


@dataclass(frozen=True)
class Said:
    """What hints say of one object's mask; arrays (h, w) of one size."""

    own: Bool
    denied: Bool
    others: Bool
    """Said to be another object."""
    ignored: Bool

    @classmethod
    def all(cls, said: Marks) -> list[Said]:
        """Return it for every object."""
        none = np.zeros_like(said.ignored)
        others = [
            np.asarray(np.logical_or.reduce([none, *said.own[:place], *said.own[place + 1 :]]), np.bool_)
            for place in range(len(said.own))
        ]
        pairs = zip(said.own, said.denied, others, strict=True)
        return [cls(own, denied, other, said.ignored) for own, denied, other in pairs]

    def at(self, size: tuple[int, int]) -> Said:
        """Return it at another size (width, height)."""
        own = _fit(self.own, size)
        rest = [_fit(mask, size) & ~own for mask in (self.denied, self.others, self.ignored)]
        return Said(own, *rest)

    def kept(self, mask: Bool) -> Bool:
        """Return a mask with what was said to be it, and without what was said not to be."""
        return (mask | self.own) & ~(self.denied | self.others | self.ignored)

    def near(self, mask: Bool, drawn: Bool) -> Bool:
        """Return a traced mask changed to another only where that hangs together with something that was said."""
        width = max(1, round(NEAR * max(mask.shape)))
        seeds = _dilated(self.own | self.denied | self.others | self.ignored, width)
        return self.kept(drawn ^ pieces_on(mask ^ drawn, seeds))


@dataclass(frozen=True)
class Room:
    """Where a mask may grow to from what was said to be it, beyond where it was thought to be."""

    beyond: Bool
    rim: Bool
    """Where that ends for no other reason than that it is far enough; nowhere where a thing as large may have gone."""
    moved: bool
    """Whether it was said to be somewhere else altogether: where it was thought to be says nothing then."""

    @classmethod
    def of(cls, own: Bool, allowed: Bool, drawn: Bool, traced: bool, outlines: Sequence[Bool]) -> Room:
        """Return no room when what was said lies where the thing may be (`allowed`) anyway; else the `outlines` traced
        about other things that it lies in, else so far from it as the thing (`drawn`) is large."""
        none = np.zeros_like(own)
        outside = own & ~allowed
        if not outside.any():
            return cls(none, none, False)
        moved = not traced and not np.any(own & _about(drawn, drawn, NEXT_TO))
        inside = [mask for mask in outlines if np.any(mask & outside)]
        claimed = np.asarray(np.logical_or.reduce([none, *inside]), np.bool_)
        if np.count_nonzero(claimed & outside) > 0.5 * np.count_nonzero(outside):
            return cls(_dilated(claimed, RIM) & ~allowed, none, moved)
        room = _about(own, drawn, FAR if moved or traced else NEXT_TO)
        rim = none if moved else room & ~allowed & _dilated(~(room | allowed), 1)
        return cls(room & ~allowed, rim, moved)


def _about(own: Bool, like: Bool, share: float) -> Bool:
    """Return the box of a mask grown on each side by a share of the size of another."""
    out = np.zeros_like(own)
    if not own.any():
        return out
    ys, xs = np.nonzero(own)
    rows, columns = np.nonzero(like) if like.any() else (ys, xs)
    tall, wide = (max(1, round(share * (int(np.ptp(ends)) + 1))) for ends in (rows, columns))
    out[max(0, ys.min() - tall) : ys.max() + 1 + tall, max(0, xs.min() - wide) : xs.max() + 1 + wide] = True
    return out


def heeded(mask: Bool, said: Said, picture: NDArray[np.uint8], room: Room) -> Bool:
    """Return a mask that was cut out by colour without the pieces that were said not to be it, and parted from what was
    said not to be it where colours did not tell the two apart. `picture` is (h, w, 3) sRGB of the same size. Of one
    that was moved only the pieces stay that were said to be it, and what ran out of its `room` is taken back."""
    mask = said.kept(mask)
    if np.count_nonzero(mask & room.rim) > LEAK * np.count_nonzero(room.rim):
        # Its colours are those of what is behind it: it is no larger than what was said, or little.
        mask = said.kept(mask & (~room.beyond | _about(said.own, said.own, NEXT_TO)))
    if room.moved:
        mask = pieces_on(mask, said.own)
    if not said.denied.any() or not mask.any():
        return mask
    about = _dilated(said.denied, 2) & ~said.denied
    claimed = int(np.count_nonzero(mask & about)) / max(1, int(np.count_nonzero(about)))
    if said.own.any() and claimed > SURROUNDED:
        mask = _parted(mask, said, picture)
    mask = _without_rim(mask, said)
    pieces = [mask & piece for piece in _pieces(mask)]
    touching = [piece for piece in pieces if np.any(_dilated(piece, 2) & said.denied)]
    largest = max(pieces, key=lambda piece: int(np.count_nonzero(piece)), default=mask)
    told = max((int(np.count_nonzero(piece)) for piece in pieces if np.any(piece & said.own)), default=0)
    for piece in touching:
        small = np.count_nonzero(piece) * SLIVER < told
        if not np.any(piece & said.own) and (small or piece is not largest):
            mask = mask & ~piece
    return mask


def pieces_on(mask: Bool, seeds: Bool) -> Bool:
    """Return those connected pieces of a mask that have a pixel of `seeds`."""
    _, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    wanted = np.unique(labels[seeds & mask])
    return np.asarray(np.isin(labels, wanted[wanted > 0]), np.bool_)


def _parted(mask: Bool, said: Said, picture: NDArray[np.uint8]) -> Bool:
    """Part a mask by the picture's edges, or midway, between what was said to be it and what was said not to be."""
    markers = np.zeros(mask.shape, np.int32)
    markers[~mask & ~said.denied] = _BEYOND
    markers[said.denied] = _DENIED
    markers[said.own] = _OWN
    cv2.watershed(np.ascontiguousarray(picture), markers)
    # What lies on the lines between regions, or beyond them on the thing's rim, goes to the nearer side.
    ours, theirs = (
        cv2.distanceTransform((markers != side).astype(np.uint8), cv2.DIST_L2, 3) for side in (_OWN, _DENIED)
    )
    return np.asarray(mask & (ours <= theirs) | said.own, np.bool_)


def _without_rim(mask: Bool, said: Said) -> Bool:
    """Take off the thin rim that colours leave of another thing when its inside was told apart from this one."""
    inside = pieces_on(~_dilated(mask, 1), said.denied)
    if inside[[0, -1]].any() or inside[:, [0, -1]].any():
        return mask
    thick = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, np.ones((2 * RIM + 1, 2 * RIM + 1), np.uint8)) > 0
    return np.asarray(mask & ~(_dilated(inside, RIM + 2) & ~_dilated(thick, RIM)) | said.own, np.bool_)


def _pieces(mask: Bool) -> Sequence[Bool]:
    number, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)
    return [np.asarray(labels == piece, np.bool_) for piece in range(1, number)]


def _dilated(mask: Bool, pixels: int) -> Bool:
    kernel = np.ones((2 * pixels + 1, 2 * pixels + 1), np.uint8)
    return np.asarray(cv2.dilate(mask.astype(np.uint8), kernel) > 0, np.bool_)


def _fit(mask: Bool, size: tuple[int, int]) -> Bool:
    if mask.shape == (size[1], size[0]):
        return mask
    small = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return np.asarray(small >= (0.5 if np.any(small >= 0.5) else 1e-6), np.bool_)
