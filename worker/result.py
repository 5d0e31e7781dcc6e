# SPDX-License-Identifier: GPL-3.0-or-later
"""What leaves the worker for the artist's side: one collection and its world in a .blend, and a few scene settings."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import bpy

from .horizon import horizon
from .prelude import COLLECTION_NAME

FILE_NAME = "result.blend"
MAX_BYTES = 64 << 20


class TooLarge(Exception):
    """The file is over the limit; the text is one sentence."""


def write(scene: bpy.types.Scene, scratch: Path) -> tuple[str, dict[str, Any]]:
    """Write the scene's contents as one collection, uncompressed; return the file's name and the settings.

    Raises TooLarge.
    """
    for image in bpy.data.images:
        # Painted pixels live in memory only; unpacked they would come back blank.
        if image.source == "GENERATED" and image.is_dirty and not image.packed_file:
            image.pack()
    collection, temporary = _collection(scene)
    path = scratch / FILE_NAME
    try:
        blocks: set[bpy.types.ID] = {collection}
        if scene.world is not None:
            blocks.add(scene.world)
        bpy.data.libraries.write(str(path), blocks, compress=False)
        settings = {"collection": collection.name, **settings_of(scene)}
    finally:
        if temporary:
            bpy.data.collections.remove(collection)
    if path.stat().st_size > MAX_BYTES:
        size = path.stat().st_size >> 20
        path.unlink()
        raise TooLarge(f"The scene's file would be {size} MB (limit {MAX_BYTES >> 20} MB).")
    settings["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    return FILE_NAME, settings


def settings_of(scene: bpy.types.Scene) -> dict[str, Any]:
    """Return the scene settings that do not travel with a collection, as plain JSON values."""
    view, render = scene.view_settings, scene.render
    return {
        "camera": scene.camera.name if scene.camera else "",
        "world": scene.world.name if scene.world else "",
        "world_light": _world_light(scene.world),
        "frame": [render.resolution_x, render.resolution_y],
        "pixel_aspect": [render.pixel_aspect_x, render.pixel_aspect_y],
        "film_transparent": render.film_transparent,
        "engine": render.engine,
        "horizon": horizon(scene),
        "view": {
            "view_transform": view.view_transform,
            "look": view.look,
            "exposure": view.exposure,
            "gamma": view.gamma,
        },
    }


def _collection(scene: bpy.types.Scene) -> tuple[bpy.types.Collection, bool]:
    """Return one collection with everything of the scene, and whether it was made for the purpose."""
    root = scene.collection
    if not root.objects and len(root.children) == 1 and root.children[0].name == COLLECTION_NAME:
        return root.children[0], False
    whole = bpy.data.collections.new(COLLECTION_NAME)
    for child in root.children:
        whole.children.link(child)
    for item in root.objects:
        whole.objects.link(item)
    return whole, True


def _world_light(world: bpy.types.World | None) -> str:
    """The world's backgrounds in words: name, strength, linear colour."""
    if world is None or world.node_tree is None:
        return ""
    told = []
    for node in world.node_tree.nodes:
        if node.bl_idname == "ShaderNodeBackground":
            colour, strength = node.inputs["Color"], node.inputs["Strength"].default_value
            shown = (
                "textured" if colour.is_linked else " ".join(f"{channel:.3f}" for channel in colour.default_value[:3])
            )
            told.append(f"{node.label or node.name}: strength {strength:.3g}, colour {shown} (linear)")
    return "; ".join(told)
