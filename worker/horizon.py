# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the horizon runs through the frame."""

from __future__ import annotations

import bpy


def horizon(scene: bpy.types.Scene) -> list[float] | None:
    """Return the horizon's height at the left and the right edge, as fractions of the frame, 0 at the top.

    None without a camera, for an orthographic one, and for one that looks straight up or down. Values outside 0 to 1
    mean that it runs outside the frame.
    """
    camera = scene.camera
    if camera is None or camera.type != "CAMERA" or camera.data.type != "PERSP":
        return None
    render = scene.render
    projection = camera.calc_matrix_camera(
        bpy.context.evaluated_depsgraph_get(),
        x=render.resolution_x,
        y=render.resolution_y,
        scale_x=render.pixel_aspect_x,
        scale_y=render.pixel_aspect_y,
    )
    up = camera.matrix_world.to_3x3().normalized()[2]
    if abs(up[1]) < 1e-6:
        return None
    heights = []
    for edge in (-1.0, 1.0):
        # A camera-space direction (x, y, -1) is level when its world z is 0.
        x = (edge + projection[0][2]) / projection[0][0]
        y = (up[2] - up[0] * x) / up[1]
        heights.append((1 - (y * projection[1][1] - projection[1][2])) / 2)
    return heights
