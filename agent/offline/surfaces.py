# SPDX-License-Identifier: GPL-3.0-or-later
"""What the objects' surfaces look like: a material each, of one colour or with a painting."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .. import colour_space
from ..paintings import Painting
from . import colours

Mask = NDArray[np.bool_]
Picture = NDArray[np.float32]
Rgb = tuple[float, float, float]

HIGHEST_ALBEDO = 0.95
MESH_CELLS = 3600
"""Of all painted things' meshes together, one side of each."""


@dataclass(frozen=True)
class Surface:
    """An object's material."""

    title: str
    colour: Rgb = (1.0, 1.0, 1.0)
    """Albedo, linear RGB; what the painting is multiplied by where there is one."""
    roughness: float = 1.0
    specular: float = 0.0
    painting: Painting | None = None


def cells_along(span: float, objects: int) -> int:
    """Cells of a mesh that is to be painted, along the longer side of an object that takes `span` of the frame."""
    return int(np.clip(round(125 * span), 12, min(64, max(16, (4 * MESH_CELLS / max(1, objects)) ** 0.5))))


def titled(name: str) -> str:
    """Return what an object's material is called."""
    return f"{name} Surface"


def flat(name: str, rgb: Picture, mask: Mask, light: float = 1.0) -> Surface:
    """One colour for the whole object: the mean of the region without its rim, over the `light` that falls on it."""
    inner = colours.eroded(mask)
    mean = colour_space.to_linear(colours.typical(rgb, inner)) / light
    return Surface(titled(name), albedo(colour_space.to_srgb(mean)), roughness(rgb, inner), 0.3)


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
    light = rgb[mask] @ colour_space.LUMINANCE
    jump = float(np.percentile(light, 99) - np.percentile(light, 75))
    return float(np.clip(0.6 - (jump - 0.12) * 1.6, 0.2, 0.6))


def albedo(srgb: NDArray[np.float32] | NDArray[np.float64] | Rgb) -> Rgb:
    """Albedo of a surface that shows this sRGB colour under light 1; never as bright as a lamp."""
    r, g, b = np.clip(colour_space.to_linear(srgb), 0.002, HIGHEST_ALBEDO)
    return float(r), float(g), float(b)
