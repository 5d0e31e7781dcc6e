# SPDX-License-Identifier: GPL-3.0-or-later
"""The numbers of a scene that solvers turn, as a flat table: lights, the world, materials, the view."""

from __future__ import annotations

import bpy


def take(scene: bpy.types.Scene) -> dict[str, tuple[float, ...]]:
    """Return the scene's numbers by key.

    `light/NAME`: emitted linear RGB, power worked in. `background/NODE`: a world node's linear RGB, strength worked in.
    `base/MATERIAL`: linear RGB base colour where it is one, not a texture. `surface/MATERIAL`: roughness, metallic.
    `exposure`: the view's, in stops.
    """
    found: dict[str, tuple[float, ...]] = {"exposure": (float(scene.view_settings.exposure),)}
    for item in scene.objects:
        if item.type == "LIGHT" and not item.hide_render:
            light = item.data
            power = light.energy * 2.0 ** getattr(light, "exposure", 0.0)
            found[f"light/{item.name}"] = tuple(float(power * channel) for channel in light.color)
    if scene.world is not None and scene.world.node_tree is not None:
        for node in scene.world.node_tree.nodes:
            if node.bl_idname == "ShaderNodeBackground":
                strength = node.inputs["Strength"].default_value
                found[f"background/{node.name}"] = tuple(
                    float(strength * channel) for channel in node.inputs["Color"].default_value[:3]
                )
    for material in bpy.data.materials:
        shader = _principled(material)
        if shader is None:
            continue
        colour = shader.inputs["Base Color"]
        if not colour.is_linked:
            found[f"base/{material.name}"] = tuple(float(channel) for channel in colour.default_value[:3])
        found[f"surface/{material.name}"] = tuple(
            float(shader.inputs[name].default_value) for name in ("Roughness", "Metallic")
        )
    return found


def _principled(material: bpy.types.Material) -> bpy.types.Node | None:
    if not material.users or material.node_tree is None:
        return None
    return next((node for node in material.node_tree.nodes if node.bl_idname == "ShaderNodeBsdfPrincipled"), None)
