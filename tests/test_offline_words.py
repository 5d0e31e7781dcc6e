# SPDX-License-Identifier: GPL-3.0-or-later
"""What the built-in agent makes of an artist's words."""

from __future__ import annotations

import pytest
from restage.agent import params
from restage.agent.offline import words
from restage.agent.verdict import ChecklistItem, Verdict

GEOMETRY = '''"""Geometry."""
PARAMS = {
    "Red Cube.location": (0.0, 1.0, 0.0),  # m
    "Red Cube.size": (0.8, 0.8, 0.8),  # m
    "Blue Sphere.location": (1.0, 1.0, 0.0),  # m
    "Blue Sphere.radius": 0.4,  # m
    "Cone.height": 1.0,  # m
}
'''
LIGHTING = 'PARAMS = {"Key.power": 40.0, "Key.colour": (1.0, 0.9, 0.8), "World.power": 1.0}\n'


def said(stage, script, text, items=()):
    new, note = words.turned(stage, script, Verdict(approve=False, summary=text, items=list(items), by="artist"))
    before, after = params.read(script), params.read(new)
    assert bool(note) == (new != script)
    return {key: value for key, value in after.items() if value != before[key]}


@pytest.mark.parametrize(
    "text, changed",
    [
        ("the cube is larger", {"Red Cube.size": (0.96, 0.96, 0.96)}),
        ("The red cube is a bit taller", {"Red Cube.size": (0.8, 0.8, 0.8764)}),
        ("sphere much smaller", {"Blue Sphere.radius": 0.2778}),
        ("the sphere further to the left", {"Blue Sphere.location": (0.8, 1.0, 0.0)}),
        ("shorter cone", {"Cone.height": 0.8333}),
        ("the cube is wider, and the cone is taller", {"Red Cube.size": (0.96, 0.8, 0.8), "Cone.height": 1.2}),
        ("I don't like it", {}),
        ("", {}),
    ],
)
def test_shapes_and_places(text, changed):
    assert said("geometry", GEOMETRY, text) == changed


def test_who_is_not_named_means_all():
    assert set(said("geometry", GEOMETRY, "larger")) == {"Red Cube.size", "Blue Sphere.radius", "Cone.height"}


def test_light():
    assert said("lighting", LIGHTING, "brighter") == {"Key.power": 57.6, "World.power": 1.44}
    assert said("lighting", LIGHTING, "the key is slightly warmer") == {"Key.colour": (1.0954, 0.9, 0.8)}


def test_points_of_the_checklist_count_like_words():
    item = ChecklistItem(object="Cone", property="height", observed="short", wanted="taller")
    assert said("geometry", GEOMETRY, "", [item]) == {"Cone.height": 1.2}
