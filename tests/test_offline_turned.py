# SPDX-License-Identifier: GPL-3.0-or-later
"""What gives bodies depth, each with a known answer: feet and legs, rings inside an outline, straight lines, tiles."""

from __future__ import annotations

import ast
from dataclasses import replace
from itertools import pairwise
from math import radians
from pathlib import Path
from threading import Event

import cv2
import numpy as np
import pytest
from offline_scene import iou
from restage.agent.offline import features as f
from restage.agent.offline import (
    footing,
    lathe,
    lattice,
    layout,
    segment,
    shapes,
    tiles,
    vanishing,
    write_geometry,
    write_setup,
)
from restage.agent.offline.camera import standing
from restage.agent.offline.solids import Solid, outline_points
from restage.agent.picture import Picture
from restage.agent.stages import BY_NAME
from restage.worker.protocol import Job, StageScript, ViewRequest

FRAME = 320, 320
FOV = radians(40)
REPORT = """
ways = [[v.co[k] for v in bpy.data.objects["Table"].data.vertices] for k in (0, 1, 2)]
print([max(way) - min(way) for way in ways])
"""


def built(pool, view, text):
    """Run a geometry script in the worker; return the spans of the mesh `Table` and its mask."""
    setup = StageScript("setup", write_setup.write(view, FRAME, (1.0, 1.0, 1.0)))
    worker = pool.open()
    try:
        may = tuple(sorted(BY_NAME["geometry"].may_change))
        views = ViewRequest(measure_px=FRAME[0])
        result = worker.run(
            Job((setup,), StageScript("geometry", text + REPORT), may, views, write_blend=False), Event()
        )
        assert result.status == "ok", result.message
        ids = np.load(worker.file(result.views.ids))
    finally:
        worker.close()
    number = next(int(key) for key, name in result.views.id_names.items() if name == "Table")
    return ast.literal_eval(result.output.splitlines()[0]), ids == number


def picture(rgb):
    """A picture as the agent gets it."""
    return Picture(Path("drawn.png"), "", np.ascontiguousarray(rgb), None, (rgb.shape[1], rgb.shape[0]))


def camera(pitch):
    return standing(FOV, radians(pitch), 1.0, 0.85)


def drawn(view, solids, lifts=()):
    """Mask of convex solids, some lifted off the ground."""
    canvas = np.zeros(FRAME[::-1], np.uint8)
    for index, solid in enumerate(solids):
        points = outline_points(solid, view)
        points[:, 2] += lifts[index] if index < len(lifts) else 0.0
        hull = cv2.convexHull((view.project(points)[0] * FRAME - 0.5).astype(np.float32))
        cv2.fillConvexPoly(canvas, np.round(hull * 16).astype(np.int32), 1, shift=4)
    return canvas > 0


def table(view, turn=0.5, leg=0.9, sides=(0.9, 0.6)):
    """Mask of a table top on four legs, and where the legs stand."""
    c, s = np.cos(turn), np.sin(turn)
    corners = [(x * sides[0] * c - y * sides[1] * s, x * sides[0] * s + y * sides[1] * c + 0.8)
               for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))]  # fmt: skip
    legs = [Solid("box", spot, (0.1, 0.1, leg), turn) for spot in corners]
    top = Solid("box", (0.0, 0.8), (2.2 * sides[0], 2.2 * sides[1], 0.12), turn)
    return drawn(view, [top, *legs], lifts=(leg,)), np.array(corners)


@pytest.mark.parametrize("pitch", [15, 22, 30])
def test_legs_of_a_table_stand_where_they_stand(pitch):
    view = camera(pitch)
    mask, corners = table(view)
    legs = footing.legs_of(mask, view)
    assert len(legs) == 4
    found = np.array([view.ground_at(*foot)[:2] for foot, _, _ in legs])
    away = np.linalg.norm(found[:, None] - corners[None], axis=2)
    assert away.min(axis=1).max() < 0.17, "every foot is at a corner, within a leg and its half"
    assert len(set(away.argmin(axis=1))) == 4
    assert all(top[1] < foot[1] - 0.05 for foot, _, top in legs)


