# SPDX-License-Identifier: GPL-3.0-or-later
"""What a scene is, by aspect, so that two moments can be compared: the stages' permissions stand on this.

Things are followed by Blender's session ids, so a renamed object is the same object under another name.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any, Literal

import bpy
import numpy as np

from . import animation, rna

Role = Literal["objects", "camera", "lights"]

_NOT_SETTINGS = frozenset({"materials", "shape_keys", "vertices", "edges", "loops", "polygons", "node_tree"})
_CAMERA_NAMES = frozenset({"background_images", "angle", "angle_x", "angle_y", "lens_unit"})
_RENDER = (
    *("engine", "resolution_x", "resolution_y", "resolution_percentage", "pixel_aspect_x", "pixel_aspect_y"),
    *("film_transparent", "use_border", "border_min_x", "border_max_x", "border_min_y", "border_max_y"),
)
"""Sample counts and other matters of quality are not here: they change no picture that Restage makes."""
_VIEW = ("view_transform", "look", "exposure", "gamma", "use_curve_mapping", "use_white_balance")


@dataclass
class ObjectPrint:
    """One object, aspect by aspect."""

    name: str
    type: str
    role: Role
    location: tuple[float, ...]
    rotation: tuple[float, ...]
    scale: tuple[float, ...]
    parent: Any
    constraints: Any
    hidden: tuple[bool, ...]
    data: int
    modifiers: Any
    slots: Any
    collections: frozenset[int]
    animation: Any


@dataclass
class DataPrint:
    """The data of an object: a mesh, curve, light or camera."""

    name: str
    shape: Any
    faces: str = ""
    uvs: Any = None
    node_tree: Any = None


@dataclass
class Fingerprint:
    """A whole scene at one moment."""

    objects: dict[int, ObjectPrint] = field(default_factory=dict)
    data: dict[int, DataPrint] = field(default_factory=dict)
    materials: dict[int, tuple[str, Any]] = field(default_factory=dict)
    groups: dict[int, tuple[str, str, Any]] = field(default_factory=dict)
    """Node groups: name, tree type, contents."""
    collections: dict[int, tuple[str, tuple[int, ...], bool]] = field(default_factory=dict)
    """Name, child collections, hidden."""
    world: Any = None
    camera: int = 0
    render: dict[str, Any] = field(default_factory=dict)
    view: dict[str, Any] = field(default_factory=dict)


def take(scene: bpy.types.Scene) -> Fingerprint:
    """Return the fingerprint of the scene and of the materials and node groups beside it."""
    bpy.context.view_layer.update()
    found = Fingerprint()
    empties = _helpers(scene)
    for item in scene.objects:
        found.objects[item.session_uid] = _object(item, empties)
        if item.data is not None and item.data.session_uid not in found.data:
            found.data[item.data.session_uid] = _data(item.data)
    for material in bpy.data.materials:
        settings = rna.values(material, frozenset({"node_tree", "pass_index", "grease_pencil", "texture_paint_images",
                                                   "texture_paint_slots", "paint_active_slot"}))  # fmt: skip
        moving = _animated(material)
        found.materials[material.session_uid] = (material.name, (settings, rna.tree(material.node_tree), moving))
    for group in bpy.data.node_groups:
        found.groups[group.session_uid] = (group.name, group.bl_idname, (rna.tree(group), _animated(group)))
    for collection in (scene.collection, *scene.collection.children_recursive):
        children = tuple(sorted(child.session_uid for child in collection.children))
        hidden = collection.hide_render or collection.hide_viewport
        found.collections[collection.session_uid] = (collection.name, children, hidden)
    world = scene.world
    if world is not None:
        nodes = rna.tree(world.node_tree)
        found.world = (world.session_uid, world.name, rna.plain(world.color), nodes, _animated(world))
    found.camera = scene.camera.session_uid if scene.camera else 0
    found.render = {name: rna.plain(getattr(scene.render, name)) for name in _RENDER}
    found.view = {name: rna.plain(getattr(scene.view_settings, name)) for name in _VIEW
                  if hasattr(scene.view_settings, name)}  # fmt: skip
    return found


def _helpers(scene: bpy.types.Scene) -> dict[int, Role]:
    """Return the empties that only steer a camera or a light (track-to targets, parents): they count as part of it."""
    steered: dict[int, set[Role]] = {}

    def note(target: Any, role: Role) -> None:
        if target is not None and target.type == "EMPTY" and target.instance_type == "NONE":
            steered.setdefault(target.session_uid, set()).add(role)

    for item in scene.objects:
        role = _own_role(item)
        note(item.parent, role)
        for constraint in item.constraints:
            note(getattr(constraint, "target", None), role)
        if item.type == "CAMERA":
            note(item.data.dof.focus_object, role)
    return {
        uid: "camera" if "camera" in roles else "lights" for uid, roles in steered.items() if "objects" not in roles
    }


def _own_role(item: bpy.types.Object) -> Role:
    if item.type == "CAMERA":
        return "camera"
    return "lights" if item.type in ("LIGHT", "LIGHT_PROBE") else "objects"


def _object(item: bpy.types.Object, empties: dict[int, Role]) -> ObjectPrint:
    parent = None
    if item.parent:
        inverse = rna.plain(item.matrix_parent_inverse)
        parent = (item.parent.session_uid, item.parent_type, item.parent_bone, inverse)
    return ObjectPrint(
        name=item.name,
        type=item.type,
        role=empties.get(item.session_uid) or _own_role(item),
        location=rna.plain(item.matrix_basis.translation),
        rotation=rna.plain(item.matrix_basis.to_quaternion()),
        scale=rna.plain(item.matrix_basis.to_scale()),
        parent=parent,
        constraints=[rna.values(c) for c in item.constraints],
        hidden=(item.hide_render, item.hide_viewport, item.hide_get()),
        data=item.data.session_uid if item.data else 0,
        modifiers=[(m.name, m.type, rna.values(m)) for m in item.modifiers],
        slots=[(s.link, s.material.session_uid if s.material else 0) for s in item.material_slots],
        collections=frozenset(c.session_uid for c in item.users_collection),
        animation=animation.printed(item),
    )


def _data(data: Any) -> DataPrint:
    if isinstance(data, bpy.types.Mesh):
        return mesh(data)
    settings = rna.values(data, _NOT_SETTINGS | _CAMERA_NAMES)
    found = DataPrint(data.name, settings | {"animation": _animated(data)})
    found.node_tree = rna.tree(getattr(data, "node_tree", None))
    return found


def mesh(mesh: bpy.types.Mesh) -> DataPrint:
    """Return the print of a mesh: its geometry to 0.01 mm, faces, UVs and colours."""
    counts = (len(mesh.vertices), len(mesh.edges), len(mesh.loops), len(mesh.polygons))
    shape = hashlib.sha256(repr(counts).encode())
    shape.update(_array(mesh.vertices, "co", 3, np.float32).round(5).tobytes())
    shape.update(_array(mesh.edges, "vertices", 2, np.int32).tobytes())
    shape.update(_array(mesh.loops, "vertex_index", 1, np.int32).tobytes())
    shape.update(_array(mesh.polygons, "loop_start", 1, np.int32).tobytes())
    shape.update(_array(mesh.polygons, "use_smooth", 1, bool).tobytes())
    faces = hashlib.sha256(_array(mesh.polygons, "material_index", 1, np.int32).tobytes()).hexdigest()
    uvs = [(layer.name, hashlib.sha256(_array(layer.uv, "vector", 2, np.float32).tobytes()).hexdigest())
           for layer in mesh.uv_layers]  # fmt: skip
    colours = [(a.name, a.domain, hashlib.sha256(_array(a.data, "color", 4, np.float32).tobytes()).hexdigest())
               for a in mesh.color_attributes]  # fmt: skip
    keys = rna.values(mesh.shape_keys) if mesh.shape_keys else None
    return DataPrint(mesh.name, (shape.hexdigest(), keys, _animated(mesh)), faces, (uvs, colours))


def _animated(block: Any) -> tuple[Any, ...]:
    """Return what animates a datablock, its shape keys and its own nodes."""
    owners = (block, getattr(block, "shape_keys", None), getattr(block, "node_tree", None))
    return tuple(animation.printed(owner) for owner in owners)


def _array(items: Any, name: str, width: int, kind: type) -> np.ndarray:
    values = np.empty(len(items) * width, kind)
    items.foreach_get(name, values)
    return values
