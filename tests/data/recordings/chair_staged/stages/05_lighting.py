"""Lighting: soft sun from above, even ambient, a little fill on the seat under the back."""

import bpy
from math import pi
from mathutils import Vector

PARAMS = {
    "ambient.colour": (1.0, 1.0, 1.0),  # linear RGB
    "ambient.strength": 0.65,
    "key.energy": 1.57,  # W/m2
    "key.colour": (1.0, 0.99, 0.96),
    "key.direction": (-0.35, -0.38, 0.86),  # towards the sun
    "key.angle": 0.15,  # radians
    "front.energy": 0.85,  # W/m2
    "front.colour": (1.0, 1.0, 1.0),
    "front.direction": (0.0, -0.97, -0.1),  # square to the panel
    "front.angle": 1.05,  # radians
    "ends.energy": 0.014,  # W, at each end of the seat
    "ends.spread": 0.215,  # m from the chair's middle
    "ends.size": (0.06, 0.03),  # m
    "seat.energy": 0.115,  # W
    "seat.colour": (1.0, 0.98, 0.92),
    "seat.location": (0.02, -0.315, 0.43),  # m, under the back, between panel and upholstery
    "seat.target": (0.02, -0.27, 0.28),
    "seat.size": (0.5, 0.03),  # m
}


def lamp(name, kind, energy, colour, location, target, **more):
    data = bpy.data.lights.new(name, kind)
    data.energy, data.color = energy, colour
    for key, value in more.items():
        setattr(data, key, value)
    item = bpy.data.objects.new(name, data)
    item.location = location
    item.rotation_euler = (Vector(target) - Vector(location)).to_track_quat("-Z", "Y").to_euler()
    bpy.context.collection.objects.link(item)
    return item


def set_ambient(colour, strength):
    tree = bpy.context.scene.world.node_tree
    light = tree.nodes.get("Ambient") or next(node for node in tree.nodes if node.type == "BACKGROUND")
    light.inputs["Color"].default_value = (*colour, 1.0)
    light.inputs["Strength"].default_value = strength


set_ambient(PARAMS["ambient.colour"], PARAMS["ambient.strength"])
towards = Vector(PARAMS["key.direction"])
lamp("Key Light", "SUN", PARAMS["key.energy"], PARAMS["key.colour"], towards * 4.0, (0.0, 0.0, 0.0), angle=PARAMS["key.angle"])
fill = lamp(
    "Seat Fill", "AREA", PARAMS["seat.energy"], PARAMS["seat.colour"], PARAMS["seat.location"], PARAMS["seat.target"],
    shape="RECTANGLE", size=PARAMS["seat.size"][0], size_y=PARAMS["seat.size"][1],
)
fill.visible_camera = False
fill.visible_glossy = False
front = lamp(
    "Front Fill", "SUN", PARAMS["front.energy"], PARAMS["front.colour"], Vector(PARAMS["front.direction"]) * 4.0, (0.0, 0.0, 0.0),
    angle=PARAMS["front.angle"],
)
front.data.use_shadow = False
for name, side in (("Seat End Left", -1), ("Seat End Right", 1)):
    x, y, z = PARAMS["seat.location"]
    a, b, c = PARAMS["seat.target"]
    step = side * PARAMS["ends.spread"]
    end = lamp(
        name, "AREA", PARAMS["ends.energy"], PARAMS["seat.colour"], (x + step, y, z), (a + step, b, c),
        shape="RECTANGLE", size=PARAMS["ends.size"][0], size_y=PARAMS["ends.size"][1],
    )
    end.visible_camera = False
    end.visible_glossy = False
