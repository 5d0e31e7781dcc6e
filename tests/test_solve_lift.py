# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers of a script are found, turned where they stand, and lifted into PARAMS."""

from __future__ import annotations

import ast

import pytest
from restage.agent import lift, params, script_numbers

SCRIPT = '''"""Geometry: a kettle on a table, 20 °C."""
import bpy
from math import radians

PARAMS = {
    "kettle.location": (0.10, -0.05, 0),  # m
    "kettle.parts": {"spout": [0.2, 0.3]},
    "count": 3,
}

SEAT = 0.45


def leg(name, place, height=0.4):
    bpy.ops.mesh.primitive_cylinder_add(vertices=32, radius=0.03, depth=height, location=place)
    bpy.context.object.name = name
    bpy.context.object.scale = (1, 1, SEAT)


for name, x in (("Left", -0.5), ("Right", 0.5)):
    leg(name, (x, 0.0, 0.2), 0.41)
lamp.data.energy = 300
lamp.rotation_euler = (radians(45), 0, 0)  # grüße
node.inputs["Strength"].default_value = 0.7
mesh.from_pydata([(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)], [], [(0, 1, 2, 3)])
points = list(range(5)) + [v ** 2 for v in (1, 2)]
'''


def by(script, **wanted):
    found = [n for n in script_numbers.find(script) if all(getattr(n, k) == v for k, v in wanted.items())]
    assert len(found) == 1, found
    return found[0]


def test_what_can_be_turned_is_found_and_what_counts_is_not():
    found = script_numbers.find(SCRIPT)
    data = SCRIPT.encode()
    assert all(float(ast.literal_eval(data[n.start : n.end].decode())) == n.value for n in found)
    assert [n.value for n in found if n.param == "kettle.location"] == [0.1, -0.05, 0.0]
    assert [n.value for n in found if n.param == "kettle.parts"] == [0.2, 0.3]
    hints = {(n.owner, n.hint, n.value) for n in found if not n.param}
    assert ("", "SEAT", 0.45) in hints and ("lamp", "energy", 300.0) in hints
    assert ("node", "Strength", 0.7) in hints and ("Left", "", -0.5) in {(o, "", v) for o, _, v in hints}
    assert ("lamp", "rotation_euler", 45.0) in hints
    assert by(SCRIPT, hint="height", value=0.41) and by(SCRIPT, hint="radius").value == 0.03
    assert 32.0 not in {n.value for n in found}, "a count can't be turned"
    assert not {n.value for n in found} & {5.0, 2.0}, "indices, ranges and exponents can't"


def test_numbers_in_params_change_in_place():
    number = by(SCRIPT, param="kettle.location", place=0)
    text = lift.write(SCRIPT, {number: 0.123456789})
    assert text == SCRIPT.replace("(0.10, ", "(0.123457, ")
    assert params.read(text)["kettle.location"] == (0.123457, -0.05, 0)
    assert lift.write(SCRIPT, {}) == SCRIPT


def test_literals_are_lifted_with_their_tuple_and_nothing_else_changes():
    energy, turn = by(SCRIPT, hint="energy"), by(SCRIPT, value=45.0)
    height = by(SCRIPT, hint="height", value=0.41)
    text = lift.write(
        SCRIPT, {energy: 250.0, turn: -12.5, height: 0.5}, lambda n: "Key" if n.owner == "lamp" else "Legs"
    )
    values = params.read(text)
    assert values["Key.energy"] == 250 and values["Key.rotation_euler"] == -12.5 and values["Legs.height"] == 0.5
    assert 'lamp.data.energy = PARAMS["Key.energy"]' in text
    assert 'lamp.rotation_euler = (radians(PARAMS["Key.rotation_euler"]), 0, 0)  # grüße' in text
    assert 'leg(name, (x, 0.0, 0.2), PARAMS["Legs.height"])' in text
    untouched = [line for line in SCRIPT.splitlines() if not any(w in line for w in ("energy", "rotation", "0.41"))]
    assert [line for line in text.splitlines() if "PARAMS[" not in line and ' "' not in line][:3] == untouched[:3]
    assert set(untouched) <= set(text.splitlines())


def test_a_script_without_params_gets_them_after_its_imports():
    script = '"""Light."""\nimport bpy\n\nkey.location = (1, 2.0, -3.0)\n'
    z = by(script, place=2)
    text = lift.write(script, {z: -2.5})
    assert text == (
        '"""Light."""\nimport bpy\n\nPARAMS = {\n    "key.location": (1, 2.0, -2.5),\n}\n\n'
        'key.location = PARAMS["key.location"]\n'
    )


@pytest.mark.parametrize("start", ["PARAMS = {}", 'PARAMS = {"a": 1.0}', 'PARAMS = {\n    "a": 1.0\n}'])
def test_lifting_into_any_layout_of_params(start):
    script = f"{start}\nx.energy = 5.0\ny.energy = 6.0\n"
    first, second = (by(script, value=value) for value in (5.0, 6.0))
    values = params.read(lift.write(script, {first: 7.0, second: 8.0}, lambda _: "Lamp"))
    assert values.pop("a", 1.0) == 1.0
    assert values == {"Lamp.energy": 7.0, "Lamp.energy.2": 8.0}


def test_trying_out_leaves_everything_where_it_stands():
    number = by(SCRIPT, hint="radius")
    assert lift.with_values(SCRIPT, {number: 0.05}) == SCRIPT.replace("radius=0.03", "radius=0.05")


def test_a_tuple_without_brackets_gets_them_in_params():
    script = "import bpy\n\nPARAMS = {}\nbevel.width, bevel.segments = 0.06, 4\n"
    width = next(number for number in script_numbers.find(script) if number.value == 0.06)
    text = lift.write(script, {width: 0.07}, lambda _: "cube")
    assert params.read(text) == {"cube": (0.07, 4)}
    assert params.read(lift.write(script, {width: 0.07})) == {"value": (0.07, 4)}, "never a name of nothing"
    assert ast.parse(text)
