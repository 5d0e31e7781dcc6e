"""Composition: small corrections of the three cubes; all else stands."""

import bpy
from math import radians

PARAMS = {
    "green_cube.location": (0.1953, 0.1109, 0.0),  # m
    "green_cube.heading": 33.7,  # degrees, counter-clockwise from above
    "green_cube.scale": (0.994, 0.994, 0.994),
    "front_purple_cube.location": (0.0788, -0.1234, 0.0),  # m
    "front_purple_cube.heading": -4.5,  # degrees
    "front_purple_cube.scale": (1.0, 1.0, 1.0),
    "far_purple_cube.location": (0.1359, 0.2890, 0.0),  # m
    "far_purple_cube.heading": 32.0,  # degrees
    "far_purple_cube.scale": (1.0, 1.0, 0.985),
}

# Objects to pose and their keys in PARAMS.
POSED = {
    "Green Cube": "green_cube",
    "Front Purple Cube": "front_purple_cube",
    "Far Purple Cube": "far_purple_cube",
}

for name, key in POSED.items():
    item = bpy.data.objects.get(name)
    if item is None:
        continue
    item.location = PARAMS[key + ".location"]
    item.rotation_euler = (0.0, 0.0, radians(PARAMS[key + ".heading"]))
    item.scale = PARAMS[key + ".scale"]
