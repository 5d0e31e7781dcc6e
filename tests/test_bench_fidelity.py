# SPDX-License-Identifier: GPL-3.0-or-later
"""Known scenes: written as scripts, disturbed by what is promised, and judged."""

from __future__ import annotations

import ast

import numpy as np
import pytest
from restage.agent import params
from restage.bench import fidelity_known, known_scenes, known_scripts
from restage.bench.known_scenes import Lamp, Scene, Thing

CAMERA = np.array([[1, 0, 0, 0], [0, 0.5, -(0.75**0.5), -6], [0, 0.75**0.5, 0.5, 3.5], [0, 0, 0, 1]])


@pytest.fixture
def scene():
    return Scene(
        (320, 240),
        35.0,
        32.0,
        CAMERA,
        (
            Thing("red cube", "cube", (0.0, 0.5, 0.5), (1.0, 0.8, 1.0), 25.0, (0.7, 0.05, 0.05), bevel=0.075),
            Thing("ball", "sphere", (1.0, 0.0, 0.4), (0.4,), 0.0, (0.1, 0.2, 0.7)),
            Thing("ring", "torus", (-1.0, 0.0, 0.1), (0.4, 0.1), 0.0, (0.2, 0.2, 0.2)),
        ),
        (Lamp("key", (3.0, -3.0, 5.0), (0.0, 0.0, 0.0), 1.0, 300.0, (1.0, 0.9, 0.8)),),
        (0.3, 0.3, 0.35),
        (0.5, 0.5, 0.5),
    )


def test_scripts_say_every_number_of_the_scene(scene):
    texts = known_scripts.scripts(scene)
    assert list(texts) == ["setup", "geometry", "materials", "lighting"]
    values = {stage: params.read(text) for stage, text in texts.items()}
    assert all(ast.parse(text) for text in texts.values())
    assert values["setup"]["camera.lens"] == 35.0
    assert values["setup"]["camera.rotation"] == pytest.approx((60, 0, 0), abs=1e-3)
    assert values["geometry"]["red cube.size"] == (1.0, 0.8, 1.0) and values["geometry"]["ring.thickness"] == 0.1
    assert values["materials"]["ball.colour"] == (0.1, 0.2, 0.7)
    world = values["lighting"]["world.colour"], values["lighting"]["world.strength"]
    assert np.multiply(*world) == pytest.approx((0.3, 0.3, 0.35), abs=1e-4)


def test_every_number_is_off_by_half_to_all_of_what_is_said(scene):
    off = known_scenes.disturbed(scene, 3)
    assert off.things == known_scenes.disturbed(scene, 3).things
    assert 0.5 <= abs(off.lens / scene.lens - 1) / known_scenes.LENS <= 1
    to_camera = np.linalg.inv(CAMERA)
    for thing, was in zip(off.things, scene.things, strict=True):
        shares = np.abs(np.divide(thing.size, was.size) - 1) / known_scenes.SIZE
        assert (shares >= 0.5).all() and (shares <= 1).all()
        assert thing.location[2] == was.location[2], "it is pushed over the floor"
        seen = []
        for place in (thing.location, was.location):
            x, y, z = (to_camera @ (*place, 1.0))[:3]
            seen.append(np.array([x, y]) / -z * scene.lens / scene.sensor)
        assert 0.5 <= np.linalg.norm(seen[0] - seen[1]) / known_scenes.PLACE <= 1
        assert thing.colour != was.colour and max(thing.colour) <= 0.95
    assert abs(off.things[0].heading - 25) >= 10 and off.things[1].heading == 0


def test_targets_are_met_by_what_is_near_and_missed_by_what_is_not():
    def row(psnr, left, right, seconds):
        return {
            "solved": {"psnr": psnr},
            "position": [1.0, left],
            "things": 10,
            "albedo": right,
            "albedo_scaled": right,
            "seconds": seconds,
            "light_known": seconds < 60,
        }

    near, far = row(30.0, 0.1, 9, 50.0), row(20.0, 0.5, 3, 90.0)
    assert [target["met"] for target in fidelity_known.targets([near])] == [True] * 5
    assert [target["met"] for target in fidelity_known.targets([far])] == [False] * 5
    # Of the last the light is not known, so it is none of those whose colours are told apart.
    assert [t["met"] for t in fidelity_known.targets([near, near, far])] == [True, True, False, True, False]
