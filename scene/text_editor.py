# SPDX-License-Identifier: GPL-3.0-or-later
"""A text on screen: in the Text Editor that is open, else in one beside the largest 3D viewport."""

import bpy


def show(context: bpy.types.Context, name: str) -> bool:
    """Show the text of that name; return False without a window or room for a Text Editor."""
    text = bpy.data.texts.get(name)
    window, screen = context.window, context.screen
    if text is None or window is None or screen is None or bpy.app.background:
        return False
    area = next((area for area in screen.areas if area.type == "TEXT_EDITOR"), None) or _beside_viewport(context)
    if area is None:
        return False
    space = area.spaces.active
    space.text, space.show_word_wrap, space.show_line_numbers = text, False, True
    space.top = 0
    return True


def _beside_viewport(context: bpy.types.Context) -> bpy.types.Area | None:
    viewports = [area for area in context.screen.areas if area.type == "VIEW_3D"]
    largest = max(viewports, key=lambda area: area.width * area.height, default=None)
    if largest is None or largest.width < 500:
        return None
    before = {area.as_pointer() for area in context.screen.areas}
    with context.temp_override(window=context.window, screen=context.screen, area=largest, region=largest.regions[-1]):
        if bpy.ops.screen.area_split(direction="VERTICAL", factor=0.35) != {"FINISHED"}:
            return None
    made = next((area for area in context.screen.areas if area.as_pointer() not in before), None)
    if made is None:
        return None
    # Of the two, the left one: the sidebar with the buttons stays where it is.
    left = min(made, largest, key=lambda area: area.x) if made.width > 100 else made
    left.type = "TEXT_EDITOR"
    return left
