# SPDX-License-Identifier: GPL-3.0-or-later
"""A scene whose every number is known, written as a model would write it, and ways to disturb it."""

from __future__ import annotations

import random

from restage.agent import lift, script_numbers

SETUP = '''"""Setup."""
import bpy
from math import radians

scene = bpy.context.scene
scene.render.resolution_x, scene.render.resolution_y = 320, 240
scene.view_settings.view_transform = "Standard"
data = bpy.data.cameras.new("Camera")
data.lens = 40.0
camera = bpy.data.objects.new("Camera", data)
bpy.context.collection.objects.link(camera)
camera.location = (0.0, -7.0, 3.2)
camera.rotation_euler = (radians(70), 0, 0)
scene.camera = camera
'''

GEOMETRY = '''"""Geometry: a box, a ball, a can and a cone on a floor."""
import bpy
from math import radians

PARAMS = {
    "box.location": (-1.6, 0.4, 0.45),  # m
    "box.size": (1.1, 0.8, 0.9),
    "box.heading": 25.0,  # degrees
    "ball.location": (-0.35, -1.2, 0.5),
    "ball.radius": 0.5,
    "can.radius": 0.4,
}

bpy.ops.mesh.primitive_plane_add(size=40)
bpy.context.object.name = "Floor"


def name_it(name):
    bpy.context.object.name = name


bpy.ops.mesh.primitive_cube_add(size=1.0, location=PARAMS["box.location"])
bpy.context.object.scale = PARAMS["box.size"]
bpy.context.object.rotation_euler.z = radians(PARAMS["box.heading"])
name_it("Box")
bpy.ops.mesh.primitive_uv_sphere_add(radius=PARAMS["ball.radius"], location=PARAMS["ball.location"])
name_it("Ball")
bpy.ops.mesh.primitive_cylinder_add(radius=PARAMS["can.radius"], depth=1.2, location=(1.5, 0.3, 0.6))
name_it("Can")
bpy.ops.mesh.primitive_cone_add(radius1=0.45, depth=1.1, location=(0.5, 1.2, 0.55))
name_it("Cone")
'''

MATERIALS = '''"""Materials."""
import bpy

PARAMS = {
    "box.colour": (0.60, 0.08, 0.05, 1.0),  # linear RGBA
    "ball.colour": (0.05, 0.20, 0.55, 1.0),
}


def paint(name, colour):
    material = bpy.data.materials.new(name + " surface")
    material.use_nodes = True
    shader = material.node_tree.nodes["Principled BSDF"]
    shader.inputs["Base Color"].default_value = colour
    shader.inputs["Roughness"].default_value = 0.8
    bpy.data.objects[name].data.materials.append(material)


paint("Floor", (0.42, 0.40, 0.36, 1.0))
paint("Box", PARAMS["box.colour"])
paint("Ball", PARAMS["ball.colour"])
paint("Can", (0.10, 0.45, 0.12, 1.0))
paint("Cone", (0.65, 0.50, 0.06, 1.0))
'''

LIGHTING = '''"""Lighting: a key, a fill and the sky."""
import bpy
from math import radians

PARAMS = {
    "key.power": 420.0,  # W
    "key.colour": (1.0, 0.9, 0.8),
    "world.strength": 0.35,
}

key = bpy.data.lights.new("Key", "AREA")
key.energy = PARAMS["key.power"]
key.color = PARAMS["key.colour"]
key.size = 1.5
lamp = bpy.data.objects.new("Key", key)
lamp.location = (-3.0, -3.0, 4.5)
lamp.rotation_euler = (radians(45), 0, radians(-45))
bpy.context.collection.objects.link(lamp)

fill = bpy.data.lights.new("Fill", "POINT")
fill.energy = 90
other = bpy.data.objects.new("Fill", fill)
other.location = (4.0, -2.0, 3.0)
bpy.context.collection.objects.link(other)

world = bpy.data.worlds.new("World")
bpy.context.scene.world = world
world.use_nodes = True
sky = world.node_tree.nodes["Background"]
sky.inputs["Color"].default_value = (0.8, 0.9, 1.0, 1.0)
sky.inputs["Strength"].default_value = PARAMS["world.strength"]
'''

TEXTS = {"setup": SETUP, "geometry": GEOMETRY, "materials": MATERIALS, "lighting": LIGHTING}
THINGS = ("Box", "Ball", "Can", "Cone")


def disturbed(script: str, seed: int, share: float = 0.2, shift: float = 0.5, turn: float = 20.0) -> str:
    """Every size off by up to `share` of itself, every place on the floor by up to `shift` metres, headings by `turn`
    degrees; colours and powers by twice `share`."""
    rng = random.Random(seed)
    values = {}
    for number in script_numbers.find(script):
        if number.hint == "location":
            if number.place < 2:
                values[number] = number.value + rng.uniform(-shift, shift)
        elif number.hint == "heading":
            values[number] = number.value + rng.uniform(-turn, turn)
        elif number.hint in ("size", "radius", "radius1", "depth") and number.value < 10:
            values[number] = number.value * (1 + rng.uniform(-share, share))
    return lift.with_values(script, values)
