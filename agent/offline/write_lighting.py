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
    bpy.context.collection.objects.link(lamp)


for name in LAMPS:
    add_lamp(name)

ambient = bpy.context.scene.world.node_tree.nodes["Ambient"]
ambient.inputs["Color"].default_value = (*PARAMS["World.colour"], 1.0)
ambient.inputs["Strength"].default_value = PARAMS["World.power"]
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


def candidates(centre: tuple[float, float, float], reach: float, floor: bool) -> list[Lamp]:
    """World and lamps around a scene whose middle is `centre`, `reach` metres wide, at a neutral strength.

    A lamp of power pi^2 d^2 at distance d lights a facing white surface to 1; the shares add up to about 1.
    """
    places = {
        "Left Lamp": (-1.0, -0.8, 1.2),
        "Right Lamp": (1.0, -0.8, 1.2),
        "Back Lamp": (0.2, 1.0, 1.1),
        "Top Lamp": (0.0, 0.0, 1.6),
    }
    share = 0.2 if floor else 0.08
    lamps = [Lamp(WORLD, 0.5 if floor else 0.85)]
    for name, way in places.items():
        offset = np.array(way) * reach
        spot = np.array(centre) + offset
        power = share * pi**2 * float(offset @ offset)
        where = float(spot[0]), float(spot[1]), float(spot[2])
        lamps.append(Lamp(name, power, location=where, target=centre, size=0.6 * reach))
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
    params.add("World.power", world.power, "strength of the light from everywhere", 4)
    params.add("World.colour", world.colour, "linear RGB")
    return fill(_SCRIPT, params=params.text(), names=names([lamp.name for lamp in lit]))
