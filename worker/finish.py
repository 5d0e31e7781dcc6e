# SPDX-License-Identifier: GPL-3.0-or-later
"""The final files of a run: the whole scene as .blend, as glTF binary, and the final render."""

from __future__ import annotations

from pathlib import Path

import addon_utils
import bpy

from . import flat_export, views
from .protocol import Finished, FinishRequest

_EXPORTER = "io_scene_gltf2"


def finish(request: FinishRequest, scratch: Path) -> Finished:
    """Write the final files into the scratch folder; what could not be made is said in the notes."""
    scene = bpy.context.scene
    notes: list[str] = []
    blend = scratch / "scene.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(blend), copy=True, compress=True, check_existing=False)
    glb = ""
    if request.glb:
        try:
            glb = _export(scratch / "scene.glb")
        except RuntimeError as error:
            # The exporter is an add-on of Blender's; what it cannot export must not cost the run its other files.
            notes.append(f"no glTF file: {' '.join(str(error).split())[:200]}")
    render = ""
    if scene.camera is None:
        notes.append("no final render: the scene has no camera")
    elif request.beauty_px:
        render = "render.png"
        views.beauty(scene, request.beauty_px, request.beauty_samples, scratch / render, request.seed, final=True)
    made_by = views.beauty_made_by(request.beauty_samples) if render else ""
    return Finished(blend.name, glb, render, tuple(notes), made_by)


def _export(path: Path) -> str:
    if addon_utils.enable(_EXPORTER, default_set=False) is None:
        raise RuntimeError("Blender's glTF exporter could not be switched on")
    with flat_export.flattened([material for material in bpy.data.materials if material.users]):
        bpy.ops.export_scene.gltf(
            filepath=str(path), export_format="GLB", export_cameras=True, export_lights=True, export_apply=True,
            use_active_scene=True,
        )  # fmt: skip
    return path.name if path.is_file() else ""
