# SPDX-License-Identifier: GPL-3.0-or-later
"""Paintings: what the picture shows of an object, as a small image that a script can carry and an artist can repaint or
replace. A letter a texel says how light it is, and one for each two by two texels which of a few dozen tints they have:
the eye sees detail in lightness, not in hue. Paintings lie on their objects as the camera sees them, so a texel has its
place in the frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from string import ascii_lowercase, ascii_uppercase, digits

import cv2
import numpy as np
from numpy.typing import NDArray

from ..worker.protocol import MAX_SOURCE
from . import colour_space

Mask = NDArray[np.bool_]
Picture = NDArray[np.float32]
Rgb = tuple[float, float, float]
Box = tuple[float, float, float, float]

LETTERS = ascii_uppercase + ascii_lowercase + digits + "!#$%&()*+,-./:;<=>?@[]^_{|}~"
"""From dark to light, and one per tint."""
MOST_TINTS = 40
ROOM = MAX_SOURCE - 13_000
"""Letters of script that all paintings of a scene may take, beside the rest of it."""
PER_ROW, PER_TINT, PER_PAINTING = 12, 27, 240
"""Letters of script that a row takes besides its texels, that a tint takes, and that a painting takes at all."""
LONGEST = 384
"""Texels along the longer side of one."""
LEAST = 12
PIXELS = 1.25
"""Of the picture, that a texel has at least."""
COARSEST = 1e-3
PLACE_SHARE = 0.5
"""As many texels across a floor or a wall as across a thing of the same size."""
TEXELS_A_TINT = 100
"""Texels that a tint is worth."""
GREY = 0.01
"""Linear light added where hue is told: there is none in the dark."""
SAMPLE = 8000
SAME = 1.0
"""Tints nearer than this (Lab, brought to one lightness) become one."""
MIDDLE = 0.3
"""Luminance at which tints are compared."""
RIM = 1.5
"""Texels round the rim whose mean goes on outside of it: one alone would draw a streak."""
SHARPENED = 3
"""Rounds that make the texels, blended as they are shown, those that come nearest to the picture."""


@dataclass(frozen=True)
class Painting:
    """An image that lies on an object as the camera sees it."""

    light: list[str]
    """A letter a texel, from the top: LETTERS from the darkest to the lightest."""
    shades: tuple[float, float]
    """How light, in sRGB, the first and the last letter are."""
    tint: list[str]
    """Half as many letters in half as many rows, of `tints`."""
    tints: list[Rgb]
    """Linear RGB of luminance 1."""
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
    def most_tints(self) -> int:
        """Return how many tints it is worth."""
        return int(np.clip(self.columns * self.rows / TEXELS_A_TINT, 2, MOST_TINTS))

    @property
    def letters(self) -> int:
        """Return how much script it takes, at most."""
        texels = self.rows * (self.columns + PER_ROW) + ceil(self.rows / 2) * (ceil(self.columns / 2) + PER_ROW)
        return texels + self.most_tints * PER_TINT + PER_PAINTING


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
    texels = _shown_texels(painting)
    grid, (width, height) = _grid_of(painting, shape)
    blended = cv2.resize(_blended(texels, grid, (height, width)), shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(colour_space.to_linear(np.clip(blended, 0, 1)), np.float32)


def _grid_of(painting: Painting, shape: tuple[int, ...]) -> tuple[_Grid, tuple[int, int]]:
    """Return a painting's texels over a frame about as large as `shape` (h, w, ...), and the width and height of the
    frame in which they are square."""
    x0, y0, x1, y1 = painting.box
    width = shape[1]
    step = (x1 - x0) * width / len(painting.light[0])
    height = max(1, round(len(painting.light) * step / (y1 - y0)))
    return _Grid(x0 * width, y0 * height, step, len(painting.light[0]), len(painting.light)), (width, height)


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
    linear = colour_space.to_linear(texels.astype(np.float64))
    lightness = np.asarray(colour_space.to_srgb(linear @ colour_space.LUMINANCE))
    low, high = float(lightness[there].min()), float(lightness[there].max())
    steps = len(LETTERS) - 1
    levels = np.clip(np.round((lightness - low) / max(high - low, 1e-6) * steps), 0, steps).astype(int)
    tints, chosen = _tints(linear, there, grid.most_tints)
    height, width = mask.shape
    box = (
        grid.x0 / width,
        grid.y0 / height,
        (grid.x0 + grid.columns * grid.step) / width,
        (grid.y0 + grid.rows * grid.step) / height,
    )
    colours = [(float(r), float(g), float(b)) for r, g, b in tints]
    return Painting(_lettered(levels), (low, high), _lettered(chosen), colours, box)


def _lettered(numbers: NDArray[np.int64]) -> list[str]:
    return ["".join(row) for row in np.array(list(LETTERS))[numbers]]


def _numbered(rows: list[str]) -> NDArray[np.int64]:
    at = {letter: index for index, letter in enumerate(LETTERS)}
    return np.array([[at[letter] for letter in row] for row in rows])


def _shown_texels(painting: Painting) -> Picture:
    """Return the sRGB texels (rows, columns, 3) of a painting."""
    low, high = painting.shades
    light = _numbered(painting.light)
    luminance = colour_space.to_linear(low + (high - low) * light / (len(LETTERS) - 1))
    tint = np.array(painting.tints)[_numbered(painting.tint)].repeat(2, 0).repeat(2, 1)
    linear = np.clip(luminance[..., None] * tint[: light.shape[0], : light.shape[1]], 0.0, 1.0)
    return np.asarray(colour_space.to_srgb(linear), np.float32)


def _tints(linear: NDArray[np.float64], there: Mask, most: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return a few linear tints (n, 3) of luminance 1, and which of them each two by two texels have: k-means from a
    fixed seed; nearly equal ones merged."""
    even = [(0, side % 2) for side in there.shape]
    blocks = (ceil(there.shape[0] / 2), 2, ceil(there.shape[1] / 2), 2)
    weight = np.pad(there, even, mode="edge").reshape(blocks)[..., None] + 1e-3
    summed = np.pad(linear, [*even, (0, 0)], mode="edge").reshape(*blocks, 3)
    colour = (summed * weight).sum((1, 3)) / weight.sum((1, 3))
    feature = _hue(colour)
    sample = feature[weight.sum((1, 3))[..., 0] >= 1]
    sample = sample[:: max(1, len(sample) // SAMPLE)]
    k = min(most, len(np.unique(np.round(sample), axis=0)))
    cv2.setRNGSeed(7)
    criteria = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 30, 0.1)
    centres = cv2.kmeans(sample, k, np.zeros((len(sample), 1), np.int32), criteria, 2, cv2.KMEANS_PP_CENTERS)[2]
    kept: list[NDArray[np.float32]] = []
    for centre in centres[np.lexsort(centres.T)]:
        if not kept or float(np.linalg.norm(np.array(kept) - centre, axis=1).min()) > SAME:
            kept.append(centre)
    chosen = np.linalg.norm(feature[:, :, None] - np.array(kept), axis=-1).argmin(-1)
    tints = np.ones((len(kept), 3))
    for index in range(len(kept)):
        if (chosen == index).any():
            mean = colour[chosen == index].mean(axis=0) + 1e-5
            tints[index] = mean / (mean @ colour_space.LUMINANCE)
    return tints, chosen


def _hue(linear: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return a and b (Lab) of linear colours brought to one luminance."""
    lifted = linear + GREY
    level = lifted * (MIDDLE / (lifted @ colour_space.LUMINANCE))[..., None]
    return np.asarray(colour_space.to_lab(colour_space.to_srgb(np.clip(level, 0, 1)))[..., 1:], np.float32)


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
