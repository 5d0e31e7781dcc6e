# SPDX-License-Identifier: GPL-3.0-or-later
"""The objects' mean colours in picture and view as patches that touch: a difference of hue shows at the seam."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ..colour_space import to_srgb
from . import canvas
from .canvas import PAPER, Anchor, Bytes
from .mean_colours import hex_of

MOST = 24
Light = NDArray[np.float64]


def swatches(picture: Mapping[str, Light], view: Mapping[str, Light], name: str, longest: int = 640) -> Bytes | None:
    """Return one row per object: its colour (linear light given) in the picture, that in the view called `name` right
    beside it, both as hex; None when no object has both."""
    both = [label for label in picture if label in view][:MOST]
    if not both:
        return None
    pixels = canvas.font_px(longest)
    row = min(round(pixels * 3), max(round(pixels * 1.7), longest // (len(both) + 1)))
    room = max(canvas.text_size(canvas.printable(label), pixels)[0] for label in both) + 2 * pixels
    patch = round(pixels * 9)
    width = min(longest, round(room) + 2 * patch)
    left = width - 2 * patch
    sheet = np.full((row * (len(both) + 1), width, 3), PAPER, np.uint8)
    texts: list[tuple[str, tuple[float, float], Anchor]] = [
        ("picture", (left + patch / 2, row / 2), "mm"),
        (name, (left + 1.5 * patch, row / 2), "mm"),
    ]
    for index, label in enumerate(both, 1):
        top = index * row
        texts.append((canvas.printable(label), (pixels / 2, top + row / 2), "lm"))
        for column, light in enumerate((picture[label], view[label])):
            rgb = np.round(to_srgb(np.clip(light, 0, 1)) * 255).astype(np.uint8)
            x = left + column * patch
            sheet[top : top + row - 2, x : x + patch] = rgb
            middle = x + patch / 2, top + (row - 2) / 2
            ground = int(rgb[0]), int(rgb[1]), int(rgb[2])
            canvas.write(sheet, [(hex_of(light), middle, "mm")], pixels, canvas.type_on(ground))
    canvas.write(sheet, texts, pixels)
    return sheet
