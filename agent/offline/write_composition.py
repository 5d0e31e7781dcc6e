# SPDX-License-Identifier: GPL-3.0-or-later
"""The composition script: the final pose of every object and of the camera."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import degrees

from .camera import Camera
from .script_text import Params, fill, names

_SCRIPT = '''
"""Composition: the final pose of every object."""

import bpy
from math import radians

$params

NAMES = (
$names)

scene = bpy.context.scene
for name in NAMES:
    thing = scene.objects[name]
    thing.location = PARAMS[name + ".location"]
    thing.rotation_euler.z = radians(PARAMS[name + ".heading"])
    size = PARAMS[name + ".scale"]
    thing.scale = (size, size, size)

camera = scene.objects["Picture Camera"]
camera.data.angle = radians(PARAMS["camera.fov"])
camera.rotation_euler.x = radians(90.0 - PARAMS["camera.pitch"])
'''


@dataclass(frozen=True)
class Pose:
    """Where an object stands. Metres, radians, and a factor."""

    location: tuple[float, float, float]
    heading: float = 0.0
    scale: float = 1.0


def write(poses: Mapping[str, Pose], camera: Camera) -> str:
    """The script for named poses."""
    params = Params()
    for name, pose in poses.items():
        params.add(f"{name}.location", pose.location, "m")
        params.add(f"{name}.heading", degrees(pose.heading), "degrees", 1)
        params.add(f"{name}.scale", pose.scale, "times the size geometry gave it", 4)
    params.add("camera.fov", degrees(camera.fov), "degrees, horizontal", 2)
    params.add("camera.pitch", degrees(camera.pitch), "degrees below the horizon", 2)
    return fill(_SCRIPT, params=params.text(), names=names(list(poses)))
