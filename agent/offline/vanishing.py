# SPDX-License-Identifier: GPL-3.0-or-later
"""The camera from straight lines: rooms and tables are built at right angles, so their edges run to three points."""

from __future__ import annotations

from math import radians, tan

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Picture = NDArray[np.uint8]

PITCHES = np.arange(2.0, 50.0, 1.0)
FOVS = (40.0, 50.0, 62.0)
HEADINGS = np.arange(0.0, 90.0, 2.0)
"""Degrees tried: looking down, the view along the longer side, the turn of the right angles."""
SHORTEST = 0.04
"""Lines shorter than this share of the longer side tell nothing."""
OFF = 1.2
"""Degrees by which a line may miss its vanishing point."""
UNUSUAL = 0.012
"""What a pitch or a view off the usual one by its spread costs, of the lines' whole length."""
SPREADS = 14.0, 10.0
"""Degrees; of pitch and view."""
ENOUGH = 0.45
"""Share of the lines' length that must run to the vanishing points."""
TELLING = 0.06
"""Share by which the best camera must beat the middling one."""
MOST = 160
"""Lines, the longest."""


def camera_of(rgb: Picture, usual: tuple[float, float]) -> tuple[float, float] | None:
    """View along the longer side and pitch (degrees) to which the lines of a picture (h, w, 3) run together best, near
    the `usual` ones; None where they do not tell."""
    lines = _lines(rgb)
    if len(lines) < 6:
        return None
    h, w = rgb.shape[:2]
    found = {}
    for fov in FOVS:
        focal = 0.5 * max(h, w) / tan(radians(fov) / 2)
        for pitch in PITCHES:
            held = max(_held(lines, focal, float(pitch), float(heading), (w, h)) for heading in HEADINGS)
            found[fov, float(pitch)] = held
    middling = float(np.median(list(found.values())))
    fov, pitch = max(found, key=lambda key: found[key] - _odd(key, usual))
    held = found[fov, pitch]
    return (fov, pitch) if held > ENOUGH and held > middling + TELLING else None


def _odd(camera: tuple[float, float], usual: tuple[float, float]) -> float:
    return UNUSUAL * (((camera[1] - usual[1]) / SPREADS[0]) ** 2 + ((camera[0] - usual[0]) / SPREADS[1]) ** 2)


def _lines(rgb: Picture) -> Array:
    """Straight pieces of edges (n, 4): x and y of both ends, pixels."""
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    found = cv2.createLineSegmentDetector().detect(grey)[0]
    if found is None:
        return np.zeros((0, 4))
    lines = np.asarray(found, np.float64).reshape(-1, 4)
    long = np.hypot(lines[:, 2] - lines[:, 0], lines[:, 3] - lines[:, 1])
    order = np.argsort(-long, kind="stable")[:MOST]
    return np.asarray(lines[order[long[order] > SHORTEST * max(rgb.shape[:2])]])


def _held(lines: Array, focal: float, pitch: float, heading: float, size: tuple[int, int]) -> float:
    """Share of the lines' length that runs to one of the three vanishing points."""
    c, s = np.cos(radians(pitch)), np.sin(radians(pitch))
    a, b = np.cos(radians(heading)), np.sin(radians(heading))
    # The world's directions along the camera's axes: right, down, ahead.
    ways = np.array([(a, -s * b, c * b), (-b, -s * a, c * a), (0.0, c, s)])
    middle = (lines[:, :2] + lines[:, 2:]) / 2 - np.array(size) / 2
    along = lines[:, 2:] - lines[:, :2]
    long = np.hypot(along[:, 0], along[:, 1])
    toward = focal * ways[:, None, :2] - middle[None] * ways[:, None, 2:]
    across = np.abs(toward[..., 0] * along[:, 1] - toward[..., 1] * along[:, 0])
    sine = across / np.maximum(np.hypot(toward[..., 0], toward[..., 1]) * long, 1e-9)
    off = sine.min(axis=0) / np.sin(radians(OFF))
    return float((long * np.exp(-(off**2) / 2)).sum() / long.sum())
