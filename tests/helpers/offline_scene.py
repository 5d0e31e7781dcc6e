# SPDX-License-Identifier: GPL-3.0-or-later
"""A known camera and known solids, and what they look like: ground truth for the offline agent's tests."""

from __future__ import annotations

from math import radians

import cv2
import numpy as np
from restage.agent.offline.camera import standing
from restage.agent.offline.solids import Solid, outline_points

FRAME = 320, 240
CAMERA = standing(radians(50), radians(28), FRAME[0] / FRAME[1], 0.62)
SOLIDS = {
    "Red Cube": Solid("box", (-0.9, 0.2), (0.8, 0.8, 0.8), 0.5),
    "Blue Sphere": Solid("sphere", (0.8, -0.4), (0.7, 0.7, 0.7)),
    "Green Cylinder": Solid("cylinder", (0.3, 1.3), (0.7, 0.7, 0.9)),
}
COLOURS = {"Red Cube": (170, 40, 40), "Blue Sphere": (40, 70, 170), "Green Cylinder": (50, 140, 60)}


def silhouette(solid: Solid) -> np.ndarray:
    """Mask (h, w) of a convex solid alone."""
    points = CAMERA.project(outline_points(solid, CAMERA))[0] * FRAME - 0.5
    canvas = np.zeros(FRAME[::-1], np.uint8)
    hull = cv2.convexHull(points.astype(np.float32))
    cv2.fillConvexPoly(canvas, np.round(hull * 16).astype(np.int32), 1, shift=4)
    return canvas > 0


def visible() -> dict[str, np.ndarray]:
    """Masks of all solids, the nearer ones in front."""
    masks, taken = {}, np.zeros(FRAME[::-1], bool)
    for name, solid in sorted(SOLIDS.items(), key=lambda item: item[1].place[1]):
        mask = silhouette(solid) & ~taken
        taken |= mask
        masks[name] = mask
    return {name: masks[name] for name in SOLIDS}


def iou(a: np.ndarray, b: np.ndarray) -> float:
    """Intersection over union of two masks."""
    return float((a & b).sum() / (a | b).sum())


def picture_file(path):
    """Write the solids, flat on a grey floor, as a PNG and return its path."""
    canvas = np.full((*FRAME[::-1], 3), 140, np.uint8)
    for name, mask in visible().items():
        canvas[mask] = COLOURS[name]
    cv2.imwrite(str(path), canvas[..., ::-1])
    return path
