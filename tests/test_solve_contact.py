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


@pytest.fixture(scope="module")
def worker(binary):
    from restage.worker.pool import Limits, WorkerPool

    with WorkerPool(binary, Limits()) as pool, pool.open() as opened:
        yield opened


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
