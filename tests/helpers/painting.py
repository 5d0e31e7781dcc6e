# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures painted for tests, with the true masks of what is in them."""

from __future__ import annotations

import cv2
import numpy as np
from restage.agent.brief import Brief, BriefObject

WIDTH, HEIGHT = 320, 240


def floor():
    """A grey floor with a gradient and grain."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    grey = 120 + 50 * y / HEIGHT - 20 * ((x - 160) / 160) ** 2
    grain = np.random.default_rng(3).normal(0, 2.5, (HEIGHT, WIDTH, 3))
    return np.clip(grey[..., None] + grain, 0, 255).astype(np.uint8)


def painted(shapes, picture=None):
    """Paint (kind, place, colour) back to front; the picture and each shape's visible mask."""
    picture = floor() if picture is None else picture
    seen = []
    for kind, place, colour in shapes:
        mask = np.zeros((HEIGHT, WIDTH), np.uint8)
        if kind == "disc":
            cv2.circle(mask, place[:2], place[2], (1,), cv2.FILLED)
        else:
            cv2.fillPoly(mask, [np.array(place, np.int32)], (1,))
        inside = mask.astype(bool)
        shading = 0.75 + 0.4 * (np.mgrid[0:HEIGHT, 0:WIDTH][1] / WIDTH)[inside][:, None]
        grain = np.random.default_rng(4).normal(0, 2.5, (inside.sum(), 3))
        picture[inside] = np.clip(np.array(colour) * shading + grain, 0, 255).astype(np.uint8)
        seen = [m & ~inside for m in seen] + [inside]
    return cv2.GaussianBlur(picture, (0, 0), 0.7), seen


def box_of(mask, off=0.0):
    ys, xs = np.nonzero(mask)
    ends = xs.min() / WIDTH, ys.min() / HEIGHT, (xs.max() + 1) / WIDTH, (ys.max() + 1) / HEIGHT
    return tuple(min(1.0, max(0.0, end + off * sign)) for end, sign in zip(ends, (1, -1, -1, 1), strict=True))


def brief_of(seen, off=0.0, **more):
    return Brief(objects=[BriefObject(name=f"T{i}", box=box_of(m, off)) for i, m in enumerate(seen)], **more)
