# SPDX-License-Identifier: GPL-3.0-or-later
"""Drawing that stays legible at the size a model sees: magnified parts, text, lines with an edge of the other tone."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float64]
Box = tuple[float, float, float, float]
Rgb = tuple[int, int, int]
WHOLE: Box = (0.0, 0.0, 1.0, 1.0)
BLACK, WHITE, PAPER, INK = (0, 0, 0), (255, 255, 255), (246, 246, 246), (30, 30, 30)
PALETTE: tuple[Rgb, ...] = (
    (255, 95, 0),
    (0, 150, 255),
    (0, 190, 80),
    (235, 0, 170),
    (230, 190, 0),
    (130, 80, 255),
    (0, 200, 200),
    (220, 30, 30),
    (150, 110, 60),
    (110, 200, 0),
)
"""Far apart in hue and of middling lightness, so that black or white type reads on each."""


def to_bytes(picture: NDArray[Any]) -> Bytes:
    """Return an sRGB picture as uint8, whether it comes as that or as floats in 0 to 1."""
    if picture.dtype == np.uint8:
        return np.asarray(picture, np.uint8)
    return np.asarray(np.round(np.clip(np.nan_to_num(picture), 0, 1) * 255), np.uint8)


def magnified(picture: NDArray[Any], box: Box, size: tuple[int, int]) -> NDArray[Any]:
    """Return the part `box` (fractions of the frame) of an (h, w) or (h, w, 3) array at `size` (width, height):
    cubic where it is enlarged, area-averaged where it is reduced. Parts outside the frame repeat its edge."""
    height, width = picture.shape[:2]
    x0, y0, x1, y1 = box
    wide, high = max(1e-6, x1 - x0), max(1e-6, y1 - y0)
    shrink_x, shrink_y = size[0] / (wide * width), size[1] / (high * height)
    if min(shrink_x, shrink_y) < 1:
        whole = max(1, round(width * min(1.0, shrink_x))), max(1, round(height * min(1.0, shrink_y)))
        picture = cv2.resize(picture, whole, interpolation=cv2.INTER_AREA)
        height, width = picture.shape[:2]
    # Pixel centres: target (i + 0.5) / size is the point of the frame that source (j + 0.5) / width is.
    step_x, step_y = wide * width / size[0], high * height / size[1]
    matrix = np.array(
        [[step_x, 0, 0.5 * step_x + x0 * width - 0.5], [0, step_y, 0.5 * step_y + y0 * height - 0.5]], np.float64
    )
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(np.ascontiguousarray(picture), matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)


def magnified_mask(mask: NDArray[np.bool_], box: Box, size: tuple[int, int]) -> NDArray[np.bool_]:
    """As `magnified`, for a mask; the steps of its pixels are smoothed away."""
    soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 0.8)
    # What is thinner than the smoothing would vanish.
    soft = soft if (soft[mask] >= 0.5).mean() > 0.8 else mask.astype(np.float32)
    return np.asarray(magnified(soft, box, size) >= 0.5, np.bool_)


def clean_box(box: Sequence[float], least: float = 0.02) -> Box:
    """Return a box in order, inside the frame and at least `least` wide and high, whatever a model wrote."""
    values = [min(1.0, max(0.0, float(v))) if np.isfinite(v) else 0.0 for v in box]
    sides = []
    for low, high in ((values[0], values[2]), (values[1], values[3])):
        low, high = min(low, high), max(low, high)
        if high - low < least:
            middle = min(1 - least / 2, max(least / 2, (low + high) / 2))
            low, high = middle - least / 2, middle + least / 2
        sides.append((low, high))
    return sides[0][0], sides[1][0], sides[0][1], sides[1][1]


def font_px(longest: int) -> int:
    """Height of type that is legible when a picture of this longer side is looked at whole."""
    return int(min(22, max(12, round(longest / 52))))


Anchor = Literal["lt", "mt", "rt", "lm", "mm", "rm", "lb", "mb", "rb"]


def write(
    canvas: Bytes,
    texts: Sequence[tuple[str, tuple[float, float], Anchor]],
    pixels: int,
    colour: Rgb = INK,
    ground: Rgb | None = None,
) -> None:
    """Write texts into the canvas, each at a point that `anchor` names (left/middle/right, top/middle/bottom of it);
    on a patch of `ground` where one is given, moved so as to stay inside the canvas."""
    if not texts:
        return
    image = Image.fromarray(canvas)
    draw = ImageDraw.Draw(image)
    font = _font(pixels)
    for text, (x, y), anchor in texts:
        text = printable(text, 80)
        wide, high = text_size(text, pixels)
        left = x - {"l": 0.0, "m": wide / 2, "r": wide}[anchor[0]]
        top = y - {"t": 0.0, "m": high / 2, "b": high}[anchor[1]]
        left = min(max(0.0, left), max(0.0, canvas.shape[1] - wide))
        top = min(max(0.0, top), max(0.0, canvas.shape[0] - high))
        if ground is not None:
            draw.rectangle((left - 2, top, left + wide + 2, top + high), fill=ground)
        draw.text((left, top + high / 2), text, fill=colour, font=font, anchor="lm")
    canvas[...] = np.asarray(image)


def text_size(text: str, pixels: int) -> tuple[float, float]:
    """Width and line height of a text in pixels."""
    return float(_font(pixels).getlength(printable(text, 80))), float(round(pixels * 1.2))


def printable(text: str, most: int = 32) -> str:
    """Return a name as it can be drawn: one line, cut."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= most else line[: most - 1] + "…"


