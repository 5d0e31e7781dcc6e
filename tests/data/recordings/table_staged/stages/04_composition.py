"""Composition: small corrections of the carton's width, the standing slice's lean and the loaf's place."""

import bpy
from math import radians

PARAMS = {
    "milk.location": (-0.1085, 0.2578, 0.75),  # m
    "milk.heading": 17.4,  # degrees
    "milk.scale": (1.02, 1.02, 1.0),
    "loaf.location": (0.3503, 0.0945, 0.75),  # m
    "loaf.heading": 5.5,  # degrees
    "loaf.scale": (1.0, 1.0, 1.0),
    "loaf.slice_lean": 11.5,  # degrees to the left
}

for name, key in (("Milk Carton", "milk"), ("Bread Loaf", "loaf")):
    item = bpy.data.objects.get(name)
    if item is not None:
        item.location = PARAMS[key + ".location"]
        item.rotation_euler = (0.0, 0.0, radians(PARAMS[key + ".heading"]))
        item.scale = PARAMS[key + ".scale"]

standing = bpy.data.objects.get("Bread Loaf.Slice")
if standing is not None:
    standing.rotation_euler = (0.0, -radians(PARAMS["loaf.slice_lean"]), 0.0)
