# SPDX-License-Identifier: GPL-3.0-or-later
"""Known things whose shapes are lists in PARAMS, and the same with the lists disturbed."""

from __future__ import annotations

import itertools
import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from restage.agent import lift, params, script_numbers
from restage.agent.solving import series

SETUP = '''"""Setup."""
import bpy
from math import radians

scene = bpy.context.scene
scene.render.resolution_x, scene.render.resolution_y = 320, 240
data = bpy.data.cameras.new("Camera")
data.lens = 40.0
camera = bpy.data.objects.new("Camera", data)
bpy.context.collection.objects.link(camera)
camera.location = (0.0, -7.0, 3.2)
camera.rotation_euler = (radians(70), 0, 0)
scene.camera = camera
'''
FRAME = (320, 240)

HELPERS = """

def add_mesh(name, points, faces, place):
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(points, [], faces)
    item = bpy.data.objects.new(name, mesh)
    item.location = place
    bpy.context.collection.objects.link(item)


def lathe(name, profile, place, segments=48):
    points = [
        (r * cos(2 * pi * i / segments), r * sin(2 * pi * i / segments), z) for r, z in profile for i in range(segments)
    ]
    faces = [
        (a * segments + i, a * segments + (i + 1) % segments, (a + 1) * segments + (i + 1) % segments,
         (a + 1) * segments + i)
        for a in range(len(profile) - 1)
        for i in range(segments)
    ]
    add_mesh(name, points, faces, place)


def extrude(name, outline, depth, place):
    count = len(outline)
    points = [(x, y, z) for y in (-depth / 2, depth / 2) for x, z in outline]
    faces = [tuple(range(count)), tuple(range(2 * count - 1, count - 1, -1))]
    faces += [(i, i + count, (i + 1) % count + count, (i + 1) % count) for i in range(count)]
    add_mesh(name, points, faces, place)


bpy.ops.mesh.primitive_plane_add(size=40)
bpy.context.object.name = "Floor"
"""

VASE = (
    '''"""Geometry: a vase."""
import bpy
from math import cos, pi, sin

PARAMS = {
    "vase.location": (0.2, 0.1, 0.0),  # m
    "vase.profile": [
        (0.0, 0.0), (0.34, 0.0), (0.40, 0.12), (0.52, 0.35), (0.60, 0.6), (0.58, 0.85), (0.46, 1.1),
        (0.30, 1.3), (0.22, 1.5), (0.22, 1.65), (0.28, 1.8), (0.38, 1.9),
    ],  # m: radius, height
}
'''
    + HELPERS
    + """
lathe("Vase", PARAMS["vase.profile"], PARAMS["vase.location"])
"""
)

PLATE = (
    '''"""Geometry: a fish cut from a board."""
import bpy
from math import cos, pi, sin

PARAMS = {
    "fish.location": (-0.1, 0.0, 0.0),  # m
    "fish.outline": [
        (-0.2, 0.0), (0.5, 0.1), (0.9, 0.35), (1.2, 0.75), (0.9, 1.1), (0.4, 1.35), (-0.2, 1.3), (-0.7, 1.0),
        (-1.0, 0.8), (-1.35, 1.15), (-1.4, 0.25), (-1.0, 0.55), (-0.7, 0.3),
    ],
    "fish.thickness": 0.2,
}
'''
    + HELPERS
    + """
extrude("Fish", PARAMS["fish.outline"], PARAMS["fish.thickness"], PARAMS["fish.location"])
"""
)

STAR = (
    '''"""Geometry: a star, all corners."""
import bpy
from math import cos, pi, sin

PARAMS = {
    "star.location": (0.0, 0.0, 0.0),  # m
    "star.outline": [
        (0.0, 2.45), (0.32, 1.7), (1.14, 1.62), (0.52, 1.08), (0.7, 0.28), (0.0, 0.7), (-0.7, 0.28), (-0.52, 1.08),
        (-1.14, 1.62), (-0.32, 1.7),
    ],
    "star.thickness": 0.25,
}
'''
    + HELPERS
    + """
extrude("Star", PARAMS["star.outline"], PARAMS["star.thickness"], PARAMS["star.location"])
"""
)

