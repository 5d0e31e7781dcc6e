# SPDX-License-Identifier: GPL-3.0-or-later
"""Paintings: what the picture shows of an object, as a small image of a few dozen colours, one letter per texel, that a
script can carry and an artist can repaint or replace. They lie on their objects as the camera sees them, so a texel has
its place in the frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from string import ascii_lowercase, ascii_uppercase, digits

import cv2
import numpy as np
from numpy.typing import NDArray

from . import colour_space

Mask = NDArray[np.bool_]
Picture = NDArray[np.float32]
Rgb = tuple[float, float, float]
Box = tuple[float, float, float, float]

LETTERS = ascii_uppercase + ascii_lowercase + digits + "!#$%&()*+,-./:;<=>?@[]^_{|}~"
"""One per colour of a painting."""
ROOM = 56000
"""Letters of script that all paintings of a scene may take: the worker runs none of more than 65,536."""
PER_ROW, PER_PALETTE, PER_PAINTING = 12, 27, 120
"""Letters of script that a row takes besides its texels, that a colour takes, and that a painting takes at all."""
LONGEST = 256
"""Texels along the longer side of one."""
LEAST = 12
PIXELS = 1.5
"""Of the picture, that a texel has at least."""
COARSEST = 1e-3
PLACE_SHARE = 0.5
"""As many texels across a floor or a wall as across a thing of the same size."""
PER_COLOUR = 60
"""Texels that a colour is worth."""
SAMPLE = 8000
HUE_WEIGHT = 1.5
"""Of a and b against L when colours are grouped: a small red spot matters more than a shade."""
SAME = 1.0
"""Colours nearer than this (weighted Lab) become one."""
RIM = 1.5
"""Texels round the rim whose mean goes on outside of it: one alone would draw a streak."""
SHARPENED = 3
"""Rounds that make the texels, blended as they are shown, those that come nearest to the picture."""


@dataclass(frozen=True)
class Painting:
    """An image that lies on an object as the camera sees it."""

    palette: list[Rgb]
    """Linear RGB, one per letter, A first."""
    rows: list[str]
    """Letters, from the top."""
    box: Box
    """What it covers of the frame, fractions: left, top, right, bottom."""


@dataclass(frozen=True)
class _Grid:
    """Square texels over the picture: `x0`, `y0` of the first one's corner and their side, pixels."""

    x0: float
    y0: float
    step: float
    columns: int
    rows: int

    @property
    def most_colours(self) -> int:
        """Return how many colours it is worth."""
        return int(np.clip(self.columns * self.rows / PER_COLOUR, 2, len(LETTERS)))

    @property
    def letters(self) -> int:
        """Return how much script it takes, at most."""
        return self.rows * (self.columns + PER_ROW) + self.most_colours * PER_PALETTE + PER_PAINTING


def paint(
    masks: Mapping[str, Mask], rgb: Picture, places: Mapping[str, Box] | None = None, room: int = ROOM
) -> dict[str, Painting]:
    """Return a painting of each thing: `masks` (h, w) by name, `rgb` (h, w, 3) sRGB. One in `places` (fractions of the
    frame) covers that box, at half as many texels across, instead of its mask's. The light is in the colours."""
    boxes = {name: (places or {}).get(name) or _box(mask) for name, mask in masks.items()}
    # Texels per pixel, as fine as there is room for.
    fine = 1 / PIXELS
    while True:
        grids = {
            name: _grid(box, rgb, fine * (PLACE_SHARE if name in (places or {}) else 1.0))
            for name, box in boxes.items()
        }
        if sum(grid.letters for grid in grids.values()) <= room or fine < COARSEST:
            break
        fine *= 0.97
    return {name: _painted(rgb, mask, grids[name]) for name, mask in masks.items()}


def again(painting: Painting, rgb: Picture) -> Painting:
    """Return the painting of the same texels that shows (h, w, 3) sRGB `rgb`, of the whole frame, where it lies."""
    grid, size = _grid_of(painting, rgb.shape)
    square = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_LINEAR), np.float32)
    return _painted(square, np.ones(square.shape[:2], bool), grid)


