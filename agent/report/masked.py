# SPDX-License-Identifier: GPL-3.0-or-later
"""The picture's masks in the page: drawn over the picture, with how far each can be trusted and what was said of it."""

from __future__ import annotations

import html

from PIL import Image

from .. import mask_picture
from ..mask_hints import MaskHint
from ..picture import PictureError
from ..record import RecordError, RunFolder
from .embed import figure

LONGEST = 768
"""Pixels of the picture in the page."""
CAPTION = "the picture with its masks: each object of the brief in its colour, and how far its mask can be trusted"


def section(folder: RunFolder) -> str:
    """Return the section; empty without a brief's objects, and a sentence where something can't be read."""
    try:
        brief, hints = folder.load_brief(), folder.load_hints()
        if brief is None or not brief.objects or not (folder.path / "picture.png").exists():
            return ""
        shown, found = mask_picture.of_run(mask_picture.picture_of(folder.path), brief, hints, LONGEST)
    except (RecordError, PictureError, OSError) as error:
        return f"<h2>Masks</h2><p><i>{html.escape(str(error))}</i></p>"
    rows = []
    for index, item in enumerate(brief.objects):
        red, green, blue = mask_picture.colour_of(index)
        swatch = f'<span class="swatch" style="background:rgb({red}, {green}, {blue})"></span>'
        mask = found.get(item.name)
        trust = "left out" if mask is None else f"{mask_picture.trust(item, mask):.0%}"
        share = "" if mask is None else f"{mask.mask.mean():.1%}"
        rows.append(
            f'<tr><td>{swatch}</td><td>{html.escape(item.name)}</td><td class="num">{trust}</td>'
            f'<td class="num">{share}</td></tr>'
        )
    head = '<tr><th></th><th>object</th><th class="num">confidence</th><th class="num">of the frame</th></tr>'
    table = f"<table>{head}{''.join(rows)}</table>{_said(hints)}"
    return f'<h2>Masks</h2><div class="masked">{figure(Image.fromarray(shown), CAPTION)}<div>{table}</div></div>'


def _said(hints: list[MaskHint]) -> str:
    if not hints:
        return ""
    items = []
    for hint in hints:
        red, green, blue = mask_picture.SAID[hint.kind]
        swatch = f'<span class="swatch" style="background:rgb({red}, {green}, {blue})"></span>'
        where = ""
        if hint.box is not None:
            where = ", ".join(f"{value * 100:.0f}" for value in hint.box) + " %"
        elif hint.stroke is not None:
            where = f"a stroke of {len(hint.stroke.points)} points"
        items.append(f"<li>{swatch} {html.escape(hint.words())} <small>at {where}</small></li>")
    return f'<p>What the artist said:</p><ul class="said">{"".join(items)}</ul>'