ARROW = (
    '''"""Geometry: an arrow, straight edges and few rows."""
import bpy
from math import cos, pi, sin

PARAMS = {
    "arrow.location": (0.0, 0.0, 0.0),  # m
    "arrow.outline": [(-1.4, 0.5), (0.2, 0.5), (0.2, 0.1), (1.4, 0.9), (0.2, 1.7), (0.2, 1.3), (-1.4, 1.3)],
    "arrow.thickness": 0.3,
}
'''
    + HELPERS
    + """
extrude("Arrow", PARAMS["arrow.outline"], PARAMS["arrow.thickness"], PARAMS["arrow.location"])
"""
)

GOBLET = (
    '''"""Geometry: a goblet, whose stem meets its foot where the foot hides it."""
import bpy
from math import cos, pi, sin

PARAMS = {
    "goblet.location": (0.0, 0.0, 0.0),  # m
    "goblet.profile": [
        (0.0, 0.0), (0.55, 0.0), (0.5, 0.08), (0.1, 0.16), (0.09, 0.5), (0.1, 0.8), (0.35, 0.95), (0.55, 1.2),
        (0.6, 1.5), (0.52, 1.8),
    ],  # m: radius, height
}
'''
    + HELPERS
    + """
lathe("Goblet", PARAMS["goblet.profile"], PARAMS["goblet.location"])
"""
)


@dataclass(frozen=True)
class Shape:
    """A known thing, and how its list is disturbed."""

    script: str
    key: str
    """Of the list, in PARAMS."""
    columns: tuple[int, ...]
    """That are disturbed."""
    share: float
    """Of themselves, at most."""

    def disturbed(self, seed: int) -> str:
        """Return the script with its list disturbed."""
        return disturbed(self.script, seed, self.share, self.columns)

    def off(self, script: str) -> float:
        """Return how far the shape that a script's list draws lies from the known one's, metres, on average."""
        drawn, known = (np.array(params.read(text)[self.key]) for text in (script, self.script))
        if self.key.endswith("outline"):
            return apart(drawn, known, closed=True)
        # The middle of the foot nobody sees.
        return apart(drawn[1:], known)


SHAPES = {
    "vase": Shape(VASE, "vase.profile", (0,), 0.25),
    "goblet": Shape(GOBLET, "goblet.profile", (0,), 0.25),
    "fish": Shape(PLATE, "fish.outline", (0, 1), 0.2),
    "star": Shape(STAR, "star.outline", (0, 1), 0.15),
    "arrow": Shape(ARROW, "arrow.outline", (0, 1), 0.2),
}


def apart(one: NDArray[np.float64], other: NDArray[np.float64], closed: bool = False) -> float:
    """Return how far one line of points (n, 2) lies from another, on average along it, the ends of both joined when
    `closed`."""
    if closed:
        one, other = (np.concatenate([line, line[:1]]) for line in (one, other))
    share = np.linspace(0, 1, 20, endpoint=False)[:, None]
    points = np.concatenate([a + share * (b - a) for a, b in itertools.pairwise(one)])
    nearest = np.full(len(points), np.inf)
    for a, b in itertools.pairwise(other):
        way = b - a
        at = np.clip((points - a) @ way / max(float(way @ way), 1e-12), 0, 1)
        nearest = np.minimum(nearest, np.linalg.norm(points - a - at[:, None] * way, axis=1))
    return float(nearest.mean())


def disturbed(
    script: str,
    seed: int,
    share: float = 0.25,
    columns: Sequence[int] = (0,),
    rows: Collection[int] | None = None,
) -> str:
    """Return a script with numbers of its lists' columns off by up to `share` of themselves and at least half that;
    only in some rows, or in all."""
    rng = random.Random(seed)
    numbers = script_numbers.find(script)
    values = {}
    for item in series.candidates(numbers):
        for place, row in enumerate(item.rows):
            for column in columns:
                by = rng.choice((-1, 1)) * rng.uniform(0.5, 1.0) * share
                if rows is None or place in rows:
                    number = numbers[row[column]]
                    values[number] = number.value * (1 + by)
    return lift.with_values(script, values)
