# SPDX-License-Identifier: GPL-3.0-or-later
"""Which viewports look through the run's camera, so that they go on doing so.

An undo brings back the camera of an attempt before, which for Blender is another object than the one that the viewport
looks through: it would fall back to the scene's own. A viewport is known by its address, which no undo changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import bpy

from . import sandbox, tags

_looking: set[int] = set()


def camera_of(space: bpy.types.SpaceView3D, region_3d: bpy.types.RegionView3D, scene: bpy.types.Scene) -> Any:
    """The run's camera object, when the viewport looks through it; else None."""
    found = sandbox.find(scene.restage.run) if scene.restage.run else None
    if found is None or not found.camera or region_3d.view_perspective != "CAMERA":
        return None
    camera = space.camera if space.use_local_camera else scene.camera
    return camera if camera is not None and camera.name == found.camera else None


def begin(space: bpy.types.SpaceView3D, camera: str) -> None:
    """Have a viewport look through a camera object of its own, given by name."""
    space.use_local_camera = True
    space.camera = bpy.data.objects[camera]
    space.region_3d.view_perspective = "CAMERA"
    _looking.add(space.as_pointer())


def note(run: str) -> None:
    """Forget the viewports that the artist has turned to something else. Called a few times a second."""
    if not _looking:
        return
    shown = tags.sandbox_collection(run) is not None
    for space in _viewports():
        camera = space.camera if space.use_local_camera and space.region_3d.view_perspective == "CAMERA" else None
        # Where an undo has taken the result itself, there is nothing to look through until it is back.
        if shown and (camera is None or camera.get(tags.RUN) != run):
            _looking.discard(space.as_pointer())


def go_on(run: str) -> None:
    """Have viewports that looked through the run's camera, or through that of the run before, look through this one."""
    found = sandbox.find(run) if _looking and run else None
    if found is None or not found.camera:
        return
    for space in _viewports():
        if space.as_pointer() in _looking and (space.camera is None or space.camera.name != found.camera):
            begin(space, found.camera)


def forget() -> None:
    """Another file: its viewports are others."""
    _looking.clear()


def _viewports() -> Iterator[bpy.types.SpaceView3D]:
    for screen in bpy.data.screens:
        for area in screen.areas:
            if area.type == "VIEW_3D" and area.spaces.active.region_3d is not None:
                yield area.spaces.active
