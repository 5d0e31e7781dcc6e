# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a run's scene does not travel with a collection: camera, world, frame, view settings.

They reach the artist's scene only when the artist asks, and only the few named here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import bpy

from . import sandbox, tags

_RENDER: dict[str, Callable[[Any], Any]] = {
    "resolution_x": lambda value: min(16384, max(4, int(value))),
    "resolution_y": lambda value: min(16384, max(4, int(value))),
    "pixel_aspect_x": lambda value: min(200.0, max(1.0, _finite(value))),
    "pixel_aspect_y": lambda value: min(200.0, max(1.0, _finite(value))),
    "film_transparent": bool,
}
_VIEW: dict[str, Callable[[Any], Any]] = {
    "view_transform": str,
    "look": str,
    "exposure": lambda value: min(32.0, max(-32.0, _finite(value))),
    "gamma": lambda value: min(5.0, max(0.0, _finite(value))),
}


def apply(run: str, scene: str = "") -> list[str]:
    """Give the artist's scene the run's camera, world, frame size and view settings; return what was set, in words.

    Raises sandbox.SandboxError when the run is not in the file.
    """
    target = bpy.data.scenes.get(scene) or bpy.context.scene
    found = sandbox.find(run)
    root = tags.sandbox_collection(run)
    if found is None or root is None:
        raise sandbox.SandboxError("The run's collection is no longer in this file.")
    applied = apply_values(target, sandbox.settings(run))
    if found.camera:
        target.camera = bpy.data.objects[found.camera]
        applied.append("camera")
    world = root.get(tags.WORLD)
    if world is not None:
        target.world = world
        applied.append("world")
    return applied


def apply_values(scene: bpy.types.Scene, values: Mapping[str, Any]) -> list[str]:
    """Set the allowed render and view values of `JobResult.settings` on a scene; return the names of those set.

    What is not known or not allowed is passed over, and so is a value this Blender does not take.
    """
    render = {"film_transparent": values["film_transparent"]} if "film_transparent" in values else {}
    for key, name in (("frame", "resolution"), ("pixel_aspect", "pixel_aspect")):
        pair = values.get(key)
        if isinstance(pair, (list, tuple)) and len(pair) == 2:
            render[f"{name}_x"], render[f"{name}_y"] = pair
    view = values.get("view")
    return [
        *_set(scene.render, _RENDER, render),
        *_set(scene.view_settings, _VIEW, view if isinstance(view, Mapping) else {}),
    ]


def _set(
    owner: bpy.types.bpy_struct, allowed: Mapping[str, Callable[[Any], Any]], values: Mapping[str, Any]
) -> list[str]:
    applied = []
    for name, cast in allowed.items():
        if name not in values:
            continue
        try:
            setattr(owner, name, cast(values[name]))
        except (TypeError, ValueError, OverflowError):
            # A view transform this Blender's colour configuration does not know, or no number.
            continue
        applied.append(name.replace("_", " "))
    return applied


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{value} is not a number to set")
    return number
