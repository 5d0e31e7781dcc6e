# SPDX-License-Identifier: GPL-3.0-or-later
"""The numbers of a scene that solvers turn, as a flat table: lights, the world, materials, the view."""

from __future__ import annotations

import bpy

LEAST_SUN = 1e-6
"""Radians that half of a sun is said to measure at least."""


def take(scene: bpy.types.Scene) -> dict[str, tuple[float, ...]]:
    """Return the scene's numbers by key.

    `light/NAME`: emitted linear RGB, power worked in. `background/NODE`: a world node's linear RGB, strength worked in;
    `backdrop/NODE` one that the camera sees and that lights nothing.
    `place/NAME`: where a lamp is, which way it shines and how large it is: metres, a unit vector, and half of what it
    measures across, in metres and, of a sun, in radians.
    `base/MATERIAL`: linear RGB base colour where it is one, not a texture. `surface/MATERIAL`: roughness, metallic.
    `exposure`: the view's, in stops.
    """
    found: dict[str, tuple[float, ...]] = {"exposure": (float(scene.view_settings.exposure),)}
    for item in scene.objects:
        if item.type == "LIGHT" and not item.hide_render:
            light = item.data
            power = light.energy * 2.0 ** getattr(light, "exposure", 0.0)
            found[f"light/{item.name}"] = tuple(float(power * channel) for channel in light.color)
            matrix = item.matrix_world
            way = -matrix.col[2].to_3d().normalized()
            found[f"place/{item.name}"] = (*map(float, matrix.translation), *map(float, way), *_radii(light))
    if scene.world is not None and scene.world.node_tree is not None:
        for node in scene.world.node_tree.nodes:
            if node.bl_idname == "ShaderNodeBackground":
                strength = node.inputs["Strength"].default_value
                kind = "backdrop" if _only_seen(node) else "background"
                found[f"{kind}/{node.name}"] = tuple(
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


def _radii(light: bpy.types.Light) -> tuple[float, float]:
    """Half of what a lamp measures across, metres, and of a sun, radians: never nothing, which tells it from others."""
    if light.type == "SUN":
        return 0.0, max(float(light.angle) / 2, LEAST_SUN)
    if light.type != "AREA":
        return float(light.shadow_soft_size), 0.0
    sides = (light.size, light.size_y) if light.shape in ("RECTANGLE", "ELLIPSE") else (light.size, light.size)
    return float(sum(sides)) / 4, 0.0


def _only_seen(node: bpy.types.Node) -> bool:
    """Whether a background is the one a mix shows to the camera's rays alone."""
    for link in node.outputs[0].links:
        mix = link.to_node
        if mix.bl_idname == "ShaderNodeMixShader" and link.to_socket == mix.inputs[2] and mix.inputs[0].is_linked:
            return bool(mix.inputs[0].links[0].from_socket.name == "Is Camera Ray")
    return False


def _principled(material: bpy.types.Material) -> bpy.types.Node | None:
    if not material.users or material.node_tree is None:
        return None
    return next((node for node in material.node_tree.nodes if node.bl_idname == "ShaderNodeBsdfPrincipled"), None)
