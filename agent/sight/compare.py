# SPDX-License-Identifier: GPL-3.0-or-later
"""Picture and render shown together: side by side, as a signed difference, as outlines over the picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..brief import Brief, BriefObject
from ..colour_space import to_lab
from . import canvas
from .canvas import INK, PALETTE, PAPER, WHITE, WHOLE, Anchor, Box, Bytes, Rgb, to_bytes
from .ruler import Sheet, sheet

Pixels = NDArray[Any]
"""An sRGB picture, (h, w, 3), uint8 or floats in 0 to 1."""
Masks = Mapping[str, NDArray[np.bool_]]
STACK_FROM = 1.25
"""Parts wider than this many times their height are put one above the other."""
FULL_COLOUR = (12.0, 20.0, 40.0)
"""Differences of CIE L* (0 to 100) that are shown in full blue or red: the least of them that nearly all pixels keep
to, so that small differences can be seen where there are no large ones."""
NEARLY_ALL = 98
TOO_DARK, EQUAL, TOO_BRIGHT = (20, 70, 235), (150, 150, 150), (230, 30, 20)
PICTURE_COLOUR, RENDER_COLOUR = (20, 20, 20), (0, 95, 170)


def side_by_side(reference: Pixels, render: Pixels, box: Box = WHOLE, longest: int = 1024) -> Bytes:
    """Return picture (left or top) and render with the same rulers; the result's longer side is at most `longest`."""
    return side_by_side_of([("PICTURE", reference), ("RENDER", render)], box, longest)


def side_by_side_of(panels: list[tuple[str, Pixels]], box: Box = WHOLE, longest: int = 1024) -> Bytes:
    """As `side_by_side`, for any number of titled pictures of the same frame; the first sets the aspect."""
    box = canvas.clean_box(box)
    first = to_bytes(panels[0][1])
    wide, high = (box[2] - box[0]) * first.shape[1], (box[3] - box[1]) * first.shape[0]
    stacked = wide > STACK_FROM * high
    pixels = canvas.font_px(round(0.8 * longest))
    title = round(pixels * 1.7)
    # The space for one panel: a share of the result along the row or column they stand in.
    share = longest // len(panels)
    room_x, room_y = (longest, share - title) if stacked else (share, longest - title)
    beside, above = round(pixels * 2.6) * 2, round(pixels * 1.9) * 2
    scale = min((room_x - beside) / wide, (room_y - above) / high)
    one = max(round(wide * scale) + beside, round(high * scale) + above)
    drawn = []
    for index, (name, picture) in enumerate(panels):
        picture = to_bytes(picture)
        # Of one aspect, so that all rulers are the same.
        if abs(picture.shape[1] * first.shape[0] - picture.shape[0] * first.shape[1]) > 0.01 * first.size:
            picture = canvas.magnified(picture, WHOLE, (first.shape[1], first.shape[0]))
        on = sheet(picture, box, one, pixels)
        on.rulers()
        drawn.append(_titled(on.canvas, name, PICTURE_COLOUR if index == 0 else RENDER_COLOUR, title, pixels))
    least = min(d.shape[0] for d in drawn), min(d.shape[1] for d in drawn)
    drawn = [d[: least[0], : least[1]] for d in drawn]
    return np.vstack(drawn) if stacked else np.hstack(drawn)


def signed_difference(reference: Pixels, render: Pixels, longest: int = 768) -> Bytes:
    """Return where the render is too bright (red) or too dark (blue), grey where equal, with a legend.

    Brightness is CIE L* of both, smoothed by half a percent of the frame so that edges a pixel off do not shout.
    """
    small = to_bytes(render)
    picture = to_bytes(reference)
    if picture.shape != small.shape:
        picture = canvas.magnified(picture, WHOLE, (small.shape[1], small.shape[0]))
    sigma = max(0.6, 0.005 * max(small.shape[:2]))
    lightness = [cv2.GaussianBlur(to_lab(p / np.float32(255))[..., 0], (0, 0), sigma) for p in (picture, small)]
    gap = lightness[1] - lightness[0]
    most = float(np.percentile(np.abs(gap), NEARLY_ALL))
    full = next((step for step in FULL_COLOUR if most <= step), FULL_COLOUR[-1])
    off = np.clip(gap / full, -1, 1)[..., None]
    # A trace of the picture's own tones stays, so that it can be seen what lies where.
    tones = EQUAL + 0.25 * (lightness[0][..., None] * 2.55 - 128)
    colour = np.where(off < 0, np.array(TOO_DARK, np.float32), np.array(TOO_BRIGHT, np.float32))
    strength = np.abs(off) ** 0.8
    mixed = np.clip(tones * (1 - strength) + colour * strength, 0, 255).astype(np.uint8)
    on = sheet(mixed, WHOLE, longest)
    on.rulers(grid=False)
    return np.vstack([on.canvas, _legend(on.canvas.shape[1], on.type_px, full)])


