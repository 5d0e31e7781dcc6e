"""Composition: the chair stands as it was modelled; camera and pose already agree with the picture."""

import bpy

PARAMS = {
    "armchair.location": (0.02, 0.0, 0.0),  # m
}


def settle(name, key):
    item = bpy.data.objects.get(name)
    if item is not None:
        item.location = PARAMS[key]


settle("Armchair", "armchair.location")
