# SPDX-License-Identifier: GPL-3.0-or-later
"""The scene's camera as numbers that project and un-project points outside Blender."""

from __future__ import annotations

import math
from dataclasses import dataclass

import bpy

from .protocol import CameraInfo


@dataclass(frozen=True)
class Frustum:
    """What a camera sees of its own space, all in fractions of the frame's width where not said otherwise."""

    wide: float
    """Width of the frame at 1 m before a perspective camera, or metres across an orthographic one."""
    shift: tuple[float, float]
    """How far the frame's middle lies from the camera's axis, +x right, +y up, in frame widths."""
    aspect: float
    """Width over height."""


def frustum(scene: bpy.types.Scene, camera: bpy.types.Object) -> Frustum:
    """Return the frustum with lens, sensor fit, pixel aspect and shift worked in, read off Blender's own projection.

    Only for PERSP and ORTHO cameras; a panoramic one gets what Blender makes of it, which means little.
    """
    render = scene.render
    projection = camera.calc_matrix_camera(
        bpy.context.evaluated_depsgraph_get(),
        x=render.resolution_x,
        y=render.resolution_y,
        scale_x=render.pixel_aspect_x,
        scale_y=render.pixel_aspect_y,
    )
    across, up = projection[0][0], projection[1][1]
    aspect = up / across
    # Column 3 is what does not grow with distance: an orthographic shift; column 2 what does: a perspective one.
    if camera.data.type == "ORTHO":
        shift = (-projection[0][3] / 2, -projection[1][3] / 2 / aspect)
    else:
        shift = (projection[0][2] / 2, projection[1][2] / 2 / aspect)
    return Frustum(2 / across, shift, aspect)


def info(scene: bpy.types.Scene) -> CameraInfo | None:
    """Return the scene's camera; None when it has none, or something else than a camera in its place."""
    camera = scene.camera
    if camera is None or camera.type != "CAMERA":
        return None
    kind = camera.data.type
    seen = frustum(scene, camera)
    render = scene.render
    # Blender keeps the smaller pixel aspect at 1 by habit only; scaled down a frame would lose precision.
    least = min(render.pixel_aspect_x, render.pixel_aspect_y)
    frame = (
        round(render.resolution_x * render.pixel_aspect_x / least),
        round(render.resolution_y * render.pixel_aspect_y / least),
    )
    return CameraInfo(
        matrix_world=tuple(float(value) for row in camera.matrix_world for value in row),
        type=kind,
        horizontal_fov=2 * math.atan(seen.wide / 2) if kind == "PERSP" else 0.0,
        ortho_width=seen.wide if kind == "ORTHO" else 0.0,
        shift=seen.shift,
        frame=frame,
    )
