# SPDX-License-Identifier: GPL-3.0-or-later
"""Thumbnails for the panel: pictures from disk as icons, made when a path changes and never while drawing."""

from __future__ import annotations

from pathlib import Path

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


def load(path: str) -> None:
    """Make (or make anew) the icon of the picture at an absolute path; a path that is no file has none."""
    if _icons is None or not path:
        return
    if path in _icons:
        del _icons[path]
    if Path(path).is_file():
        _icons.load(path, path, "IMAGE")


def icon(path: str) -> int:
    """Return the icon id of a picture loaded before, 0 when there is none."""
    return _icons[path].icon_id if _icons is not None and path in _icons else 0
