# SPDX-License-Identifier: GPL-3.0-or-later
"""Render a .blend from other places, in a process of its own: `python turn_render.py SPEC.json` with the bpy wheel.

The spec names the file, what is shown or hidden from the camera, the frame, samples, and views: each with a camera
matrix, or with a rotation to swing the file's own camera by about what is seen at a point of its picture. Objects not
shown still light and shade the rest. Pictures are written with alpha: coverage by what is shown. With `depth`, how far
what is shown is from the file's own camera is written as an array beside them.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix, Vector
from restage.bench import turns

SHAPES = {"MESH", "CURVE", "SURFACE", "META", "FONT", "VOLUME", "CURVES"}


def main() -> None:
    """Render every view of the spec."""
    spec = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    bpy.ops.wm.open_mainfile(filepath=spec["blend"], load_ui=False, use_scripts=False)
    scene = bpy.context.scene
    shown = _show(scene, spec)
    camera = scene.camera
    scene.render.resolution_x, scene.render.resolution_y = spec["size"]
    scene.render.resolution_percentage = 100
    scene.render.pixel_aspect_x = scene.render.pixel_aspect_y = 1.0
    pose = np.array(camera.matrix_world)
    _settings(scene, spec["samples"])
    if "depth" in spec:
        np.save(spec["depth"]["out"], depths(scene, shown, spec["depth"]["across"]))
    for view in spec["views"]:
        matrix = np.array(view["matrix"]) if "matrix" in view else _swung(camera, scene, shown, pose, view)
        camera.parent = None
        camera.constraints.clear()
        camera.animation_data_clear()
        camera.matrix_world = Matrix(matrix.tolist())
        scene.render.filepath = view["out"]
        bpy.ops.render.render(write_still=True, scene=scene.name)


def _show(scene: Any, spec: dict[str, Any]) -> list[Any]:
    """Hide from the camera what is not to be seen, and return what is."""
    shown = []
    for thing in scene.objects:
        if thing.type not in SHAPES or thing.hide_render:
            continue
        keep = thing.name in spec["show"] if "show" in spec else thing.name not in spec["hide"]
        if keep:
            shown.append(thing)
        else:
            thing.visible_camera = False
    return shown


def depths(scene: Any, shown: list[Any], across: int) -> Any:
    """Distance along the camera's axis of what is shown, by rays through `across` pixels a row; nan elsewhere."""
    size = scene.render.resolution_x, scene.render.resolution_y
    down = round(across * size[1] / size[0])
    graph = bpy.context.evaluated_depsgraph_get()
    pose, names = scene.camera.matrix_world.copy(), {thing.name for thing in shown}
    projection = scene.camera.calc_matrix_camera(graph, x=size[0], y=size[1])
    found = np.full((down, across), np.nan)
    for row in range(down):
        for column in range(across):
            x = (2 * (column + 0.5) / across - 1) / projection[0][0]
            y = (1 - 2 * (row + 0.5) / down) / projection[1][1]
            way = pose.to_3x3() @ Vector((x, y, -1.0))
            hit, point, _, _, thing, _ = scene.ray_cast(graph, pose.translation, way.normalized())
            if hit and thing.name in names:
                found[row, column] = -(pose.inverted() @ point).z
    return found


def _swung(camera: Any, scene: Any, shown: list[Any], pose: turns.Matrix, view: dict[str, Any]) -> turns.Matrix:
    corners = np.array([thing.matrix_world @ Vector(corner) for thing in shown for corner in thing.bound_box])
    if not len(corners):
        return pose
    size = scene.render.resolution_x, scene.render.resolution_y
    projection = camera.calc_matrix_camera(bpy.context.evaluated_depsgraph_get(), x=size[0], y=size[1])
    focal, aspect = projection[0][0] / 2, size[0] / size[1]
    centre = (corners.min(0) + corners.max(0)) / 2
    _, depth = turns.project(pose, focal, aspect, centre)
    pivot = turns.lift(pose, focal, aspect, view["pixel"], max(float(depth[0]), 1e-3))[0]
    return turns.swing(pose, pivot, view["rotation"])


def _settings(scene: Any, samples: int) -> None:
    import _cycles

    scene.render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    scene.cycles.samples = samples
    scene.cycles.use_denoising = bool(getattr(_cycles, "with_openimagedenoise", False))
    scene.render.film_transparent = True
    scene.render.use_compositing = scene.render.use_sequencer = False
    image = scene.render.image_settings
    if hasattr(image, "media_type"):
        image.media_type = "IMAGE"
    image.file_format, image.color_mode, image.color_depth = "PNG", "RGBA", "8"


if __name__ == "__main__":
    main()
