"""Setup: frame, camera and world for the breakfast table."""

import bpy
from math import radians

PARAMS = {
    "camera.fov": 41.0,  # degrees across the width
    "camera.pitch": 30.5,  # degrees down
    "camera.location": (0.0, -1.16, 1.53),  # m
    "camera.clip": (0.05, 100.0),  # m
    "render.resolution": (400, 400),  # px
    "world.ambient": "#ffffff",  # sRGB, set again by the lighting
    "world.ambient_strength": 1.0,
    "world.backdrop": "#c9c5be",  # sRGB, the wall at the picture's top
}


def linear(h):
    """sRGB hex to linear RGB."""
    return tuple((c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4)
                 for c in (int(h[i:i + 2], 16) / 255 for i in (1, 3, 5)))


def set_frame():
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.render.resolution_x, scene.render.resolution_y = PARAMS["render.resolution"]
    scene.render.resolution_percentage = 100
    scene.view_settings.view_transform = "Standard"
    scene.view_settings.look = "None"
    scene.view_settings.exposure = 0.0
    scene.view_settings.gamma = 1.0
    scene.unit_settings.system = "METRIC"


def make_camera():
    data = bpy.data.cameras.new("Camera")
    data.sensor_fit = "HORIZONTAL"
    data.angle = radians(PARAMS["camera.fov"])
    data.clip_start, data.clip_end = PARAMS["camera.clip"]
    camera = bpy.data.objects.new("Camera", data)
    camera.location = PARAMS["camera.location"]
    camera.rotation_euler = (radians(90.0 - PARAMS["camera.pitch"]), 0.0, 0.0)
    bpy.context.collection.objects.link(camera)
    bpy.context.scene.camera = camera


def make_world(ambient, strength, backdrop):
    """Linear RGB. Lighting will set the first; the camera sees the second."""
    world = bpy.data.worlds.new("World")
    if world.node_tree is None:
        world.use_nodes = True
    tree = world.node_tree
    tree.nodes.clear()
    light = tree.nodes.new("ShaderNodeBackground")
    light.name = "Ambient"
    light.inputs["Color"].default_value = (*ambient, 1.0)
    light.inputs["Strength"].default_value = strength
    behind = tree.nodes.new("ShaderNodeBackground")
    behind.name = "Backdrop"
    behind.inputs["Color"].default_value = (*backdrop, 1.0)
    path = tree.nodes.new("ShaderNodeLightPath")
    mix = tree.nodes.new("ShaderNodeMixShader")
    output = tree.nodes.new("ShaderNodeOutputWorld")
    tree.links.new(path.outputs["Is Camera Ray"], mix.inputs[0])
    tree.links.new(light.outputs[0], mix.inputs[1])
    tree.links.new(behind.outputs[0], mix.inputs[2])
    tree.links.new(mix.outputs[0], output.inputs["Surface"])
    bpy.context.scene.world = world


set_frame()
make_camera()
make_world(linear(PARAMS["world.ambient"]), PARAMS["world.ambient_strength"], linear(PARAMS["world.backdrop"]))
