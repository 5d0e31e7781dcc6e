# SPDX-License-Identifier: GPL-3.0-or-later
"""Scenes of the evaluation folder of which every number is known, as data, and the same with every number disturbed."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from restage.bench import evalset
from restage.bench.clevr_truth import BEVEL, RADIUS

Vector = tuple[float, float, float]

SIZE, PLACE, HEADING, COLOUR, LENS = 0.2, 0.15, 20.0, 0.25, 0.2
"""How far numbers are off: shares of a size, of the frame's width, degrees, of a colour's channel, of the focal
length."""
POWER, LAMP = 2.0, 0.15
"""The wrong light: powers off by up to this factor either way, lamps by this share of their distance from the things;
their colours as other colours."""
CLEVR_COLOURS = {
    "gray": (87, 87, 87),
    "red": (173, 35, 35),
    "blue": (42, 75, 215),
    "green": (29, 105, 20),
    "brown": (129, 74, 25),
    "purple": (129, 38, 192),
    "cyan": (41, 208, 208),
    "yellow": (255, 238, 51),
}
"""As CLEVR's generator has them; it writes them into its materials as linear light divided by 255."""
RUBBER = {"roughness": 0.7, "specular": 0.33}
METAL = {"roughness": 0.2, "metallic": 1.0}
"""What comes nearest to CLEVR's two materials, node groups of their own, as a Principled shader: so Kubric, which makes
CLEVR's scenes anew, has them (google-research/kubric, challenges/movi/movi_ab_worker.py); in the shader it was written
for, the index of refraction was that of glass alone."""
CLEVR_LAMPS = (
    ("key", (6.44671, -2.90517, 4.2584), 0.5, 450.0, (1.0, 0.93, 0.82)),
    ("fill", (-4.67112, -4.0136, 3.01122), 0.5, 130.0, (0.76, 0.82, 1.0)),
    ("back", (-1.1685, 2.64602, 5.81574), 1.0, 200.0, (1.0, 1.0, 1.0)),
)
"""Where the generator's scene has its lamps. It moves each by up to 1 along each axis and says not how far, and its
renderer's powers are not today's: so CLEVR's light is never exactly known."""


@dataclass(frozen=True)
class Thing:
    """One object on the floor."""

    name: str
    shape: str
    """cube, sphere, cylinder, cone or torus."""
    location: Vector
    """Of its middle, metres."""
    size: tuple[float, ...]
    """cube: three sides; sphere: radius; cylinder, cone: radius, height; torus: radius of the ring, of its tube."""
    heading: float
    """Degrees."""
    colour: Vector
    """Linear."""
    roughness: float = 0.5
    metallic: float = 0.0
    transmission: float = 0.0
    specular: float = 0.5
    """Of the Principled shader, as are the three above; this is what it has by itself."""
    bevel: float = 0.0
    """Of a cube, before it is brought to its size: share of its side."""


@dataclass(frozen=True)
class Lamp:
    """An area lamp, square."""

    name: str
    location: Vector
    aim: Vector
    """What it is turned to."""
    size: float
    power: float
    colour: Vector


@dataclass(frozen=True)
class Scene:
    """Everything a script has to say."""

    frame: tuple[int, int]
    lens: float
    """mm on a sensor of `sensor` mm across."""
    sensor: float
    camera: NDArray[np.float64]
    """Camera to world, (4, 4)."""
    things: tuple[Thing, ...]
    lamps: tuple[Lamp, ...]
    world: Vector
    """Linear, strength worked in."""
    floor: Vector
    floor_roughness: float = 0.7
    light_known: bool = True


@dataclass(frozen=True)
class Known:
    """A picture, the exact masks of its things, and its scene."""

    item: evalset.Item
    scene: Scene
    masks: dict[str, NDArray[np.bool_]] = field(default_factory=dict)


def known(root: Path, pattern: str = "*") -> Iterator[Known]:
    """Yield every picture of the evaluation folder whose scene is known and whose id fits `pattern`."""
    for item in evalset.items(root):
        if item.group not in ("prims", "clevr") or not Path(item.id).match(pattern):
            continue
        scene = _of_clevr(item) if item.group == "clevr" else _of_primitives(item)
        masks = dict(zip((t.name for t in scene.things), evalset.true_masks(item, scene.frame).values(), strict=True))
        yield Known(item, scene, masks)


def _of_clevr(item: evalset.Item) -> Scene:
    camera = item.truth["camera"]
    things = []
    for number, entry in enumerate(item.truth["objects"], 1):
        radius = RADIUS[entry["size"]]
        size = {"cube": (2 * radius,) * 3, "sphere": (radius,), "cylinder": (radius, 2 * radius)}[entry["shape"]]
        x, y, z = entry["3d_coords"]
        colour = tuple(channel / 255 for channel in CLEVR_COLOURS[entry["color"]])
        things.append(
            Thing(
                f"{entry['size']} {entry['color']} {entry['shape']} {number}",
                entry["shape"],
                (x, y, z),
                size,
                # Written to Blender as radians though drawn as degrees (clevr_truth.py).
                _heading(math.degrees(entry["rotation"]) if entry["shape"] == "cube" else 0.0),
                colour,  # type: ignore[arg-type]
                bevel=0.5 * BEVEL if entry["shape"] == "cube" else 0.0,
                **(METAL if entry["material"] == "metal" else RUBBER),
            )
        )
    lamps = tuple(Lamp(name, place, (0.0, 0.0, 0.0), size, power, rgb) for name, place, size, power, rgb in CLEVR_LAMPS)
    return Scene(
        (camera["width"], camera["height"]),
        camera["focal_px"] / camera["width"] * 32.0,
        32.0,
        np.array(camera["camera_to_world"]),
        tuple(things),
        lamps,
        (0.25, 0.25, 0.25),
        (0.45, 0.45, 0.45),
        0.9,
        light_known=False,
    )