@pytest.mark.parametrize("pitch", [14, 20, 28])
@pytest.mark.parametrize("turn", [0.35, 0.6, 1.0])
def test_the_pitch_is_that_at_which_feet_are_square(pitch, turn):
    mask, _ = table(camera(pitch), turn)
    assert footing.pitch_of(mask, FOV, 18.0) == pytest.approx(pitch, abs=5.5)


def test_a_ball_a_box_and_a_wall_have_no_legs():
    view = camera(20)
    for solid in (Solid("sphere", (0, 0.5), (1, 1, 1)), Solid("box", (0, 0.5), (1.2, 1.2, 0.8), 0.6)):
        mask = drawn(view, [solid])
        assert footing.legs_of(mask, view) == [] and footing.pitch_of(mask, FOV, 18.0) is None


def test_a_cart_is_low_and_a_table_is_not():
    view = camera(20)
    mask, _ = table(view, leg=0.9)
    assert not footing.low(mask, footing.legs_of(mask, view)[:3])
    wheels = [Solid("cylinder", spot, (0.3, 0.3, 0.12)) for spot in ((-0.9, 0.9), (-0.2, 0.1), (0.9, 0.8))]
    cart = drawn(view, [Solid("box", (0, 1.0), (1.5, 1.2, 0.9), 0.6), *wheels], lifts=(0.08,))
    legs = footing.legs_of(cart, view)
    assert len(legs) >= 2 and footing.low(cart, legs)


@pytest.mark.bpy
def test_a_table_is_as_deep_as_its_legs_stand_apart(pool):
    view = camera(22)
    mask, corners = table(view)
    assert not layout.free_body(mask, view, 2.0, among=3).legs, "among others a foot may be a neighbour's edge"
    body = layout.free_body(mask, view, 2.0)
    assert body.kind == "inflated" and len(body.legs) == 4
    spans, seen = built(pool, view, write_geometry.write({"Table": replace(body, cells=60)}, view, False))
    assert iou(seen, mask) > 0.9, "the outline stays"
    assert spans[1] == pytest.approx(1.1 * np.ptp(corners[:, 1]), rel=0.25)
    flat, _ = built(pool, view, write_geometry.write({"Table": replace(body, cells=60, legs=[])}, view, False))
    assert flat[1] < 0.6 * spans[1], "without legs it hangs in one plane"


def turned_mask(view, profile):
    """Mask of a body of revolution given as (radius, height) pairs."""
    canvas = np.zeros(FRAME[::-1], np.uint8)
    turn = np.linspace(0, 2 * np.pi, 60)
    rings = [view.project(np.column_stack([r * np.cos(turn), r * np.sin(turn) + 0.4, np.full(60, z)]))[0] * FRAME - 0.5
             for r, z in profile]  # fmt: skip
    for low, high in pairwise(rings):
        hull = cv2.convexHull(np.vstack([low, high]).astype(np.float32))
        cv2.fillConvexPoly(canvas, np.round(hull * 16).astype(np.int32), 1, shift=4)
    return canvas > 0


LAMP = [(0.5, 0.0), (0.5, 0.15), (0.08, 0.2), (0.08, 1.0), (0.7, 1.0), (0.4, 1.6)]


@pytest.mark.parametrize("pitch", [12, 18, 25])
def test_a_lamp_is_turned_with_its_true_radii(pitch):
    view = camera(pitch)
    solid = lathe.turned(turned_mask(view, LAMP), view, 0.94)
    assert solid is not None
    radii, heights = np.array(solid.profile).T
    assert radii.max() == pytest.approx(0.7, rel=0.08) and heights.max() == pytest.approx(1.6, rel=0.08)
    assert radii[0] == pytest.approx(0.5, rel=0.12), "the base is a ring and not a point"
    if pitch < 25:
        assert np.interp(0.7, heights, radii) == pytest.approx(0.08, abs=0.04), (
            "from higher up the shade hides the stem"
        )
    assert solid.place == pytest.approx((0.0, 0.4), abs=0.12)
    assert lathe.pitch_of(turned_mask(view, LAMP), FOV, 18.0) == pytest.approx(pitch, abs=4)


