# SPDX-License-Identifier: GPL-3.0-or-later
"""A script's parameters as fields: their kinds, units and what the script says of them."""

from __future__ import annotations

import numpy as np
import pytest
from restage.agent import param_fields, params

SCRIPT = '''"""Geometry."""
import bpy

PARAMS = {
    "Box.location": (-0.3, 0.0, 0.15),  # m
    "Box.heading": 2.5,  # degrees
    "tilt": 0.3,  # radians, about the camera's axis
    "lamp.power": 40.0,  # W
    "lamp.colour": (1.0, 0.9, 0.8),
    "gains": (1.2, 1.0, 0.9),
    "cells": 12, "smooth": True,  # how fine, and whether rounded
    "name": "Box",
    "outline": [(0.0, 1.0), (0.5, 0.5)],  # profile
    "frame": (160, 120),  # pixels
    "extent": (0.0, 1.0, 2.0, 3.0),
    "radius": 0.15,
}
'''


def test_kinds_units_and_comments():
    found = {item.key: item for item in param_fields.fields(SCRIPT)}
    assert {key: item.kind for key, item in found.items()} == {
        "Box.location": "place",
        "Box.heading": "degrees",
        "tilt": "angle",
        "lamp.power": "number",
        "lamp.colour": "colour",
        "gains": "vector3",
        "cells": "integer",
        "smooth": "flag",
        "name": "text",
        "outline": "other",
        "frame": "vector2",
        "extent": "vector4",
        "radius": "length",
    }
    assert found["lamp.power"].unit == "W" and found["frame"].unit == "pixels" and found["tilt"].unit == ""
    assert found["tilt"].told == "radians, about the camera's axis"
    assert found["cells"].told == "", "a comment on a line of several is about none of them in particular"


@pytest.mark.parametrize("script", ["", "import bpy\n", "PARAMS = {", "PARAMS = {'a': f()}\n", "PARAMS = 3\n"])
def test_a_script_without_parameters_has_no_fields(script):
    assert param_fields.fields(script) == []


def test_single_precision_is_no_change_and_a_turned_number_is():
    for value in (0.1, -2.5, 1234.5678, 1e-4):
        assert not param_fields.differs(value, float(np.float32(value)))
    assert param_fields.differs(0.1, 0.1001)
    assert param_fields.differs((0.1, 0.2, 0.3), (0.1, 0.25, 0.3))


def test_only_what_was_turned_is_written_anew():
    old = (-0.3, 0.0, 0.15)
    turned = (-0.3, float(np.float32(0.0)), 0.2)
    assert param_fields.like(old, (float(np.float32(-0.3)), *turned[1:])) == (-0.3, 0.0, 0.2)
    assert param_fields.like([1, 2], (1.0, 3.0)) == [1, 3]
    text = params.rewrite(SCRIPT, {"Box.location": param_fields.like(old, turned)})
    assert text == SCRIPT.replace("(-0.3, 0.0, 0.15)", "(-0.3, 0.0, 0.2)")
