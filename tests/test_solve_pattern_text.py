# SPDX-License-Identifier: GPL-3.0-or-later
"""A block of patterns: nothing else of a script changes, it goes without a trace, and what Blender makes of it is what
the twin in numpy says."""

from __future__ import annotations

import known
import numpy as np
import patterned
import pytest
from restage.agent import params
from restage.agent.sight.unproject import View
from restage.agent.solving import pattern_text, patterns
from restage.agent.solving.patterns import Pattern
from restage.worker.pool import start_one

CHECKER = Pattern(
    "Floor", ("Floor",), "checker", ((0.9, 0.2, 0.0), (-0.2, 0.9, 0.0)), (0.3, 0.1), 3.0, (0.2, 0.1, 0.1), (0.7,) * 3,
    replaces=True,
)  # fmt: skip
STRIPES = Pattern("Box", ("Box",), "stripes", ((0.4, 0.3, 3.0),), (0.2,), 0.5, (0.2, 0.5, 0.9), (1.2, 1.0, 3.0))
GRADIENT = Pattern("Ball", ("Ball",), "gradient", ((0.6, 0.1, 0.8),), (0.4,), 0.5, (0.5,) * 3, (1.5, 2.0, 0.5))
GRAIN = Pattern("Can", ("Can",), "grain", ((8.0, 8.0, 2.0),), dark=(0.8,) * 3, light=(1.2,) * 3)
ALL = [CHECKER, STRIPES, GRADIENT, GRAIN]
BASES = {"Floor": (1.0, 1.0, 1.0), "Box": (0.60, 0.08, 0.05), "Ball": (0.05, 0.20, 0.55)}


SHORT = '"""Materials."""\nimport bpy\n\nPARAMS = {"a.colour": (0.6, 0.08, 0.05), "b": 1.0}\n\nx = PARAMS["b"]\n'


@pytest.mark.parametrize("script", [known.MATERIALS, SHORT, known.LIGHTING])
def test_nothing_else_of_a_script_changes(script):
    text = pattern_text.written(script, ALL)
    assert params.read(text).items() > params.read(script).items()
    head, _, tail = text.partition(pattern_text.BEGINS)
    ours = [line for line in head.splitlines() if any(f'"{pattern.name}.' in line for pattern in ALL)]
    if script is not SHORT:
        assert [line for line in head.rstrip().splitlines() if line not in ours] == script.splitlines()
    assert tail.rstrip().endswith(pattern_text.ENDS)
    assert pattern_text.without(text) == script and not pattern_text.has(script)
    assert pattern_text.written(text, ALL) == text, "a second one takes its place"
    assert pattern_text.written(text, []) == script


@pytest.mark.parametrize("script", ['"""None."""\n\nPARAMS = {}\n', "import bpy\n\nbpy.data.materials.new('a')\n"])
def test_a_script_without_parameters_gets_them(script):
    text = pattern_text.written(script, ALL)
    assert params.read(text)["Box.stripes.turns"] == (0.4, 0.3, 3.0)
    assert params.read(pattern_text.without(text)) == {}


def test_what_comes_after_the_block_stays():
    text = pattern_text.written(SHORT, ALL) + "\n\nfinal = 1\n"
    assert pattern_text.without(text) == SHORT + "final = 1\n"


@pytest.mark.bpy
def test_blender_makes_what_the_twin_says(binary):
    with start_one(binary) as worker:
        views, result = patterned.shown(worker, patterned.program(patterns=ALL), pixels=200, samples=1)
    points = View(result.camera).points(views.depth)
    for pattern in (CHECKER, STRIPES, GRADIENT):
        at = views.ids == next(key for key, name in views.id_names.items() if name == pattern.thing)
        info = next(info for info in result.inventory if info.name == pattern.thing)
        matrix = np.array(info.matrix_world).reshape(4, 4)
        own = (points[at] - matrix[:3, 3]) @ np.linalg.inv(matrix[:3, :3]).T
        wanted = np.minimum(np.array(BASES[pattern.thing]) * patterns.tinted(pattern, own), patterns.BRIGHTEST)
        away = np.abs(views.albedo[at] - wanted).max(axis=1)
        # At the horizon a pixel is many metres.
        near = views.depth[at] < 15
        assert np.quantile(away[near], 0.98) < 0.02, pattern
    at = views.ids == next(key for key, name in views.id_names.items() if name == "Can")
    spread = views.albedo[at][:, 1] / 0.45
    assert spread.min() > 0.79 and spread.max() < 1.21 and spread.std() > 0.05
    assert spread.mean() == pytest.approx(1.0, abs=0.04)
