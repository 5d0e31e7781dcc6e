# SPDX-License-Identifier: GPL-3.0-or-later
"""What the objects' surfaces look like: materials, and small maps of which goes where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from string import ascii_lowercase, ascii_uppercase

import cv2
import numpy as np
from numpy.typing import NDArray

from .. import colour_space
from . import colours
from .outline import rings

Mask = NDArray[np.bool_]
Picture = NDArray[np.float32]
Rgb = tuple[float, float, float]
Box = tuple[float, float, float, float]

LETTERS = ascii_uppercase + ascii_lowercase
MOST_MATERIALS = 46
"""Of a scene; the worker refuses more than 50."""
FIRST_PALETTE, MORE_PALETTE = 24, 6
"""Colours for one painted object, and for each further one: they share."""
HIGHEST_ALBEDO = 0.95
MAP_CELLS = 14000
"""Letters of all maps of a script together."""
HUE_WEIGHT = 1.5
"""Of a and b against L when colours are grouped: a small red spot matters more than a shade."""


@dataclass(frozen=True)
class Paint:
    """A material."""

    title: str
    colour: Rgb
    """Albedo, linear RGB."""
    roughness: float = 1.0
    specular: float = 0.0


@dataclass(frozen=True)
class Surface:
    """Materials of one object; `rows` maps `box` (fractions of the frame) to letters, one per material, A first."""

    paints: list[Paint]
    rows: list[str] = field(default_factory=list)
    box: Box = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True)
class _Cells:
    colours: Picture
    """(rows, columns, 3) sRGB."""
    there: Mask
    box: Box


def cells_along(span: float, objects: int) -> int:
    """Cells of a map or a mesh along the longer side of an object that takes `span` of the frame."""
    return int(np.clip(round(125 * span), 12, min(96, (MAP_CELLS / max(1, objects)) ** 0.5)))


def flat(name: str, rgb: Picture, mask: Mask, light: float = 1.0) -> Surface:
    """One colour for the whole object: the mean of the region without its rim, over the `light` that falls on it."""
    inner = colours.eroded(mask)
    mean = colour_space.to_linear(colours.typical(rgb, inner)) / light
    return Surface([Paint(f"{name} Surface", albedo(colour_space.to_srgb(mean)), roughness(rgb, inner), 0.3)])


def painted(
    masks: Mapping[str, Mask],
    rgb: Picture,
    cells: Mapping[str, int],
    other: int = 0,
    boxes: Mapping[str, Box] | None = None,
) -> dict[str, Surface]:
    """A few colours shared by several objects, and a map for each with `cells` along its longer side.

    The light is baked into the colours. `other` is how many more materials the scene has. An object in `boxes`
    (fractions of the frame) gets a map of that box with `cells` across it, instead of one of its mask's box.
    """
    if not masks:
        return {}
    maps = {name: _cell_colours(rgb, mask, cells[name], (boxes or {}).get(name)) for name, mask in masks.items()}
    most = min(FIRST_PALETTE + MORE_PALETTE * (len(masks) - 1), MOST_MATERIALS - other)
    palette = _palette(np.vstack([item.colours[item.there] for item in maps.values()]), max(1, most))
    titles = _titles(next(iter(masks)) if len(masks) == 1 else "Paint", palette)
    paints = [Paint(title, albedo(colour)) for title, colour in zip(titles, palette, strict=True)]
    lab = _weighted(palette)
    return {name: _mapped(item, paints, lab) for name, item in maps.items()}


def structure(rgb: Picture, mask: Mask) -> float:
    """How far the colours of a region are from one shaded colour: spread of hue and chroma in Lab, light left out."""
    inner = colours.eroded(mask, 0.1)
    if inner.sum() < 12:
        return 0.0
    lab = colour_space.to_lab(rgb[inner])
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


def albedo(srgb: NDArray[np.float32] | NDArray[np.float64] | Rgb) -> Rgb:
    """Albedo of a surface that shows this sRGB colour under light 1; never as bright as a lamp."""
    r, g, b = np.clip(colour_space.to_linear(srgb), 0.002, HIGHEST_ALBEDO)
    return float(r), float(g), float(b)


def _mapped(item: _Cells, paints: list[Paint], lab: Picture) -> Surface:
    """The object's map, with letters for the paints it uses only."""
    distance = np.linalg.norm(_weighted(item.colours)[:, :, None] - lab, axis=-1)
    counts = np.bincount(distance.argmin(-1).ravel(), minlength=len(paints))
    used = np.sort(np.argsort(-counts, kind="stable")[: min(len(LETTERS), int((counts > 0).sum()))])
    labels = distance[:, :, used].argmin(-1)
    letters = np.array(list(LETTERS))[labels]
    return Surface([paints[i] for i in used], ["".join(row) for row in letters], item.box)


