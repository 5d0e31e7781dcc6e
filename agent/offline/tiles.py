# SPDX-License-Identifier: GPL-3.0-or-later
"""Floors tiled in two colours: where the tiles lie is a plane seen in perspective, so every tile can be foretold.

What differs from the foretold floor is a thing: a mirror ball too, as the tiles it shows are bent.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from . import features as f
from . import shapes, split
from .backdrop import Backdrop
from .foreground import LIT_STEP

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
UNLIKE = 10.0
"""Difference (Lab) from the foretold tile from which a pixel is no floor."""
DRIFT = 0.04
"""Standard deviation, in longer sides of the picture, of the blur that follows how the light falls on the tiles."""
EVENLY = 0.15
"""By how much light and dark tiles may be darkened differently in a shadow."""
SAME_HUE = 7.0
"""Difference of hue and chroma (Lab) a shadow may make."""
LINE = 2.5
"""Strength (Lab units per pixel) of an edge that shuts a thing off from the floor."""
SHUT = 2
"""Pixels on either side of such an edge that are shut too, against small gaps."""
DARKEST = 0.35
"""What a shadow leaves of the lightness (L), at least."""
SUB = (-1 / 3, 0.0, 1 / 3)
"""Places within a pixel at which tiles are looked up."""
LIKE = 5.0
"""The same on an even floor, at least; four times the usual difference in between."""
NECK = 0.7
"""Radius of a neck, in inner radii of the parts it joins, up to which they are two things that touch."""
ROUND = 0.8
"""Part of its enclosing circle a round thing fills."""
MENDED = 0.15
"""Bites into a thing's outline up to so many square roots of its area are filled."""
LEAST = 1.5e-3
"""Share of the picture below which what differs is dust."""


def things_on_tiles(seen: f.Features) -> list[f.Mask]:
    """Return a mask for each thing on a tiled floor, largest first; nothing when the floor is not tiled."""
    found = plane_of(seen.lab[..., 0])
    if found is None:
        return []
    floor = foretold(seen, found)
    things = f.opened(_unlike(seen, floor), 3)
    count, labels, stats = f.components(things, 4)
    large = [i for i in range(1, count) if stats[i, 4] >= LEAST * things.size]
    behind = Backdrop(floor.expected, 1.0, 1.0, float(floor.known.mean()), 99.0, False)
    pieces = [mask for i in large for part in parted(labels == i) for mask in _told_apart(seen, behind, part)]
    pieces = sorted(pieces, key=lambda mask: -int(np.count_nonzero(mask)))
    rounded: list[f.Mask] = []
    for piece in pieces:
        # A mirror shows the foretold colour here and there along its rim.
        whole = f.filled(f.closed(piece, round(MENDED * float(np.count_nonzero(piece)) ** 0.5)))
        others = np.any([other for other in pieces if other is not piece] or [np.zeros_like(piece)], axis=0)
        rounded.append(shapes.smooth(np.asarray(whole & (piece | ~others), bool)))
    return rounded


def _told_apart(seen: f.Features, behind: Backdrop, mask: f.Mask) -> list[f.Mask]:
    """The things of a mask that overlap, by their colours; a round one may be a mirror and stays whole."""
    (_, _), radius = cv2.minEnclosingCircle(np.argwhere(mask).astype(np.float32))
    if np.count_nonzero(mask) > ROUND * np.pi * radius * radius:
        return [mask]
    apart = split.things_on_floor(seen, behind, mask)
    large = [part for part in apart if np.count_nonzero(part) >= LEAST * mask.size]
    whole = sum(int(np.count_nonzero(part)) for part in large) > 0.8 * np.count_nonzero(mask)
    return large if whole and 1 < len(large) <= 3 else [mask]


