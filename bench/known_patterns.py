# SPDX-License-Identifier: GPL-3.0-or-later
"""A known scene whose floor is a checker and whose box is striped, for measuring the solver of patterns; and the same
flat."""

from __future__ import annotations

from restage.agent.solving.patterns import Pattern

SETUP = '''"""Setup."""
import bpy
from math import radians

scene = bpy.context.scene
scene.render.resolution_x, scene.render.resolution_y = 512, 384
scene.view_settings.view_transform = "Standard"
camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
camera.data.lens = 40.0
camera.location = (0.0, -7.0, 3.2)
camera.rotation_euler = (radians(70), 0, 0)
bpy.context.collection.objects.link(camera)
scene.camera = camera
world = bpy.data.worlds.new("World")
world.use_nodes = True
world.node_tree.nodes["Background"].inputs["Color"].default_value = (0.8, 0.8, 0.8, 1.0)
scene.world = world
'''
GEOMETRY = '''"""Geometry: a box and a ball on a floor."""
import bpy

bpy.ops.mesh.primitive_plane_add(size=40)
bpy.context.object.name = "Floor"
bpy.ops.mesh.primitive_cube_add(size=1.4, location=(-0.9, 0.3, 0.7), rotation=(0.0, 0.0, 0.4))
bpy.context.object.name = "Box"
bpy.ops.mesh.primitive_uv_sphere_add(radius=0.6, location=(1.1, -0.4, 0.6))
bpy.context.object.name = "Ball"
'''
MATERIALS = '''"""Materials."""
import bpy

PARAMS = {
    "Floor.colour": (0.40, 0.40, 0.38),  # linear RGB
    "Box.colour": (0.45, 0.25, 0.10),
    "Ball.colour": (0.05, 0.20, 0.50),
}

for name in ("Floor", "Box", "Ball"):
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    shader = material.node_tree.nodes["Principled BSDF"]
    shader.inputs["Base Color"].default_value = (*PARAMS[name + ".colour"], 1.0)
    shader.inputs["Roughness"].default_value = 0.8
    bpy.data.objects[name].data.materials.append(material)
'''
THINGS = ("Box", "Ball")
PATTERNS = [
    Pattern(
        "Floor", ("Floor",), "checker", ((0.6, 0.1, 0.0), (-0.1, 0.6, 0.0)), (0.3, 0.1), 40.0, (0.2,) * 3, (1.8,) * 3
    ),
    Pattern("Box", ("Box",), "stripes", ((0.0, 0.5, 4.0),), (0.2,), 20.0, (0.4,) * 3, (1.6,) * 3),
]