def _of_primitives(item: evalset.Item) -> Scene:
    data = evalset.scene(item)
    things, floor, rough = [], (0.5, 0.5, 0.5), 0.7
    for entry in data["objects"]:
        if entry["label"] in evalset.BEHIND:
            floor, rough = tuple(entry["base_color"]), entry["roughness"]
            continue
        shape = entry["kind"].rpartition(":")[2]
        things.append(
            Thing(
                entry["label"],
                shape,
                tuple(entry["location"]),
                _sizes(shape, entry["dimensions"]),
                _heading(entry["rotation_euler_deg"][2]) if shape == "cube" else 0.0,
                tuple(entry["base_color"]),
                entry["roughness"],
                entry["metallic"],
                entry["transmission"],
            )
        )
    lamps = tuple(
        Lamp(
            light["label"],
            tuple(light["location"]),
            tuple(np.array(light["location"]) + 5 * np.array(light["direction"])),
            light["size"],
            light["energy"],
            tuple(light["color"]),
        )
        for light in data["lights"]
    )
    camera, world = data["camera"], data["world"]
    return Scene(
        (camera["width"], camera["height"]),
        camera["lens_mm"],
        camera["sensor_mm"],
        np.array(camera["camera_to_world"]),
        tuple(things),
        lamps,
        tuple(channel * world["strength"] for channel in world["rgb"]),  # type: ignore[arg-type]
        floor,  # type: ignore[arg-type]
        rough,
        # A picture of a studio lights it, which no script of plain numbers can have.
        light_known=world["hdri"] is None,
    )


def _sizes(shape: str, sides: list[float]) -> tuple[float, ...]:
    x, y, z = sides
    if shape == "cube":
        return x, y, z
    if shape == "sphere":
        return (x / 2,)
    if shape == "torus":
        return (x - z) / 2, z / 2
    return x / 2, z


def _heading(degrees: float) -> float:
    """Of a cube: what a quarter-turn more would not change, -45 to 45."""
    return (degrees + 45.0) % 90.0 - 45.0


def disturbed(scene: Scene, seed: int) -> Scene:
    """Return a scene with every number off as the constants above say. The same seed, the same scene."""
    rng = random.Random(seed)

    def off(value: float, share: float) -> float:
        return value * (1 + rng.choice((-1, 1)) * rng.uniform(0.5, 1.0) * share)

    def coloured(colour: Vector, most: float) -> Vector:
        red, green, blue = (min(most, off(channel, COLOUR)) for channel in colour)
        return red, green, blue

    things = tuple(
        replace(
            thing,
            location=_pushed(scene, thing.location, rng),
            size=tuple(off(value, SIZE) for value in thing.size),
            heading=thing.heading + rng.choice((-1, 1)) * rng.uniform(0.5, 1.0) * HEADING * (thing.shape == "cube"),
            colour=coloured(thing.colour, 0.95),
        )
        for thing in scene.things
    )
    middle = np.mean([thing.location for thing in scene.things], axis=0)
    lamps = []
    for lamp in scene.lamps:
        away = LAMP * float(np.linalg.norm(np.array(lamp.location) - middle))
        way = np.array([rng.gauss(0, 1) for _ in range(3)])
        place = np.array(lamp.location) + away * way / np.linalg.norm(way)
        power = lamp.power * POWER ** rng.uniform(-1, 1)
        lamps.append(replace(lamp, location=tuple(place), power=power, colour=coloured(lamp.colour, 1.0)))
    strength = POWER ** rng.uniform(-1, 1)
    return replace(
        scene,
        lens=off(scene.lens, LENS),
        things=things,
        lamps=tuple(lamps),
        world=tuple(strength * channel for channel in coloured(scene.world, 10.0)),  # type: ignore[arg-type]
        floor=coloured(scene.floor, 0.95),
    )


def _pushed(scene: Scene, place: Vector, rng: random.Random) -> Vector:
    """Return a place at the same height that is seen PLACE of the frame's width off, and still inside the frame."""
    width, height = scene.frame
    focal = scene.lens / scene.sensor
    to_camera = np.linalg.inv(scene.camera)
    x, y, z = (to_camera @ (*place, 1.0))[:3]
    seen = np.array([x, y]) / -z * focal
    for _ in range(200):
        turn = rng.uniform(0, 2 * math.pi)
        there = seen + PLACE * rng.uniform(0.5, 1.0) * np.array([math.cos(turn), math.sin(turn)])
        way = scene.camera[:3, :3] @ np.array([there[0] / focal, there[1] / focal, -1.0])
        eye = scene.camera[:3, 3]
        if way[2] >= -0.05 or abs(there[0]) > 0.45 or abs(there[1]) > 0.45 * height / width:
            continue
        found = eye + way * (place[2] - eye[2]) / way[2]
        return float(found[0]), float(found[1]), place[2]
    raise ValueError(f"nowhere to push {place}")


def described(scene: Scene) -> dict[str, Any]:
    """Return what a table says of a scene."""
    return {"things": len(scene.things), "lamps": len(scene.lamps), "light_known": scene.light_known}
