# SPDX-License-Identifier: GPL-3.0-or-later
"""The lighting script: a few lamps and the world's ambient light."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import pi

import numpy as np

from .script_text import Params, fill, names

WORLD = "World"
"""The world among the lights, as the worker calls it."""

_SCRIPT = '''
"""Lighting: the lamps and the light from everywhere."""

import bpy
from mathutils import Vector

$params

LAMPS = (
$names)


def add_lamp(name):
    """A soft square lamp that looks at its target."""
    data = bpy.data.lights.new(name, "AREA")
    data.energy = PARAMS[name + ".power"]
    data.color = PARAMS[name + ".colour"]
    data.size = PARAMS[name + ".size"]
    lamp = bpy.data.objects.new(name, data)
    lamp.location = PARAMS[name + ".location"]
    look = Vector(PARAMS[name + ".target"]) - Vector(PARAMS[name + ".location"])
    lamp.rotation_euler = look.to_track_quat("-Z", "Y").to_euler()
    lamp.visible_camera = False
    bpy.context.collection.objects.link(lamp)


for name in LAMPS:
    add_lamp(name)

ambient = bpy.context.scene.world.node_tree.nodes["Ambient"]
colour = ambient.inputs["Color"].default_value
for channel, tint in enumerate(PARAMS["World.colour"]):
    colour[channel] *= tint
ambient.inputs["Strength"].default_value *= PARAMS["World.power"]
'''


@dataclass(frozen=True)
class Lamp:
    """An area lamp; the world when its name is World (then power is its strength)."""

    name: str
    power: float
    """Watts."""
    colour: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """Linear RGB, largest 1."""
    location: tuple[float, float, float] = (0.0, 0.0, 0.0)
    target: tuple[float, float, float] = (0.0, 0.0, 0.0)
    size: float = 1.0
    """Metres a side."""

    def gained(self, gains: tuple[float, float, float]) -> Lamp:
        """This lamp with its light multiplied per channel."""
        light = np.array(self.colour) * np.array(gains)
        top = float(light.max())
        if top <= 0:
            return replace(self, power=0.0)
        r, g, b = light / top
        return replace(self, power=self.power * top, colour=(float(r), float(g), float(b)))


def even(centre: tuple[float, float, float], reach: float) -> list[Lamp]:
    """Light from everywhere and two faint lamps: for colours that have the picture's light in them already."""
    lamps = [Lamp(WORLD, 0.98)]
    for name, way in (("Left Lamp", (-1.2, -1.0, 1.5)), ("Right Lamp", (1.2, -1.0, 1.5))):
        offset = reach * np.array(way)
        x, y, z = np.array(centre) + offset
        power = 0.02 * pi**2 * float(offset @ offset)
        lamps.append(Lamp(name, power, location=(float(x), float(y), float(z)), target=centre, size=0.7 * reach))
    return lamps


def write(lamps: Sequence[Lamp]) -> str:
    """The script for these lamps, the world among them; lamps without power are left out."""
    params = Params()
    lit = [lamp for lamp in lamps if lamp.name != WORLD and lamp.power > 1e-4]
    for lamp in lit:
        params.add(f"{lamp.name}.power", lamp.power, "W", 2)
        params.add(f"{lamp.name}.colour", lamp.colour, "linear RGB")
        params.add(f"{lamp.name}.location", lamp.location, "m", 2)
        params.add(f"{lamp.name}.target", lamp.target, "m", 2)
        params.add(f"{lamp.name}.size", lamp.size, "m", 2)
    world = next((lamp for lamp in lamps if lamp.name == WORLD), Lamp(WORLD, 0.0))
    params.add("World.power", world.power, "times the strength setup gave the light from everywhere", 4)
    params.add("World.colour", world.colour, "times its colour")
    return fill(_SCRIPT, params=params.text(), names=names([lamp.name for lamp in lit]))
