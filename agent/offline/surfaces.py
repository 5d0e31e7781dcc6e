# SPDX-License-Identifier: GPL-3.0-or-later
"""What an object's surface looks like: a few colours, and a small map of which goes where."""

from __future__ import annotations

from dataclasses import dataclass, field
from string import ascii_uppercase

import cv2
import numpy as np
from numpy.typing import NDArray

from . import colours

Mask = NDArray[np.bool_]
Picture = NDArray[np.float32]
Rgb = tuple[float, float, float]

MOST_COLOURS = 16
HIGHEST_ALBEDO = 0.95
MAP_CELLS = 12000
"""Letters of all maps of a script together."""
SAME = 2.5
"""Colours nearer than this in Lab are one."""


@dataclass(frozen=True)
class Surface:
    """Materials of one object; `rows` maps the box of its region to letters, one per material, A first."""

    colours: list[tuple[str, Rgb]]
    """Material name and albedo, linear RGB."""
    roughness: float = 0.6
    specular: float = 0.3
    metallic: float = 0.0
    rows: list[str] = field(default_factory=list)
    box: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    """Fractions of the frame the rows cover."""


def flat(name: str, rgb: Picture, mask: Mask) -> Surface:
    """One colour for the whole object: the mean of the region without its rim."""
    inner = colours.eroded(mask)
    mean = colours.typical(rgb, inner)
    return Surface([(f"{name} Surface", _albedo(mean))], roughness(rgb, inner))


def zoned(name: str, rgb: Picture, mask: Mask, side: int, most: int = MOST_COLOURS) -> Surface:
    """A few colours and a map of `side` cells along the longer side. The light is baked into them."""
    ys, xs = np.nonzero(mask)
    x0, y0, x1, y1 = int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1
    h, w = mask.shape
    columns = max(1, round(side * (x1 - x0) / max(x1 - x0, y1 - y0)))
    rows = max(1, round(side * (y1 - y0) / max(x1 - x0, y1 - y0)))
    cells = _cell_colours(rgb[y0:y1, x0:x1], mask[y0:y1, x0:x1], (columns, rows))
    there = cv2.resize(mask[y0:y1, x0:x1].astype(np.float32), (columns, rows), interpolation=cv2.INTER_AREA) > 0
    labels, palette = _palette(cells, there, most)
    letters = np.array(list(ascii_uppercase))[labels]
    materials = [(title, _albedo(tuple(colour))) for title, colour in zip(_titles(name, palette), palette, strict=True)]
    box = x0 / w, y0 / h, x1 / w, y1 / h
    return Surface(materials, 1.0, 0.0, 0.0, ["".join(row) for row in letters], box)


def structure(rgb: Picture, mask: Mask) -> float:
    """How far the colours of a region are from one shaded colour: spread of hue and chroma in Lab, light left out."""
    inner = colours.eroded(mask, 0.1)
    if inner.sum() < 12:
        return 0.0
    lab = colours.to_lab(rgb[inner])
    chroma = lab[:, 1:] / np.maximum(lab[:, :1], 12.0) * 50.0
    middle = np.median(chroma, axis=0)
    return float(np.percentile(np.linalg.norm(chroma - middle, axis=1), 75))


def roughness(rgb: Picture, mask: Mask) -> float:
    """A guess from highlights: 0.2 where a few pixels are far brighter than the rest, 0.6 where none are."""
    if mask.sum() < 12:
        return 0.6
    light = rgb[mask] @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    jump = float(np.percentile(light, 99) - np.percentile(light, 75))
    return float(np.clip(0.6 - (jump - 0.12) * 1.6, 0.2, 0.6))


def _albedo(srgb: tuple[float, ...] | Rgb) -> Rgb:
    r, g, b = np.clip(colours.to_linear(srgb), 0.002, HIGHEST_ALBEDO)
    return float(r), float(g), float(b)


def _cell_colours(rgb: Picture, mask: Mask, size: tuple[int, int]) -> Picture:
    """Mean sRGB per cell (rows, columns, 3) over the mask's pixels; empty cells take the nearest full one's."""
    inner = cv2.erode(np.pad(mask, 1).astype(np.uint8), np.ones((3, 3), np.uint8))[1:-1, 1:-1].astype(bool)
    weight = np.where(inner, 1.0, np.where(mask, 0.02, 0.0)).astype(np.float32)
    total = cv2.resize(weight, size, interpolation=cv2.INTER_AREA)
    mean = cv2.resize(rgb * weight[..., None], size, interpolation=cv2.INTER_AREA)
    empty = total < 1e-4
    mean = mean / np.maximum(total, 1e-6)[..., None]
    if empty.any() and not empty.all():
        _, nearest = cv2.distanceTransformWithLabels(
            empty.astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
        )
        source = np.zeros(int(nearest.max()) + 1, np.int64)
        source[nearest[~empty]] = np.flatnonzero(~empty)
        mean = mean.reshape(-1, 3)[source[nearest]]
    return np.asarray(mean, np.float32).reshape(size[1], size[0], 3)


def _palette(cells: Picture, there: Mask, most: int) -> tuple[NDArray[np.int64], Picture]:
    """Label per cell and sRGB colour per label: k-means, starting from a fixed seed; near colours merged."""
    inside = cells[there]
    k = min(most, len(np.unique(np.round(inside * 64), axis=0)))
    cv2.setRNGSeed(7)
    criteria = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 30, 0.002)
    guess = np.zeros((len(inside), 1), np.int32)
    _, _, centres = cv2.kmeans(np.ascontiguousarray(inside), k, guess, criteria, 2, cv2.KMEANS_PP_CENTERS)
    kept: list[NDArray[np.float32]] = []
    for centre in centres[np.argsort(centres.sum(1))]:
        if not kept or np.linalg.norm(colours.to_lab(np.array(kept)) - colours.to_lab(centre), axis=1).min() > SAME:
            kept.append(centre)
    palette = np.array(kept, np.float32)
    distance = np.linalg.norm(cells[:, :, None] - palette, axis=-1)
    return distance.argmin(-1), palette


def _titles(name: str, palette: Picture) -> list[str]:
    titles: list[str] = []
    for colour in palette:
        title = f"{name} {colours.name_of(colour)}"
        number = 2
        while title in titles:
            title = f"{name} {colours.name_of(colour)} {number}"
            number += 1
        titles.append(title)
    return titles
