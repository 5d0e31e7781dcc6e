# SPDX-License-Identifier: GPL-3.0-or-later
"""Fitting known solids from their outlines, and finding the camera."""

from __future__ import annotations

from math import degrees

import numpy as np
import pytest
from offline_scene import CAMERA, FRAME, SOLIDS, iou, silhouette, visible
from restage.agent.offline import fit, layout
from restage.agent.offline.lathe import turned
from restage.agent.offline.outline import filled, rings
from restage.agent.offline.solids import Solid
from restage.agent.roles import Cancelled


def test_ground_points_come_back_from_the_picture():
    points = np.array([(0.3, -0.5, 0.0), (-1.0, 2.0, 0.0)])
    seen, depth = CAMERA.project(points)
    assert np.allclose(CAMERA.on_ground(seen), points, atol=1e-9)
    x, y, z = CAMERA.ground_at(*seen[1])
    assert np.allclose((x, y, z), (-1.0, 2.0, depth[1]))


@pytest.mark.parametrize("name", SOLIDS)
def test_a_known_solid_is_found_again(name):
    truth = SOLIDS[name]
    target = fit.Target(silhouette(truth))
    found = fit.fit(target, CAMERA, ("sphere", "cylinder", "cone", "box"), 250, seed=3)
    assert found.kind == truth.kind
    assert found.iou > 0.97
    assert np.allclose(found.place, truth.place, atol=0.08)
    assert np.allclose(sorted(found.size), sorted(truth.size), atol=0.09)


def test_a_rug_is_low():
    truth = Solid("box", (0.0, 0.6), (1.8, 1.1, 0.02), 0.2)
    found = fit.fit(fit.Target(silhouette(truth)), CAMERA, ("cylinder", "box"), 220, seed=2)
    assert found.kind == "box" and found.iou > 0.95
    assert found.size[2] < 0.15


def test_a_hidden_part_is_completed():
    behind = silhouette(SOLIDS["Green Cylinder"])
    cover = np.zeros_like(behind)
    ys, _ = np.nonzero(behind)
    cover[int(np.percentile(ys, 60)) :, : FRAME[0] * 6 // 10] = True
    seen = behind & ~cover
    found = fit.fit(fit.Target(seen, cover), CAMERA, ("cylinder",), 300, seed=1)
    assert iou(silhouette(found), behind) > iou(seen, behind) + 0.08


def test_pitch_is_read_from_the_outlines():
    found = layout.lay_out(list(visible().values()), FRAME[0] / FRAME[1], "floor", seed=0)
    assert [solid.kind for solid in found.solids] == ["box", "sphere", "cylinder"]
    assert 20 < degrees(found.camera.pitch) < 36
    near_to_far = np.argsort([solid.place[1] for solid in found.solids])
    assert near_to_far.tolist() == np.argsort([solid.place[1] for solid in SOLIDS.values()]).tolist()
    assert found.camera.horizon < 0, "a floor fills the frame"


def test_nothing_seen_still_gives_a_camera():
    found = layout.lay_out([], 1.5, "scene", seed=0)
    assert found.solids == [] and found.camera.position[2] > 0


def test_cancel_stops_the_search():
    def cancel():
        raise Cancelled

    with pytest.raises(Cancelled):
        layout.lay_out(list(visible().values()), 4 / 3, "floor", 0, cancel)


def test_an_outline_comes_back_with_its_hole():
    y, x = np.mgrid[:200, :300]
    ring = (np.hypot(x - 150, y - 100) < 70) & (np.hypot(x - 150, y - 100) > 30)
    polygons = rings(ring)
    assert len(polygons) == 2 and all(len(polygon) <= 150 for polygon in polygons)
    assert iou(filled(ring.shape, polygons), ring) > 0.96


def test_a_single_pixel_has_an_outline_and_a_body():
    speck = np.zeros((60, 80), bool)
    assert rings(speck) == []
    speck[30, 40] = True
    assert filled(speck.shape, rings(speck))[30, 40]
    assert layout.lay_out([speck], 80 / 60, "transparent").solids[0].size[2] > 0


def test_a_vase_is_turned_and_a_chair_is_not():
    canvas = np.zeros(FRAME[::-1], bool)
    for y in range(60, 200):
        half = int(24 + 12 * np.sin((y - 60) / 22))
        canvas[y, 160 - half : 160 + half] = True
    low = layout.standing(0.7, 0.1, FRAME[0] / FRAME[1], 200 / 240)
    vase = turned(canvas, low, 0.9)
    assert vase is not None and vase.iou > 0.93
    radii = [radius for radius, _ in vase.profile]
    assert max(radii[5:-5]) > 1.8 * min(radii[5:-5]), "it keeps its waist"
    chair = canvas.copy()
    chair[150:200, 150:170] = False
    assert turned(chair, low, 0.5) is None
    assert turned(np.roll(canvas, 60, axis=0), low, 0.5) is None, "cut off by the frame"
