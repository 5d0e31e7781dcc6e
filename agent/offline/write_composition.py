# SPDX-License-Identifier: GPL-3.0-or-later
"""The composition script: how far every object and the camera move from where earlier stages put them. It says nothing
twice, so that the numbers of setup and geometry stay live in the joined program."""

from __future__ import annotations

from collections.abc import Sequence

from .script_text import Params, fill, names

_SCRIPT = '''
"""Composition: how far every object and the camera move from where setup and geometry put them."""

import bpy
from math import radians
from mathutils import Vector

$params

NAMES = (
$names)

scene = bpy.context.scene
for name in NAMES:
    thing = scene.objects[name]
    thing.location += Vector(PARAMS[name + ".shift"])
    thing.rotation_euler.z += radians(PARAMS[name + ".turn"])
    thing.scale *= PARAMS[name + ".scale"]

camera = scene.objects["Picture Camera"]
camera.location += Vector(PARAMS["camera.shift"])
camera.rotation_euler.x += radians(PARAMS["camera.tilt"])
camera.rotation_euler.z += radians(PARAMS["camera.turn"])
'''


def write(things: Sequence[str]) -> str:
    """The script for these objects, all of them as they stand."""
    params = Params()
    for name in things:
        params.add(f"{name}.shift", (0.0, 0.0, 0.0), "m")
        params.add(f"{name}.turn", 0.0, "degrees about the vertical, counterclockwise from above")
        params.add(f"{name}.scale", 1.0, "times its size, about its foot")
    params.add("camera.shift", (0.0, 0.0, 0.0), "m")
    params.add("camera.tilt", 0.0, "degrees upwards")
    params.add("camera.turn", 0.0, "degrees to the left")
    return fill(_SCRIPT, params=params.text(), names=names(things))
