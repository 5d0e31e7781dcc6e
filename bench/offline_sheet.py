# SPDX-License-Identifier: GPL-3.0-or-later
"""The contact sheet: picture and render side by side, small."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw

TALL = 132
PAIRS_A_ROW = 3
GAP = 6
LABEL = 14
MOST_BYTES = 600_000


def write(shown: Sequence[tuple[str, Path, Path]], path: Path) -> str:
    """Write the sheet of (label, picture, render) and return its file name, empty when there is nothing to show."""
    if not shown:
        return ""
    tiles = [_tile(*entry) for entry in shown]
    lines = [tiles[i : i + PAIRS_A_ROW] for i in range(0, len(tiles), PAIRS_A_ROW)]
    width = max(sum(tile.width + GAP for tile in line) for line in lines) + GAP
    sheet = Image.new("RGB", (width, len(lines) * (TALL + LABEL + GAP) + GAP), (255, 255, 255))
    y = GAP
    for line in lines:
        x = GAP
        for tile in line:
            sheet.paste(tile, (x, y))
            x += tile.width + GAP
        y += TALL + LABEL + GAP
    for quality in (85, 75, 65, 50):
        buffer = io.BytesIO()
        sheet.save(buffer, "JPEG", quality=quality)
        if buffer.tell() <= MOST_BYTES:
            break
    path.write_bytes(buffer.getvalue())
    return path.name


def _tile(label: str, picture: Path, render: Path) -> Image.Image:
    pair = [_small(source) for source in (picture, render)]
    tile = Image.new("RGB", (sum(image.width for image in pair) + 2, TALL + LABEL), (255, 255, 255))
    tile.paste(pair[0], (0, 0))
    tile.paste(pair[1], (pair[0].width + 2, 0))
    ImageDraw.Draw(tile).text((0, TALL + 1), label, fill=(60, 60, 60))
    return tile


def _small(path: Path) -> Image.Image:
    with Image.open(path) as opened:
        image = opened.convert("RGBA")
    white = Image.new("RGBA", image.size, (255, 255, 255, 255))
    white.alpha_composite(image)
    return white.convert("RGB").resize((round(image.width * TALL / image.height), TALL), Image.Resampling.LANCZOS)
