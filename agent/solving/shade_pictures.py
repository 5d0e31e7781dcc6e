# SPDX-License-Identifier: GPL-3.0-or-later
"""The pictures that colours and light are solved on: one per light, or the scene's own as if one light made it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ...worker.protocol import ObjectInfo
from .. import parts
from ..measure import fit_mask
from ..roles import AttemptViews
from . import tone
from .knobs import WORLD
from .probe import Made

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

PIXELS = 192
COVERED = 0.98


@dataclass(frozen=True)
class Rendered:
    """A scene as it stands, and the picture it is to look like."""

    picture: Floats
    """(h, w, 3) sRGB."""
    masks: Mapping[str, Mask]
    views: AttemptViews
    inventory: Sequence[ObjectInfo]
    settings: Mapping[str, Any]
    """Scene settings as a job says them."""
    ignored: Mask | None = None
    """(h, w) of the picture's: where nothing is compared."""


def layers(
    scene: Rendered, names: Sequence[str], pictures: Floats, coverage: Floats, made: Made, with_light: bool
) -> tuple[tone.Tone | None, NDArray[np.float64], Mask]:
    """Return how light is shown, one picture per light, and the pixels that can be compared."""
    found = pictures.astype(np.float64)
    covered = coverage > COVERED
    if not with_light:
        return tone.Tone(), found, covered
    view, beauty = shown_as(scene, found.sum(axis=0), covered), scene.views.beauty
    if view is None or beauty is None or WORLD not in names or not _world_is_seen(made.numbers, scene.settings):
        return view, found, covered
    backdrop = coverage < 1 - COVERED
    shown = fitted(beauty, (coverage.shape[1], coverage.shape[0])).astype(np.float64)
    found[list(names).index(WORLD)][backdrop] = view.light(shown[backdrop])
    return view, found, covered | backdrop


def shown_as(scene: Rendered, total: NDArray[np.float64], covered: Mask) -> tone.Tone | None:
    """Return how the scene's view shows the `total` (h, w, 3) linear of its lights; None when that can't be told."""
    beauty = scene.views.beauty
    if beauty is None:
        standard = scene.settings.get("view", {}).get("view_transform") == "Standard"
        return tone.of_view(dict(scene.settings), total, total) if standard else None
    if not covered.any():
        return None
    shown = fitted(beauty, (covered.shape[1], covered.shape[0])).astype(np.float64)
    return tone.of_view(dict(scene.settings), total[covered], shown[covered])


def one_light(scene: Rendered) -> tuple[Floats, Floats] | None:
    """Return the scene's own render as if one light made it, brought to a level at which surfaces show about their base
    colour, as the flat view that the stage is judged by has them; and the coverage."""
    views = scene.views
    if views.ids is None or views.albedo is None:
        return None
    height, width = views.ids.shape
    scale = PIXELS / max(width, height)
    size = max(8, round(width * scale)), max(8, round(height * scale))
    coverage = fitted((views.ids > 0).astype(np.float32), size)
    flat = fitted(views.albedo, size)
    standard = scene.settings.get("view", {}).get("view_transform") == "Standard"
    if views.beauty is None or not standard:
        return flat[None], coverage
    view = tone.Tone(float(scene.settings["view"].get("exposure", 0.0)))
    light = view.light(fitted(views.beauty, size).astype(np.float64))
    there = (coverage > COVERED) & (flat.max(axis=-1) > 0.01)
    if not there.any():
        return flat[None], coverage
    level = float(np.median(light[there].mean(axis=-1) / flat[there].mean(axis=-1)))
    if level < 0.02:
        return flat[None], coverage
    return (light / level)[None].astype(np.float32), coverage


def _world_is_seen(numbers: Mapping[str, NDArray[np.float64]], settings: Mapping[str, Any]) -> bool:
    hidden = any(key.startswith("backdrop/") for key in numbers) or settings.get("film_transparent", False)
    return not hidden and any(key.startswith("background/") for key in numbers)


def about(scene: Rendered) -> tuple[NDArray[np.float64], float]:
    """Return the middle of the things (3,) and how far they reach from it, metres."""
    things = [info for info in scene.inventory if parts.owner(info.name, list(scene.masks)) is not None]
    if not things:
        return np.zeros(3), 1.0
    low, high = (np.array([getattr(info, f"world_{end}") for info in things]) for end in ("min", "max"))
    middle = np.asarray(((low + high) / 2).mean(axis=0), np.float64)
    return middle, float(np.linalg.norm(np.maximum(high - middle, middle - low).max(axis=0)))


def counted(scene: Rendered, size: tuple[int, int]) -> Mask:
    """Return where anything is compared, at `size` (width, height)."""
    width, height = size
    return np.ones((height, width), bool) if scene.ignored is None else ~fit_mask(scene.ignored, width, height)


def fitted(picture: Floats, size: tuple[int, int]) -> Floats:
    """Return a picture at `size` (width, height)."""
    if (picture.shape[1], picture.shape[0]) == size:
        return picture
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.float32)
