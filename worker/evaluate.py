# SPDX-License-Identifier: GPL-3.0-or-later
"""The scene's objects as they come out of their modifiers, in world space, as arrays."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import bpy
import numpy as np
from mathutils.bvhtree import BVHTree

SOLID_TYPES = ("MESH", "CURVE", "SURFACE", "META", "FONT")


@dataclass
class Body:
    """One object with geometry: `points` float64 (n, 3) in metres, `edges` int32 (m, 2), `triangles` int32 (k, 3)."""

    name: str
    points: np.ndarray
    edges: np.ndarray
    triangles: np.ndarray
    group: str = ""
    """Things that belong together share it: the topmost parent's name, or the name up to its first dot."""
    low: np.ndarray = field(init=False)
    high: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        """Take the world bounds."""
        self.low, self.high = self.points.min(axis=0), self.points.max(axis=0)

    @property
    def size(self) -> np.ndarray:
        """Return the extent of the world bounds, metres."""
        return self.high - self.low

    @property
    def diagonal(self) -> float:
        """Return the length of the bounds' diagonal, metres."""
        return float(np.linalg.norm(self.size))

    @cached_property
    def tree(self) -> BVHTree:
        """Return a search tree over the triangles, in world space."""
        return BVHTree.FromPolygons(self.points.tolist(), self.triangles.tolist(), all_triangles=True)


def bodies(scene: bpy.types.Scene, room: int | None = None) -> dict[str, Body]:
    """Return the scene's solid objects by name. Raises OverflowError with more than `room` vertices altogether."""
    bpy.context.view_layer.update()
    graph = bpy.context.evaluated_depsgraph_get()
    found: dict[str, Body] = {}
    total = 0
    for item in scene.objects:
        if item.type not in SOLID_TYPES:
            continue
        evaluated = item.evaluated_get(graph)
        mesh = evaluated.to_mesh()
        if mesh is None:
            continue
        try:
            total += len(mesh.vertices)
            if room is not None and total > room:
                raise OverflowError(item.name)
            if len(mesh.vertices):
                found[item.name] = _body(item, mesh)
        finally:
            evaluated.to_mesh_clear()
    return found


def _body(item: bpy.types.Object, mesh: bpy.types.Mesh) -> Body:
    points = np.empty(len(mesh.vertices) * 3, np.float32)
    mesh.vertices.foreach_get("co", points)
    edges = np.empty(len(mesh.edges) * 2, np.int32)
    mesh.edges.foreach_get("vertices", edges)
    mesh.calc_loop_triangles()
    triangles = np.empty(len(mesh.loop_triangles) * 3, np.int32)
    mesh.loop_triangles.foreach_get("vertices", triangles)
    matrix = np.array(item.matrix_world, np.float64)
    world = points.reshape(-1, 3).astype(np.float64) @ matrix[:3, :3].T + matrix[:3, 3]
    if not np.isfinite(world).all():
        world = np.nan_to_num(world, nan=0.0, posinf=0.0, neginf=0.0)
    return Body(item.name, world, edges.reshape(-1, 2), triangles.reshape(-1, 3), _group(item))


def _group(item: bpy.types.Object) -> str:
    top = item
    while top.parent is not None:
        top = top.parent
    return top.name.split(".")[0]
