# SPDX-License-Identifier: GPL-3.0-or-later
"""Check what a worker's file brought in, while it is loaded but linked to nothing.

The worker is confined, and this is the artist's side of the same boundary: whatever the file holds, what is linked
afterwards runs no code, reads no other file and is of a size that the artist's Blender can show. Drivers do not run
before a datablock is linked, so this is the moment to drop them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import bpy

from ..worker.allowed import (
    CLAMPS,
    COUNTED,
    CURVE_CLAMPS,
    MAX_DATABLOCKS,
    MAX_IMAGE_PIXELS,
    MAX_MATERIALS,
    MAX_TEXT,
    MAX_VERTICES,
    MODIFIERS_DENIED,
    PARTICLE_CLAMPS,
    VOXELS_ALONG,
    node_denied,
)
from . import compat

ALLOWED = frozenset(
    [
        *("OBJECT", "COLLECTION", "CAMERA", "LIGHT", "LIGHT_PROBE", "WORLD"),
        *("MESH", "CURVE", "CURVES", "META", "FONT", "SURFACE", "POINTCLOUD", "LATTICE", "ARMATURE", "KEY"),
        *("MATERIAL", "NODETREE", "TEXTURE", "IMAGE", "ACTION", "PARTICLE"),
    ]
)
"""`ID.id_type` of what a scene may be made of. All else is dropped: texts, libraries, sounds, caches, scenes, ..."""

MAX_COUNTED = MAX_DATABLOCKS + 1
"""Of the types that the worker counts; the one is the collection that it may write around them."""
MAX_OF_ALL = 3 * MAX_DATABLOCKS
"""Of every type: each of those counted may have an action, and shape keys."""


class CheckError(Exception):
    """The file holds more than Restage will link; the text is one sentence for the artist."""


def count(names: Mapping[str, Sequence[str]]) -> None:
    """Look at the names of what a file holds, by list of `bpy.data`, before any of it is loaded.

    To load, to check and to remove again what no worker of ours writes would stop Blender for many seconds. Raises
    CheckError.
    """
    counted = sum(len(names.get(kind, ())) for kind in COUNTED)
    if counted > MAX_COUNTED:
        raise CheckError(
            f"The result has {counted} objects, meshes, materials and other data; Restage shows at most {MAX_COUNTED}."
        )
    materials = len(names.get("materials", ()))
    if materials > MAX_MATERIALS:
        raise CheckError(f"The result has {materials} materials; Restage shows at most {MAX_MATERIALS}.")
    whole = sum(map(len, names.values()))
    if whole > MAX_OF_ALL:
        raise CheckError(f"The result has {whole} datablocks; Restage shows at most {MAX_OF_ALL}.")


def check(loaded: Iterable[bpy.types.ID]) -> list[str]:
    """Make freshly loaded, unlinked datablocks safe to link; return what was dropped or changed, one line each.

    Datablocks of a type that has no place in a scene are removed from the file. Raises CheckError when there is too
    much of it; the caller then removes the rest.
    """
    notes: list[str] = []
    kept = _drop_types(list(loaded), notes)
    if len(kept) > MAX_OF_ALL:
        raise CheckError(f"The result has {len(kept)} datablocks; Restage shows at most {MAX_OF_ALL}.")
    vertices = sum(len(item.vertices) for item in kept if isinstance(item, bpy.types.Mesh))
    if vertices > MAX_VERTICES:
        raise CheckError(f"The result has {vertices} vertices; Restage shows at most {MAX_VERTICES}.")
    for item in kept:
        _drop_drivers(item, notes)
        tree = item if isinstance(item, bpy.types.NodeTree) else getattr(item, "node_tree", None)
        if tree is not None:
            _drop_drivers(tree, notes)
            _check_tree(tree, notes)
        if isinstance(item, bpy.types.Object):
            _check_object(item, notes)
        elif isinstance(item, bpy.types.Mesh):
            if item.validate():
                notes.append(f"repaired mesh {item.name}")
        elif isinstance(item, bpy.types.Image):
            _check_image(item, notes)
        elif isinstance(item, bpy.types.ParticleSettings):
            _clamp(item, PARTICLE_CLAMPS)
        elif isinstance(item, bpy.types.Curve):
            _clamp(item, CURVE_CLAMPS)
            if len(getattr(item, "body", "")) > MAX_TEXT:
                raise CheckError(f"The text of {item.name} is longer than {MAX_TEXT} characters.")
        _clear_paths(item, notes)
    return notes


def _clamp(item: bpy.types.ID, limits: dict[str, int]) -> None:
    for name, most in limits.items():
        setattr(item, name, min(getattr(item, name), most))


def _drop_types(loaded: list[bpy.types.ID], notes: list[str]) -> list[bpy.types.ID]:
    """Remove what may not come in; return the rest."""
    uids = {item.session_uid for item in loaded}
    fonts = [item for item in loaded if isinstance(item, bpy.types.VectorFont)]
    external = {item.session_uid for item in fonts if item.filepath != "<builtin>" and item.packed_file is None}
    if external:
        _use_builtin_font(loaded, external)
    banned = [
        item
        for item in loaded
        if item.id_type not in ALLOWED or item.library is not None or item.session_uid in external
    ]
    notes.extend(f"dropped {item.id_type.lower()} {item.name}" for item in banned)
    # All at once: removing a library removes what it brought, and with it references to other entries of the list.
    bpy.data.batch_remove(banned)
    return [item for uid, item in compat.datablocks().items() if uid in uids]


def _use_builtin_font(loaded: list[bpy.types.ID], external: set[int]) -> None:
    """Write texts in Blender's own font, where their font is a file elsewhere."""
    builtin = bpy.data.fonts.load("<builtin>", check_existing=True)
    for item in loaded:
        if isinstance(item, bpy.types.TextCurve):
            for face in ("font", "font_bold", "font_italic", "font_bold_italic"):
                font = getattr(item, face)
                if font is not None and font.session_uid in external:
                    setattr(item, face, builtin)


