# SPDX-License-Identifier: GPL-3.0-or-later
"""PARAMS are read and turned in place; everything else of a script stays as it was."""

from __future__ import annotations

import pytest
from restage.agent import params

SCRIPT = '''"""Geometry: Käse."""
import bpy

PARAMS = {
    "käse.radius": 0.12,      # m, größer is rounder
    "kettle.location": (0.10, -0.05, 0.0),  # m
    "kettle.on": True,
}

x = PARAMS["käse.radius"] * 2  # stays
'''


def test_read():
    assert params.read(SCRIPT) == {"käse.radius": 0.12, "kettle.location": (0.1, -0.05, 0.0), "kettle.on": True}
    assert params.read("import bpy\n") == {}


def test_rewrite_changes_the_number_and_nothing_else():
    turned = params.rewrite(SCRIPT, {"käse.radius": 0.5})
    assert turned == SCRIPT.replace("0.12,", "0.5,", 1)
    both = params.rewrite(SCRIPT, {"kettle.location": (1.0, 2.0, 3.0), "käse.radius": 1 / 3})
    assert params.read(both)["käse.radius"] == pytest.approx(1 / 3, abs=1e-6)
    assert params.read(both)["kettle.location"] == (1.0, 2.0, 3.0)
    assert "# m, größer is rounder" in both and both.count("\n") == SCRIPT.count("\n")


def test_rewrite_keeps_the_type_of_a_whole_float():
    assert "2.0" in params.rewrite('PARAMS = {"a": 1.5}\n', {"a": 2.0})
    assert params.read(params.rewrite('PARAMS = {"a": 1.5}\n', {"a": 1e-9})) == {"a": 1e-9}


def test_unknown_parameter_and_broken_scripts_are_named():
    with pytest.raises(params.ParamsError, match=r"'pot\.height'"):
        params.rewrite(SCRIPT, {"pot.height": 1.0})
    with pytest.raises(params.ParamsError, match="line 1"):
        params.read("PARAMS = {")
    with pytest.raises(params.ParamsError, match="not a literal"):
        params.read('PARAMS = {"a": open("x")}\n')
    with pytest.raises(params.ParamsError, match="dict"):
        params.read("PARAMS = 3\n")