def shown(painting: Painting, shape: tuple[int, ...]) -> Picture:
    """Return what a painting shows as it lies in a frame of `shape` (h, w, ...): (h, w, 3) linear RGB, going on as at
    its rim outside of it."""
    palette = np.asarray(colour_space.to_srgb(np.array(painting.palette)), np.float32)
    letters = {letter: index for index, letter in enumerate(LETTERS)}
    texels = palette[np.array([[letters[letter] for letter in row] for row in painting.rows])]
    grid, (width, height) = _grid_of(painting, shape)
    blended = cv2.resize(_blended(texels, grid, (height, width)), shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(colour_space.to_linear(np.clip(blended, 0, 1)), np.float32)


def _grid_of(painting: Painting, shape: tuple[int, ...]) -> tuple[_Grid, tuple[int, int]]:
    """Return a painting's texels over a frame about as large as `shape` (h, w, ...), and the width and height of the
    frame in which they are square."""
    x0, y0, x1, y1 = painting.box
    width = shape[1]
    step = (x1 - x0) * width / len(painting.rows[0])
    height = max(1, round(len(painting.rows) * step / (y1 - y0)))
    return _Grid(x0 * width, y0 * height, step, len(painting.rows[0]), len(painting.rows)), (width, height)


def _box(mask: Mask) -> Box:
    height, width = mask.shape
    ys, xs = np.nonzero(mask)
    if not len(xs):
        return 0.0, 0.0, 1.0, 1.0
    return xs.min() / width, ys.min() / height, (xs.max() + 1) / width, (ys.max() + 1) / height


def _grid(box: Box, rgb: Picture, fine: float) -> _Grid:
    height, width = rgb.shape[:2]
    (x0, y0), (x1, y1) = np.array(box[:2]) * (width, height), np.array(box[2:]) * (width, height)
    longer = max(x1 - x0, y1 - y0)
    step = longer / min(LONGEST, max(LEAST, round(longer * fine)))
    columns, rows = (max(1, ceil(side / step - 1e-3)) for side in (x1 - x0, y1 - y0))
    return _Grid(float(x0), float(y0), float(step), columns, rows)


def _painted(rgb: Picture, mask: Mask, grid: _Grid) -> Painting:
    texels, there = _texels(rgb, mask, grid)
    palette = _palette(texels[there], grid.most_colours)
    labels = np.linalg.norm(_weighted(texels).reshape(-1, 1, 3) - _weighted(palette), axis=-1).argmin(-1)
    letters = np.array(list(LETTERS))[labels.reshape(grid.rows, grid.columns)]
    height, width = mask.shape
    box = (
        grid.x0 / width,
        grid.y0 / height,
        (grid.x0 + grid.columns * grid.step) / width,
        (grid.y0 + grid.rows * grid.step) / height,
    )
    linear = np.clip(colour_space.to_linear(palette), 0.0, 1.0)
    colours = [(float(r), float(g), float(b)) for r, g, b in linear]
    return Painting(colours, ["".join(row) for row in letters], box)


def _texels(rgb: Picture, mask: Mask, grid: _Grid) -> tuple[Picture, Mask]:
    """Return sRGB per texel, (rows, columns, 3), that blended come nearest to the mask's pixels, and which texels have
    some; the others take the nearest one's."""
    inner = cv2.erode(np.pad(mask, 1).astype(np.uint8), np.ones((3, 3), np.uint8))[1:-1, 1:-1].astype(bool)
    weight = np.where(inner, 1.0, np.where(mask, 0.02, 0.0)).astype(np.float32)
    texels, total = _averaged(rgb, weight, grid)
    empty = total < 1e-4
    there = ~empty if (~empty).any() else np.ones_like(empty)
    texels = _spread(texels, there)
    for _ in range(SHARPENED):
        missing, _ = _averaged(rgb - _blended(texels, grid, mask.shape), weight, grid)
        texels = _spread(np.clip(texels + missing, 0.0, 1.0), there)
    return texels, there


def _averaged(values: Picture, weight: NDArray[np.float32], grid: _Grid) -> tuple[Picture, NDArray[np.float32]]:
    """Return the weighted mean of a picture per texel, and the weight there is."""
    fine = max(2, ceil(grid.step))
    scale, size = grid.step / fine, (grid.columns * fine, grid.rows * fine)
    shift = np.array([[scale, 0, grid.x0 - 0.5 + scale / 2], [0, scale, grid.y0 - 0.5 + scale / 2]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    shape = grid.rows, fine, grid.columns, fine
    total = cv2.warpAffine(weight, shift, size, flags=flags).reshape(shape).mean((1, 3))
    summed = cv2.warpAffine(values * weight[..., None], shift, size, flags=flags).reshape(*shape, 3).mean((1, 3))
    return np.asarray(summed / np.maximum(total, 1e-6)[..., None], np.float32), np.asarray(total, np.float32)


def _blended(texels: Picture, grid: _Grid, shape: tuple[int, ...]) -> Picture:
    """Return the picture that the texels make, blended as an image texture is."""
    scale = 1 / grid.step
    to = np.array([[scale, 0, (0.5 - grid.x0) * scale - 0.5], [0, scale, (0.5 - grid.y0) * scale - 0.5]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpAffine(texels, to, (shape[1], shape[0]), flags=flags, borderMode=cv2.BORDER_REPLICATE), np.float32
    )


def _spread(texels: Picture, there: Mask) -> Picture:
    """Return the texels with those that are not there like those around the nearest that is."""
    if there.all():
        return texels
    _, nearest = cv2.distanceTransformWithLabels(
        (~there).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    source = np.zeros(int(np.max(nearest)) + 1, np.int64)
    source[nearest[there]] = np.flatnonzero(there)
    known = there[..., None].astype(np.float32)
    around = cv2.GaussianBlur(texels * known, (0, 0), RIM) / np.maximum(
        cv2.GaussianBlur(there.astype(np.float32), (0, 0), RIM)[..., None], 1e-4
    )
    like = np.where(there[..., None], texels, around.reshape(-1, 3)[source[nearest]])
    return np.asarray(like, np.float32)


def _palette(texels: Picture, most: int) -> Picture:
    """Return a few sRGB colours (n, 3) for all texels (m, 3), dark to light: k-means in Lab from a fixed seed; nearly
    equal ones merged."""
    sample = texels[:: max(1, len(texels) // SAMPLE)]
    k = min(most, len(np.unique(np.round(sample * 64), axis=0)))
    cv2.setRNGSeed(7)
    criteria = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 30, 0.1)
    labels = cv2.kmeans(_weighted(sample), k, np.zeros((len(sample), 1), np.int32), criteria, 2, cv2.KMEANS_PP_CENTERS)[
        1
    ]
    found = [sample[labels[:, 0] == i].mean(0) for i in range(k) if (labels[:, 0] == i).any()]
    kept: list[NDArray[np.float32]] = []
    for colour in sorted(found, key=lambda c: float(c.sum())):
        if not kept or float(np.linalg.norm(_weighted(np.array(kept)) - _weighted(colour), axis=1).min()) > SAME:
            kept.append(colour)
    return np.array(kept, np.float32)


def _weighted(srgb: Picture) -> Picture:
    return np.asarray(colour_space.to_lab(srgb) * np.array([1.0, HUE_WEIGHT, HUE_WEIGHT]), np.float32)
