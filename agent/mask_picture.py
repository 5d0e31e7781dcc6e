# SPDX-License-Identifier: GPL-3.0-or-later
"""The picture with its masks drawn over it, each in a colour of its own, and what an artist said of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from . import masks
from .brief import Brief, BriefObject
from .mask_hints import MaskHint, area
from .mask_refine import Mask
from .overlay import COLOURS

Bytes = NDArray[np.uint8]
TINT = 0.42
"""How much of a mask's colour lies over what is in it."""
MORE_COLOURS = ((40, 200, 190), (250, 120, 110), (150, 110, 60), (130, 210, 60))
SAID = {"is": (40, 255, 90), "not": (255, 50, 40), "ignore": (235, 235, 235)}
"""Colours of hints."""


def colour_of(index: int) -> tuple[int, int, int]:
    """The colour of the brief's object of that place, sRGB."""
    known = (*COLOURS, *MORE_COLOURS)
    return known[index % len(known)]


def trust(item: BriefObject, mask: Mask) -> float:
    """How far a mask can be trusted, 0 to 1: of one that is just as it was traced, as far as whoever traced it does."""
    return item.confidence if mask.confidence == 1 else mask.confidence


def of_run(
    picture: Bytes, brief: Brief, hints: Sequence[MaskHint], longest: int, check: Callable[[], None] = lambda: None
) -> tuple[Bytes, dict[str, Mask]]:
    """Return `draw` of a run's picture, (h, w, 3) sRGB, `longest` pixels on its longer side, with the masks, which are
    those that attempts are measured against. `check` is called every so often and may raise to stop."""
    found = masks.kept_masks(picture, brief, check, hints)
    return draw(picture, brief, found, hints, longest), found


def draw(picture: Bytes, brief: Brief, found: Mapping[str, Mask], hints: Sequence[MaskHint], longest: int) -> Bytes:
    """Return the picture, (h, w, 3) sRGB, with each object's mask tinted and outlined in its `colour_of`, its name
    and how far it can be trusted, and with the hints: rims green (it is) or red (it is not), hatched white
    (ignored)."""
    # A small one larger, or its names would cover it.
    scale = longest / max(picture.shape[:2])
    size = max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    canvas = np.ascontiguousarray(cv2.resize(picture, size, interpolation=way), np.uint8).copy()
    thick = max(1, round(max(size) / 400))
    labels = []
    for index, item in enumerate(brief.objects):
        if item.name not in found:
            continue
        mask = cv2.resize(found[item.name].mask.astype(np.float32), size, interpolation=cv2.INTER_LINEAR) >= 0.5
        if not mask.any():
            continue
        colour = colour_of(index)
        canvas[mask] = np.round(canvas[mask] * (1 - TINT) + np.array(colour) * TINT).astype(np.uint8)
        rims, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(canvas, rims, -1, colour, thick, cv2.LINE_AA)
        labels.append((f"{item.name} {trust(item, found[item.name]):.0%}", _middle(mask), colour))
    for hint in hints:
        _say(canvas, hint, thick)
    taken: list[tuple[int, int, int, int]] = []
    for text, place, colour in labels:
        taken.append(_write(canvas, text, place, colour, taken))
    return canvas


def _say(canvas: Bytes, hint: MaskHint, thick: int) -> None:
    height, width = canvas.shape[:2]
    pixels = area(hint, (width, height))
    if hint.kind == "ignore":
        ys, xs = np.mgrid[:height, :width]
        canvas[pixels & ((xs + ys) // (2 * thick) % 4 == 0)] = SAID["ignore"]
    rims, _ = cv2.findContours(pixels.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(canvas, rims, -1, (0, 0, 0), thick + 2, cv2.LINE_AA)
    cv2.drawContours(canvas, rims, -1, SAID[hint.kind], thick, cv2.LINE_AA)


def _middle(mask: NDArray[np.bool_]) -> tuple[int, int]:
    """Where a mask is thickest."""
    depth = cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    y, x = np.unravel_index(int(depth.argmax()), depth.shape)
    return int(x), int(y)


def _write(
    canvas: Bytes,
    text: str,
    place: tuple[int, int],
    colour: tuple[int, int, int],
    taken: Sequence[tuple[int, int, int, int]],
) -> tuple[int, int, int, int]:
    """Write a name about a place, below those that are `taken` there; return its box: left, top, right, bottom."""
    font, scale = cv2.FONT_HERSHEY_SIMPLEX, max(0.34, max(canvas.shape[:2]) / 1500)
    (width, height), _ = cv2.getTextSize(text, font, scale, 1)
    x = int(np.clip(place[0] - width // 2, 2, max(2, canvas.shape[1] - width - 2)))
    y = int(np.clip(place[1] + height // 2, height + 2, max(height + 2, canvas.shape[0] - 4)))
    for _ in range(len(taken)):
        over = [b for b in taken if x < b[2] and x + width > b[0] and y - height < b[3] and y > b[1]]
        if not over or over[0][3] + height + 4 > canvas.shape[0]:
            break
        y = over[0][3] + height + 2
    cv2.putText(canvas, text, (x, y), font, scale, (0, 0, 0), 3, cv2.LINE_AA)
    cv2.putText(canvas, text, (x, y), font, scale, tuple(min(255, c + 90) for c in colour), 1, cv2.LINE_AA)
    return x, y - height, x + width, y + 2


def picture_of(folder: Path) -> Bytes:
    """Return a run's picture, (h, w, 3) sRGB as the run looks at it. Raises OSError and picture.PictureError."""
    from . import picture

    return picture.load(folder / "picture.png", 10**6).rgb
