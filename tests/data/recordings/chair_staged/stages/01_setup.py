"""Setup: frame, camera and a plain white world for an armchair cut out on white."""

import bpy
from math import radians

PARAMS = {
    "render.width": 400,  # px
    "render.height": 400,  # px
    "camera.fov": 40.0,  # degrees, across the width
    "camera.pitch": 33.0,  # degrees below the horizontal
    "camera.location": (0.0, -1.88, 1.65),  # m
    "world.ambient": (1.0, 1.0, 1.0),  # linear RGB, light from everywhere
    "world.strength": 1.0,
    "world.backdrop": (1.0, 1.0, 1.0),  # linear RGB, what the camera sees
}


def make_frame():
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.render.resolution_x = PARAMS["render.width"]
    scene.render.resolution_y = PARAMS["render.height"]
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
make_world(PARAMS["world.ambient"], PARAMS["world.strength"], PARAMS["world.backdrop"])
