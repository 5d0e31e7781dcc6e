# SPDX-License-Identifier: GPL-3.0-or-later
"""What of lamps, cameras and surfaces an artist may lock, as numbers by the names that `agent.kept` has for them."""

from __future__ import annotations

import bpy

_SURFACE = {"colour": "Base Color", "roughness": "Roughness", "metallic": "Metallic"}
_LAMP = ("energy", "shadow_soft_size", "angle", "size", "size_y", "spot_size", "spot_blend")
_CAMERA = ("lens", "shift_x", "shift_y")
Values = dict[str, tuple[float, ...]]


def of_data(item: bpy.types.Object) -> Values:
    """Return the numbers of a lamp or a camera, in Blender's units; empty for anything else."""
    if item.type == "CAMERA":
        return {name: (float(getattr(item.data, name)),) for name in _CAMERA}
    if item.type != "LIGHT":
        return {}
    numbers = {name: (float(getattr(item.data, name)),) for name in _LAMP if hasattr(item.data, name)}
    return {"colour": _three(item.data.color), **numbers}


def of_surfaces(item: bpy.types.Object) -> tuple[Values, ...]:
    """Return, by material slot, linear colour, roughness and metallic of the one shader that makes the surface, as far
    as nothing is linked there; empty where another shader or several make it."""
    return tuple(_surface(slot.material) for slot in item.material_slots)


def steered(item: bpy.types.Object) -> bool:
    """Return whether a parent, a constraint or an animation has a say in where an object is."""
    return item.parent is not None or len(item.constraints) > 0 or item.animation_data is not None


def _surface(material: bpy.types.Material | None) -> Values:
    tree = material.node_tree if material is not None else None
    output = tree.get_output_node("CYCLES") if tree is not None else None
    links = output.inputs["Surface"].links if output is not None else ()
    shader = links[0].from_node if links else None
    if shader is None or shader.type != "BSDF_PRINCIPLED":
        return {}
    found: Values = {}
    for name, label in _SURFACE.items():
        socket = shader.inputs[label]
        if not socket.is_linked:
            found[name] = _three(socket.default_value) if name == "colour" else (float(socket.default_value),)
    return found


def _three(value: bpy.types.bpy_prop_array) -> tuple[float, ...]:
    return tuple(float(part) for part in value[:3])
