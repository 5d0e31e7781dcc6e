# SPDX-License-Identifier: GPL-3.0-or-later
"""What the running Blender's Python API is like, where versions differ: read from RNA, as plain JSON values.

Nothing of a scene that stands in the worker is touched: what has to be made to be asked is made aside and removed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import bpy

ENGINES = ("BLENDER_EEVEE", "BLENDER_EEVEE_NEXT", "BLENDER_WORKBENCH", "CYCLES")
NODES = (
    "BsdfPrincipled",
    "Emission",
    "BsdfGlass",
    "TexNoise",
    "TexVoronoi",
    "TexWave",
    "TexChecker",
    "TexBrick",
    "TexGradient",
    "ValToRGB",
    "Mix",
    "Bump",
    "Mapping",
    "Background",
    "TexSky",
)
"""Shader nodes that scripts use most, without their `ShaderNode`."""
PRIMITIVES = ("cube", "plane", "uv_sphere", "ico_sphere", "cylinder", "cone", "torus", "circle", "grid", "monkey")
MODIFIERS = (
    "SUBSURF",
    "BEVEL",
    "SOLIDIFY",
    "ARRAY",
    "MIRROR",
    "BOOLEAN",
    "SCREW",
    "SIMPLE_DEFORM",
    "DISPLACE",
    "REMESH",
    "DECIMATE",
    "WELD",
    "SKIN",
    "CURVE",
    "LATTICE",
    "WIREFRAME",
    "CAST",
    "SMOOTH",
    "EDGE_SPLIT",
    "WEIGHTED_NORMAL",
)
MESH_NAMES = (
    "use_auto_smooth",
    "auto_smooth_angle",
    "calc_normals",
    "calc_normals_split",
    "create_normals_split",
    "free_normals_split",
    "has_custom_normals",
    "vertex_colors",
    "color_attributes",
    "attributes",
    "face_maps",
    "uv_layers",
    "polygon_layers_float",
    "shade_smooth",
    "shade_flat",
    "set_sharp_from_angle",
    "normals_split_custom_set",
)
"""Mesh attributes that came or went between the versions scripts are written for."""
OTHER_NAMES = {
    "Material": ("blend_method", "shadow_method", "surface_render_method", "use_nodes", "displacement_method"),
    "SceneEEVEE": ("use_gtao", "use_bloom", "use_ssr", "use_raytracing", "use_shadows", "taa_render_samples"),
    "Scene": ("eevee", "node_tree", "compositing_node_group"),
    "Light": ("use_shadow", "shadow_soft_size", "use_nodes", "normalize", "temperature", "exposure"),
    "World": ("use_nodes", "use_sun_shadow"),
    "Action": ("fcurves", "layers", "slots"),
}
_PLAIN = ("BOOLEAN", "INT", "FLOAT", "STRING", "ENUM")
_SHOWN = (
    "name",
    "type",
    "show_viewport",
    "show_render",
    "show_in_editmode",
    "show_on_cage",
    "show_expanded",
    "is_active",
    "use_pin_to_last",
    "use_apply_on_spline",
    "is_override_data",
    "execution_time",
    "persistent_uid",
    "rna_type",
)
_OPERATOR_OWN = ("rotation", "location", "align", "enter_editmode", "scale")
_LIGHT_SKIPPED = (
    "name",
    "name_full",
    "tag",
    "use_fake_user",
    "use_extra_user",
    "is_embedded_data",
    "is_missing",
    "is_runtime_data",
    "is_evaluated",
    "is_library_indirect",
    "is_editable",
    "session_uid",
    "users",
    "id_type",
    "type",
)


def gather() -> dict[str, Any]:
    """Return the facts, what versions differ in most first."""
    version = [*bpy.app.version]
    with _scene() as scene:
        engines = [name for name in ENGINES if _takes(scene.render, "engine", name)]
        views = _choices(scene.view_settings, "view_transform")
        looks = {}
        for view in views:
            scene.view_settings.view_transform = view
            looks[view] = _choices(scene.view_settings, "look")
        default_view = "AgX" if "AgX" in views else views[0]
    facts: dict[str, Any] = {
        "version": version,
        "version_string": bpy.app.version_string,
        "render_engines": engines,
        "sky_types": _enum(bpy.types.ShaderNodeTexSky, "sky_type"),
        "boolean_solvers": _enum(bpy.types.BooleanModifier, "solver"),
        "there": _there(),
        "view_transforms": views,
        "looks": {"default": looks.get(default_view, [])},
        "light_types": _enum(bpy.types.Light, "type"),
        "node_inputs": _nodes(),
        "lights": _lights(),
        "primitives": {f"primitive_{name}_add": _operator(name) for name in PRIMITIVES if _has_operator(name)},
        "modifiers": _modifiers(),
        "modifier_types": _enum(bpy.types.Modifier, "type"),
    }
    return facts


@contextmanager
def _scene() -> Iterator[bpy.types.Scene]:
    scene = bpy.data.scenes.new("Restage facts")
    try:
        yield scene
    finally:
        bpy.data.scenes.remove(scene)


def _takes(owner: Any, name: str, value: str) -> bool:
    try:
        setattr(owner, name, value)
    except TypeError:
        return False
    return True


def _choices(owner: Any, name: str) -> list[str]:
    """Return the values of a dynamic enum, which RNA tells only in the words of its refusal."""
    try:
        setattr(owner, name, "no such value")
    except TypeError as error:
        found = re.search(r"\(.*\)", str(error), re.DOTALL)
        value = ast.literal_eval(found.group()) if found else ()
        return [value] if isinstance(value, str) else [str(one) for one in value]
    return []


def _enum(kind: Any, name: str) -> list[str]:
    return [item.identifier for item in kind.bl_rna.properties[name].enum_items]


def _names(kind: Any) -> set[str]:
    # Some methods are Python's and not in RNA.
    return {p.identifier for p in kind.bl_rna.properties} | set(dir(kind))


def _known(kind: Any) -> dict[str, bool]:
    return {name: name in _names(kind) for name in MESH_NAMES}


def _there() -> list[str]:
    return [name for name, there in _traps() if there]


def _traps() -> list[tuple[str, bool]]:
    found = [(f"Mesh.{name}", there) for name, there in _known(bpy.types.Mesh).items()]
    for kind, names in OTHER_NAMES.items():
        have = _names(getattr(bpy.types, kind))
        found += [(f"{kind}.{name}", name in have) for name in names]
    found.append(("object.shade_auto_smooth", "shade_auto_smooth" in dir(bpy.ops.object)))
    found.append(("object.shade_smooth_by_angle", "shade_smooth_by_angle" in dir(bpy.ops.object)))
    return found


def _nodes() -> dict[str, list[str]]:
    tree = bpy.data.node_groups.new("Restage facts", "ShaderNodeTree")
    try:
        found = {}
        for name in NODES:
            node = tree.nodes.new(f"ShaderNode{name}")
            found[node.bl_idname] = _inputs(node)
            if name == "Mix":
                node.data_type = "RGBA"
                found["ShaderNodeMix, data_type RGBA"] = _inputs(node)
        return found
    finally:
        bpy.data.node_groups.remove(tree)


def _inputs(node: bpy.types.Node) -> list[str]:
    """Return the inputs that show in the node's mode; what modes hide keeps its number."""
    numbered = enumerate(node.inputs)
    return [_input(index, socket) for index, socket in numbered if socket.enabled and not socket.is_unavailable]