def test_a_shadow_at_one_side_does_not_end_the_symmetry():
    view = camera(18)
    mask = turned_mask(view, LAMP)
    shaded = mask.copy()
    rows, columns = np.nonzero(mask)
    cv2.ellipse(
        canvas := np.zeros(mask.shape, np.uint8),
        (int(columns.max()) - 8, int(rows.max()) - 8),
        (22, 7),
        0,
        0,
        360,
        1,
        -1,
    )
    shaded |= canvas > 0
    solid = lathe.turned(shaded, view, 0.94)
    assert solid is not None and np.array(solid.profile)[0, 0] == pytest.approx(0.5, rel=0.15)


@pytest.mark.parametrize(("pitch", "fov"), [(12, 50), (25, 40), (33, 50)])
def test_the_camera_is_read_from_the_edges_of_boxes(pitch, fov):
    view = standing(radians(fov), radians(pitch), 1.0, 0.7)
    canvas = np.full((400, 400, 3), 200, np.uint8)
    spots = ((-0.8, 0.2, 0.6), (0.9, -0.3, 0.8), (0.1, 1.6, 1.2), (-1.6, 1.9, 0.9))
    for x, y, size in spots:
        lines = outline_points(Solid("box", (x, y), (size, size * 0.7, size), 0.6), view)
        seen = np.round(view.project(lines)[0] * 400 * 16).astype(int)
        for i, j in ((0, 1), (2, 3), (4, 5), (6, 7), (0, 2), (1, 3), (4, 6), (5, 7), (0, 4), (1, 5), (2, 6), (3, 7)):
            cv2.line(canvas, seen[i].tolist(), seen[j].tolist(), (20, 20, 20), 2, cv2.LINE_AA, 4)
    found = vanishing.camera_of(canvas, (55.0, 15.0))
    assert found is not None and found[1] == pytest.approx(pitch, abs=5)


def test_lines_at_random_tell_no_camera():
    rng = np.random.default_rng(5)
    canvas = np.full((300, 300, 3), 200, np.uint8)
    for _ in range(60):
        cv2.line(
            canvas, rng.integers(0, 300, 2).tolist(), rng.integers(0, 300, 2).tolist(), (20, 20, 20), 2, cv2.LINE_AA
        )
    assert vanishing.camera_of(canvas, (55.0, 15.0)) is None
    assert vanishing.camera_of(np.full((100, 100, 3), 90, np.uint8), (55.0, 15.0)) is None


def tiled(pitch=25.0, size=0.45, turn=0.3):
    """A tiled floor, light (h, w, 3) float, and its camera."""
    view = standing(radians(45), radians(pitch), 1.0, 0.6)
    across = (np.arange(384) + 0.5) / 384
    points = np.column_stack([grid.ravel() for grid in np.meshgrid(across, across)])
    ground = view.on_ground(points)[:, :2] @ np.array([(np.cos(turn), -np.sin(turn)), (np.sin(turn), np.cos(turn))])
    even = (np.floor(ground / size).sum(axis=1) % 2 == 0).reshape(384, 384)
    light = np.where(even, 190.0, 70.0) * np.linspace(0.75, 1.0, 384)[:, None]
    light[: max(0, int((view.horizon + 0.02) * 384))] = 110.0
    return np.repeat(light[..., None], 3, axis=2)