def parted(mask: f.Mask) -> list[f.Mask]:
    """The mask, or the parts it falls into at necks narrower than what they join."""
    inside = cv2.distanceTransform(np.pad(mask.astype(np.uint8), 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
    for radius in range(2, int(inside.max())):
        count, labels, _ = f.components(inside > radius, 4)
        cores = [labels == i for i in range(1, count)]
        cores = [core for core in cores if float(inside[core].max()) * NECK > radius]
        if len(cores) > 1:
            away = [cv2.distanceTransform((~core).astype(np.uint8), cv2.DIST_L2, 5) for core in cores]
            nearest = np.argmin(away, axis=0)
            parts = [shapes.largest(mask & (nearest == i)) for i in range(len(cores))]
            return [piece for part in parts for piece in parted(part)]
    return [mask]


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
    plane = None
    for _ in range(3):
        if len(spots) < ENOUGH or min(np.ptp(spots, axis=0)) < 2:
            return None
        plane, _ = cv2.findHomography(spots, points, cv2.RANSAC, 2.0)
        if plane is None or abs(np.linalg.det(plane)) < 1e-12:
            return None
        at = _through(np.linalg.inv(plane), corners)
        near = (np.abs(at - at.round()).max(axis=1) < 0.15) & (_span(plane, at) > 2 * SMALLEST)
        spots, points = at[near].round(), corners[near]
    return np.asarray(plane, np.float64)


def _agreement(light: f.Floats, plane: Array) -> float:
    """Share of the pixels with tiles large enough that are lighter, or darker, than about them as their tile says."""
    odd, known = _parity(plane, (light.shape[0], light.shape[1]), (0.0,))
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


def _through(plane: Array, points: Array) -> Array:
    lifted = np.column_stack([points, np.ones(len(points))]) @ plane.T
    return np.asarray(lifted[:, :2] / np.where(np.abs(lifted[:, 2:]) < 1e-9, 1e-9, lifted[:, 2:]))


def _span(plane: Array, spots: Array) -> Array:
    """Width in pixels of the tile at each spot, the narrower way."""
    here = _through(plane, spots)
    return np.minimum(*(np.linalg.norm(_through(plane, spots + step) - here, axis=1) for step in ((1, 0), (0, 1))))


@dataclass(frozen=True)
class Tiled:
    """A tiled floor as it would look without anything on it; all (h, w) or (h, w, 3)."""

    colours: tuple[f.Floats, f.Floats]
    """Lab of the odd and of the even tiles."""
    odd: f.Floats
    """How much of an odd tile is seen in a pixel, 0 to 1."""
    known: f.Mask
    """Where tiles are large enough to be foretold."""

    @property
    def expected(self) -> f.Floats:
        """Lab of the floor."""
        share = self.odd[..., None]
        return np.asarray(self.colours[0] * share + self.colours[1] * (1 - share), np.float32)


def foretold(seen: f.Features, plane: Array) -> Tiled:
    """The floor of this plane of tiles, its colours taken from the picture."""
    odd, known = _parity(plane, seen.shape)
    colours = tuple(_colour(seen.lab, known & pure) for pure in (odd == 1, odd == 0))
    return Tiled((colours[0], colours[1]), odd, known)


def _parity(plane: Array, shape: tuple[int, int], sub: tuple[float, ...] = SUB) -> tuple[f.Floats, f.Mask]:
    """How much of an odd tile is seen in each pixel, and where tiles are large enough to tell."""
    h, w = shape
    back = np.linalg.inv(plane)
    # Which side of the horizon is the floor's: the side of the tile in the middle of the lattice.
    sign = np.sign(back[2] @ (*_through(plane, np.zeros((1, 2)))[0], 1.0))
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
    span = _span(plane, np.column_stack([column.ravel(), row.ravel()])).reshape(h, w)
    known = np.asarray(below & (span > SMALLEST), bool)
    return odd / np.float32(len(sub) ** 2), shapes.largest(known)


def _colour(lab: f.Floats, where: f.Mask) -> f.Floats:
    """The colour of the tiles of one kind, which drifts with the light: a blur over those that are near it."""
    if not where.any():
        return np.zeros_like(lab)
    colour = np.broadcast_to(np.median(lab[where], axis=0), lab.shape).astype(np.float32)
    sigma = DRIFT * max(where.shape)
    for slack in (30.0, 20.0, 12.0, UNLIKE):
        near = where & (np.linalg.norm(lab - colour, axis=2) < slack)
        if not near.any():
            break
        # A trace of the whole floor's colour stands in where none of the tiles near by is in sight.
        weight = near.astype(np.float32) + 1e-4
        filled = np.where(near[..., None], lab, lab[near].mean(axis=0)).astype(np.float32)
        total = cv2.GaussianBlur(weight, (0, 0), sigma)
        colour = np.asarray(cv2.GaussianBlur(filled * weight[..., None], (0, 0), sigma) / total[..., None], np.float32)
    return colour


def _unlike(seen: f.Features, floor: Tiled) -> f.Mask:
    """What is no floor: unlike the tile foretold, even in a shade; beyond the tiles, what hangs together with that."""
    one, two = floor.colours
    expected = floor.expected
    seam = f.dilate((floor.odd > 0) & (floor.odd < 1), 1)
    way = two - one
    along = np.clip(((seen.lab - one) * way).sum(-1) / np.maximum((way * way).sum(-1), 1e-3), 0, 1)[..., None]
    between = np.linalg.norm(seen.lab - one - along * way, axis=2)
    far = np.where(seam, between, np.linalg.norm(seen.lab - expected, axis=2))
    usual = float(np.median(far[floor.known & ~seam])) if floor.known.any() else 0.0
    unlike = (far > min(UNLIKE, max(LIKE, 4 * usual))) & floor.known
    unlike &= ~_in_shade(seen, floor, expected, floor.known & ~seam)
    unlike = f.opened(f.closed(unlike, 2), 2)
    calm = f.touching(seen.edge < LIT_STEP, f.frame(seen.shape, 2)) & ~floor.known
    beyond = ~floor.known & ~calm & (between > UNLIKE + 5)
    # A thing stands on tiles in sight; what lies wholly beyond them is the far end of the floor or a wall.
    unlike = f.touching(unlike | f.opened(beyond, 2), unlike)
    # Where a mirror happens to show the foretold colour it is still shut off by its outline, which no seam explains.
    lines = (seen.edge > LINE) & ~f.dilate(seam, 2) & floor.known
    shut = f.dilate(unlike | lines, SHUT)
    reached = f.dilate(f.touching(~shut, f.frame(seen.shape, 2) & ~shut), SHUT + 1)
    held = f.opened(~reached, 2)
    return f.touching(unlike | held, unlike)


def _in_shade(seen: f.Features, floor: Tiled, expected: f.Floats, where: f.Mask) -> f.Mask:
    """What of `where` differs by being darker only, light and dark tiles by the same factor: a shadow."""
    gain = seen.lab[..., 0] / np.maximum(expected[..., 0], 1.0)
    hue = np.linalg.norm(seen.lab[..., 1:] - expected[..., 1:], axis=2)
    darker = f.opened(where & (hue < SAME_HUE) & (gain > DARKEST) & (gain < 0.9), 1)
    count, labels, stats = f.components(f.closed(darker, 3), 4)
    shade = np.zeros_like(darker)
    for index in range(1, count):
        if stats[index, 4] < 0.2 * LEAST * darker.size:
            continue
        there = (labels == index) & darker
        kinds = [gain[there & kind] for kind in (floor.odd == 1, floor.odd == 0)]
        if min(len(kind) for kind in kinds) < 0.1 * np.count_nonzero(there):
            continue
        if abs(float(np.median(kinds[0]) - np.median(kinds[1]))) < EVENLY:
            shade |= there
    return f.dilate(shade, 2)