def _drop_drivers(item: bpy.types.ID, notes: list[str]) -> None:
    animation = getattr(item, "animation_data", None)
    if animation is None:
        return
    for curve in list(animation.drivers):
        notes.append(f"dropped a driver of {item.name}")
        animation.drivers.remove(curve)


def _check_tree(tree: bpy.types.NodeTree, notes: list[str]) -> None:
    for node in list(tree.nodes):
        if node_denied(node.bl_idname):
            notes.append(f"dropped node {node.bl_idname} of {tree.name}")
            tree.nodes.remove(node)
        else:
            _clear_struct(node, f"node {node.name} of {tree.name}", notes)


def _check_object(item: bpy.types.Object, notes: list[str]) -> None:
    for modifier in list(item.modifiers):
        if modifier.type in MODIFIERS_DENIED:
            notes.append(f"dropped modifier {modifier.type.lower()} of {item.name}")
            item.modifiers.remove(modifier)
            continue
        _clear_struct(modifier, f"modifier {modifier.name} of {item.name}", notes)
        for name, most in CLAMPS.get(modifier.type, {}).items():
            if getattr(modifier, name, 0) > most:
                notes.append(f"lowered {name} of modifier {modifier.name} of {item.name} to {most}")
                setattr(modifier, name, most)
        if modifier.type == "REMESH" and modifier.mode == "VOXEL":
            modifier.voxel_size = max(modifier.voxel_size, max(item.dimensions) / VOXELS_ALONG)
    for constraint in item.constraints:
        _clear_struct(constraint, f"constraint {constraint.name} of {item.name}", notes)


def _check_image(item: bpy.types.Image, notes: list[str]) -> None:
    # Not `size`, which would make the pixels first.
    if item.source == "GENERATED" and item.generated_width * item.generated_height > MAX_IMAGE_PIXELS:
        raise CheckError(f"The image {item.name} has more pixels than Restage shows ({MAX_IMAGE_PIXELS}).")
    if item.source == "GENERATED" or item.type == "RENDER_RESULT":
        return
    if len(item.packed_files) == 0:
        notes.append(f"dropped the path of image {item.name}")
        item.source = "GENERATED"
    # A packed image keeps its pixels; only the place it would be unpacked to goes.
    item.filepath_raw = ""


def _clear_paths(item: bpy.types.ID, notes: list[str]) -> None:
    # Images and fonts have been seen to: theirs name a packed file or Blender's own.
    if not isinstance(item, (bpy.types.Image, bpy.types.VectorFont)):
        _clear_struct(item, item.name, notes)


def _clear_struct(struct: bpy.types.bpy_struct, name: str, notes: list[str]) -> None:
    """Empty every file and folder name the struct holds."""
    for prop in struct.bl_rna.properties:
        if prop.type != "STRING" or prop.subtype not in {"FILE_PATH", "DIR_PATH"} or prop.is_readonly:
            continue
        if getattr(struct, prop.identifier):
            notes.append(f"dropped {prop.identifier} of {name}")
            setattr(struct, prop.identifier, "")
