# SPDX-License-Identifier: GPL-3.0-or-later
"""Thumbnails for the panel: pictures from disk as icons."""

from __future__ import annotations

import bpy
import bpy.utils.previews

_icons: bpy.utils.previews.ImagePreviewCollection | None = None


def start() -> None:
    """Make room for icons."""
    global _icons
    if _icons is None:
        _icons = bpy.utils.previews.new()


def stop() -> None:
    """Give all icons back."""
    global _icons
    if _icons is not None:
        bpy.utils.previews.remove(_icons)
        _icons = None


def icon(path: str) -> int:
    """Return the icon id of the picture at an absolute path, 0 for an empty path.

    Cheap enough for drawing: the path is only noted, Blender reads the file in a job of its own.
    """
    if _icons is None or not path:
        return 0
    if path not in _icons:
        _icons.load(path, path, "IMAGE")
    return _icons[path].icon_id
