# SPDX-License-Identifier: GPL-3.0-or-later
"""The brief in words and numbers: names a person would use, outlines, and how sure the offline agent is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .. import masks as mask_tools
from ..brief import Brief, BriefObject, CameraHint
from ..picture import Picture
from ..unique_name import unique
from . import colours
from .layout import Layout
from .regions import Region, Segmentation


def describe(picture: Picture, seen: Segmentation, layout: Layout) -> Brief:
    """The brief of a segmented picture whose regions have their solids."""
    names = names_for(picture, [r.mask for r in seen.regions], [s.shape for s in layout.solids])
    objects = [
        _object(picture, name, region, solid.shape, solid.iou)
        for name, region, solid in zip(names, seen.regions, layout.solids, strict=True)
    ]
    confidence, reasons = _confidence(seen, layout)
    return Brief(
        caption=_caption(names, seen),
        objects=objects,
        outlines_traced=True,
        camera=CameraHint(
            horizontal_fov=layout.camera.fov, pitch=layout.camera.pitch, height_m=layout.camera.position[2]
        ),
        backdrop=seen.backdrop,
        backdrop_colour=seen.backdrop_colour,
        confidence=confidence,
        reasons=reasons,
    )


def names_for(picture: Picture, masks: list[NDArray[np.bool_]], shapes: list[str]) -> list[str]:
    """Names as `Red Cube` or `Grey Sphere 2`, unique."""
    names: list[str] = []
    for mask, shape in zip(masks, shapes, strict=True):
        colour = colours.name_of(colours.typical(picture.unit, colours.eroded(mask)))
        word = "Object" if shape in {"free body", "turned body"} else shape.title()
        names.append(unique(f"{colour} {word}", names))
    return names


def _object(picture: Picture, name: str, region: Region, shape: str, overlap: float) -> BriefObject:
    h, w = region.mask.shape
    x0, y0, x1, y1 = region.box
    return BriefObject(
        name=name,
        box=(x0 / w, y0 / h, x1 / w, y1 / h),
        outlines=mask_tools.mask_outlines(region.mask, 0.001),
        shape=shape,
        colour=colours.typical(picture.unit, colours.eroded(region.mask)),
        confidence=float(np.clip(region.confidence * (0.5 + 0.5 * overlap), 0, 1)),
    )


def _caption(names: list[str], seen: Segmentation) -> str:
    before = {
        "transparent": "cut out",
        "plain": "before a plain backdrop",
        "floor": "on a floor",
        "scene": "in a place",
    }
    if not names:
        return "Nothing that could be told from its backdrop."
    listed = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    return f"{listed} {before[seen.backdrop]}."


def _confidence(seen: Segmentation, layout: Layout) -> tuple[float, list[str]]:
    reasons = list(seen.reasons)
    if not seen.regions:
        return min(seen.confidence, 0.1), [*reasons, "No object was found, so the scene shows the backdrop alone."]
    factor = 1.0
    free = sum(solid.kind in {"inflated", "lathe"} for solid in layout.solids)
    if seen.backdrop in {"floor", "scene"}:
        reasons.append(f"Simple solids match the outlines to {100 * layout.evidence:.0f} %.")
        factor = float(np.clip((layout.evidence - 0.6) / 0.3, 0.3, 1.0))
        if len(layout.solids) < 2:
            factor *= 0.8
            reasons.append("One object alone says little of the camera's height and angle.")
    if seen.backdrop == "scene":
        reasons.append("Floor and back wall are painted with the picture's colours; what is on them has no shape.")
    if free:
        one = "is a free form" if free == 1 else "are free forms"
        which = "Its body" if len(layout.solids) == 1 else f"{free} of {len(layout.solids)} bodies"
        reasons.append(f"{which} {one}; the hidden side is a guess.")
    return round(float(np.clip(seen.confidence * factor, 0.05, 1.0)), 3), reasons