def test_things_on_a_tiled_floor_are_told_from_it():
    rgb = tiled()
    y, x = np.indices((384, 384))
    ball, box = np.hypot(x - 130, y - 210) < 42, (abs(x - 270) < 30) & (abs(y - 250) < 36)
    rgb[ball] = (150, 40, 40)
    # A mirror shows tiles too, but not where the floor's own would be.
    rgb[box] = np.where((((x // 9) + (y // 13)) % 2 == 0)[..., None], 190.0, 70.0).repeat(3, axis=2)[box]
    rgb = cv2.GaussianBlur(rgb, (0, 0), 0.6).clip(0, 255).astype(np.uint8)
    found = tiles.things_on_tiles(f.look(rgb))
    assert len(found) == 2
    assert max(iou(mask, ball) for mask in found) > 0.9 and max(iou(mask, box) for mask in found) > 0.8
    seen = segment.segment(picture(rgb))
    assert seen.backdrop == "scene" and len(seen.regions) == 2


def test_what_is_not_tiled_is_left_alone():
    empty = cv2.GaussianBlur(tiled(), (0, 0), 0.6).clip(0, 255).astype(np.uint8)
    assert lattice.plane_of(f.look(empty).lab[..., 0]) is not None and tiles.things_on_tiles(f.look(empty)) == []
    rng = np.random.default_rng(2)
    for rgb in (np.full((200, 200, 3), 120, np.uint8), rng.integers(0, 255, (200, 200, 3)).astype(np.uint8)):
        assert tiles.things_on_tiles(f.look(rgb)) == []


def test_balls_joined_by_a_neck_are_parted():
    y, x = np.indices((200, 200))
    one, two = np.hypot(x - 70, y - 100) < 40, np.hypot(x - 135, y - 100) < 32
    parts = tiles.parted(one | two)
    assert len(parts) == 2 and max(iou(part, one) for part in parts) > 0.9
    assert len(tiles.parted(one)) == 1


def studio(shade, outline=True):
    """A pale wall that drifts a little, a dark stem and above it something pale, or a soft pool of light."""
    y, x = np.indices((300, 300))
    rgb = np.repeat((228 + 8 * y / 300)[..., None], 3, axis=2).astype(np.float32)
    dome = (np.hypot((x - 150) / 70, (y - 130) / 55) < 1) & (y < 130)
    veil = cv2.GaussianBlur(dome.astype(np.float32), (0, 0), 0.7 if outline else 18)
    rgb += shade * veil[..., None]
    stem = (abs(x - 150) < 8) & (y >= 130) & (y < 230)
    rgb[stem] = (60, 110, 90)
    rgb += np.random.default_rng(1).normal(0, 0.35, rgb.shape[:2])[..., None]
    return np.clip(np.round(rgb), 0, 255).astype(np.uint8), dome, stem


def test_a_pale_shade_before_a_pale_wall_is_seen_by_its_outline():
    rgb, dome, stem = studio(9.0)
    regions = segment.segment(picture(rgb)).regions
    assert max(iou(region.mask, dome | stem) for region in regions) > 0.9


def test_a_pool_of_light_is_no_thing():
    rgb, dome, stem = studio(9.0, outline=False)
    regions = segment.segment(picture(rgb)).regions
    assert max(iou(region.mask, stem) for region in regions) > 0.8
    assert all((region.mask & dome).sum() < 0.1 * dome.sum() for region in regions)


def test_a_floor_s_only_thing_is_one_and_solids_that_touch_are_several():
    view = camera(22)
    mask, _ = table(view)
    pieces = [mask & (np.arange(320)[:, None] < 150), mask & (np.arange(320)[:, None] >= 150)]
    count, labels, _ = f.components(pieces[1])
    legs = [labels == i for i in range(1, count)]
    assert len(shapes.as_one([pieces[0], *legs])) == 1
    y, x = np.indices((200, 200))
    balls = [np.hypot(x - 70, y - 100) < 30, np.hypot(x - 128, y - 100) < 30]
    assert len(shapes.as_one(balls)) == 2
