# SPDX-License-Identifier: GPL-3.0-or-later
"""Repair what is broken and bound what can explode, before anything is evaluated (design, section 8).

Clamps also what only a render or a later frame would show. What cannot be clamped sensibly ends the attempt.
"""

from __future__ import annotations

from typing import Any

import bpy

from . import compat
from .allowed import (
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
)
from .evaluate import Body, bodies

MAX_INSTANCES = 100_000
MAX_CUSTOM_TEXT = 64 * 1024

_UNUSABLE = ("texts", "sounds", "movieclips", "cache_files", "volumes", "speakers")


class OverBudget(Exception):
    """The scene is too large; the text is one sentence."""


def repair(scene: bpy.types.Scene) -> list[str]:
    """Validate meshes, clamp modifiers, drop drivers and outside files; return what was done, in words.

    Raises OverBudget when there is too much of something, or would be once it is evaluated.
    """
    notes: list[str] = []
    for mesh in bpy.data.meshes:
        if mesh.validate():
            notes.append(f"{mesh.name}: the mesh had invalid faces or indices, repaired")
    for item in scene.objects:
        notes += _repair_object(item)
    notes += _repair_data()
    _count()
    _predict(scene)
    return notes


def evaluate(scene: bpy.types.Scene) -> dict[str, Body]:
    """Evaluate a repaired scene. Raises OverBudget."""
    graph = bpy.context.evaluated_depsgraph_get()
    for count, _ in enumerate(graph.object_instances):
        if count >= MAX_INSTANCES:
            raise OverBudget(f"The scene has more than {MAX_INSTANCES} instances.")
    try:
        return bodies(scene, room=MAX_VERTICES)
    except OverflowError as error:
        raise OverBudget(f"The scene has more than {MAX_VERTICES} vertices, reached at {error}.") from error


def _repair_object(item: bpy.types.Object) -> list[str]:
    notes: list[str] = []
    for modifier in list(item.modifiers):
        if modifier.type in MODIFIERS_DENIED:
            notes.append(f"{item.name}: the {modifier.name} modifier is not available, removed")
            item.modifiers.remove(modifier)
            continue
        for name, limit in CLAMPS.get(modifier.type, {}).items():
            value = getattr(modifier, name, 0)
            if value > limit:
                setattr(modifier, name, limit)
                notes.append(f"{item.name}: {modifier.name}.{name} {value} is over the limit, set to {limit}")
        if modifier.type == "REMESH" and modifier.mode == "VOXEL":
            finest = (max(item.dimensions) or 1.0) / VOXELS_ALONG
            if modifier.voxel_size < finest:
                modifier.voxel_size = finest
                notes.append(f"{item.name}: {modifier.name}.voxel_size is too fine, set to {finest:.4g} m")
    for owner in (item, item.data, getattr(item.data, "shape_keys", None)):
        notes += _without_drivers(owner, item.name)
    if _animates_modifiers(item):
        item.animation_data_clear()
        notes.append(f"{item.name}: animated modifiers are not available, animation removed")
    if sum(len(value) for value in item.values() if isinstance(value, str)) > MAX_CUSTOM_TEXT:
        raise OverBudget(f"{item.name} carries too much text in custom properties.")
    return notes


def _without_drivers(owner: Any, name: str) -> list[str]:
    data = getattr(owner, "animation_data", None)
    if data is None or not len(data.drivers):
        return []
    for driver in list(data.drivers):
        data.drivers.remove(driver)
    return [f"{name}: drivers are not available, removed"]


def _animates_modifiers(item: bpy.types.Object) -> bool:
    action = item.animation_data.action if item.animation_data else None
    return action is not None and any("modifiers[" in curve.data_path for curve in compat.action_curves(action))


def _repair_data() -> list[str]:
    notes: list[str] = []
    for kind in _UNUSABLE:
        for block in list(getattr(bpy.data, kind)):
            notes.append(f"{block.name}: {kind} are not available, removed")
            bpy.data.batch_remove([block])
    for particles in bpy.data.particles:
        for name, limit in PARTICLE_CLAMPS.items():
            setattr(particles, name, min(getattr(particles, name), limit))
    for curve in bpy.data.curves:
        for name, limit in CURVE_CLAMPS.items():
            setattr(curve, name, min(getattr(curve, name), limit))
        if len(getattr(curve, "body", "")) > MAX_TEXT:
            raise OverBudget(f"The text of {curve.name} is longer than {MAX_TEXT} characters.")
    for image in bpy.data.images:
        if image.size[0] * image.size[1] > MAX_IMAGE_PIXELS:
            raise OverBudget(f"The image {image.name} is larger than 4096 x 4096 pixels.")
        if image.source not in ("GENERATED", "VIEWER") and not image.packed_file:
            image.source = "GENERATED"
            image.filepath = ""
            notes.append(f"{image.name}: files are not available, the image is blank")
    for material in bpy.data.materials:
        for owner in (material, material.node_tree):
            notes += _without_drivers(owner, material.name)
    return notes


def _count() -> None:
    blocks = sum(len(getattr(bpy.data, kind)) for kind in COUNTED)
    if blocks > MAX_DATABLOCKS:
        raise OverBudget(
            f"The scene has {blocks} objects, meshes, materials and other data (limit {MAX_DATABLOCKS}): "
            "share meshes between equal objects, or join small parts."
        )
    if len(bpy.data.materials) > MAX_MATERIALS:
        raise OverBudget(f"The scene has {len(bpy.data.materials)} materials (limit {MAX_MATERIALS}): share them.")
    vertices = sum(len(mesh.vertices) for mesh in bpy.data.meshes)
    if vertices > MAX_VERTICES:
        raise OverBudget(f"The scene's meshes have {vertices} vertices (limit {MAX_VERTICES}).")


def _predict(scene: bpy.types.Scene) -> None:
    for item in scene.objects:
        if item.type == "MESH":
            elements = _predicted(item)
            if elements > 2 * MAX_VERTICES:
                raise OverBudget(
                    f"{item.name} would become {elements:.0f} faces (limit {2 * MAX_VERTICES}): fewer levels."
                )


def _predicted(item: bpy.types.Object) -> float:
    elements = float(max(len(item.data.polygons), len(item.data.vertices), 1))
    for modifier in item.modifiers:
        if modifier.type == "SUBSURF":
            elements *= 4 ** max(modifier.levels, modifier.render_levels)
        elif modifier.type == "ARRAY":
            elements *= max(1, modifier.count)
        elif modifier.type == "BEVEL":
            elements *= 1 + modifier.segments
        elif modifier.type == "SCREW":
            elements *= max(1, modifier.steps, modifier.render_steps)
    return elements
