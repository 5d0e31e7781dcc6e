# SPDX-License-Identifier: GPL-3.0-or-later
"""Fit simple solids to regions of the picture: the outline's overlap with the region, maximised by CMA-ES.

An outline of a convex solid is the convex hull of a few projected points, so one try costs a tenth of a millisecond and
no renderer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import cos, exp, log, pi, tan

import cv2
import numpy as np
from cmaes import CMA
from numpy.typing import NDArray

from .camera import Camera
from .solids import Kind, Solid, outline_points

Mask = NDArray[np.bool_]
Array = NDArray[np.float64]

HIDDEN_COST = 0.04
"""Cost of hiding behind a neighbour as much area as the region has: an occluded solid is kept as small as it can be."""
COMPLEXITY: dict[Kind, float] = {"sphere": 0.0, "cylinder": 0.012, "cone": 0.015, "box": 0.02}
"""Overlap a solid with more freedom must gain before it is believed."""
ODDNESS_COST = 0.006
"""Cost of proportions far from 1 : 1 : 1, per unit of squared logarithm."""


class Target:
    """A region, cropped and scaled, ready to be compared with outlines."""

    def __init__(self, mask: Mask, ignore: Mask | None = None, resolution: int = 88) -> None:
        """`mask` and `ignore` (h, w); what falls on `ignore`, or out of the frame, counts neither for nor against."""
        self.frame = mask.shape[1], mask.shape[0]
        ys, xs = np.nonzero(mask)
        x0, y0, x1, y1 = int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1
        self.box = x0 / self.frame[0], y0 / self.frame[1], x1 / self.frame[0], y1 / self.frame[1]
        side = max(x1 - x0, y1 - y0)
        pad = round(0.35 * side) + 2
        self.scale = resolution / side
        self.corner = x0 - pad, y0 - pad
        size = round((x1 - x0 + 2 * pad) * self.scale), round((y1 - y0 + 2 * pad) * self.scale)
        shift = np.array([[self.scale, 0, -self.corner[0] * self.scale], [0, self.scale, -self.corner[1] * self.scale]])
        shift[:, 2] += (self.scale - 1) / 2
        there = cv2.warpAffine(mask.astype(np.float32), shift, size) > 0.5
        hidden = np.zeros(mask.shape, np.float32) if ignore is None else ignore.astype(np.float32)
        self.ignore = (
            cv2.warpAffine(hidden, shift, size, borderMode=cv2.BORDER_CONSTANT, borderValue=(1.0,)) > 0.5
        ) & ~there
        self.mask = there.astype(np.uint8)
        self.counted = 1 - self.ignore.astype(np.uint8)
        self.area = max(1, int(there.sum()))
        self._canvas = np.zeros_like(self.mask)

    def pixels(self, points: Array) -> NDArray[np.float32]:
        """Crop coordinates of picture points (n, 2)."""
        return np.asarray((points * self.frame - self.corner) * self.scale - 0.5, np.float32)

    def compare(self, points: Array) -> tuple[float, float]:
        """Overlap (IoU) of the convex hull of picture points (n, 2) with the region, and the hull's ignored area as a
        fraction of the region's."""
        hull = cv2.convexHull(self.pixels(points))
        self._canvas[:] = 0
        cv2.fillConvexPoly(self._canvas, np.round(np.clip(hull, -2000, 2000) * 16).astype(np.int32), (1,), shift=4)
        drawn = int(np.count_nonzero(self._canvas))
        counted = int(np.count_nonzero(self._canvas & self.counted))
        shared = int(np.count_nonzero(self._canvas & self.mask))
        outside = max(0.0, float(cv2.contourArea(hull)) * 0.97 - drawn)
        return shared / (self.area + counted - shared + outside), (drawn - counted) / self.area


