# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose a pixel is that several masks claim: by their own colours, and by which of two things stands in front."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .brief import BriefObject
from .mask_heed import Room, Said
from .mask_models import Mixture

Bool = NDArray[np.bool_]
Bytes = NDArray[np.uint8]
FRONT = 2.0
"""How much likelier (log) a pixel must be as the thing behind before it is taken from the one in front."""


@dataclass(eq=False)
class Thing:
    """One object while its mask is being found; arrays at the working size."""

    item: BriefObject
    allowed: Bool
    """Where it may be at all."""
    hint: Bool
    """Its box or outline."""
    mask: Bool
    exact: bool
    said: Said
    room: Room


def resolve(things: Sequence[Thing], features: Bytes) -> None:
    """Give every pixel that several things claim to one of them, in place."""
    claims = np.sum([thing.mask for thing in things], axis=0)
    if claims.max(initial=0) < 2:
        return
    models = {}
    for index, thing in enumerate(things):
        own = thing.mask & (claims == 1)
        sample = own if np.count_nonzero(own) >= 30 else thing.mask
        if sample.any():
            models[index] = Mixture(features[sample])
    pairs = [(i, j) for i in range(len(things)) for j in range(i) if np.any(things[i].mask & things[j].mask)]
    for i, j in pairs:
        one, two = things[i], things[j]
        both = one.mask & two.mask
        if not both.any():
            continue
        if one.exact or two.exact:
            ours = np.full(both.shape, one.exact and not (two.exact and in_front(one, two) < 0))
        else:
            ys, xs = np.nonzero(both)
            rows, columns = slice(ys.min(), ys.max() + 1), slice(xs.min(), xs.max() + 1)
            patch = features[rows, columns]
            margin = models[i].likelihood(patch.reshape(-1, 3)) - models[j].likelihood(patch.reshape(-1, 3))
            smooth = cv2.blur(np.clip(margin, -20, 20).reshape(patch.shape[:2]), (5, 5))
            ours = np.zeros(both.shape, bool)
            ours[rows, columns] = smooth + FRONT * in_front(one, two) > 0
        if not one.exact:
            one.mask = one.mask & ~(both & ~ours)
        if not two.exact:
            two.mask = two.mask & ~(both & ours)


def in_front(one: Thing, two: Thing) -> int:
    """1 when the first stands before the second as far as the brief tells, -1 when behind."""
    if one.item.stands_on == two.item.name:
        return 1
    if two.item.stands_on == one.item.name:
        return -1
    (ax0, ay0, ax1, ay1), (bx0, by0, bx1, by1) = one.item.box, two.item.box
    area, other = (ax1 - ax0) * (ay1 - ay0), (bx1 - bx0) * (by1 - by0)
    # A thing inside the box of a much larger one is in front, or it would be hidden; else the lower foot is nearer.
    if area < 0.4 * other and ax0 >= bx0 - 0.02 and ax1 <= bx1 + 0.02 and ay0 >= by0 - 0.02:
        return 1
    if other < 0.4 * area and bx0 >= ax0 - 0.02 and bx1 <= ax1 + 0.02 and by0 >= ay0 - 0.02:
        return -1
    if abs(ay1 - by1) > 0.01:
        return 1 if ay1 > by1 else -1
    return 1 if area < other else -1
