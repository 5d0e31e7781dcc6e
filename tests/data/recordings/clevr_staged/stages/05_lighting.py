"""Lighting: warm key, back light, cool fill at the left, background light, dim ambient."""

import bpy
from mathutils import Vector

PARAMS = {
    "ambient.colour": (0.98, 0.99, 1.0),  # linear RGB
    "ambient.strength": 0.48,
    "key.energy": 3.4,  # W
    "key.colour": (1.0, 0.96, 0.905),  # linear RGB
    "key.location": (0.21, -0.52, 0.50),  # m, outside the frame at the upper right
    "key.target": (0.0, 0.35, 0.0),  # m
    "key.size": 0.06,  # m
    "key.glossy": 1,  # 1: is mirrored by rough surfaces, 0: gives no sheen
    "back.energy": 0.95,  # W
    "back.colour": (1.0, 0.99, 0.98),  # linear RGB
    "back.location": (0.22, 0.40, 0.574),  # m, above the frame
    "back.target": (0.0, 0.0, 0.0),  # m
    "back.size": 0.08,  # m
    "back.glossy": 0,
    "fill.energy": 1.12,  # W
    "fill.colour": (0.82, 0.89, 1.0),  # linear RGB
    "fill.location": (-0.63, 0.27, 0.30),  # m, left of the frame
    "fill.target": (0.0, 0.0, 0.0),  # m
    "fill.size": 0.08,  # m
    "fill.glossy": 1,
    "background.energy": 7.0,  # W
    "background.colour": (1.0, 0.99, 0.98),  # linear RGB
    "background.location": (0.0, 0.8, 1.6),  # m, above the frame
    "background.target": (0.0, 3.5, 0.2),  # m, so flat that the objects lie behind or at the lamp's edge
    "background.size": 0.5,  # m
    "background.glossy": 0,
}

LAMPS = {
    "Key Light": "key",
    "Back Light": "back",
    "Fill Light": "fill",
    "Background Light": "background",
}


def lamp(name, key):
    """A square area lamp that looks at its target."""
    data = bpy.data.lights.new(name, "AREA")
    data.shape = "SQUARE"
    data.size = PARAMS[key + ".size"]
    data.energy = PARAMS[key + ".energy"]
    data.color = PARAMS[key + ".colour"]
    item = bpy.data.objects.new(name, data)
    place = Vector(PARAMS[key + ".location"])
    aim = Vector(PARAMS[key + ".target"]) - place
    item.location = place
    item.rotation_euler = aim.to_track_quat("-Z", "Y").to_euler()
    item.visible_glossy = PARAMS[key + ".glossy"] > 0
    bpy.context.collection.objects.link(item)
    return item


def set_ambient(colour, strength):
    """`colour` linear RGB."""
    tree = bpy.context.scene.world.node_tree
    light = tree.nodes.get("Ambient") or next(node for node in tree.nodes if node.type == "BACKGROUND")
    light.inputs["Color"].default_value = (*colour, 1.0)
    light.inputs["Strength"].default_value = strength


for title, key in LAMPS.items():
    lamp(title, key)
set_ambient(PARAMS["ambient.colour"], PARAMS["ambient.strength"])