def first_guess(kind: Kind, target: Target, camera: Camera, heading: float = 0.0) -> Solid:
    """A solid about as large as the region and standing about at its foot."""
    u0, v0, u1, v1 = target.box
    middle = (u0 + u1) / 2
    if kind == "sphere":
        return _sphere_guess(target, camera)
    near = camera.on_ground([(middle, v1)])[0]
    depth = max(0.1, float(camera.project(near[None])[1][0]))
    frame_width = 2 * tan(camera.fov / 2) * depth
    width = (u1 - u0) * frame_width
    tall = (v1 - v0) * frame_width / camera.aspect
    side = width / (abs(cos(heading)) + abs(cos(heading - pi / 2))) if kind == "box" else width
    sight = camera.rays([(middle, v1)])[0]
    fall = -float(sight[2]) / float(np.linalg.norm(sight))
    deep = min(side, 0.8 * tall / max(fall, 0.05))
    height = max(0.12 * side, (tall - deep * fall) / max(0.25, cos(np.arcsin(fall))))
    ahead = sight[:2] / np.linalg.norm(sight[:2])
    place = near[:2] + ahead * deep * 0.5
    return Solid(kind, (float(place[0]), float(place[1])), (side, deep, height), heading)


def _lying(kind: Kind, target: Target, camera: Camera, heading: float) -> Solid:
    """A low solid whose top fills the region: a rug, a coin, a plate."""
    u0, v0, u1, v1 = target.box
    near, far = camera.ground_at((u0 + u1) / 2, v1), camera.ground_at((u0 + u1) / 2, v0)
    middle = camera.ground_at((u0 + u1) / 2, (v0 + v1) / 2)
    width = (u1 - u0) * 2 * tan(camera.fov / 2) * middle[2]
    depth = min(max(0.05 * width, far[1] - near[1]), 6 * width)
    shrink = 1 / (abs(cos(heading)) + abs(cos(heading - pi / 2)))
    size = (width * shrink, (depth if kind == "box" else width) * shrink, 0.06 * width)
    return Solid(kind, ((near[0] + far[0]) / 2, near[1] + depth / 2), size, heading)


def _cube(target: Target, camera: Camera, heading: float) -> Solid:
    box = first_guess("box", target, camera, heading)
    side = (box.size[0] * box.size[2]) ** 0.5
    return replace(box, size=(side, side, side))


def _sphere_guess(target: Target, camera: Camera) -> Solid:
    """The sphere on the ground that fills the region's box: its radius follows from its angle and the fall of the
    ray through its centre (r = d sin a, and d times the fall is the camera's height minus r)."""
    u0, v0, u1, v1 = target.box
    centre = camera.rays([((u0 + u1) / 2, (v0 + v1) / 2)])[0]
    length = float(np.linalg.norm(centre))
    diameter = max(u1 - u0, (v1 - v0) / camera.aspect)
    sine = min(0.7, diameter * tan(camera.fov / 2) / length)
    distance = camera.position[2] / max(0.02, sine - float(centre[2]) / length)
    at = np.asarray(camera.position) + centre / length * distance
    size = 2 * sine * distance
    return Solid("sphere", (float(at[0]), float(at[1])), (size, size, size))


@dataclass(frozen=True)
class _Start:
    """Where a search begins."""

    solid: Solid
    foot: tuple[float, float]
    """Of the base centre, in the picture."""
    depth: float
    span: float
    """Size of the region in the picture."""


def _vary(begin: _Start, steps: Array, camera: Camera) -> Solid:
    """The solid moved and resized by normalised steps. Its foot moves in the picture, and its size with its distance,
    so that camera, place and size don't fight."""
    start = begin.solid
    x, y, depth = camera.ground_at(begin.foot[0] + steps[0] * begin.span, begin.foot[1] + steps[1] * begin.span)
    grow = max(0.05, depth / begin.depth)
    place = x, y
    w, d, h = start.size
    if start.kind == "sphere":
        size = w * grow * exp(steps[2])
        return replace(start, place=place, size=(size, size, size))
    if start.kind == "box" and len(steps) == 4:
        even = grow * exp(steps[2])
        return replace(start, place=place, size=(w * even, d * even, h * even), heading=start.heading + float(steps[3]))
    if start.kind == "box":
        return replace(
            start,
            place=place,
            size=(w * grow * exp(steps[2]), d * grow * exp(steps[4]), h * grow * exp(steps[3])),
            heading=start.heading + float(steps[5]),
        )
    width = w * grow * exp(steps[2])
    return replace(start, place=place, size=(width, width, h * grow * exp(steps[3])))


_QUICK: dict[Kind, int] = {"sphere": 36, "cylinder": 60}
_FREEDOM: dict[Kind, int] = {"sphere": 3, "cylinder": 4, "cone": 4, "box": 6}


