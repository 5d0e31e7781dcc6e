# SPDX-License-Identifier: GPL-3.0-or-later
"""Colours, their names and the paintings of objects."""

from __future__ import annotations

import ast

import cv2
import numpy as np
import pytest
from restage.agent import colour_space, paintings
from restage.agent.offline import colours, surfaces, write_materials
from restage.agent.offline.script_text import Params, number
from restage.worker import guard


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


def test_a_two_coloured_thing_is_painted_in_its_colours_where_they_are():
    rgb, mask = _two_halves()
    painting = paintings.paint({"Flag": mask}, rgb)["Flag"]
    assert np.allclose(painting.box, (20 / 120, 0.2, 100 / 120, 0.8), atol=0.02)
    shown = paintings.shown(painting, rgb.shape)
    for at, colour in ((30, (0.8, 0.1, 0.1)), (90, (0.1, 0.2, 0.7))):
        assert np.allclose(shown[50, at], colour_space.to_linear(colour), atol=0.01)
    assert surfaces.structure(rgb, mask) > 14 > surfaces.structure(rgb, mask & (np.arange(120) < 60))


def test_texels_blended_are_nearer_to_the_picture_than_their_means():
    y, x = np.mgrid[0:96, 0:96] / 96
    rgb = np.stack([0.5 + 0.4 * np.sin(30 * x), 0.5 + 0.4 * np.sin(25 * y), np.full_like(x, 0.4)], -1)
    rgb, mask = rgb.astype(np.float32), np.ones((96, 96), bool)
    grid = paintings._Grid(0.0, 0.0, 3.0, 32, 32)
    means = cv2.resize(rgb, (32, 32), interpolation=cv2.INTER_AREA)
    texels, there = paintings._texels(rgb, mask, grid)
    off = [np.abs(paintings._blended(each, grid, mask.shape) - rgb).mean() for each in (means, texels)]
    assert there.all() and off[1] < 0.6 * off[0]


def test_many_paintings_fit_in_a_script_the_worker_runs_and_each_has_a_material():
    rng = np.random.default_rng(0)
    rgb = rng.uniform(0, 1, (900, 1200, 3)).astype(np.float32)
    masks = {}
    for i in range(8):
        masks[f"Thing {i}"] = np.zeros(rgb.shape[:2], bool)
        masks[f"Thing {i}"][100:800, 10 + 144 * i : 150 + 144 * i] = True
    masks |= {"Floor": np.ones(rgb.shape[:2], bool), "Wall": np.ones(rgb.shape[:2], bool)}
    places = {"Floor": (0.0, 0.4, 1.0, 1.0), "Wall": (0.0, 0.0, 1.0, 0.4)}
    painted = paintings.paint(masks, rgb, places)
    assert painted["Floor"].box == (0.0, 0.4, 1.0, pytest.approx(1.0, abs=0.01))
    densities = [len(painted[n].light[0]) / (b[2] - b[0]) for n in ("Floor", "Thing 3") if (b := painted[n].box)]
    assert densities[0] == pytest.approx(densities[1] / 2, rel=0.1)
    text = write_materials.write({n: surfaces.Surface(surfaces.titled(n), painting=p) for n, p in painted.items()})
    compile(text, "materials", "exec")
    assert 0.7 * guard.MAX_SOURCE < len(text) < guard.MAX_SOURCE
    assert text.count('Surface.painting":') == len(masks)


def test_the_rim_does_not_bleed_into_the_colour():
    rgb, mask = _two_halves()
    mask &= np.arange(120) < 60
    grown = np.roll(mask, -2, axis=1) | mask
    red = surfaces.flat("Box", rgb, grown).colour
    assert np.allclose(red, colour_space.to_linear((0.8, 0.1, 0.1)), atol=0.02)
    white = surfaces.flat("Box", np.ones_like(rgb), mask).colour
    assert max(white) == surfaces.HIGHEST_ALBEDO


def test_params_are_a_literal_with_units():
    params = Params()
    params.add('odd "name".size', (1.0, 2.34567, -0.00001), "m")
    params.add("count", 3)
    text = params.text()
    assert ast.literal_eval(text.removeprefix("PARAMS = ")) == {'odd "name".size': (1.0, 2.346, 0.0), "count": 3}
    assert text.splitlines()[1].endswith("# m")
    assert number(2.0) == "2.0" and number(0.1234, 2) == "0.12"
