# SPDX-License-Identifier: GPL-3.0-or-later
"""Which camera fits the brief: the pitch and height under which simple solids of the stated sizes fill their boxes.

A rough fit for a model to start from, not a solver: sizes and boxes are a model's own estimates. For every pitch,
solids on the ground are stood with their front at the lower edge of their box; camera height then follows as the one
common scale, and how unevenly they fill their boxes says how well the pitch fits.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from . import size_check
from .brief import Brief, BriefObject, CameraHint
from .hidden import partly_hidden
from .sight import tables
from .sight.unproject import View

MOST_OBJECTS = 12
LEAST_OBJECTS = 2
"""One thing alone fills its box from any pitch."""
PITCHES = range(-2, 66, 2)
"""Degrees below the horizon."""
EDGE = 0.01
"""A box nearer than this to the frame's edge is cut off and tells no size."""
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Fit:
    """A camera and how well it fits."""

    fov: float
    pitch: float
    """Radians, both."""
    height: float
    spread: float
    """Standard deviation of the logarithms of how much too wide and too high the solids come out."""


def suggestion(brief: Brief, frame: tuple[int, int]) -> str:
    """Return the fits for three fields of view around the brief's, as Markdown; "" when too little is known."""
    things = _usable(brief)
    if len(things) < LEAST_OBJECTS:
        return ""
    given = math.degrees(brief.camera.horizontal_fov)
    fits = [found for factor in (0.7, 1.0, 1.4) if (found := best(things, math.radians(given * factor), frame))]
    if not fits:
        return ""
    rows = [
        [f"{math.degrees(f.fov):.0f}", f"{math.degrees(f.pitch):.0f}", f"{f.height:.2f}", f"{100 * f.spread:.0f} %"]
        for f in fits
    ]
    head = ["field of view, degrees", "best pitch down, degrees", "camera height, m", "boxes and sizes disagree by"]
    return (
        "Simple solids of the brief's sizes, stood on the ground in their boxes, fit best under these cameras. It is "
        "as good as the brief's sizes: prefer a horizon or a round top that you can read off clearly.\n"
        + tables.table(head, rows)
    )


def best(things: Sequence[BriefObject], fov: float, frame: tuple[int, int]) -> Fit | None:
    """Return the fit of the best pitch for a field of view (radians); None when none puts all feet on the ground."""
    fits = [fit for degrees in PITCHES if (fit := _fit(things, fov, math.radians(degrees), frame))]
    return min(fits, key=lambda fit: fit.spread, default=None)


def _usable(brief: Brief) -> list[BriefObject]:
    """Things on the ground that are wholly in the frame and to be seen, with sizes; the largest ones."""
    found = [
        item
        for item in brief.objects
        if item.dimensions_m is not None
        and not item.stands_on
        and not partly_hidden(item, brief)
        and item.count == 1
        and min(item.box[:2]) > EDGE
        and max(item.box[2:]) < 1 - EDGE
    ]
    return sorted(found, key=lambda item: (item.box[0] - item.box[2]) * (item.box[3] - item.box[1]))[:MOST_OBJECTS]


def _fit(things: Sequence[BriefObject], fov: float, pitch: float, frame: tuple[int, int]) -> Fit | None:
    hint = CameraHint(horizontal_fov=fov, pitch=pitch, height_m=1.0)
    view = View(size_check.estimated_camera(hint, frame))
    scale = 1.0
    logs = np.zeros(0)
    for _ in range(4):
        found = [_ratios(item, view, scale) for item in things]
        if any(ratio is None for ratio in found):
            return None
        logs = np.log(np.array([ratio for ratio in found if ratio is not None]).ravel())
        # Too large on the whole: the things are smaller against the camera's height, so the camera is higher.
        scale *= math.exp(-float(np.median(logs)))
        if not 1e-3 < scale < 1e3:
            return None
    return Fit(fov, pitch, 1.0 / scale, float(np.sqrt(np.mean((logs - np.median(logs)) ** 2))))


def _ratios(item: BriefObject, view: View, scale: float) -> tuple[float, float] | None:
    """How much wider and higher than its box the solid comes out, when it stands with its lower edge and its middle on
    the box's, before a camera at height 1; `scale` brings metres to camera heights."""
    x0, y0, x1, y1 = item.box
    assert item.dimensions_m is not None
    solid = _solid(item.shape, item.dimensions_m) * scale
    u, v = (x0 + x1) / 2, y1
    low = np.zeros(2)
    for _ in range(4):
        foot = view.on_plane(u, v)
        if foot is None:
            return None
        seen = view.project(solid + np.array([*foot, 0.0]))
        if not np.isfinite(seen).all() or seen[:, 2].min() <= 1e-3:
            return None
        low = np.array([(seen[:, 0].min() + seen[:, 0].max()) / 2 - (x0 + x1) / 2, seen[:, 1].max() - y1])
        u, v = u - low[0], v - low[1]
    if abs(low[1]) > 0.05:
        return None
    wide, high = seen[:, 0].max() - seen[:, 0].min(), seen[:, 1].max() - seen[:, 1].min()
    return float(wide / (x1 - x0)), float(high / (y1 - y0))


def _solid(shape: str, size: tuple[float, float, float]) -> Floats:
    """Points (n, 3) of a solid of this size around its foot, by the words that describe its shape."""
    turn = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    ring = np.column_stack([np.cos(turn), np.sin(turn)]) / 2
    if re.search(r"\b(sphere|ball|globe|orange|apple)", shape, re.I):
        levels = [(0.5 + 0.5 * math.sin(a), math.cos(a)) for a in np.linspace(-np.pi / 2, np.pi / 2, 9)]
    elif re.search(r"\b(torus|ring|donut|doughnut)", shape, re.I):
        levels = [(0.0, 0.75), (0.5, 1.0), (1.0, 0.75)]
    elif re.search(r"\bcone|pyramid", shape, re.I):
        levels = [(0.0, 1.0), (1.0, 0.0)]
    elif re.search(r"\b(cube|box|block|book|table|crate|cuboid|chair|cabinet|shelf)", shape, re.I):
        ring = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])
        levels = [(0.0, 1.0), (1.0, 1.0)]
    else:
        levels = [(0.0, 1.0), (1.0, 1.0)]
    points = [np.column_stack([ring * share, np.full(len(ring), z)]) for z, share in levels]
    return np.asarray(np.concatenate(points) * np.asarray(size), np.float64)
