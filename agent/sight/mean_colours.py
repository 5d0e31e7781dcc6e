# SPDX-License-Identifier: GPL-3.0-or-later
"""Mean colours per object and of the background, in the picture and in a view, as a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..colour_space import to_lab, to_linear, to_srgb
from ..measure import fit, fit_mask
from ..roles import Attempt, AttemptViews, Context

Masks = Mapping[str, NDArray[np.bool_]]
Light = NDArray[np.float64]
LEAST_PX = 12
"""Fewer pixels say nothing of a colour."""
ERODE = 0.012
"""Width of the rim that is left out of a mask, as a share of the frame: it mixes with what is behind."""
STEPS, PAINTED, MOST_PAINTED = 40, 0.05, 6
"""Flat colours: steps of each channel by which they are told apart, least share of a thing, and most of one thing."""
SURFACE_PX = 60
"""A surface of a thing that is smaller says more of where it lies than of its colour."""
CLIPPED = 0.97
"""Linear light of a mean from which the picture is burnt out there, and its colour no longer the surface's."""
MOST_WORN = 12
"""Rows for the materials of one thing."""
BANDS = (("background, top third", 0, 1), ("background, middle", 1, 2), ("background, bottom third", 2, 3))


def judged_view(stage: str, views: AttemptViews) -> tuple[str, NDArray[np.float64]] | None:
    """Return the view whose colours say most at a stage and its name, as linear light: the full render where light is
    settled, the flat albedo before."""
    if views.beauty is not None and (stage in ("lighting", "program") or views.albedo is None):
        return "render", to_linear(views.beauty)
    if views.albedo is not None:
        return "albedo", np.asarray(views.albedo, np.float64)
    return None


def object_colours(picture: NDArray[np.uint8], masks: Masks) -> dict[str, Light]:
    """Return the mean colour, linear light, inside each mask without its rim; masks too small are left out."""
    light = to_linear(picture / 255.0)
    return {name: mean for name, mask in masks.items() if (mean := _mean(light, _core(mask))) is not None}


