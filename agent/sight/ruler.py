# SPDX-License-Identifier: GPL-3.0-or-later
"""Rulers along the edges of a picture, so that positions can be read off it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import canvas
from .canvas import INK, PAPER, WHOLE, Box, Bytes

__all__ = ["WHOLE", "Box", "Bytes", "Sheet", "ruled", "ruled_plan", "sheet"]

STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500)
"""Distances between labelled ticks; each has a count of unlabelled parts that stays a round number."""
GRID_STRENGTH = 0.22
LABEL_ROOM = 3.2
"""Least distance between labelled ticks, in heights of type."""


@dataclass
class Sheet:
    """A part of a picture, magnified, on paper with room for rulers; lines drawn on it in between stay sharp."""

    canvas: Bytes
    left: int
    top: int
    width: int
    height: int
    """Place and size of the picture on the canvas, pixels."""
    box: Box
    """What part of the frame it shows."""
    type_px: int

    @property
    def inside(self) -> Bytes:
        """The picture on the canvas; what is drawn into it is drawn on the canvas."""
        return self.canvas[self.top : self.top + self.height, self.left : self.left + self.width]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture on the canvas."""
        return self.width, self.height

    def at(self, points: ArrayLike) -> NDArray[np.float64]:
        """Return where (n, 2) points of the frame (fractions) fall inside the picture, in pixels from its corner."""
        x0, y0, x1, y1 = self.box
        corner, extent = np.array([x0, y0]), np.array([x1 - x0, y1 - y0])
        inside = (np.asarray(points, np.float64).reshape(-1, 2) - corner) / extent
        return np.asarray(inside * self.size, np.float64)

    def rulers(self, grid: bool = True) -> None:
        """Draw the four rulers in percent of the whole frame, and a light grid at the labelled ticks."""
        x0, y0, x1, y1 = (100 * v for v in self.box)
        _rulers(self, (x0, x1), (y0, y1), "%", grid)


def sheet(rgb: Bytes, box: Box = WHOLE, longest: int = 768, type_px: int = 0) -> Sheet:
    """Lay the part `box` of a picture on paper so that with its rulers the longer side is `longest` pixels."""
    box = canvas.clean_box(box)
    rgb = canvas.to_bytes(rgb)
    pixels = type_px or canvas.font_px(longest)
    beside, above = round(pixels * 2.6), round(pixels * 1.9)
    wide, high = (box[2] - box[0]) * rgb.shape[1], (box[3] - box[1]) * rgb.shape[0]
    scale = min((longest - 2 * beside) / wide, (longest - 2 * above) / high)
    size = max(16, round(wide * scale)), max(16, round(high * scale))
    paper = np.full((size[1] + 2 * above, size[0] + 2 * beside, 3), PAPER, np.uint8)
    made = Sheet(paper, beside, above, *size, box, pixels)
    made.inside[...] = canvas.magnified(rgb, box, size)
    return made


def ruled(rgb: Bytes, box: Box = WHOLE, longest: int = 768, grid: bool = True) -> Bytes:
    """Return the part `box` (fractions of the frame) of a picture with rulers in percent of the whole frame along all
    four edges; the result's longer side is `longest` pixels."""
    made = sheet(rgb, box, longest)
    made.rulers(grid)
    return made.canvas


def ruled_plan(plan: Bytes, bounds: tuple[float, float, float, float], longest: int = 768) -> Bytes:
    """Return a plan view with rulers in metres; `bounds` are its edges x0, y0, x1, y1 in metres, +Y up."""
    made = sheet(plan, WHOLE, longest)
    x0, y0, x1, y1 = bounds
    _rulers(made, (x0, x1), (y1, y0), "m", True)
    return made.canvas


