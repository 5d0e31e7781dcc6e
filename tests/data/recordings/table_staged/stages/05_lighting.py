"""Lighting: warm fill, soft cool key from the left, warm sun from the right, front sun, wash on the wall."""

import bpy
from mathutils import Vector

PARAMS = {
    "ambient.colour": (1.0, 0.95, 0.915),  # linear RGB
    "ambient.strength": 0.70,
    "key.energy": 6.6,  # W, soft and cool, from the left
    "key.colour": (0.64, 0.78, 1.0),
    "key.location": (-1.08, -0.2, 2.2),  # m
    "key.target": (0.0, 0.1, 0.75),  # m
    "key.size": 0.75,  # m
    "right.energy": 0.55,  # W/m2, crisp and warm
    "right.colour": (0.95, 1.0, 0.70),
    "right.location": (0.55, -0.37, 1.75),  # m, its direction to the target counts
    "right.target": (0.0, 0.0, 0.75),
    "right.angle": 0.05,  # radians
    "front.energy": 0.39,  # W/m2, crisp, from the front left
    "front.colour": (1.0, 0.98, 0.94),
    "front.location": (-0.36, -0.66, 1.75),  # m, its direction to the target counts
    "front.target": (0.0, 0.0, 0.75),
    "front.angle": 0.05,  # radians
    "wall.energy": 6.6,  # W, a wash on wall and far floor only
    "wall.colour": (0.755, 0.865, 1.0),
    "wall.location": (0.0, -0.6, 2.78),  # m
    "wall.target": (0.0, 2.25, 0.50),  # m
    "wall.size": (3.8, 1.25),  # m
    "wall.spread": 0.28,  # radians, so narrow that it passes above the table
}


def lamp(name, key, kind, **more):
    """`more`: size for AREA (m), angle for SUN (radians), and so on."""
    data = bpy.data.lights.new(name, kind)
    data.energy, data.color = PARAMS[key + ".energy"], PARAMS[key + ".colour"]
    for field, value in more.items():
        setattr(data, field, value)
    item = bpy.data.objects.new(name, data)
    place = Vector(PARAMS[key + ".location"])
    item.location = place
    item.rotation_euler = (Vector(PARAMS[key + ".target"]) - place).to_track_quat("-Z", "Y").to_euler()
    bpy.context.collection.objects.link(item)
    return item


def set_ambient(colour, strength):
    """`colour` linear RGB."""
    tree = bpy.context.scene.world.node_tree
    light = tree.nodes.get("Ambient") or next(node for node in tree.nodes if node.type == "BACKGROUND")
    light.inputs["Color"].default_value = (*colour, 1.0)
    light.inputs["Strength"].default_value = strength


set_ambient(PARAMS["ambient.colour"], PARAMS["ambient.strength"])
lamp("Key Light", "key", "AREA", shape="DISK", size=PARAMS["key.size"])
lamp("Right Light", "right", "SUN", angle=PARAMS["right.angle"])
lamp("Front Light", "front", "SUN", angle=PARAMS["front.angle"])
lamp("Wall Light", "wall", "AREA", shape="RECTANGLE", size=PARAMS["wall.size"][0], size_y=PARAMS["wall.size"][1],
     spread=PARAMS["wall.spread"])
