# SPDX-License-Identifier: GPL-3.0-or-later
"""The plane of a tiled floor: corners of tiles, the lattice they lie on, and the perspective it is seen in."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from . import features as f
from . import shapes

Array = NDArray[np.float64]
Spot = tuple[int, int]

BLUR = 1.5
"""Standard deviation in pixels of the blur before corners are looked for."""
RING = 5.0
"""Radius in pixels at which a corner's four quarters are told."""
CONTRAST = 8.0
"""Lightness (L) between the tiles at a corner, at least."""
STRAY = 0.28
"""How far a corner may lie from where its neighbours foretell it, in tiles."""
ALTERNATING = 0.8
"""Share of the corners at which light and dark must follow each other as on a board."""
CROWDED = 7.0
"""Pixels; corners nearer to each other are left out."""
SEEDS = 40
"""Corners from which lattices are grown, about."""
TRIED = 4
"""Lattices, the largest, whose planes are compared with the picture."""
AGREED = 0.8
"""Share of the pixels that must be as light or dark as their tile."""
ENOUGH = 16
"""Corners of one plane from which a floor is tiled."""
SMALLEST = 4.0
"""Pixels; tiles narrower than this, near the horizon, cannot be foretold."""
SUB = (-1 / 3, 0.0, 1 / 3)
"""Places within a pixel at which tiles are looked up."""


def plane_of(light: f.Floats) -> Array | None:
    """The homography (3 x 3) from tiles (column, row) to pixels; None where no plane of tiles is seen."""
    corners = _corners(light)
    if len(corners) < ENOUGH:
        return None
    lattices = sorted((_grown(corners, seed, light) for seed in _seeds(corners, light)), key=len, reverse=True)
    planes = [_fitted(lattice, corners) for lattice in lattices[:TRIED] if len(lattice) >= ENOUGH]
    told = [(_agreement(light, plane), i) for i, plane in enumerate(planes) if plane is not None]
    score, best = max(told, default=(0.0, 0))
    return planes[best] if score > AGREED else None


def _fitted(lattice: dict[Spot, int], corners: Array) -> Array | None:
    """The plane through the corners of a lattice, and then through all corners near its own."""
    spots, points = np.array(list(lattice), np.float64), np.array([corners[i] for i in lattice.values()])
    plane: Array | None = None
    for _ in range(3):
        if len(spots) < ENOUGH or min(np.ptp(spots, axis=0)) < 2:
            return None
        found, _ = cv2.findHomography(spots, points, cv2.RANSAC, 2.0)
        plane = None if found is None else np.asarray(found, np.float64)
        if plane is None or abs(np.linalg.det(plane)) < 1e-12:
            return None
        at = through(np.linalg.inv(plane), corners)
        near = (np.abs(at - at.round()).max(axis=1) < 0.15) & (span(plane, at) > 2 * SMALLEST)
        spots, points = at[near].round(), corners[near]
    return plane


def _agreement(light: f.Floats, plane: Array) -> float:
    """Share of the pixels with tiles large enough that are lighter, or darker, than about them as their tile says."""
    odd, known = parity(plane, (light.shape[0], light.shape[1]), (0.0,))
    sure = known & ((odd == 0) | (odd == 1))
    if np.count_nonzero(sure) < 0.05 * sure.size:
        return 0.0
    about = cv2.GaussianBlur(light, (0, 0), 0.06 * max(light.shape))
    same = float(np.mean((light > about)[sure] == (odd == 1)[sure]))
    return max(same, 1 - same)


def _corners(light: f.Floats) -> Array:
    """Points (n, 2) where four quarters meet, light, dark, light, dark; the strongest first."""
    calm = cv2.GaussianBlur(light, (0, 0), BLUR)
    xx, yy, xy = (cv2.Sobel(calm, cv2.CV_32F, dx, dy, ksize=3) for dx, dy in ((2, 0), (0, 2), (1, 1)))
    saddle = xy * xy - xx * yy
    peak = (saddle == cv2.dilate(saddle, f.disc(3))) & (saddle > 1.0)
    peak &= ~f.frame((light.shape[0], light.shape[1]), 3)
    ys, xs = np.nonzero(peak)
    turn = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    kept = []
    for radius in (RING, RING / 2):
        around = cv2.remap(
            calm,
            (xs[:, None] + radius * np.cos(turn)).astype(np.float32),
            (ys[:, None] + radius * np.sin(turn)).astype(np.float32),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        ) if len(xs) else np.zeros((0, 24), np.float32)  # fmt: skip
        middle = (around.max(axis=1) + around.min(axis=1)) / 2
        sign = around > middle[:, None]
        changes = (sign != np.roll(sign, 1, axis=1)).sum(axis=1)
        half = np.roll(sign, 12, axis=1)
        opposite = (sign == half).mean(axis=1)
        kept.append((changes == 4) & (opposite > 0.7) & (np.ptp(around, axis=1) > CONTRAST))
    good = kept[0] | kept[1]
    order = np.argsort(-saddle[ys[good], xs[good]], kind="stable")
    points = np.column_stack([xs[good], ys[good]]).astype(np.float64)[order]
    # Where corners crowd, near the horizon, each has several neighbours that could be the next.
    away = np.hypot(*(points[:, None, k] - points[None, :, k] for k in (0, 1))) + 1e6 * np.eye(len(points))
    return points[away.min(axis=1, initial=1e6) > CROWDED]


