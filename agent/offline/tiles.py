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
from .lattice import parity, plane_of

Array = NDArray[np.float64]

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
    odd, known = parity(plane, seen.shape)
    colours = tuple(_colour(seen.lab, known & pure) for pure in (odd == 1, odd == 0))
    return Tiled((colours[0], colours[1]), odd, known)


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
