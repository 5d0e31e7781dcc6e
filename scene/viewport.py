# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of a run's result, drawn by the artist's own viewport into memory: what a person would see there.

`GPUOffScreen.draw_view3d` draws any size from any camera, shaded as the artist has the viewport (solid, material
preview or rendered). It needs a window; from Blender 5.2 on it works without one too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import bpy
import numpy as np
from numpy.typing import NDArray

from . import compat, sandbox, tags
from .settings import apply_values

MAX_SIDE = 4096


class ViewportError(Exception):
    """The viewport can't draw the picture; the text is one sentence that says why."""


@dataclass(frozen=True)
class ViewportPicture:
    """A picture and what made it."""

    rgb: NDArray[np.uint8]
    """(h, w, 3), 8 bit, in the scene's display space (sRGB), row 0 at the top."""
    made_by: str
    """As `viewport SOLID, Blender 4.3.2`."""


def render(run: str, width: int, height: int) -> ViewportPicture:
    """Draw the run's result alone, through its own camera, under its own world and view settings.

    The artist's scene is not touched: the result is drawn in a scene made for the moment. Raises ViewportError
    without a usable 3D viewport, and sandbox.SandboxError when the run is not in the file.
    """
    if not (1 <= width <= MAX_SIDE and 1 <= height <= MAX_SIDE):
        raise ViewportError(f"A picture of {width} x {height} pixels is outside 1 to {MAX_SIDE}.")
    found = sandbox.find(run)
    if found is None:
        raise sandbox.SandboxError("The run's collection is no longer in this file.")
    if not found.camera:
        raise ViewportError("The result has no camera to look through.")
    if not compat.prepare_gpu():
        raise ViewportError("This Blender draws no viewport without a window.")
    space, region = _viewport()
    with _scene_of(run) as scene, _plain_view(space):
        rgb = _draw(scene, bpy.data.objects[found.camera], space, region, width, height)
    return ViewportPicture(rgb, f"viewport {space.shading.type}, Blender {bpy.app.version_string.split()[0]}")


def _viewport() -> tuple[bpy.types.SpaceView3D, bpy.types.Region]:
    """The largest 3D viewport on screen; without a window any that the file has."""
    if compat.in_window():
        screens = [window.screen for window in bpy.context.window_manager.windows]
    else:
        screens = list(bpy.data.screens)
    areas = [area for screen in screens for area in screen.areas if area.type == "VIEW_3D"]
    if not areas:
        raise ViewportError("No 3D viewport is open.")
    area = max(areas, key=lambda item: item.width * item.height)
    region = next(item for item in area.regions if item.type == "WINDOW")
    space = area.spaces.active
    if space.local_view is not None:
        raise ViewportError("The 3D viewport is in local view, which hides the result; leave it with numpad /.")
    return space, region


@contextmanager
def _scene_of(run: str) -> Iterator[bpy.types.Scene]:
    """A scene that holds the run's result and nothing else, for as long as it is drawn."""
    root = tags.sandbox_collection(run)
    assert root is not None, "the caller looked the run up in the same tick"
    scene = bpy.data.scenes.new("Restage picture")
    try:
        scene.collection.children.link(root)
        scene.world = root.get(tags.WORLD)
        scene.render.engine = bpy.context.scene.render.engine
        apply_values(scene, sandbox.settings(run))
        yield scene
    finally:
        bpy.data.scenes.remove(scene)


@contextmanager
def _plain_view(space: bpy.types.SpaceView3D) -> Iterator[None]:
    """Switch off what is drawn over the scene (grid, outlines, gizmos), and back on afterwards."""
    shown = space.overlay.show_overlays, space.show_gizmo
    space.overlay.show_overlays = space.show_gizmo = False
    try:
        yield
    finally:
        space.overlay.show_overlays, space.show_gizmo = shown


def _draw(
    scene: bpy.types.Scene,
    camera: bpy.types.Object,
    space: bpy.types.SpaceView3D,
    region: bpy.types.Region,
    width: int,
    height: int,
) -> NDArray[np.uint8]:
    import gpu

    layer = scene.view_layers[0]
    layer.update()
    depsgraph = layer.depsgraph
    view = camera.matrix_world.inverted()
    projection = camera.calc_matrix_camera(depsgraph, x=width, y=height)
    try:
        offscreen = gpu.types.GPUOffScreen(width, height)
    except RuntimeError as error:
        raise ViewportError(f"The graphics driver gives no buffer of {width} x {height} pixels: {error}.") from error
    try:
        offscreen.draw_view3d(scene, layer, space, region, view, projection, do_color_management=True)
        with offscreen.bind():
            buffer = gpu.state.active_framebuffer_get().read_color(0, 0, width, height, 4, 0, "UBYTE")
    finally:
        offscreen.free()
    buffer.dimensions = width * height * 4
    pixels = np.asarray(buffer, dtype=np.uint8).reshape(height, width, 4)
    return np.ascontiguousarray(pixels[::-1, :, :3])
