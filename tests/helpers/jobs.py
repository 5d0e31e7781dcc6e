# SPDX-License-Identifier: GPL-3.0-or-later
"""Stage scripts and attempts for the worker's tests."""

from __future__ import annotations

from restage.agent.stages import BY_NAME
from restage.worker.protocol import Job, JobResult, StageScript, ViewRequest

SETUP = """
import bpy
from math import radians
scene = bpy.context.scene
scene.render.resolution_x, scene.render.resolution_y = 320, 240
data = bpy.data.cameras.new("Camera")
data.lens = 36.0
camera = bpy.data.objects.new("Camera", data)
bpy.context.collection.objects.link(camera)
camera.location = (0, -6, 1)
camera.rotation_euler = (radians(90), 0, 0)
scene.camera = camera
"""
GEOMETRY = """
import bpy
bpy.ops.mesh.primitive_plane_add(size=30)
bpy.context.object.name = "Ground"
bpy.ops.mesh.primitive_cube_add(size=2, location=(0, 0, 1))
bpy.context.object.name = "Cube"
"""
MATERIALS = """
import bpy
for name, colour, metallic in (("Ground", (0.2, 0.4, 0.6, 1), 0.0), ("Cube", (0.9, 0.3, 0.1, 1), 1.0)):
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    shader = material.node_tree.nodes["Principled BSDF"]
    shader.inputs["Base Color"].default_value = colour
    shader.inputs["Metallic"].default_value = metallic
    bpy.data.objects[name].data.materials.append(material)
"""
LIGHTING = """
import bpy
light = bpy.data.lights.new("Key", "AREA")
light.energy = 400
key = bpy.data.objects.new("Key", light)
key.location = (2, -4, 4)
key.rotation_euler = (0.8, 0.2, 0.4)
bpy.context.collection.objects.link(key)
world = bpy.data.worlds.new("World")
bpy.context.scene.world = world
world.use_nodes = True
world.node_tree.nodes["Background"].inputs["Color"].default_value = (0.3, 0.35, 0.4, 1)
"""
TEXTS = {"setup": SETUP, "geometry": GEOMETRY, "materials": MATERIALS, "lighting": LIGHTING}
NO_VIEWS = ViewRequest(measure_px=0)


def script(stage: str, text: str | None = None) -> StageScript:
    return StageScript(stage, TEXTS[stage] if text is None else text)


def attempt(worker, stage: str, text: str | None = None, accepted=(), **options) -> JobResult:
    """Run one script after the standard scripts of the `accepted` stages, with the stage's own permissions."""
    options = {"views": NO_VIEWS, "write_blend": False} | options
    may_change = tuple(sorted(BY_NAME[stage].may_change))
    return worker.run(Job(tuple(script(name) for name in accepted), script(stage, text), may_change, **options))
