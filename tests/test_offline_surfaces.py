# SPDX-License-Identifier: GPL-3.0-or-later
"""Colours, their names and the maps of painted objects."""

from __future__ import annotations

import ast

import numpy as np
import pytest
from restage.agent import colour_space
from restage.agent.offline import colours, surfaces, write_materials
from restage.agent.offline.script_text import Params, number


def _two_halves() -> tuple[np.ndarray, np.ndarray]:
    rgb = np.full((100, 120, 3), 0.9, np.float32)
    rgb[20:80, 20:60] = (0.8, 0.1, 0.1)
    rgb[20:80, 60:100] = (0.1, 0.2, 0.7)
    mask = np.zeros((100, 120), bool)
    mask[20:80, 20:100] = True
    return rgb, mask


def test_srgb_and_linear_are_inverse():
    values = np.linspace(0, 1, 50)
    assert np.allclose(colour_space.to_srgb(colour_space.to_linear(values)), values, atol=1e-6)
    assert colour_space.to_linear(0.5) == pytest.approx(0.2140, abs=1e-4)


@pytest.mark.parametrize(
    ("rgb", "name"),
    [
        ((0.8, 0.1, 0.1), "Red"),
        ((0.35, 0.16, 0.42), "Purple"),
        ((0.95, 0.95, 0.95), "White"),
        ((0.2, 0.5, 0.2), "Green"),
    ],
)
def test_colours_have_the_names_people_use(rgb, name):
    assert colours.name_of(rgb) == name


def test_a_two_coloured_thing_gets_two_materials_where_they_are():
    rgb, mask = _two_halves()
    surface = surfaces.painted({"Flag": mask}, rgb, {"Flag": 20})["Flag"]
    assert [paint.title for paint in surface.paints] == ["Flag Blue", "Flag Red"]
    assert all(row[1] == "B" and row[-2] == "A" for row in surface.rows)
    assert len(surface.rows) == 15 and len(surface.rows[0]) == 20
    red = surface.paints[1].colour
    assert np.allclose(red, colour_space.to_linear((0.8, 0.1, 0.1)), atol=0.01)
    assert surfaces.structure(rgb, mask) > 14 > surfaces.structure(rgb, mask & (np.arange(120) < 60))


def test_many_painted_things_share_one_palette_within_the_budget():
    rng = np.random.default_rng(0)
    rgb = rng.uniform(0, 1, (90, 400, 3)).astype(np.float32)
    masks = {}
    for i in range(8):
        masks[f"Thing {i}"] = np.zeros((90, 400), bool)
        masks[f"Thing {i}"][10:80, 10 + 48 * i : 50 + 48 * i] = True
    painted = surfaces.painted(masks, rgb, dict.fromkeys(masks, 16), other=5)
    titles = {paint.title for surface in painted.values() for paint in surface.paints}
    assert 10 < len(titles) <= surfaces.MOST_MATERIALS - 5
    text = write_materials.write(painted)
    compile(text, "materials", "exec")
    assert text.count('.colour":') == len(titles)


def test_the_rim_does_not_bleed_into_the_colour():
    rgb, mask = _two_halves()
    mask &= np.arange(120) < 60
    grown = np.roll(mask, -2, axis=1) | mask
    red = surfaces.flat("Box", rgb, grown).paints[0].colour
    assert np.allclose(red, colour_space.to_linear((0.8, 0.1, 0.1)), atol=0.02)
    white = surfaces.flat("Box", np.ones_like(rgb), mask).paints[0].colour
    assert max(white) == surfaces.HIGHEST_ALBEDO


def test_params_are_a_literal_with_units():
    params = Params()
    params.add('odd "name".size', (1.0, 2.34567, -0.00001), "m")
    params.add("count", 3)
    text = params.text()
    assert ast.literal_eval(text.removeprefix("PARAMS = ")) == {'odd "name".size': (1.0, 2.346, 0.0), "count": 3}
    assert text.splitlines()[1].endswith("# m")
    assert number(2.0) == "2.0" and number(0.1234, 2) == "0.12"
