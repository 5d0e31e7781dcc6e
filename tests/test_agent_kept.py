# SPDX-License-Identifier: GPL-3.0-or-later
"""What an artist changed by hand, written into a script."""

from __future__ import annotations

import ast

from restage.agent import kept, params
from restage.agent.kept import Kept
from scripted import GEOMETRY, LIGHTING, MATERIALS

MOVED = Kept(kind="object", name="Box", values={"location": (0.5, 0.0, 0.15)}, before={"location": (-0.3, 0.0, 0.15)})
TURNED = Kept(
    kind="object", name="Box", values={"rotation_euler": (0.0, 0.0, 0.3)}, before={"rotation_euler": (0, 0, 0)}
)


def test_a_number_the_script_has_is_turned_in_place():
    text = kept.write(GEOMETRY, [MOVED])
    assert text == GEOMETRY.replace("(-0.3, 0.0, 0.15)", "(0.5, 0.0, 0.15)")
    power = Kept(kind="light", name="sun", values={"energy": (5.0,)}, before={"energy": (3.0,)})
    assert kept.write(LIGHTING, [power]) == LIGHTING.replace('"sun.power": 3.0', '"sun.power": 5.0')
    red = Kept(kind="surface", name="Box", values={"colour": (0.1, 0.2, 0.3)}, before={"colour": (0.6, 0.05, 0.05)})
    assert params.read(kept.write(MATERIALS, [red]))["Box"] == (0.1, 0.2, 0.3)


def test_what_the_script_has_no_number_for_is_said_at_its_end():
    text = kept.write(GEOMETRY, [MOVED, TURNED])
    assert text.startswith(GEOMETRY.replace("(-0.3, 0.0, 0.15)", "(0.5, 0.0, 0.15)"))
    assert "_kept.rotation_euler = (0.0, 0.0, 0.3)" in text and ast.parse(text)
    assert kept.held(text) == [TURNED.model_copy(update={"before": {}})]
    again = kept.write(text, [Kept(kind="object", name="Box", values={"scale": (2.0, 1.0, 1.0)})])
    assert again.count(kept.BEGIN) == 1
    assert kept.held(again)[0].values == {"rotation_euler": (0.0, 0.0, 0.3), "scale": (2.0, 1.0, 1.0)}
    assert kept.with_lines(again, []) == GEOMETRY.replace("(-0.3, 0.0, 0.15)", "(0.5, 0.0, 0.15)")


def test_surfaces_lights_and_cameras_are_said_by_blender_s_names():
    surface = Kept(kind="surface", name="Box", slot=1, values={"colour": (0.1, 0.2, 0.3), "roughness": (0.0,)})
    spot = Kept(kind="light", name="Spot", values={"spot_size": (0.4,), "shadow_soft_size": (0.2,)})
    camera = Kept(kind="camera", name="Camera", values={"shift_x": (0.1,)})
    text = kept.write(GEOMETRY, [surface, spot, camera])
    assert ast.parse(text) and kept.held(text) == [surface, spot, camera]
    assert '("Base Color", (*(0.1, 0.2, 0.3), 1.0)), ("Roughness", 0.0)' in text and "Metallic" not in text
    assert 'if _kept.data.type == "SPOT":\n        _kept.data.spot_size = 0.4\n    _kept.data.shadow_soft_size' in text
    assert '_kept.type == "CAMERA":\n    _kept.data.shift_x = 0.1' in text
    rough = Kept(kind="surface", name="Box", values={"roughness": (0.2,)}, before={"roughness": (0.6,)})
    script = 'PARAMS = {"Box.roughness": 0.6, "Box.colour": (0.6, 0.6, 0.6)}\n'
    assert params.read(kept.write(script, [rough])) == {"Box.roughness": 0.2, "Box.colour": (0.6, 0.6, 0.6)}


def test_a_parameter_with_another_value_is_another_matter():
    elsewhere = MOVED.model_copy(update={"before": {"location": (9.0, 9.0, 9.0)}})
    text = kept.write(GEOMETRY, [elsewhere])
    assert params.read(text) == params.read(GEOMETRY) and "_kept.location = (0.5, 0.0, 0.15)" in text


def test_a_name_is_only_ever_a_name():
    evil = Kept(kind="object", name='x"); import os #', values={"location": (1.0, 2.0, 3.0)})
    tree = ast.parse(kept.write(GEOMETRY, [evil]))
    assert not any(isinstance(node, ast.Import) and node.names[0].name == "os" for node in ast.walk(tree))


def test_which_stage_says_it():
    assert kept.stage_of(MOVED, ["setup", "geometry", "materials"]) == "geometry"
    assert kept.stage_of(MOVED, ["setup", "geometry", "materials", "composition"]) == "composition"
    assert kept.stage_of(Kept(kind="light", name="Sun", values={"energy": (1.0,)}), ["setup"]) is None