def _rulers(on: Sheet, across: tuple[float, float], down: tuple[float, float], unit: str, grid: bool) -> None:
    """Draw rulers that run from `across[0]` to `across[1]` left to right and `down[0]` to `down[1]` top to bottom."""
    columns, fine_columns, step_x = _ticks(across, on.width, on.type_px * LABEL_ROOM)
    rows, fine_rows, step_y = _ticks(down, on.height, on.type_px * LABEL_ROOM)
    if grid:
        _grid(on.inside, columns, rows)
    right, bottom = on.left + on.width, on.top + on.height
    cv2.rectangle(on.canvas, (on.left - 1, on.top - 1), (right, bottom), INK, 1)
    long, short = max(4, on.type_px // 2), max(2, on.type_px // 4)
    texts: list[tuple[str, tuple[float, float], canvas.Anchor]] = []
    for place, _ in fine_columns:
        _line(on.canvas, (on.left + place, on.top - 1 - short), (on.left + place, on.top - 1))
        _line(on.canvas, (on.left + place, bottom), (on.left + place, bottom + short))
    for place, _ in fine_rows:
        _line(on.canvas, (on.left - 1 - short, on.top + place), (on.left - 1, on.top + place))
        _line(on.canvas, (right, on.top + place), (right + short, on.top + place))
    for place, value in columns:
        x = on.left + place
        _line(on.canvas, (x, on.top - 1 - long), (x, on.top - 1), 2)
        _line(on.canvas, (x, bottom), (x, bottom + long), 2)
        text = _label(value, step_x)
        texts += [(text, (x, on.top - long - 1), "mb"), (text, (x, bottom + long + 1), "mt")]
    for place, value in rows:
        y = on.top + place
        _line(on.canvas, (on.left - 1 - long, y), (on.left - 1, y), 2)
        _line(on.canvas, (right, y), (right + long, y), 2)
        text = _label(value, step_y)
        texts += [(text, (on.left - long - 3, y), "rm"), (text, (right + long + 3, y), "lm")]
    canvas.write(on.canvas, texts, on.type_px)
    canvas.write(on.canvas, [(unit, (2, 1), "lt")], on.type_px, (190, 0, 0))


def _ticks(
    span: tuple[float, float], pixels: int, least: float
) -> tuple[list[tuple[float, float]], list[tuple[float, float]], float]:
    """Return labelled ticks, unlabelled ones between them (each a place in pixels and a value), and their step; the
    labelled ones at least `least` pixels apart."""
    start, end = span
    per = pixels / max(1e-9, abs(end - start))
    step = next((s for s in STEPS if s * per >= least), STEPS[-1])
    parts = 4 if math.isclose(math.log10(step / 2) % 1, 0, abs_tol=1e-6) else 5
    if step * per / 10 >= 5 and parts == 5:
        parts = 10

    def every(width: float) -> list[tuple[float, float]]:
        first, last = math.ceil(min(span) / width - 1e-6), math.floor(max(span) / width + 1e-6)
        return [((n * width - start) / (end - start) * pixels, n * width) for n in range(first, last + 1)]

    return every(step), every(step / parts), step


def _label(value: float, step: float) -> str:
    text = f"{value:.{1 if step < 1 else 0}f}"
    return "0" if float(text) == 0 else text


def _grid(inside: Bytes, columns: list[tuple[float, float]], rows: list[tuple[float, float]]) -> None:
    """Lighten dark and darken light pixels along the ticks."""
    for place, _ in columns:
        if 1 < place < inside.shape[1] - 1:
            inside[:, round(place)] = _toned(inside[:, round(place)])
    for place, _ in rows:
        if 1 < place < inside.shape[0] - 1:
            inside[round(place)] = _toned(inside[round(place)])


def _toned(strip: Bytes) -> Bytes:
    bright = strip.astype(np.float32).mean(axis=-1, keepdims=True) > 110
    mixed = (1 - GRID_STRENGTH) * strip + GRID_STRENGTH * np.where(bright, 0.0, 255.0)
    return np.asarray(np.round(mixed), np.uint8)


def _line(on: Bytes, start: tuple[float, float], end: tuple[float, float], width: int = 1) -> None:
    cv2.line(on, (round(start[0]), round(start[1])), (round(end[0]), round(end[1])), INK, width)
