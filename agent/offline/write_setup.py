# SPDX-License-Identifier: GPL-3.0-or-later
"""The setup script: camera, frame and a neutral world."""

from __future__ import annotations

from math import degrees

from .camera import Camera
from .script_text import Params, fill

_SCRIPT = '''
"""Setup: the camera, the frame and a neutral world.

The camera stands at Y < 0 and looks along +Y; the ground is z = 0.
"""

import bpy
from math import radians

$params


def make_camera():
    data = bpy.data.cameras.new("Picture Camera")
    data.sensor_fit = "HORIZONTAL"
    data.angle = radians(PARAMS["camera.fov"])
    data.clip_end = 1000.0
    camera = bpy.data.objects.new("Picture Camera", data)
    camera.location = PARAMS["camera.location"]
    camera.rotation_euler = (radians(90.0 - PARAMS["camera.pitch"]), 0.0, 0.0)
    bpy.context.collection.objects.link(camera)
    bpy.context.scene.camera = camera


def make_world():
    """Light from everywhere, and apart from it the colour the camera sees behind everything."""
    world = bpy.data.worlds.new("Picture World")
    if world.node_tree is None:
        world.use_nodes = True
    nodes = world.node_tree.nodes
    links = world.node_tree.links
    nodes.clear()
    ambient = nodes.new("ShaderNodeBackground")
    ambient.name = "Ambient"
    ambient.inputs["Color"].default_value = (*PARAMS["world.ambient"], 1.0)
    ambient.inputs["Strength"].default_value = PARAMS["world.strength"]
    backdrop = nodes.new("ShaderNodeBackground")
    backdrop.name = "Backdrop"
    backdrop.inputs["Color"].default_value = (*PARAMS["world.backdrop"], 1.0)
    sight = nodes.new("ShaderNodeLightPath")
    mix = nodes.new("ShaderNodeMixShader")
    output = nodes.new("ShaderNodeOutputWorld")
    links.new(sight.outputs["Is Camera Ray"], mix.inputs[0])
    links.new(ambient.outputs["Background"], mix.inputs[1])
    links.new(backdrop.outputs["Background"], mix.inputs[2])
    links.new(mix.outputs["Shader"], output.inputs["Surface"])
    bpy.context.scene.world = world


def set_frame():
    scene = bpy.context.scene
    scene.unit_settings.system = "METRIC"
    scene.render.engine = "CYCLES"
    scene.render.resolution_x = PARAMS["frame.width"]
    scene.render.resolution_y = PARAMS["frame.height"]
    scene.render.resolution_percentage = 100
    scene.view_settings.view_transform = "Standard"
    scene.view_settings.look = "None"
    scene.view_settings.exposure = 0.0
    scene.view_settings.gamma = 1.0


make_camera()
make_world()
set_frame()
'''


def write(camera: Camera, frame: tuple[int, int], backdrop: tuple[float, float, float]) -> str:
    """The script. `frame` in pixels, `backdrop` linear RGB."""
    params = Params()
    params.add("frame.width", frame[0], "px")
    params.add("frame.height", frame[1], "px")
    params.add("camera.fov", degrees(camera.fov), "degrees, horizontal", 2)
    params.add("camera.pitch", degrees(camera.pitch), "degrees below the horizon", 2)
    params.add("camera.location", camera.position, "m")
    params.add("world.ambient", (1.0, 1.0, 1.0), "linear RGB of the light from everywhere")
    params.add("world.strength", 1.0, "of the light from everywhere; lighting multiplies it")
    params.add("world.backdrop", backdrop, "linear RGB, seen by the camera only", 4)
    return fill(_SCRIPT, params=params.text())