def outlined(
    reference: Pixels,
    ids: NDArray[np.int32],
    names: Mapping[int, str],
    brief: Brief,
    longest: int = 768,
    box: Box = WHOLE,
    masks: Masks | None = None,
) -> Bytes:
    """Return the ruled picture with the brief's outlines over it in black and white dashes (its masks' where they are
    given, else its outlines, else its boxes) and those of the object-id view in plain colours, with names.

    Objects of the brief that the view lacks are named as missing at their box.
    """
    on = sheet(to_bytes(reference), box, longest)
    on.rulers(grid=False)
    labels: list[tuple[str, tuple[float, float], Rgb]] = []
    found = {name: key for key, name in names.items()}
    for item in brief.objects:
        for ring in _rings(on, item, masks):
            canvas.dashed(on.inside, ring)
    for index, item in enumerate(brief.objects):
        colour = PALETTE[index % len(PALETTE)]
        seen = ids == found[item.name] if item.name in found else np.zeros(ids.shape, bool)
        corner = on.at([item.box[:2]])[0]
        if not seen.any():
            labels.append((f"{canvas.printable(item.name)} (missing)", (corner[0], corner[1]), (200, 0, 0)))
            continue
        rings = canvas.contours(canvas.magnified_mask(seen, on.box, on.size))
        for ring in rings:
            canvas.polyline(on.inside, ring, colour)
        if rings:
            top = max(rings, key=len)
            labels.append((canvas.printable(item.name), tuple(top[int(np.argmin(top[:, 1]))]), colour))
    _name(on, labels)
    return np.vstack([on.canvas, _key(on, "dashed: in the picture (brief)", "plain colour: in the render")])


def boxes_drawn(picture: Pixels, brief: Brief, longest: int = 768, box: Box = WHOLE) -> Bytes:
    """Return the ruled picture with the brief's boxes, outlines and names."""
    on = sheet(to_bytes(picture), box, longest)
    on.rulers(grid=False)
    _draw_boxes(on, brief, outlines=True)
    return on.canvas


def setup_drawn(
    picture: Pixels,
    brief: Brief,
    horizon: tuple[float, float] | None,
    longest: int = 768,
    expected: float | None = None,
) -> Bytes:
    """Return the ruled picture with the brief's boxes, the scene's horizon (plain red, heights at the left and right
    edge) and the brief's (dashed), each a fraction of the frame."""
    on = sheet(to_bytes(picture), WHOLE, longest)
    on.rulers(grid=False)
    _draw_boxes(on, brief, outlines=False)
    notes = []
    if expected is not None:
        ends = on.at([(0, expected), (1, expected)])
        if -0.02 < expected < 1.02:
            canvas.dashed(on.inside, ends)
        notes.append(f"dashed: the brief's horizon, {100 * expected:.0f} %")
    if horizon is not None:
        ends = on.at([(0, horizon[0]), (1, horizon[1])])
        if min(horizon) > -3 and max(horizon) < 4:
            canvas.polyline(on.inside, ends, (255, 40, 40), closed=False)
        notes.append(f"red: the camera's horizon, {100 * (horizon[0] + horizon[1]) / 2:.0f} %")
    return np.vstack([on.canvas, _key(on, *notes)]) if notes else on.canvas


def _draw_boxes(on: Sheet, brief: Brief, outlines: bool) -> None:
    labels: list[tuple[str, tuple[float, float], Rgb]] = []
    for index, item in enumerate(brief.objects):
        colour = PALETTE[index % len(PALETTE)]
        if outlines:
            for ring in (r for r in item.outlines if len(r) >= 3):
                canvas.dashed(on.inside, on.at(ring))
        corners = _corners(on, item)
        canvas.polyline(on.inside, corners, colour)
        labels.append((canvas.printable(item.name), (corners[0][0], corners[0][1]), colour))
    _name(on, labels)


