# SPDX-License-Identifier: GPL-3.0-or-later
"""Make every material show its flat colour: an emission of the base colour, on a second output only Cycles looks at.

Cycles' own diffuse-colour pass is black for metal and glass and dimmed by the specular layer; an emission is exact
after one sample. Existing nodes and links stay as they are; what is added is removed again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import bpy

from . import compat

_COLOUR_INPUTS = ("Base Color", "Color", "Emission Color", "Tint")
DEFAULT_SURFACE = (0.8, 0.8, 0.8)
"""What Cycles shows where an object has no material; linear."""
_MAX_DEPTH = 8


@contextlib.contextmanager
def overridden(materials: list[bpy.types.Material]) -> Iterator[dict[str, tuple[float, float, float]]]:
    """Override the materials for the length of the block; yield the linear colour of those without nodes."""
    undo: list[tuple[bpy.types.NodeTree, list[bpy.types.Node], list[bpy.types.Node]]] = []
    flat: dict[str, tuple[float, float, float]] = {}
    try:
        for material in materials:
            if not compat.uses_nodes(material):
                flat[material.name] = tuple(material.diffuse_color[:3])
                continue
            tree = material.node_tree
            added: list[bpy.types.Node] = []
            active = [n for n in tree.nodes if n.bl_idname == "ShaderNodeOutputMaterial" and n.is_active_output]
            undo.append((tree, added, active))
            if not _override(tree, added):
                flat[material.name] = tuple(material.diffuse_color[:3])
        yield flat
    finally:
        for tree, added, active in undo:
            for node in reversed(added):
                tree.nodes.remove(node)
            for node in active:
                node.is_active_output = True


def _override(tree: bpy.types.NodeTree, added: list[bpy.types.Node]) -> bool:
    output = tree.get_output_node("CYCLES")
    shader = _source(output.inputs["Surface"]) if output else None
    if shader is None:
        return False
    emission = _new(tree, added, "ShaderNodeEmission")
    surface = emission.outputs[0]
    if not _connect_colour(tree, added, shader, emission.inputs["Color"], 0):
        return False
    alpha = shader.inputs.get("Alpha")
    if alpha is not None and alpha.is_linked:
        transparent = _new(tree, added, "ShaderNodeBsdfTransparent")
        mix = _new(tree, added, "ShaderNodeMixShader")
        tree.links.new(alpha.links[0].from_socket, mix.inputs[0])
        tree.links.new(transparent.outputs[0], mix.inputs[1])
        tree.links.new(surface, mix.inputs[2])
        surface = mix.outputs[0]
    own = _new(tree, added, "ShaderNodeOutputMaterial")
    own.target = "CYCLES"
    own.is_active_output = True
    tree.links.new(surface, own.inputs["Surface"])
    return True


def _new(tree: bpy.types.NodeTree, added: list[bpy.types.Node], kind: str) -> bpy.types.Node:
    node = tree.nodes.new(kind)
    added.append(node)
    return node


def _source(socket: bpy.types.NodeSocket) -> bpy.types.Node | None:
    node = socket.links[0].from_node if socket.is_linked else None
    while node is not None and node.bl_idname == "NodeReroute":
        node = node.inputs[0].links[0].from_node if node.inputs[0].is_linked else None
    return node


def _connect_colour(
    tree: bpy.types.NodeTree,
    added: list[bpy.types.Node],
    shader: bpy.types.Node,
    target: bpy.types.NodeSocket,
    depth: int,
) -> bool:
    """Bring the base colour of `shader` to `target`; mixed shaders become mixed colours."""
    if depth > _MAX_DEPTH:
        return False
    if shader.bl_idname == "ShaderNodeMixShader":
        sides = [_source(shader.inputs[1]), _source(shader.inputs[2])]
        solid = [side for side in sides if side is not None and side.bl_idname != "ShaderNodeBsdfTransparent"]
        if len(solid) == 1:
            return _connect_colour(tree, added, solid[0], target, depth + 1)
        if len(solid) == 2:
            mix = _new(tree, added, "ShaderNodeMixRGB")
            _copy(tree, shader.inputs[0], mix.inputs[0])
            tree.links.new(mix.outputs[0], target)
            return all(_connect_colour(tree, added, solid[i], mix.inputs[1 + i], depth + 1) for i in (0, 1))
        return False
    if shader.bl_idname == "ShaderNodeAddShader":
        sides = [_source(socket) for socket in shader.inputs]
        return any(side is not None and _connect_colour(tree, added, side, target, depth + 1) for side in sides)
    for name in _COLOUR_INPUTS:
        colour = shader.inputs.get(name)
        if colour is not None:
            _copy(tree, colour, target)
            return True
    return False


def _copy(tree: bpy.types.NodeTree, source: bpy.types.NodeSocket, target: bpy.types.NodeSocket) -> None:
    if source.is_linked:
        tree.links.new(source.links[0].from_socket, target)
    else:
        target.default_value = source.default_value
