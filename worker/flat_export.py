# SPDX-License-Identifier: GPL-3.0-or-later
"""Base colours as a glTF file can hold them: a colour, an image, or both; procedural nodes come out white there.

For the length of the export nodes are linked around: what comes from nodes alone gets one colour, a pattern on an image
gets the image. What the exporter reads itself stays.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import bpy

_READ = frozenset(("ShaderNodeTexImage", "ShaderNodeVertexColor", "ShaderNodeAttribute", "ShaderNodeRGB"))
"""Nodes that the exporter reads a base colour from."""
_MIXES = frozenset(("ShaderNodeMix", "ShaderNodeMixRGB"))
_WAYS = {
    "ShaderNodeMix": "blend_type",
    "ShaderNodeMixRGB": "blend_type",
    "ShaderNodeVectorMath": "operation",
    "ShaderNodeTexChecker": "",
    "ShaderNodeTexBrick": "",
}
"""Nodes that make one colour of two, and the property that says how; without one, by halves."""
_PASSED_ON = frozenset(
    ("NodeReroute", "ShaderNodeHueSaturation", "ShaderNodeGamma", "ShaderNodeBrightContrast", "ShaderNodeRGBCurve")
)
_MOST_NODES, _DEEPEST = 200, 12
Colour = tuple[float, ...]


@contextlib.contextmanager
def flattened(materials: list[bpy.types.Material]) -> Iterator[None]:
    """Give materials base colours that a glTF file can hold, for the length of the block."""
    undo: list[tuple[bpy.types.NodeTree, bpy.types.NodeSocket, bpy.types.NodeSocket, tuple[float, ...]]] = []
    try:
        for material in materials:
            tree = material.node_tree
            for shader in tree.nodes if tree is not None else ():
                base = shader.inputs["Base Color"] if shader.bl_idname == "ShaderNodeBsdfPrincipled" else None
                if base is None or not base.is_linked or _read(base.links[0].from_node):
                    continue
                source = base.links[0].from_socket
                undo.append((tree, base, source, tuple(base.default_value)))
                _flatten(tree, base)
        yield
    finally:
        for tree, base, source, colour in undo:
            base.default_value = colour
            tree.links.new(source, base)


def _read(node: bpy.types.Node) -> bool:
    """Whether the exporter reads a node: an image or a stored colour, as it is or times a colour."""
    if node.bl_idname in _READ:
        return True
    if node.bl_idname not in _MIXES or node.blend_type != "MULTIPLY":
        return False
    sources = [socket.links[0].from_node for socket in node.inputs if socket.enabled and socket.is_linked]
    return bool(sources) and all(source.bl_idname in _READ for source in sources)


def _flatten(tree: bpy.types.NodeTree, base: bpy.types.NodeSocket) -> None:
    image = next((n for n in _upstream(base) if n.bl_idname == "ShaderNodeTexImage" and n.image), None)
    if image is not None:
        tree.links.new(image.outputs["Color"], base)
        return
    colour = _mean(base, 0)
    tree.links.remove(base.links[0])
    if colour is not None:
        base.default_value = (*colour, 1.0)


def _upstream(socket: bpy.types.NodeSocket) -> list[bpy.types.Node]:
    """Return the nodes that a socket's value comes from, nearest first."""
    found: list[bpy.types.Node] = []
    waiting = [link.from_node for link in socket.links]
    while waiting and len(found) < _MOST_NODES:
        node = waiting.pop(0)
        if node not in found:
            found.append(node)
            waiting += [link.from_node for entry in node.inputs for link in entry.links]
    return found


def _mean(socket: bpy.types.NodeSocket, depth: int) -> Colour | None:
    """Return about the mean of what arrives at a socket; None where that is not known."""
    if not socket.is_linked:
        value = socket.default_value
        return (value, value, value) if isinstance(value, float) else tuple(value[:3])
    node = socket.links[0].from_node
    if depth > _DEEPEST:
        return None
    if node.bl_idname == "ShaderNodeRGB":
        return tuple(node.outputs[0].default_value[:3])
    if node.bl_idname == "ShaderNodeValToRGB":
        stops = [tuple(stop.color[:3]) for stop in node.color_ramp.elements]
        return tuple(sum(channel) / len(stops) for channel in zip(*stops, strict=True))
    colours = [entry for entry in node.inputs if entry.enabled and entry.type in ("RGBA", "VECTOR")]
    if node.bl_idname not in _WAYS or len(colours) < 2:
        if node.bl_idname in _PASSED_ON and colours:
            return _mean(colours[0], depth + 1)
        return None
    one, two = _mean(colours[0], depth + 1), _mean(colours[1], depth + 1)
    if one is None or two is None:
        return None
    way = getattr(node, _WAYS[node.bl_idname], "MIX")
    share = node.inputs[0].default_value if node.bl_idname in _MIXES and not node.inputs[0].is_linked else 0.5
    if way == "MULTIPLY":
        whole = share if node.bl_idname in _MIXES else 1.0
        return tuple(a * (1 - whole + whole * b) for a, b in zip(one, two, strict=True))
    if way == "MINIMUM":
        return tuple(map(min, one, two))
    return tuple(a * (1 - share) + b * share for a, b in zip(one, two, strict=True)) if way == "MIX" else one
