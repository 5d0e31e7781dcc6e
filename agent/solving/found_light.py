# SPDX-License-Identifier: GPL-3.0-or-later
"""Lights that a picture asks for and no script has, as the last block of a lighting script: plain Blender Python, its
numbers in PARAMS, where they are solved like any others."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from .. import lift, params
from ..params import ParamsError
from .write_back import significant

BEGINS = "# Lights that the picture asks for. Their numbers are in PARAMS."
ENDS = "# End of those lights."
Triple = tuple[float, float, float]

_BLOCK = '''
import bpy
from mathutils import Vector


def add_found_light(name, kind):
    """A sun, or a square lamp the camera does not see, that shines along its direction."""
    data = bpy.data.lights.new(name, kind)
    data.energy = PARAMS[name + ".power"]
    data.color = PARAMS[name + ".colour"]
    if kind == "SUN":
        data.angle = PARAMS[name + ".size"]
    else:
        data.size = PARAMS[name + ".size"]
    item = bpy.data.objects.new(name, data)
    item.location = PARAMS[name + ".location"]
    item.rotation_euler = Vector(PARAMS[name + ".direction"]).to_track_quat("-Z", "Y").to_euler()
    item.visible_camera = False
    bpy.context.collection.objects.link(item)


'''


@dataclass(frozen=True)
class FoundLight:
    """One such light, white."""

    name: str
    kind: Literal["SUN", "AREA"]
    power: float
    """Watts; of a sun, watts per square metre."""
    location: Triple
    """Metres."""
    direction: Triple
    """Unit vector it shines along."""
    size: float
    """Metres a side; of a sun, radians across."""

    def entries(self) -> list[tuple[str, str, str]]:
        """Return its parameters: name, literal, comment."""
        sun = self.kind == "SUN"
        found = (
            ("power", significant(self.power), "W per square metre" if sun else "W"),
            ("colour", (1.0, 1.0, 1.0), "linear RGB"),
            ("location", tuple(round(value, 3) for value in self.location), "m"),
            ("direction", tuple(round(value, 4) for value in self.direction), "shines along"),
            ("size", significant(self.size), "radians across" if sun else "m"),
        )
        return [(f"{self.name}.{key}", params.literal(value), comment) for key, value, comment in found]


def has(script: str) -> bool:
    """Whether a script has such a block."""
    return f"{BEGINS}\n" in script


def read(script: str) -> list[FoundLight]:
    """Return the lights of a script's block, white. Raises ParamsError when PARAMS is no literal dict."""
    if not has(script):
        return []
    block = script[script.index(f"{BEGINS}\n") :]
    values = params.read(script)
    calls = re.findall(r'^add_found_light\((".*"), "(SUN|AREA)"\)$', block, re.MULTILINE)
    keys = "power", "location", "direction", "size"
    return [
        FoundLight(name, kind, *(values[f"{name}.{key}"] for key in keys))
        for name, kind in ((json.loads(quoted), kind) for quoted, kind in calls)
    ]


def added(script: str, other: str) -> str:
    """Return a script with the block that another script has, its own when it has one."""
    return written(script, read(other)) if has(other) and not has(script) else script


def written(script: str, lights: Sequence[FoundLight]) -> str:
    """Return a script that has no such block with one of these lights.

    Raises ValueError when they can't be read there, as of PARAMS that is no literal dict.
    """
    entries = [entry for light in lights for entry in light.entries()]
    # Of a block that somebody took away they may be left.
    text = lift.with_entries(lift.without_entries(script, [name for name, _, _ in entries]), entries)
    calls = "".join(f"add_found_light({json.dumps(light.name)}, {json.dumps(light.kind)})\n" for light in lights)
    text = f"{text.rstrip()}\n\n\n{BEGINS}{_BLOCK}{calls}{ENDS}\n"
    try:
        there = [light.name for light in read(text)]
    except (SyntaxError, ParamsError, KeyError) as error:
        raise ValueError(f"a light could not be written into the script: {error}") from error
    if there != [light.name for light in lights]:
        raise ValueError("a light could not be written into the script")
    return text
