# SPDX-License-Identifier: GPL-3.0-or-later
"""Which pixels of a render say something of which material: inside it, inside the picture's mask, away from edges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ...worker.protocol import ObjectInfo
from .. import parts
from ..measure import fit_mask
from ..roles import AttemptViews

Mask = NDArray[np.bool_]

SMALLEST = 8
"""Pixels, once eroded, below which a region says too little: thin and small parts are left alone."""
_SAME = 4e-3
_KERNEL = np.ones((3, 3), np.uint8)


def agreeing(views: AttemptViews, masks: Mapping[str, Mask], size: tuple[int, int]) -> Mask:
    """Return where the render shows what the picture shows, away from outlines, at `size` (width, height)."""
    assert views.ids is not None
    width, height = size
    ids = _nearest(views.ids, size)
    agree = np.zeros((height, width), bool)
    taken = np.zeros((height, width), bool)
    for name, mask in masks.items():
        wanted = fit_mask(mask, width, height)
        keys = [key for key, item in views.id_names.items() if parts.owner(item, list(masks)) == name]
        agree |= _eroded(wanted & np.isin(ids, keys))
        taken |= wanted
    others = [key for key, item in views.id_names.items() if parts.owner(item, list(masks)) is None]
    return agree | _eroded(~taken & np.isin(ids, others))


def by_material(
    views: AttemptViews,
    inventory: Sequence[ObjectInfo],
    colours: Mapping[str, NDArray[np.float64]],
    names: Sequence[str],
    agree: Mask,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return per pixel of `agree` the index in `names` of the material it shows, -1 where none, too little or too thin;
    and the same of all pixels that show some of a material, thin and doubtful ones too.

    `colours` are the materials' linear base colours; a pixel shows a material when its object has it and its flat
    colour is that. A texture is no one colour, so it is never matched.
    """
    assert views.ids is not None and views.albedo is not None
    size = agree.shape[1], agree.shape[0]
    albedo = _nearest(views.albedo, size)
    ids = _nearest(views.ids, size)
    found, worn = np.full(agree.shape, -1, np.int64), np.full(agree.shape, -1, np.int64)
    for index, name in enumerate(names):
        if name not in colours:
            continue
        wearing = [info.name for info in inventory if name in info.materials]
        # Parts of a thing may have been given the thing's own number.
        keys = [k for k, item in views.id_names.items() if any(w == item or w.startswith(item + ".") for w in wearing)]
        same = np.abs(albedo - colours[name].astype(np.float32)).max(axis=-1) < _SAME
        whole = same & np.isin(ids, keys)
        worn[whole] = index
        region = _eroded(whole) & agree
        if int(region.sum()) >= SMALLEST:
            found[region] = index
    return found, worn


def evened(shows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return how much each pixel counts when a surface is to count by the root of its size: neighbouring pixels say
    much the same, and a floor would outvote all that stands on it. Pixels that show no surface (-1) count one."""
    weight = np.ones(shows.shape)
    surfaces, inverse, sizes = np.unique(shows[shows >= 0], return_inverse=True, return_counts=True)
    if len(surfaces):
        weight[shows >= 0] = np.sqrt(np.median(sizes) / sizes)[inverse.ravel()]
    return weight


def sample(shows: NDArray[np.int64], used: Mask, most: int) -> tuple[Mask, NDArray[np.float64]]:
    """Return which of the pixels of `used` to look at, no more than `most` of any surface, and how many each stands
    for, (h, w). The same for the same surfaces."""
    kept, stands_for = used.copy(), np.ones(shows.shape)
    rng = np.random.default_rng(0)
    for index in np.unique(shows[used]):
        pixels = np.flatnonzero((used & (shows == index)).ravel())
        if len(pixels) > most:
            kept.flat[rng.permutation(pixels)[most:]] = False
            stands_for[shows == index] = len(pixels) / most
    return kept, stands_for


def by_thing(views: AttemptViews, agree: Mask) -> tuple[NDArray[np.int64], list[str]]:
    """Return per pixel of `agree` which thing it shows, -1 where none or too little, and the things' names."""
    assert views.ids is not None
    ids = _nearest(views.ids, (agree.shape[1], agree.shape[0]))
    found = np.full(agree.shape, -1, np.int64)
    for index, key in enumerate(views.id_names):
        region = _eroded(ids == key) & agree
        if int(region.sum()) >= SMALLEST:
            found[region] = index
    return found, list(views.id_names.values())


def _eroded(mask: Mask) -> Mask:
    return np.asarray(cv2.erode(mask.astype(np.uint8), _KERNEL, borderValue=[1]) > 0, np.bool_)


def _nearest(array: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    rows = (np.arange(size[1]) * array.shape[0] + array.shape[0] // 2) // size[1]
    columns = (np.arange(size[0]) * array.shape[1] + array.shape[1] // 2) // size[0]
    return array[np.ix_(rows.clip(0, array.shape[0] - 1), columns.clip(0, array.shape[1] - 1))]
