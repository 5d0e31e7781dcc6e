"""Setup: frame, camera and world for five solids on a grey studio floor."""

import bpy
from math import radians

PARAMS = {
    "frame.width": 400,  # px
    "frame.height": 300,  # px
    "camera.fov": 49.1,  # degrees, across the width
    "camera.pitch": 26.7,  # degrees, looking down
    "camera.location": (0.0, -0.85, 0.505),  # m
    "world.ambient": "#ffffff",  # sRGB, light from everywhere
    "world.strength": 1.0,  # of the ambient light
    "world.backdrop": "#686866",  # sRGB, what the camera sees; the picture's top
}


def linear(h):
    """sRGB hex to linear RGB."""
    return tuple(
        (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4)
        for c in (int(h[i:i + 2], 16) / 255 for i in (1, 3, 5))
    )


def make_frame():
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.render.resolution_x = PARAMS["frame.width"]
    scene.render.resolution_y = PARAMS["frame.height"]
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
    data.clip_start = 0.01
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


make_frame()
make_camera()
make_world(
    linear(PARAMS["world.ambient"]),
    PARAMS["world.strength"],
    linear(PARAMS["world.backdrop"]),
)
