# SPDX-License-Identifier: GPL-3.0-or-later
"""The picture's masks: one per object of the brief, drawn from its outlines."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from .brief import Brief, BriefObject
from .mask_hints import MaskHint, digest
from .mask_refine import Mask, refine
from .picture import Picture

FINE = 4
"""How much finer than a pixel outlines are traced and drawn, so that they run along pixel edges, not centres."""


_Key = tuple[str, tuple[int, ...], str, str]
_LAST: dict[str, tuple[_Key, dict[str, Mask]]] = {}
DOUBTFUL = 0.4
"""Below this confidence a mask is no better than a box."""


def object_mask(item: BriefObject, size: tuple[int, int]) -> NDArray[np.bool_]:
    """Return the object's visible mask, (h, w), at `size` (width, height): its outlines, or its box where they are none
    or too small to fill a pixel."""
    drawn = _inside_outlines(item, size)
    if drawn.any():
        return drawn
    canvas = np.zeros(drawn.shape, np.uint8)
    x0, y0, x1, y1 = item.box
    cv2.rectangle(canvas, _pixel((x0, y0), size), _pixel((x1, y1), size), (1,), cv2.FILLED)
    return canvas.astype(bool)


def _inside_outlines(item: BriefObject, size: tuple[int, int]) -> NDArray[np.bool_]:
    width, height = size
    # fillPoly over all rings at once follows the even-odd rule, so inner rings cut holes. It also fills every pixel
    # the outline touches, so it draws enlarged and a pixel counts when half of it is in.
    canvas = np.zeros((height * FINE, width * FINE), np.uint8)
    rings = [
        np.round(np.asarray(ring, np.float64) * (width * FINE, height * FINE) - 0.5).astype(np.int32)
        for ring in item.outlines
        if len(ring) >= 3
    ]
    cv2.fillPoly(canvas, rings, (255,))
    covered = cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(covered >= 128, np.bool_)


def brief_masks(brief: Brief, size: tuple[int, int]) -> dict[str, NDArray[np.bool_]]:
    """Return the visible mask of every object of the brief at `size` (width, height)."""
    return {item.name: object_mask(item, size) for item in brief.objects}


def refined_masks(
    picture_rgb: NDArray[np.uint8],
    brief: Brief,
    check: Callable[[], None] = lambda: None,
    hints: Sequence[MaskHint] = (),
) -> dict[str, Mask]:
    """Return the visible mask of every object of the brief with how far it can be trusted, at the picture's size.

    `picture_rgb` is (h, w, 3) sRGB. Boxes, and outlines that were read off by eye, are refined by the picture's colours
    and edges; outlines that were traced on its pixels stay as they are, with a confidence of 1. What an artist said
    counts before all that; an object of which `hints` leave nothing is left out. `check` is called every so often and
    may raise to stop.
    """
    size = picture_rgb.shape[1], picture_rgb.shape[0]
    drawn = [object_mask(item, size) for item in brief.objects]
    exact = [brief.outlines_traced and bool(item.outlines) for item in brief.objects]
    found = refine(picture_rgb, brief, drawn, exact, check, hints)
    pairs = zip(brief.objects, found, strict=True)
    return {item.name: mask for item, mask in pairs if not hints or mask.mask.any()}


def kept_masks(
    picture_rgb: NDArray[np.uint8],
    brief: Brief,
    check: Callable[[], None] = lambda: None,
    hints: Sequence[MaskHint] = (),
) -> dict[str, Mask]:
    """Return `refined_masks`. Those of the last picture, brief and hints asked for are kept, as every stage of a run
    asks again, and its report and panel after it; treat them as read-only."""
    pixels = hashlib.sha256(np.ascontiguousarray(picture_rgb)).hexdigest()
    key = pixels, picture_rgb.shape, brief.model_dump_json(), digest(hints)
    known = _LAST.get("masks")
    if known is None or known[0] != key:
        _LAST["masks"] = known = key, refined_masks(picture_rgb, brief, check, hints)
    return dict(known[1])


def brief_masks_of(
    picture: Picture, brief: Brief, check: Callable[[], None] = lambda: None, hints: Sequence[MaskHint] = ()
) -> dict[str, NDArray[np.bool_]]:
    """Return the masks attempts are measured against: `kept_masks` without the confidence."""
    return {name: found.mask for name, found in kept_masks(picture.rgb, brief, check, hints).items()}


def doubtful_of(picture: Picture, brief: Brief, hints: Sequence[MaskHint] = ()) -> frozenset[str]:
    """Return the objects whose mask, of `brief_masks_of`, is no better than a box."""
    found = kept_masks(picture.rgb, brief, hints=hints)
    return frozenset(name for name, mask in found.items() if mask.confidence < DOUBTFUL)


def mask_outlines(mask: NDArray[np.bool_], tolerance: float = 0.0015) -> list[list[tuple[float, float]]]:
    """Return the outlines of a mask as fractions of the frame, outer rings and holes, even-odd.

    `tolerance` is how far the polygon may stray from the mask's edge, as a fraction of the longer side.
    """
    height, width = mask.shape
    fine = cv2.resize(mask.astype(np.uint8), None, fx=FINE, fy=FINE, interpolation=cv2.INTER_NEAREST)
    contours, _ = cv2.findContours(fine, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    rings = []
    for contour in contours:
        ring = cv2.approxPolyDP(contour, tolerance * max(width, height) * FINE, True)[:, 0, :].astype(np.float64)
        if len(ring) >= 3:
            rings.append([(float(x), float(y)) for x, y in (ring + 0.5) / (width * FINE, height * FINE)])
    return rings


def _pixel(point: tuple[float, float], size: tuple[int, int]) -> tuple[int, int]:
    return (
        int(np.clip(round(point[0] * size[0] - 0.5), 0, size[0] - 1)),
        int(np.clip(round(point[1] * size[1] - 0.5), 0, size[1] - 1)),
    )
