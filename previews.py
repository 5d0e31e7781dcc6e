# SPDX-License-Identifier: GPL-3.0-or-later
"""Thumbnails for the panel: pictures from disk as icons."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import bpy
import bpy.utils.previews

KEPT = 96
"""Icons kept: a panel shows a stage's attempts, and several windows may show several scenes."""

_icons: bpy.utils.previews.ImagePreviewCollection | None = None
_looked = False
_shown: dict[str, str] = {}
"""The key of each picture's icon by its path, the one drawn last at the end."""
_written: dict[str, int] = {}
"""When each picture was written that may be drawn, in nanoseconds; 0 where there is no such file."""


def start() -> None:
    """Make room for icons."""
    global _icons
    if _icons is None:
        _icons = bpy.utils.previews.new()


def stop() -> None:
    """Give all icons back."""
    global _icons
    _shown.clear()
    _written.clear()
    if _icons is not None:
        bpy.utils.previews.remove(_icons)
        _icons = None


def look() -> None:
    """Note that the tab is being drawn."""
    global _looked
    _looked = True


def looked_at() -> bool:
    """Whether the tab was drawn since this was asked last."""
    global _looked
    looked, _looked = _looked, False
    return looked


def note(paths: Iterable[str]) -> None:
    """Look at the files of pictures that will be drawn, so that drawing need not; when what is shown changes."""
    _written.update((path, _when(path)) for path in paths if path)


def icon(path: str) -> int:
    """Return the icon id of the picture at an absolute path, 0 for an empty path or one that was not noted.

    Cheap enough for drawing: no file is touched, Blender reads it in a job of its own. A file that was noted with
    another time gets a new icon; icons that were not drawn for the longest are forgotten.
    """
    if _icons is None or path not in _written:
        return 0
    key = f"{path}\n{_written[path]}"
    old = _shown.pop(path, None)
    if old is not None and old != key:
        del _icons[old]
    if key not in _icons:
        # Blender caches a preview by this name; under the old one it would show the old picture.
        _icons.load(key, path, "IMAGE")
    _shown[path] = key
    while len(_shown) > KEPT:
        del _icons[_shown.pop(next(iter(_shown)))]
    return _icons[key].icon_id


def _when(path: str) -> int:
    try:
        return Path(path).stat().st_mtime_ns
    except OSError:
        # No such file yet, or no longer: its icon stays empty until it comes.
        return 0