def type_on(ground: Rgb) -> Rgb:
    """Black or white, whichever reads better on a colour."""
    return BLACK if 0.299 * ground[0] + 0.587 * ground[1] + 0.114 * ground[2] > 140 else WHITE


def polyline(canvas: Bytes, points: NDArray[Any], colour: Rgb, width: int = 2, closed: bool = True) -> None:
    """Draw a line of (n, 2) pixel positions with a dark edge, so that it shows on light and dark alike."""
    fixed = [np.round(np.asarray(points, np.float64) * 8).astype(np.int32).reshape(-1, 1, 2)]
    cv2.polylines(canvas, fixed, closed, BLACK, width + 2, cv2.LINE_AA, shift=3)
    cv2.polylines(canvas, fixed, closed, colour, width, cv2.LINE_AA, shift=3)


def dashed(canvas: Bytes, points: NDArray[Any], colour: Rgb = WHITE, dash: float = 9.0, width: int = 2) -> None:
    """Draw a closed line of (n, 2) pixel positions in dashes of `colour` and black by turns: it shows on anything and
    is never mistaken for a plain line."""
    ring = np.vstack([points, points[:1]]).astype(np.float64)
    lengths = np.hypot(*np.diff(ring, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(lengths)])
    if along[-1] < 1:
        return
    count = max(2, 2 * round(along[-1] / dash / 2))
    marks = np.linspace(0, along[-1], count + 1)
    for index, (start, end) in enumerate(pairwise(marks)):
        inner = along[(along > start) & (along < end)]
        stops = np.concatenate([[start], inner, [end]])
        piece = np.column_stack([np.interp(stops, along, ring[:, axis]) for axis in (0, 1)])
        fixed = [np.round(piece * 8).astype(np.int32).reshape(-1, 1, 2)]
        cv2.polylines(canvas, fixed, False, colour if index % 2 == 0 else BLACK, width, cv2.LINE_AA, shift=3)


def contours(mask: NDArray[np.bool_]) -> list[NDArray[np.float64]]:
    """Return the rings of a mask as (n, 2) pixel positions, specks of a few pixels left out."""
    found, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    return [ring[:, 0, :].astype(np.float64) + 0.5 for ring in found if len(ring) >= 8]


@lru_cache(maxsize=8)
def _font(pixels: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(pixels)