def _cell_colours(rgb: Picture, mask: Mask, cells: int, of: Box | None) -> _Cells:
    """Mean sRGB per square cell over the mask's pixels; empty cells take the nearest full one's.

    The cells start at the upper left of the mask's outline, as the mesh of a free body does, so that a cell's border
    is an edge of the mesh.
    """
    h, w = mask.shape
    if of:
        (x0, y0), (x1, y1) = np.array(of[:2]) * (w, h), np.array(of[2:]) * (w, h)
        step = (x1 - x0) / cells
    else:
        points = np.array([point for ring in rings(mask) for point in ring]) * (w, h)
        (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
        step = max(x1 - x0, y1 - y0) / cells
    columns, rows = max(1, ceil((x1 - x0) / step - 1e-3)), max(1, ceil((y1 - y0) / step - 1e-3))
    inner = cv2.erode(np.pad(mask, 1).astype(np.uint8), np.ones((3, 3), np.uint8))[1:-1, 1:-1].astype(bool)
    weight = np.where(inner, 1.0, np.where(mask, 0.02, 0.0)).astype(np.float32)
    fine = max(2, ceil(step))
    size = columns * fine, rows * fine
    scale = step / fine
    shift = np.array([[scale, 0, x0 - 0.5 + scale / 2], [0, scale, y0 - 0.5 + scale / 2]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    total = cv2.warpAffine(weight, shift, size, flags=flags).reshape(rows, fine, columns, fine).mean((1, 3))
    light = cv2.warpAffine(rgb * weight[..., None], shift, size, flags=flags)
    mean = light.reshape(rows, fine, columns, fine, 3).mean((1, 3)) / np.maximum(total, 1e-6)[..., None]
    empty = total < 1e-4
    if empty.any() and not empty.all():
        _, nearest = cv2.distanceTransformWithLabels(
            empty.astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
        )
        source = np.zeros(int(np.max(nearest)) + 1, np.int64)
        source[nearest[~empty]] = np.flatnonzero(~empty)
        mean = mean.reshape(-1, 3)[source[nearest]]
    there = ~empty if (~empty).any() else np.ones_like(empty)
    box = (x0 / w, y0 / h, (x0 + columns * step) / w, (y0 + rows * step) / h)
    return _Cells(np.asarray(mean, np.float32), there, (float(box[0]), float(box[1]), float(box[2]), float(box[3])))


def _weighted(srgb: Picture) -> Picture:
    return np.asarray(colour_space.to_lab(srgb) * np.array([1.0, HUE_WEIGHT, HUE_WEIGHT]), np.float32)


def _palette(cells: Picture, most: int) -> Picture:
    """A few sRGB colours (n, 3) for all cells (m, 3), dark to light: k-means in Lab from a fixed seed; nearly equal
    ones merged."""
    k = min(most, len(np.unique(np.round(cells * 64), axis=0)))
    cv2.setRNGSeed(7)
    criteria = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 30, 0.1)
    lab = _weighted(cells)
    _, labels, _ = cv2.kmeans(lab, k, np.zeros((len(lab), 1), np.int32), criteria, 2, cv2.KMEANS_PP_CENTERS)
    found = [cells[labels[:, 0] == i].mean(0) for i in range(k) if (labels[:, 0] == i).any()]
    kept: list[NDArray[np.float32]] = []
    for colour in sorted(found, key=lambda c: float(c.sum())):
        if not kept or float(np.linalg.norm(_weighted(np.array(kept)) - _weighted(colour), axis=1).min()) > 2.0:
            kept.append(colour)
    return np.array(kept, np.float32)


def _titles(prefix: str, palette: Picture) -> list[str]:
    titles: list[str] = []
    for colour in palette:
        base = f"{prefix} {colours.name_of(colour)}"
        title, number = base, 2
        while title in titles:
            title, number = f"{base} {number}", number + 1
        titles.append(title)
    return titles
