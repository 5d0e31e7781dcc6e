# SPDX-License-Identifier: GPL-3.0-or-later
"""The geometry of novel views."""

from __future__ import annotations

import numpy as np
import pytest
from restage.bench import turns

FOCAL, ASPECT = 1.4, 4 / 3


def looking(eye, target):
    back = np.subtract(eye, target) / np.linalg.norm(np.subtract(eye, target))
    right = np.cross((0, 0, 1), back)
    right /= np.linalg.norm(right)
    pose = np.eye(4)
    pose[:3, 0], pose[:3, 1], pose[:3, 2], pose[:3, 3] = right, np.cross(back, right), back, eye
    return pose


CAMERA = looking((3.0, -5.0, 2.5), (0.2, 0.1, 0.4))
CENTRE = np.array([0.3, -0.2, 0.5])


def test_points_are_lifted_to_where_they_were():
    points = np.array([(0.5, 0.2, 0.1), (-0.7, 0.4, 1.0)])
    seen, depth = turns.project(CAMERA, FOCAL, ASPECT, points)
    for point, at, far in zip(points, seen, depth, strict=True):
        assert turns.lift(CAMERA, FOCAL, ASPECT, at, far)[0] == pytest.approx(point)
    above, _ = turns.project(CAMERA, FOCAL, ASPECT, points + np.array((0, 0, 0.1)))
    assert (above[:, 1] < seen[:, 1]).all(), "higher in the world is higher in the picture"


def test_a_turn_about_the_vertical_is_the_same_swing():
    after = turns.orbit(CAMERA, CENTRE, 30)
    rotation = turns.relative(CAMERA, after)
    assert turns.swing(CAMERA, CENTRE, rotation) == pytest.approx(after)
    # Swinging about a point on the ray to the centre, elsewhere and by another camera, keeps its place and distance.
    ours = looking((0.0, -2.0, 1.1), (0.0, 0.0, 0.2))
    at, _ = turns.project(CAMERA, FOCAL, ASPECT, CENTRE)
    pivot = turns.lift(ours, 1.1, ASPECT, at, 2.0)[0]
    moved = turns.swing(ours, pivot, rotation)
    seen, depth = turns.project(moved, 1.1, ASPECT, pivot)
    assert seen == pytest.approx(at) and depth[0] == pytest.approx(2.0)
    assert turns.relative(ours, moved) == pytest.approx(rotation)


def test_the_angle_is_seen_from_the_object():
    eye = np.array([2.0, 0.0, 0.5])
    level = looking(eye, (0, 0, 0.5))
    assert turns.angle(level, turns.orbit(level, (0, 0, 0.5), -30), (0, 0, 0.5)) == pytest.approx(30)


def test_a_card_is_itself_from_the_front_narrower_from_the_side_and_gone_from_the_edge():
    camera = looking((0.0, -4.0, 0.0), (0, 0, 0))
    box = (0.3, 0.2, 0.7, 0.8)

    def width(turn):
        corners = turns.card(camera, turns.orbit(camera, (0, 0, 0), turn), FOCAL, ASPECT, (0, 0, 0), box)
        return None if corners is None else float(np.ptp(corners[1][:, 0]))

    before, after = turns.card(camera, camera, FOCAL, ASPECT, (0, 0, 0), box)
    assert after == pytest.approx(before) and before[2] == pytest.approx((0.7, 0.8))
    assert width(30) == pytest.approx(0.4 * np.cos(np.radians(30)), rel=0.05)
    assert width(90) is None
    behind = turns.card(camera, turns.orbit(camera, (0, 0, 0), 180), FOCAL, ASPECT, (0, 0, 0), box)[1]
    assert behind[0, 0] > behind[1, 0], "from behind, a picture is its mirror image"
