# SPDX-License-Identifier: GPL-3.0-or-later
"""Rings: a region with a hole in it, fitted by a torus that lies on the ground."""

from __future__ import annotations

from math import exp, tan

import cv2
import numpy as np
from cmaes import CMA
from numpy.typing import NDArray

from .camera import Camera
from .fit import Target
from .solids import Solid

Mask = NDArray[np.bool_]

HOLE = 0.05
"""Share of a region's filled area from which a hole is one of the thing, and not of its mask."""
TRIES = 400
_TURN = np.linspace(0, 2 * np.pi, 72, endpoint=False)


def hole_of(mask: Mask, others: Mask) -> Mask | None:
    """The largest hole of a mask (h, w) through which the backdrop is seen and none of the `others`; None when it is
    smaller than HOLE of the filled area."""
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros(mask.shape, np.uint8)
    cv2.drawContours(filled, contours, -1, (1,), cv2.FILLED)
    count, labels, stats, _ = cv2.connectedComponentsWithStats((filled > 0).astype(np.uint8) & ~mask & ~others)
    if count < 2:
        return None
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    if stats[largest, cv2.CC_STAT_AREA] < HOLE * np.count_nonzero(filled):
        return None
    return np.asarray(labels == largest, np.bool_)


def ring(target: Target, hole: Mask, camera: Camera, seed: int) -> Solid:
    """The torus lying on the ground that fits the region best, with its overlap (IoU)."""
    u0, v0, u1, v1 = target.box
    columns = np.flatnonzero(hole.any(axis=0))
    open_part = min(0.9, (int(columns[-1]) + 1 - int(columns[0])) / hole.shape[1] / (u1 - u0))
    centre = (u0 + u1) / 2, (v0 + v1) / 2
    depth = camera.ground_at(*centre)[2]
    outer = (u1 - u0) * tan(camera.fov / 2) * depth
    search = CMA(mean=np.zeros(4), sigma=0.12, seed=seed, population_size=10)
    best = Solid("torus", (0.0, 0.0), (1.0, 1.0, 1.0))
    for _ in range(TRIES // 10):
        told = []
        for _ in range(10):
            x = np.clip(search.ask(), -2.0, 2.0)
            place = camera.ground_at(centre[0] + 0.6 * x[0] * (u1 - u0), centre[1] + 0.6 * x[1] * (v1 - v0))
            grow = place[2] / depth * exp(x[2])
            tube = outer * grow * (1 - open_part) / 2 * exp(x[3])
            wide = max(2 * outer * grow, 4.05 * tube)
            solid = Solid("torus", place[:2], (wide, wide, 2 * tube))
            overlap = _overlap(solid, target, camera)
            told.append((x, 1 - overlap + 0.002 * abs(float(x[3]))))
            if overlap > best.iou:
                best = Solid("torus", solid.place, solid.size, iou=overlap)
        search.tell(told)
        if search.should_stop():
            break
    return best


def _overlap(solid: Solid, target: Target, camera: Camera) -> float:
    """IoU of the region with the torus, drawn as the balls its tube is swept by."""
    tube = solid.size[2] / 2
    along = solid.size[0] / 2 - tube
    x, y = solid.place
    points = np.column_stack([x + along * np.cos(_TURN), y + along * np.sin(_TURN), np.full(len(_TURN), tube)])
    seen, depths = camera.project(points)
    if depths.min() < 1.5 * tube or depths.min() < 0.05:
        return 0.0
    at = np.clip(target.pixels(seen), -2000, 2000)
    radii = np.minimum(tube / depths / (2 * tan(camera.fov / 2)) * target.frame[0] * target.scale, 2000)
    canvas = np.zeros_like(target.mask)
    for (px, py), radius in zip(np.round(at * 16).astype(int).tolist(), radii.tolist(), strict=True):
        cv2.circle(canvas, (px, py), round(radius * 16), (1,), cv2.FILLED, shift=4)
    counted = int(np.count_nonzero(canvas & target.counted))
    shared = int(np.count_nonzero(canvas & target.mask))
    return shared / (target.area + counted - shared)