def _input(index: int, socket: bpy.types.NodeSocket) -> str:
    kind = {"VALUE": "float", "RGBA": "colour", "VECTOR": "vector", "SHADER": "shader"}.get(socket.type, socket.type)
    # A hidden value only means something once it is linked.
    value = "" if socket.hide_value or not hasattr(socket, "default_value") else f"={_plain(socket.default_value)}"
    return f"{index} {socket.name}: {kind}{'' if value == '=' else value}"


def _plain(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, (bool, int, str)):
        return str(value)
    if isinstance(value, Iterable):
        return "(" + ", ".join(_plain(part) for part in value) + ")"
    return ""


def _properties(kind: Any, skip: Iterable[str]) -> list[str]:
    names = []
    for prop in kind.bl_rna.properties:
        left_out = prop.identifier in skip or prop.is_hidden
        if left_out or (prop.is_readonly and prop.type != "POINTER"):
            continue
        if prop.type in _PLAIN or (prop.type == "POINTER" and not prop.is_readonly):
            names.append(prop.identifier)
    return names


def _lights() -> dict[str, list[str]]:
    kinds = ("PointLight", "SunLight", "SpotLight", "AreaLight")
    common = _properties(bpy.types.Light, _LIGHT_SKIPPED)
    skip = {*common, *_LIGHT_SKIPPED}
    found = {"Light": common}
    return found | {kind: _properties(getattr(bpy.types, kind), skip) for kind in kinds}


def _has_operator(name: str) -> bool:
    return f"primitive_{name}_add" in dir(bpy.ops.mesh)


def _operator(name: str) -> list[str]:
    operator = getattr(bpy.ops.mesh, f"primitive_{name}_add").get_rna_type()
    own = [p for p in operator.properties if p.identifier not in ("rna_type", *_OPERATOR_OWN) and not p.is_hidden]
    return [f"{p.identifier}={_default(p)}" for p in own]


def _default(prop: Any) -> str:
    return _plain(list(prop.default_array) if getattr(prop, "is_array", False) else prop.default)


def _modifiers() -> dict[str, list[str]]:
    """Return the properties of the common modifiers by their type, read off their classes."""
    by_words = {_letters(name): name for name in dir(bpy.types) if name.endswith("Modifier")}
    special = {"SUBSURF": "SubsurfModifier", "SIMPLE_DEFORM": "SimpleDeformModifier"}
    found = {}
    for kind in MODIFIERS:
        name = special.get(kind) or by_words.get(_letters(kind.title()) + "modifier")
        if name is not None:
            found[kind] = _properties(getattr(bpy.types, name), _SHOWN)
    return found


def _letters(name: str) -> str:
    return name.replace("_", "").lower()