def colours(context: Context, attempt: Attempt) -> str:
    """Mean colour per object in the picture and in the view the attempt is judged by, as sRGB hex and linear RGB;
    and of the background's top, middle and bottom."""
    views = attempt.views
    found = judged_view(context.stage.name, views)
    if found is None or views.ids is None:
        return ""
    name, light = found
    height, width = views.ids.shape
    if light.shape[:2] != (height, width):
        light = np.asarray(fit(light.astype(np.float32), width, height), np.float64)
    picture = to_linear(fit(context.picture.unit, width, height))
    keys = {label: key for key, label in views.id_names.items()}
    rows = []
    for label, mask in context.masks.items():
        wanted = fit_mask(mask, width, height)
        got = views.ids == keys[label] if label in keys else np.zeros_like(wanted)
        rows.append(_row(label, _mean(picture, _core(wanted)), _mean(light, _core(got))))
        for surface, region in _surfaces(attempt, label, got & wanted):
            rows.append(_row(f"{label}, {surface}", _mean(picture, region), _mean(light, region)))
    behind = ~np.logical_or.reduce([fit_mask(m, width, height) for m in context.masks.values()] or [got_none(views)])
    if context.ignored is not None:
        behind &= ~fit_mask(context.ignored, width, height)
    seen = ~np.isin(views.ids, [key for key, label in views.id_names.items() if label in context.masks])
    if name == "albedo":
        # Flat albedo is black where nothing stands, and that is not a colour.
        seen &= views.ids > 0
    for label, first, last in BANDS:
        band = np.zeros((height, width), bool)
        band[first * height // 3 : last * height // 3] = True
        rows.append(_row(label, _mean(picture, behind & band), _mean(light, seen & band)))
    head = ["where", "picture", "linear", name, "linear", f"picture / {name}", "ΔE"]
    lines = [head, ["---"] * len(head), *rows]
    note = (
        "Means inside the masks without their rims; linear values are what Blender's colour fields want. Things of "
        "several surfaces have a row for each, named by the material (or the flat colour) the scene has there; of what "
        "is patterned, or a little misplaced, the picture's mean is that of another mixture. "
        f"picture / {name}: what each linear channel of the {name} would have to be multiplied by."
    )
    if name == "albedo":
        note += (
            " The picture's colours hold light and shadow, the albedo none: a common factor is the light's business, "
            "a factor that differs from thing to thing or from channel to channel is the material's."
        )
    return note + "\n" + "\n".join("| " + " | ".join(row) + " |" for row in lines)


def hex_of(light: Light) -> str:
    """sRGB hex of linear light, clipped."""
    return "#" + "".join(f"{round(255 * float(v)):02x}" for v in to_srgb(np.clip(light, 0, 1)))


def got_none(views: AttemptViews) -> NDArray[np.bool_]:
    """An empty mask of the views' size."""
    return np.zeros((1, 1) if views.ids is None else views.ids.shape, np.bool_)


def _core(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The mask without its rim; a thin one loses less, so that something of it is left."""
    widest = max(1, round(ERODE * max(mask.shape)))
    padded = np.pad(mask.astype(np.uint8), 1, mode="edge")
    distance = cv2.distanceTransform(padded, cv2.DIST_L2, 3)[1:-1, 1:-1]
    for rim in range(widest, 0, -1):
        core = np.asarray(distance > rim, np.bool_)
        if np.count_nonzero(core) >= LEAST_PX:
            return core
    return mask


def _surfaces(attempt: Attempt, label: str, where: NDArray[np.bool_]) -> list[tuple[str, NDArray[np.bool_]]]:
    """The regions of a thing's surfaces, largest first: by material where a part wears one, by flat colour where it
    wears several; none where the thing has one surface, or one is all that is large enough to say something."""
    views = attempt.views
    if views.part_ids is None or views.part_ids.shape != where.shape:
        return _painted(views.albedo, where)
    wears = {item.name: item.materials[0] for item in attempt.result.inventory if len(set(item.materials)) == 1}
    keys: dict[str, list[int]] = {}
    for key, name in views.part_names.items():
        if (name == label or name.startswith(f"{label}.")) and name in wears:
            keys.setdefault(wears[name], []).append(key)
    found = []
    rest = where.copy()
    for material, parts in keys.items():
        region = where & np.isin(views.part_ids, parts)
        rest &= ~region
        found.append((f"material {material}", _core(region)))
    found += _painted(views.albedo, rest)
    found = [pair for pair in found if np.count_nonzero(pair[1]) >= SURFACE_PX]
    found.sort(key=lambda pair: -int(np.count_nonzero(pair[1])))
    return found[:MOST_WORN] if len(found) > 1 else []


def _painted(albedo: NDArray[np.float32] | None, where: NDArray[np.bool_]) -> list[tuple[str, NDArray[np.bool_]]]:
    """The regions of a thing's several flat colours, largest first, each with its sRGB hex; none where it has one, or
    where a texture makes a colour of every pixel."""
    if albedo is None or not where.any():
        return []
    shown = to_srgb(np.clip(albedo, 0, 1))
    steps = np.round(shown[where] * STEPS).astype(np.int64) @ (1, STEPS + 1, (STEPS + 1) ** 2)
    kinds, counts = np.unique(steps, return_counts=True)
    found = []
    for kind in kinds[np.argsort(-counts)][:MOST_PAINTED]:
        region = np.zeros(where.shape, np.bool_)
        region[where] = steps == kind
        core = _core(region)
        large = np.count_nonzero(region) >= PAINTED * np.count_nonzero(where) and np.count_nonzero(core) >= LEAST_PX
        # The specks of a texture are many small pieces of a colour; a surface is a few large ones.
        if not large or np.count_nonzero(_opened(region)) < 0.6 * np.count_nonzero(region):
            continue
        found.append((f"where it is {hex_of(to_linear(np.median(shown[region], axis=0)))}", core))
    return found if len(found) > 1 else []


def _opened(region: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.asarray(
        cv2.morphologyEx(region.astype(np.uint8), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8)) > 0, np.bool_
    )


def _mean(light: NDArray[Any], mask: NDArray[np.bool_]) -> Light | None:
    if np.count_nonzero(mask) < LEAST_PX:
        return None
    return np.asarray(light[mask].mean(axis=0), np.float64)


def _row(label: str, one: Light | None, two: Light | None) -> list[str]:
    cells = [label.replace("|", "/")]
    for light in (one, two):
        cells += ["-", "-"] if light is None else [hex_of(light), " ".join(f"{v:.3f}" for v in light)]
    if one is None or two is None:
        return [*cells, "-", "-"]
    ratio = " ".join(f"{a / b:.2f}" if b > 0.002 else "-" for a, b in zip(one, two, strict=True))
    if float(one.max()) > CLIPPED:
        ratio += " (burnt out in the picture)"
    lab = to_lab(to_srgb(np.clip(np.stack([one, two]), 0, 1)))
    return [*cells, ratio, f"{float(np.linalg.norm(lab[0] - lab[1])):.0f}"]