def _corners(on: Sheet, item: BriefObject) -> NDArray[np.float64]:
    x0, y0, x1, y1 = item.box
    return on.at([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])


def _rings(on: Sheet, item: BriefObject, masks: Masks | None) -> list[NDArray[np.float64]]:
    """What the picture has of an object, in pixels of the sheet."""
    if masks is not None and item.name in masks and masks[item.name].any():
        return canvas.contours(canvas.magnified_mask(masks[item.name], on.box, on.size))
    rings = [on.at(ring) for ring in item.outlines if len(ring) >= 3]
    return rings or [_corners(on, item)]


def _name(on: Sheet, labels: list[tuple[str, tuple[float, float], Rgb]]) -> None:
    """Write names above points of the sheet's picture, each on its colour, none over another."""
    taken: list[tuple[float, float, float, float]] = []
    height = on.type_px * 1.2
    for text, (x, y), colour in labels:
        wide = canvas.text_size(text, on.type_px)[0] + 4
        if not (-0.5 * wide <= x <= on.width and -height <= y <= on.height + height):
            continue
        left = min(max(0.0, x), max(0.0, on.width - wide))
        top = min(max(0.0, y - height - 3), on.height - height)
        for _ in range(12):
            clash = [t for t in taken if left < t[2] and t[0] < left + wide and top < t[3] and t[1] < top + height]
            if not clash:
                break
            top = max(t[3] for t in clash) + 1
        taken.append((left, top, left + wide, top + height))
        at: tuple[float, float] = (on.left + left + 2, on.top + top)
        canvas.write(on.canvas, [(text, at, "lt")], on.type_px, canvas.type_on(colour), colour)


def _titled(picture: Bytes, name: str, colour: Rgb, height: int, pixels: int) -> Bytes:
    strip = np.full((height, picture.shape[1], 3), colour, np.uint8)
    canvas.write(strip, [(name, (picture.shape[1] / 2, height / 2), "mm")], pixels, WHITE)
    return np.vstack([strip, picture])


def _key(on: Sheet, *lines: str) -> Bytes:
    """A strip under the picture that says what the lines are, on two rows where one is too short."""
    pixels, width = on.type_px, on.canvas.shape[1]
    texts: list[tuple[str, tuple[float, float], Anchor]] = []
    x, row, step = float(pixels), 0, pixels * 1.4
    for line in lines:
        wide = canvas.text_size(line, pixels)[0]
        if texts and x + wide > width - pixels:
            x, row = float(pixels), row + 1
        texts.append((line, (x, 2 + row * step), "lt"))
        x += wide + 2 * pixels
    strip = np.full((round((row + 1) * step + 4), width, 3), PAPER, np.uint8)
    canvas.write(strip, texts, pixels)
    return strip


def _legend(width: int, pixels: int, full: float) -> Bytes:
    """The scale of the signed difference: from too dark over equal to too bright, up to `full` either way."""
    strip = np.full((round(pixels * 4.2), width, 3), PAPER, np.uint8)
    left, right, high = round(width * 0.08), round(width * 0.92), round(pixels * 1.2)
    off = np.linspace(-1, 1, right - left)[:, None]
    colour = np.where(off < 0, np.array(TOO_DARK, np.float64), np.array(TOO_BRIGHT, np.float64))
    strength = np.abs(off) ** 0.8
    strip[2 : 2 + high, left:right] = np.asarray(EQUAL) * (1 - strength) + colour * strength
    below, last = 3 + high, 3 + high + pixels * 1.3
    texts: list[tuple[str, tuple[float, float], Anchor]] = [
        ("render too dark", (left, last), "lt"),
        ("CIE L*, render minus picture", ((left + right) / 2, last), "mt"),
        ("render too bright", (right, last), "rt"),
    ]
    for share in (-1.0, -0.5, 0.0, 0.5, 1.0):
        x = left + (share + 1) / 2 * (right - left)
        texts.append((f"{share * full:+.0f}" if share else "0, equal", (x, below), "mt"))
    canvas.write(strip, texts, pixels, INK)
    return strip
