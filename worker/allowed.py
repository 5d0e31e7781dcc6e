# SPDX-License-Identifier: GPL-3.0-or-later
"""What a scene may hold and how much of it: one list for the guard, for the worker's repairs and for the artist's side.

The three look at the same things at different moments, and each must be as strict as the others. Standard library only,
for the guard runs without Blender and `scene/` imports nothing else of the worker.
"""

from __future__ import annotations

NODE_PREFIXES = (
    *("GeometryNodeImport", "GeometryNodeBake", "GeometryNodeIsViewport", "GeometryNodeSimulation"),
    *("ShaderNodeScript", "ShaderNodeTexIES"),
    *("CompositorNodeOutputFile", "CompositorNodeImage", "CompositorNodeMovieClip", "CompositorNodeCryptomatte"),
)
"""Beginnings of the `bl_idname` of nodes that are not available: they read or write files, run text, keep a cache, or
show the viewport something else than the render."""

MODIFIERS_DENIED = frozenset(["MESH_CACHE", "MESH_SEQUENCE_CACHE", "FLUID", "OCEAN", "DYNAMIC_PAINT", "MULTIRES"])
"""Modifiers that are not available: they read or write files."""

CLAMPS: dict[str, dict[str, int]] = {
    "SUBSURF": {"levels": 4, "render_levels": 4},
    "ARRAY": {"count": 1000},
    "BEVEL": {"segments": 32},
    "SCREW": {"steps": 256, "render_steps": 256, "iterations": 64},
    "REMESH": {"octree_depth": 8},
}
"""Modifier values that can make a small scene enormous, and the most of each."""

CURVE_CLAMPS = {"resolution_u": 64, "render_resolution_u": 64, "bevel_resolution": 16}
PARTICLE_CLAMPS = {"count": 20_000, "rendered_child_count": 100}
VOXELS_ALONG = 400
"""A voxel remesh's finest: the object's longest side in this many voxels."""
COUNTED = ("objects", "meshes", "curves", "lights", "cameras", "collections", "materials", "node_groups", "images")
"""Lists of `bpy.data` that are counted together."""
MAX_DATABLOCKS = 300
"""Of those, in a scene as its scripts made it."""
MAX_MATERIALS = 50
MAX_VERTICES = 2_000_000
"""Of all meshes together, before modifiers."""
MAX_IMAGE_PIXELS = 4096 * 4096
MAX_TEXT = 2000
"""Characters of one text object."""


def node_denied(name: str) -> bool:
    """Say whether nodes of this `bl_idname` are not available."""
    return name.startswith(NODE_PREFIXES)