def _seeds(corners: Array, light: f.Floats) -> list[tuple[int, Array, Array]]:
    """Corners whose neighbours lie to both sides along two edges of tiles, with these two steps."""
    found = []
    for index in range(0, len(corners), max(1, len(corners) // SEEDS)):
        away = corners - corners[index]
        near = np.argsort((away**2).sum(axis=1))[1:9]
        steps = [away[i] for i in near if _holds(corners, corners[index] - away[i], 0.25 * float(np.hypot(*away[i])))]
        pairs = [(one, two) for i, one in enumerate(steps) for two in steps[i + 1 :] if _sine(one, two) > 0.2]
        worth = [abs(_contrast(light, corners[index], one, two)) for one, two in pairs]
        if worth and max(worth) >= CONTRAST / 2:
            found.append((index, *pairs[int(np.argmax(worth))]))
    return found


def _sine(one: Array, two: Array) -> float:
    return float(abs(one[0] * two[1] - one[1] * two[0]) / (np.hypot(*one) * np.hypot(*two)))


def _holds(corners: Array, point: Array, slack: float) -> bool:
    return bool(((corners - point) ** 2).sum(axis=1).min() < slack * slack)


def _grown(corners: Array, seed: tuple[int, Array, Array], light: f.Floats) -> dict[Spot, int]:
    """The corners that hang together with a seed as a lattice, by column and row; nothing when light and dark do not
    take turns on it."""
    index, one, two = seed
    first = _contrast(light, corners[index], one, two)
    if abs(first) < CONTRAST / 2:
        return {}
    lattice: dict[Spot, int] = {(0, 0): index}
    step: dict[Spot, tuple[Array, Array]] = {(0, 0): (one, two)}
    taken, todo = {index}, [(0, 0)]
    while todo:
        at = todo.pop(0)
        here = corners[lattice[at]]
        for axis, sign in ((0, 1), (0, -1), (1, 1), (1, -1)):
            beside = (at[0] + sign, at[1]) if axis == 0 else (at[0], at[1] + sign)
            if beside in lattice:
                continue
            way = sign * step[at][axis]
            away = ((corners - here - way) ** 2).sum(axis=1)
            best = int(np.argmin(away))
            if best in taken or away[best] > (STRAY * float(np.hypot(*way))) ** 2:
                continue
            steps = list(step[at])
            steps[axis] = sign * (corners[best] - here)
            lattice[beside], step[beside] = best, (steps[0], steps[1])
            taken.add(best)
            todo.append(beside)
    told = [
        _contrast(light, corners[i], *step[at]) * first * (1 if (at[0] + at[1]) % 2 == 0 else -1)
        for at, i in lattice.items()
    ]
    return lattice if np.mean(np.array(told) > 0) > ALTERNATING else {}


def _contrast(light: f.Floats, at: Array, one: Array, two: Array) -> float:
    """How much lighter the tiles before and behind a corner are than those to its sides; near 0 when the steps are not
    along the tiles' edges."""
    h, w = light.shape[:2]
    values = []
    for share in (0.3, 0.5, 0.7):
        spots = [at + share * (a * one + b * two) for a, b in ((1, 1), (-1, -1), (1, -1), (-1, 1))]
        v = [float(light[int(np.clip(y, 0, h - 1)), int(np.clip(x, 0, w - 1))]) for x, y in spots]
        values.append(min(v[:2]) - max(v[2:]) if v[0] > v[2] else max(v[:2]) - min(v[2:]))
    return min(values, key=abs) if len({v > 0 for v in values}) == 1 else 0.0


def through(plane: Array, points: Array) -> Array:
    """Where a homography (3 x 3) takes points (n, 2)."""
    lifted = np.column_stack([points, np.ones(len(points))]) @ plane.T
    return np.asarray(lifted[:, :2] / np.where(np.abs(lifted[:, 2:]) < 1e-9, 1e-9, lifted[:, 2:]))


def span(plane: Array, spots: Array) -> Array:
    """Width in pixels of the tile at each spot, the narrower way."""
    here = through(plane, spots)
    return np.minimum(*(np.linalg.norm(through(plane, spots + step) - here, axis=1) for step in ((1, 0), (0, 1))))


def parity(plane: Array, shape: tuple[int, int], sub: tuple[float, ...] = SUB) -> tuple[f.Floats, f.Mask]:
    """How much of an odd tile is seen in each pixel, and where tiles are large enough to tell."""
    h, w = shape
    back = np.linalg.inv(plane)
    # Which side of the horizon is the floor's: the side of the tile in the middle of the lattice.
    sign = np.sign(back[2] @ (*through(plane, np.zeros((1, 2)))[0], 1.0))
    ys, xs = np.mgrid[0:h, 0:w].astype(np.float64)

    def lifted(dx: float, dy: float) -> tuple[Array, Array, f.Mask]:
        across, down, depth = (row[0] * (xs + dx) + row[1] * (ys + dy) + row[2] for row in back)
        below = depth * sign > 1e-9
        depth = np.where(below, depth, 1.0)
        return np.clip(across / depth, -1e6, 1e6), np.clip(down / depth, -1e6, 1e6), below

    odd = np.zeros((h, w), np.float32)
    for dy in sub:
        for dx in sub:
            column, row, _ = lifted(dx, dy)
            odd += (np.mod(np.floor(column) + np.floor(row), 2) == 1).astype(np.float32)
    column, row, below = lifted(0.0, 0.0)
    wide = span(plane, np.column_stack([column.ravel(), row.ravel()])).reshape(h, w)
    known = np.asarray(below & (wide > SMALLEST), bool)
    return odd / np.float32(len(sub) ** 2), shapes.largest(known)
