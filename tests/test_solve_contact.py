# SPDX-License-Identifier: GPL-3.0-or-later
"""Things that were moved still stand on what they stood on, and face the way they do in the picture."""

from __future__ import annotations

from threading import Event

import pytest
import shapes
import solving
from restage.agent import lift, script_numbers
from restage.agent.solving.placement import Placement
from restage.agent.solving.probe import Probe

FRAME = (320, 240)
NAMES = ("Table", "Cup", "Tile", "Wedge", "Die", "Can")

STANDING = '''"""Geometry: a cup on a table, a die on the floor."""
import bpy

PARAMS = {
    "table.location": (-0.4, 0.2, 0.4),
    "table.size": (1.8, 1.2, 0.8),
    "cup.location": (-0.3, 0.2, 1.05),
    "cup.radius": 0.22,
    "cup.height": 0.5,
    "die.location": (1.4, -0.2, 0.3),
    "die.size": 0.6,
}

bpy.ops.mesh.primitive_plane_add(size=40)
bpy.context.object.name = "Floor"
bpy.ops.mesh.primitive_cube_add(size=1.0, location=PARAMS["table.location"])
bpy.context.object.scale = PARAMS["table.size"]
bpy.context.object.name = "Table"
bpy.ops.mesh.primitive_cylinder_add(
    radius=PARAMS["cup.radius"], depth=PARAMS["cup.height"], location=PARAMS["cup.location"]
)
bpy.context.object.name = "Cup"
bpy.ops.mesh.primitive_cube_add(size=PARAMS["die.size"], location=PARAMS["die.location"])
bpy.context.object.name = "Die"
'''


def seen(worker, script):
    """The masks of a script's things, what was accepted before it, and the boxes of the things."""
    views, result, accepted = solving.render(worker, "geometry", script, 0, texts=shapes.texts(script), measured=320)
    masks = {name: views.ids == key for key, name in views.id_names.items() if name in NAMES}
    boxes = {item.name: (item.world_min, item.world_max) for item in result.inventory}
    return masks, accepted, boxes


def turned(script, **values):
    """A script with other numbers of PARAMS: `table_size=(1, 2, 3)`."""
    changes = {}
    for number in script_numbers.find(script):
        key = number.param.replace(".", "_")
        if key in values:
            wanted = values[key]
            changes[number] = wanted[number.place] if isinstance(wanted, tuple) else wanted
    return lift.with_values(script, changes)


def placed(worker, script, masks, accepted, seconds=60.0, search=True):
    placement = Placement(Probe(worker, accepted, "geometry", Event()), masks, FRAME)
    return placement.solve(script, seconds, search=search)


@pytest.mark.parametrize(
    "bad",
    [
        # The table too high, the cup with it; everything to one side.
        {"table_size": (1.5, 1.0, 1.1), "table_location": (-0.1, 0.5, 0.55), "cup_location": (0.0, 0.5, 1.35)},
        # The table too low and farther; the die too large.
        {"table_size": (2.0, 1.3, 0.6), "table_location": (-0.7, 0.6, 0.3), "cup_location": (-0.8, 0.6, 0.85),
         "die_size": 0.75, "die_location": (1.1, 0.2, 0.375)},
    ],
)  # fmt: skip
@pytest.mark.parametrize("search", [True, False])
def test_what_stood_stands_still(worker, bad, search):
    masks, accepted, _ = seen(worker, STANDING)
    found = placed(worker, turned(STANDING, **bad), masks, accepted, search=search)
    assert found is not None
    _, _, boxes = seen(worker, found[0])
    for name, support in (("Table", 0.0), ("Die", 0.0), ("Cup", boxes["Table"][1][2])):
        (_, _, low), (_, _, high) = boxes[name]
        assert abs(low - support) < 0.02 * (high - low), name
    assert sum(found[1].ious.values()) / len(masks) > 0.9


FACING = '''"""Geometry: a wedge of three steps, a long tile, a die and a can."""
import bpy
from math import radians

PARAMS = {
    "wedge.location": (-1.3, 0.3, 0.0),
    "wedge.heading": 20.0,  # degrees
    "tile.location": (0.6, 0.9, 0.15),
    "tile.heading": 35.0,
    "die.location": (0.4, -1.2, 0.3),
    "die.heading": 15.0,
    "can.location": (1.6, -0.3, 0.4),
    "can.heading": 10.0,
}


def block(name, key, parts):
    points, faces = [], []
    for low, high in parts:
        corners = [(x, y, z) for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])]
        sides = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))
        faces += [tuple(len(points) + corner for corner in side) for side in sides]
        points += corners
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(points, [], faces)
    item = bpy.data.objects.new(name, mesh)
    item.location = PARAMS[key + ".location"]
    item.rotation_euler.z = radians(PARAMS[key + ".heading"])
    bpy.context.collection.objects.link(item)


bpy.ops.mesh.primitive_plane_add(size=40)
bpy.context.object.name = "Floor"
block("Wedge", "wedge", [((-0.7, -0.25, 0), (0.7, 0.25, 0.35)), ((0.3, -0.25, 0.35), (0.7, 0.25, 1.0))])
block("Tile", "tile", [((-0.9, -0.25, -0.15), (0.9, 0.25, 0.15))])
block("Die", "die", [((-0.3, -0.3, -0.3), (0.3, 0.3, 0.3))])
bpy.ops.mesh.primitive_cylinder_add(radius=0.3, depth=0.8, location=PARAMS["can.location"])
bpy.context.object.rotation_euler.z = radians(PARAMS["can.heading"])
bpy.context.object.name = "Can"
'''


def heading(script, name):
    return next(n.value for n in script_numbers.find(script) if n.param == f"{name}.heading")


@pytest.mark.parametrize(
    ("wedge", "tile"), [(110.0, 35.0), (200.0, 125.0), (-70.0, -55.0)], ids=["quarter", "half", "the other quarter"]
)
def test_what_faces_another_way_is_turned(worker, wedge, tile):
    masks, accepted, _ = seen(worker, FACING)
    bad = turned(FACING, wedge_heading=wedge, tile_heading=tile)
    text, found = placed(worker, bad, masks, accepted)
    assert heading(text, "wedge") % 360 == pytest.approx(20, abs=4)
    assert heading(text, "tile") % 180 == pytest.approx(35, abs=4)
    assert min(found.ious.values()) > 0.93


def test_what_looks_alike_from_all_sides_is_left_alone(worker):
    masks, accepted, _ = seen(worker, FACING)
    bad = turned(
        FACING, die_heading=15.0 + 8.0, die_location=(0.6, -1.1, 0.3), can_location=(1.4, -0.1, 0.4), can_heading=50.0
    )
    placement = Placement(Probe(worker, accepted, "geometry", Event()), masks, FRAME)
    assert placement.faced(bad) is None
    text, _ = placement.solve(bad, 60.0)
    assert heading(text, "die") == pytest.approx(15, abs=6) and abs(heading(text, "can") - 50.0) < 30
