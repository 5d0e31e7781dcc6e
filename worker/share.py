# SPDX-License-Identifier: GPL-3.0-or-later
"""Equal materials become one and equal meshes are shared in what is written for the artist's side, and only there.

Blender's append takes a time that grows with the square of the number of datablocks (anchors-security, section 1), and
it happens in the artist's main thread. Scripts make copies: a leg per chair, a material per object.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterator
from typing import Any

import bpy
import numpy as np

from . import fingerprint, rna

MANY = 100
"""From so many meshes or materials on, equal ones become one whatever they are called; below, only those whose names
differ by their number, for a name of its own may be meant."""
_NUMBER = re.compile(r"\.\d{3,}$")
_VALUES: dict[str, tuple[str, int, type]] = {
    "FLOAT": ("value", 1, np.float32),
    "INT": ("value", 1, np.int32),
    "INT8": ("value", 1, np.int32),
    "BOOLEAN": ("value", 1, bool),
    "FLOAT_VECTOR": ("vector", 3, np.float32),
    "FLOAT2": ("vector", 2, np.float32),
    "FLOAT_COLOR": ("color", 4, np.float32),
    "BYTE_COLOR": ("color", 4, np.float32),
    "QUATERNION": ("value", 4, np.float32),
    "INT32_2D": ("value", 2, np.int32),
    "INT16_2D": ("value", 2, np.int32),
}
"""Attribute type: the property its values are in, how many, as what."""


@contextlib.contextmanager
def shared(scene: bpy.types.Scene) -> Iterator[list[str]]:
    """Share what is equal for the length of the block; yield what was, in words."""
    undo: list[tuple[Any, Any, Any]] = []
    notes: list[str] = []
    try:
        same = _same_materials()
        if same:
            _put(scene, same, undo)
            notes.append(f"{len(same)} materials are equal to others, which are used in their place")
        count = 0
        for item, mesh in _same_meshes(scene):
            undo.append((item, "data", item.data))
            item.data = mesh
            count += 1
        if count:
            notes.append(f"{count} objects share the mesh of an equal one: make it a single user to change one alone")
        yield notes
    finally:
        for owner, key, value in reversed(undo):
            if isinstance(key, int):
                owner[key] = value
            else:
                setattr(owner, key, value)


def _same_materials() -> dict[bpy.types.Material, bpy.types.Material]:
    """Return the materials that are another one under another number, with that one."""
    found: dict[Any, bpy.types.Material] = {}
    same: dict[bpy.types.Material, bpy.types.Material] = {}
    materials = [material for material in bpy.data.materials if material.users]
    for material in materials:
        if _own(material) or material.animation_data or getattr(material.node_tree, "animation_data", None):
            continue
        settings = rna.values(material, frozenset({"node_tree", "pass_index", "grease_pencil", "texture_paint_images",
                                                   "texture_paint_slots", "paint_active_slot"}))  # fmt: skip
        key = (_family(material.name, len(materials)), repr((settings, rna.tree(material.node_tree))))
        first = found.setdefault(key, material)
        if first != material:
            same[material] = first
    return same


def _put(
    scene: bpy.types.Scene, same: dict[bpy.types.Material, bpy.types.Material], undo: list[tuple[Any, Any, Any]]
) -> None:
    slots = [slot for item in scene.objects for slot in item.material_slots if slot.link == "OBJECT"]
    for slot in slots:
        if slot.material in same:
            undo.append((slot, "material", slot.material))
            slot.material = same[slot.material]
    owners = {item.data for item in scene.objects if hasattr(item.data, "materials")}
    for data in owners:
        for index, material in enumerate(data.materials):
            if material in same:
                undo.append((data.materials, index, material))
                data.materials[index] = same[material]


def _same_meshes(scene: bpy.types.Scene) -> Iterator[tuple[bpy.types.Object, bpy.types.Mesh]]:
    """Give every object whose mesh is equal to an earlier object's, with that mesh."""
    found: dict[Any, bpy.types.Mesh] = {}
    prints: dict[int, str] = {}
    # Vertex groups are the object's, their weights the mesh's.
    items = [item for item in scene.objects if item.type == "MESH" and not item.vertex_groups]
    count = len({item.data.session_uid for item in items})
    for item in items:
        mesh = item.data
        if mesh.session_uid not in prints:
            prints[mesh.session_uid] = _print(mesh)
        if not prints[mesh.session_uid]:
            continue
        first = found.setdefault((_family(mesh.name, count), prints[mesh.session_uid]), mesh)
        if first != mesh:
            yield item, first


def _family(name: str, count: int) -> str:
    return "" if count >= MANY else _NUMBER.sub("", name)


def _own(block: bpy.types.ID) -> bool:
    """Whether it has custom properties; before 5.0 an add-on's settings are among them."""
    return bool(set(block.keys()) - {"cycles"})


def _print(mesh: bpy.types.Mesh) -> str:
    """Return what a mesh is, nothing where that can't be told or it is more than its geometry."""
    if mesh.shape_keys or mesh.animation_data or _own(mesh):
        return ""
    made = hashlib.sha256()
    for attribute in mesh.attributes:
        if attribute.name.startswith((".select", ".hide")):
            continue
        name, width, kind = _VALUES.get(attribute.data_type, ("", 0, int))
        if not name:
            return ""
        values = np.empty(len(attribute.data) * width, kind)
        attribute.data.foreach_get(name, values)
        made.update(repr((attribute.name, attribute.domain, attribute.data_type)).encode() + values.tobytes())
    shape = fingerprint.mesh(mesh)
    slots = [material.session_uid if material else 0 for material in mesh.materials]
    settings = rna.values(mesh, _GEOMETRY)
    made.update(repr((shape.shape, shape.faces, shape.uvs, slots, settings)).encode())
    return made.hexdigest()


_GEOMETRY_NAMES = """
    vertices edges loops polygons loop_triangles loop_triangle_polygons attributes color_attributes uv_layers
    vertex_colors vertex_normals polygon_normals corner_normals materials shape_keys skin_vertices texco_mesh
    texture_mesh vertex_layers_float vertex_layers_int vertex_layers_string polygon_layers_float
    polygon_layers_int polygon_layers_string vertex_creases edge_creases vertex_paint_masks
"""
_GEOMETRY = frozenset(_GEOMETRY_NAMES.split())
"""What is compared otherwise, or follows from it."""