def cost(solid: Solid, target: Target, camera: Camera) -> tuple[float, float]:
    """What the fit minimises, and the overlap (IoU) itself."""
    points, depths = camera.project(outline_points(solid, camera))
    if depths.min() < 0.05:
        return 2.0, 0.0
    overlap, hidden = target.compare(points)
    w, d, h = solid.size
    odd = 0.0
    if solid.kind == "box":
        odd = log(w / d) ** 2 + 0.3 * log(h / (w * d) ** 0.5) ** 2
    elif solid.kind != "sphere":
        odd = 0.3 * log(h / w) ** 2
    return 1 - overlap + HIDDEN_COST * hidden + ODDNESS_COST * odd, overlap


def improve(
    start: Solid, target: Target, camera: Camera, tries: int, seed: int, step: float = 0.1, even: bool = False
) -> Solid:
    """The best solid found near `start` in about `tries` tries, with its overlap; `even` keeps a box's proportions."""
    freedom = 4 if even else _FREEDOM[start.kind]
    u0, v0, u1, v1 = target.box
    seen, depths = camera.project(np.array([(*start.place, 0.0)]))
    begin = _Start(start, (float(seen[0, 0]), float(seen[0, 1])), max(1e-3, float(depths[0])), max(u1 - u0, v1 - v0))
    steps = np.zeros(freedom)
    scale = np.array([0.6, 0.6, 1.0, 2.5] if even else [0.6, 0.6, 1.0, 1.0, 1.0, 2.5])[:freedom]
    population = 6 + freedom
    search = CMA(mean=steps, sigma=step, cov=np.diag(scale**2), seed=seed, population_size=population)
    best_cost, overlap = cost(start, target, camera)
    best = replace(start, iou=overlap)
    for _ in range(max(1, tries // population)):
        told = []
        for _ in range(population):
            x = np.clip(search.ask(), -2.5, 2.5)
            solid = _vary(begin, x, camera)
            value, overlap = cost(solid, target, camera)
            told.append((x, value))
            if value < best_cost:
                best_cost, best = value, replace(solid, iou=overlap)
        search.tell(told)
        if search.should_stop():
            break
    return best


def quick(target: Target, camera: Camera, seed: int) -> float:
    """About how well any simple solid can fit the region from this camera (IoU)."""
    round_ones = [
        improve(first_guess(kind, target, camera), target, camera, tries, seed, 0.12) for kind, tries in _QUICK.items()
    ]
    cubes = [
        improve(_cube(target, camera, heading), target, camera, 30, seed, 0.15, even=True)
        for heading in (0.0, pi / 6, pi / 3)
    ]
    box = improve(max(cubes, key=lambda s: s.iou), target, camera, 72, seed, 0.1)
    return max(solid.iou for solid in (*round_ones, box))


def fit(target: Target, camera: Camera, kinds: tuple[Kind, ...], tries: int, seed: int) -> Solid:
    """The solid of one of these kinds that fits the region best, simpler ones preferred when nearly as good."""
    found: list[tuple[float, Solid]] = []
    for kind in kinds:
        if kind == "box":
            cubes = [_cube(target, camera, heading) for heading in (0.0, pi / 6, pi / 3)]
            cubes = [improve(cube, target, camera, tries // 3, seed, 0.15, even=True) for cube in cubes]
            lying = [
                improve(_lying(kind, target, camera, h), target, camera, tries // 3, seed, 0.1) for h in (0.0, pi / 4)
            ]
            start = min((*cubes, *lying), key=lambda s: cost(s, target, camera)[0])
            solid = improve(start, target, camera, 2 * tries, seed, 0.12)
        else:
            solid = improve(first_guess(kind, target, camera), target, camera, tries, seed, 0.15)
            if kind == "cylinder":
                disc = improve(_lying(kind, target, camera, 0.0), target, camera, tries // 2, seed, 0.1)
                solid = min(solid, disc, key=lambda s: cost(s, target, camera)[0])
        solid = improve(solid, target, camera, tries // 2, seed + 1, 0.04)
        found.append((cost(solid, target, camera)[0] + COMPLEXITY[kind], solid))
    return min(found, key=lambda item: item[0])[1]
