# SPDX-License-Identifier: GPL-3.0-or-later
"""Sentences in a layout, which by itself cuts them off at the edge."""

import bpy

BOX = 16.0
"""What a box takes of the width, at interface scale 1."""
PX_PER_LETTER = 5.7
"""At interface scale 1, on average; Blender's own font."""


def sentence(
    layout: bpy.types.UILayout,
    context: bpy.types.Context,
    text: str,
    icon: str = "NONE",
    width: float = 0.0,
    most: int = 12,
    inset: float = 0.0,
) -> None:
    """Draw a sentence over as many lines as it takes in the region, `inset` pixels narrower where it is in a box, or in
    `width` pixels; at interface scale 1."""
    text = bpy.app.translations.pgettext_iface(text)
    scale = context.preferences.system.ui_scale
    pixels = width or (context.region.width / scale if context.region else 250.0) - 45 - inset
    column = layout.column(align=True)
    column.scale_y = 0.85
    letters = max(20, int((pixels - (20 if icon != "NONE" else 0)) / PX_PER_LETTER))
    for number, line in enumerate(lines(text, letters, most)):
        column.label(text=line, icon=icon if number == 0 or icon == "NONE" else "BLANK1", translate=False)


def lines(text: str, width: int, most: int = 12) -> list[str]:
    """Break a text into at most `most` lines of at most `width` characters, at spaces where there are some."""
    made = [""]
    for word in text.split():
        if made[-1] and len(made[-1]) + 1 + len(word) > width:
            made.append("")
        # A path or an address can be longer than the line.
        while len(word) > width:
            cut = max(word.rfind("/", 1, width) + 1, 0) or width
            made[-1:] = [f"{made[-1]} {word[:cut]}".strip(), ""]
            word = word[cut:]
        made[-1] = f"{made[-1]} {word}".strip()
    if len(made) > most:
        made[most - 1 :] = [made[most - 1][: width - 1] + "…"]
    return made
