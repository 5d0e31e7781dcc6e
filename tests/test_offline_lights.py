# SPDX-License-Identifier: GPL-3.0-or-later
"""Solving lights, and guessing lamps from a floor."""

from __future__ import annotations

import numpy as np
from offline_scene import CAMERA
from restage.agent import colour_space
from restage.agent.offline import light_guess, light_solver
from restage.agent.offline.write_lighting import WORLD, Lamp

RANDOM = np.random.default_rng(5)


def _basis() -> np.ndarray:
    y, x = np.mgrid[0:1:40j, 0:1:60j]
    shades = [0.1 + 0 * x, 0.5 * np.exp(-((x - 0.2) ** 2) * 8), 0.4 * y**2, 0.3 * np.exp(-((x - 0.9) ** 2) * 20)]
    albedo = RANDOM.uniform(0.3, 0.9, (40, 60, 3))
    return np.stack([shade[..., None] * albedo for shade in shades]).astype(np.float32)


def test_known_powers_are_found_again():
    basis = _basis()
    gains = np.array([(1.5, 1.4, 1.3), (0.6, 0.6, 0.6), (1.2, 1.2, 1.4), (0.9, 0.8, 0.8)])
    wanted = colour_space.to_srgb(np.einsum("lhwc,lc->hwc", basis, gains)).astype(np.float32)
    found = light_solver.solve(basis, np.ones((40, 60), np.float32), wanted)
    assert found.after < 0.01 * found.before
    assert np.allclose(found.gains, gains, rtol=0.12)


def test_a_light_the_picture_has_not_goes_out_and_outliers_do_not_decide():
    basis = _basis()
    gains = np.array([1.0, 1.0, 1.0, 0.0])
    wanted = colour_space.to_srgb(np.einsum("lhwc,l->hwc", basis, gains)).astype(np.float32)
    wanted[5:9, 50:56] = 1.0
    found = light_solver.solve(basis, np.ones((40, 60), np.float32), wanted)
    assert found.gains[3].max() < 0.35
    assert np.allclose(found.gains[:3], 1.0, atol=0.3)


def test_only_the_scene_counts():
    basis = _basis()
    coverage = np.zeros((40, 60), np.float32)
    coverage[:, :30] = 1
    wanted = np.clip(colour_space.to_srgb(1.5 * basis.sum(0)), 0, 1).astype(np.float32)
    wanted[:, 30:] = 0
    found = light_solver.solve(basis, coverage, wanted)
    assert found.after < 1e-4
    assert np.allclose(found.gains[:3], 1.5, rtol=0.05)
    nothing = light_solver.solve(basis, np.zeros((40, 60), np.float32), wanted)
    assert (nothing.gains == 1).all()


def test_a_lamp_is_found_from_the_pool_of_light_it_makes():
    h, w = 120, 160
    v, u = np.mgrid[0.5 / h : 1 : 1 / h, 0.5 / w : 1 : 1 / w]
    points = CAMERA.on_ground(np.column_stack([u.ravel(), v.ravel()]))
    spot = (-2.0, -2.0, 3.0)
    albedo = (0.4, 0.4, 0.4)
    light = 0.3 + 0.5 * np.pi**2 * light_guess._light(points, spot, np.zeros(3))
    rgb = colour_space.to_srgb(np.clip(light[:, None] * albedo, 0, 1)).reshape(h, w, 3).astype(np.float32)
    lamps = light_guess.guess(rgb, np.ones((h, w), bool), CAMERA, albedo, (0.0, 0.0, 0.0), 2.0)
    assert lamps[0].name == WORLD and len(lamps) >= 2
    explained = sum(
        lamp.power / np.pi**2 * light_guess._light(points, lamp.location, np.zeros(3)) for lamp in lamps[1:]
    )
    assert np.abs(lamps[0].power + explained - light).mean() < 0.1 * light.mean()
    for lamp in lamps[1:]:
        seen, depth = CAMERA.project(np.array([lamp.location]))
        assert depth[0] < 0 or (np.abs(seen[0] - 0.5) > 0.5).any(), "no lamp stands in the picture"


def test_an_even_floor_still_gets_lamps():
    rgb = np.full((60, 80, 3), 0.5, np.float32)
    albedo = tuple(float(c) for c in colour_space.to_linear((0.5, 0.5, 0.5)))
    lamps = light_guess.guess(rgb, np.ones((60, 80), bool), CAMERA, albedo, (0.0, 0.0, 0.0), 2.0)
    assert len(lamps) >= 2 and all(lamp.power > 0 for lamp in lamps)


def test_gains_keep_the_colour_apart_from_the_power():
    lamp = Lamp("Lamp", 10.0).gained((2.0, 1.0, 0.5))
    assert lamp.power == 20 and lamp.colour == (1.0, 0.5, 0.25)
    assert Lamp("Lamp", 10.0).gained((0.0, 0.0, 0.0)).power == 0
