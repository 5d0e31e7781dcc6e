# SPDX-License-Identifier: GPL-3.0-or-later
"""A light that the picture asks for and no script has is found, and none where all are there."""

from __future__ import annotations

import ast
from dataclasses import replace
from threading import Event

import known
import numpy as np
import pytest
import solving
from restage.agent import lift, params, script_numbers
from restage.agent.perceptual import Judge
from restage.agent.polishing import more_light
from restage.agent.polishing.light import Light
from restage.agent.polishing.stands import Bench
from restage.agent.solving import found_light, missing_light
from restage.agent.solving.found_light import FoundLight
from restage.agent.solving.gauge import Paints
from restage.agent.solving.write_back import write_back
from restage.worker.protocol import StageScript

SUN = FoundLight("Found Sun", "SUN", 2.0, (0.0, 0.0, 5.0), (0.6, 0.0, -0.8), 0.2)
LAMP = FoundLight("Found Lamp", "AREA", 300.0, (1.0, 2.0, 3.0), (0.0, 0.0, -1.0), 1.5)


def without_key():
    script = known.LIGHTING
    start, end = script.index("key = bpy"), script.index("fill = bpy")
    script = script[:start] + script[end:]
    return script.replace('    "key.power": 420.0,  # W\n    "key.colour": (1.0, 0.9, 0.8),\n', "")


@pytest.fixture(scope="module")
def scene(worker):
    return solving.picture_of(worker)


def looked_for(worker, scene, lighting):
    """What stood and what stands once a missing light was looked for; and what looked."""
    picture, masks = scene
    bench = Bench(picture.unit, masks, worker, Judge(picture.unit), Event(), lambda _: None)
    stands = bench.tried(
        tuple(StageScript(stage, text) for stage, text in (known.TEXTS | {"lighting": lighting}).items())
    )
    never = float("inf")
    return stands, more_light.solved(bench, Light(bench, Paints(), never), stands, never), bench


def test_a_key_light_that_was_left_out_is_found(worker, scene):
    dim, lit, bench = looked_for(worker, scene, without_key())
    assert dim.numbers.psnr < 15 and lit.numbers.psnr > 26
    (light,) = found_light.read(lit.scripts[-1].text)
    # The key shines from the left, this side of the things.
    assert light.direction[0] > 0.2 and light.direction[1] > 0.2 and light.direction[2] < -0.4
    old = found_light.added(without_key(), lit.scripts[-1].text)
    script = write_back(old, lit.scripts[-1].text, bench.owners_of("lighting"))
    assert found_light.read(script) == [light] and script.count(found_light.BEGINS) == 1
    assert params.read(script)["Fill.energy"] != 90, "the lights that were there follow"
    rest = lift.without_entries(script[: script.index(found_light.BEGINS)], [name for name, _, _ in light.entries()])
    lifted = {"Fill.energy", "World.Color"} & set(params.read(rest))
    for name in lifted:
        value = params.literal(params.read(rest)[name])
        rest = lift.without_entries(rest, [name]).replace(f'PARAMS["{name}"]', value)
    assert _plain(rest) == _plain(without_key()), "nothing else of the text changes"


def _plain(script):
    return lift.with_values(script.strip(), dict.fromkeys(script_numbers.find(script.strip()), 0.0))


def test_where_all_lights_are_there_none_is_added(worker, scene):
    # All of half the strength: other powers of the same lights are the answer.
    weak = known.LIGHTING.replace("420.0", "200.0").replace("energy = 90", "energy = 45").replace("0.35", "0.17")
    dim, still, _ = looked_for(worker, scene, weak)
    assert still.scripts == dim.scripts and dim.numbers.psnr < 20


def test_a_lamp_on_the_wrong_side_is_left_to_be_moved(worker, scene):
    other = known.LIGHTING.replace("(-3.0, -3.0, 4.5)", "(3.0, 3.0, 4.5)")
    other = other.replace("(radians(45), 0, radians(-45))", "(radians(45), 0, radians(135))")
    dim, still, _ = looked_for(worker, scene, other)
    assert still.scripts == dim.scripts and dim.numbers.psnr < 20


def test_the_block_can_be_read_and_carried_over():
    script = '"""Lighting."""\nimport bpy\n\nPARAMS = {\n    "key.power": 5.0,\n}\n'
    more = found_light.written(script, [SUN, LAMP])
    ast.parse(more)
    assert found_light.read(more) == [SUN, LAMP]
    assert params.read(more)["key.power"] == 5.0
    assert found_light.added(script, more) == more
    assert found_light.added(more, script) == more and found_light.added(script, script) == script
    assert not found_light.read(script)


def test_entries_left_of_a_block_that_was_taken_away_give_way():
    more = found_light.written("PARAMS = {}\n", [SUN])
    left = more[: more.index(found_light.BEGINS)]
    (again,) = found_light.read(found_light.written(left, [replace(SUN, power=9.0)]))
    assert again.power == 9.0


def test_a_script_whose_params_cannot_be_read_gets_none():
    with pytest.raises(ValueError, match="could not be written"):
        found_light.written('from math import radians\nPARAMS = {"tilt": radians(30.0)}\n', [SUN])


def test_each_candidate_has_a_name_of_its_own_and_shines_at_the_things():
    middle = np.array([1.0, -2.0, 0.5])
    tried = missing_light.candidates(middle, 2.0, ["Found Sun", "Key"])
    assert len({light.name for light in tried} | {"Found Sun", "Key"}) == len(tried) + 2
    for light in tried:
        towards = middle - light.location
        assert towards / np.linalg.norm(towards) == pytest.approx(np.array(light.direction), abs=1e-6)
        assert light.direction[2] < 0, "nothing shines from below"
