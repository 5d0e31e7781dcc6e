# SPDX-License-Identifier: GPL-3.0-or-later
"""The one place in `scene/` that knows what differs between Blender 4.2 and 5.2, and between a window and none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import bpy


def datablocks() -> dict[int, bpy.types.ID]:
    """Return every datablock of the open file by its `session_uid`."""
    found: dict[int, bpy.types.ID] = {}
    for prop in bpy.data.bl_rna.properties:
        # 5.1 added `all_ids`, which lists the others once more.
        if prop.type == "COLLECTION" and prop.identifier != "all_ids":
            found.update((item.session_uid, item) for item in getattr(bpy.data, prop.identifier))
    return found


def in_window() -> bool:
    """Whether Blender runs with a window (the `bpy` wheel and `--background` list one too, which draws nothing)."""
    return not bpy.app.background and bool(bpy.context.window_manager.windows)


@contextmanager
def window_override() -> Iterator[None]:
    """Give operators called from a timer a window to work in; without a window, change nothing."""
    if not in_window():
        yield
        return
    with bpy.context.temp_override(window=bpy.context.window or bpy.context.window_manager.windows[0]):
        yield


def push_undo(message: str) -> None:
    """Make what was changed since the last step one undo step (for changes made outside an operator)."""
    with window_override():
        if bpy.ops.ed.undo_push.poll():
            bpy.ops.ed.undo_push(message=message)


def in_object_mode() -> bool:
    """Whether the artist is in object mode: only then does an undo step made by a timer hold the whole file."""
    view_layer = bpy.context.view_layer
    active = view_layer.objects.active if view_layer else None
    return active is None or active.mode == "OBJECT"


def redraw(kind: str = "VIEW_3D") -> None:
    """Ask all areas of a kind (all 3D viewports) in all windows to draw again."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == kind:
                area.tag_redraw()


def prepare_gpu() -> bool:
    """Make the `gpu` module usable, and say whether it is: always in a window, without one only from 5.2."""
    if not bpy.app.background:
        return True
    import gpu

    if not hasattr(gpu, "init"):
        return False
    try:
        gpu.init()
    except (RuntimeError, SystemError):
        # No display and no software renderer either.
        return False
    return True
