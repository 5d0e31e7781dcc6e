# SPDX-License-Identifier: GPL-3.0-or-later
"""How far things reach, of masks and of points; and several scripts as one."""

from __future__ import annotations

import known
import numpy as np
import pytest
from restage.agent import lift, script_numbers
from restage.agent.solving import joined, linear, orbits, outlines


def test_a_disc_reaches_as_far_every_way():
    rows, columns = np.mgrid[:200, :400] + 0.5
    disc = (columns - 150) ** 2 + (rows - 100) ** 2 < 60**2
    reach = outlines.of_masks({"disc": disc})["disc"]
    ways = outlines.directions()
    assert not reach.open.any()
    assert np.allclose(reach.far, ways @ (150 / 4, 100 / 4) + 60 / 4, atol=0.12)


def test_where_a_mask_ends_at_another_or_at_the_frame_it_may_go_on():
    left = np.zeros((100, 100), bool)
    right = left.copy()
    left[30:70, :50], right[20:80, 50:80] = True, True
    found = outlines.of_masks({"left": left, "right": right, "nothing": np.zeros_like(left)})
    assert set(found) == {"left", "right"}
    ways = outlines.directions()
    for name, shut in (("left", (0, 1)), ("right", (1, 0))):
        up = int((ways @ (0, -1)).argmax())
        east, west = int((ways @ (1, 0)).argmax()), int((ways @ (-1, 0)).argmax())
        assert not found[name].open[up] or name == "left"
        assert found[name].open[west], "left ends at the frame, right at left"
        assert found[name].open[east] == (name == "left"), shut


def test_points_reach_where_they_are_projected():
    # A camera at the origin that looks along -Z with a frame as wide as it is far.
    projection = np.array([[2, 0, 0, 0], [0, 4, 0, 0], [0, 0, -1, 0], [0, 0, -1, 0]], np.float32)
    points = np.array([(-1, 0, -10), (2, 1, -10), (0, 0, 5)], np.float32)
    far = outlines.of_points(points, projection, 0.5)
    ways = outlines.directions()
    places = np.array([(50 - 10, 25), (50 + 20, 25 - 10)])
    assert np.allclose(far, (places @ ways.T).max(axis=0), atol=1e-4), "the point behind the camera is not seen"


def test_joined_scripts_have_their_own_numbers():
    texts = [known.SETUP, known.GEOMETRY]
    whole = joined.join(texts)
    assert joined.split(whole) == texts
    numbers = joined.find(whole)
    assert len(numbers) == sum(len(script_numbers.find(text)) for text in texts)
    lens = next(number for number in numbers if number.hint == "lens")
    radius = next(number for number in numbers if number.param == "can.radius")
    first, second = joined.split(lift.with_values(whole, {lens: 51.25, radius: 0.125}))
    assert first == known.SETUP.replace("data.lens = 40.0", "data.lens = 51.25")
    assert second == known.GEOMETRY.replace('"can.radius": 0.4', '"can.radius": 0.125')
    assert lens.value == pytest.approx(40) and whole.encode()[lens.start : lens.end] == b"40.0"


def test_a_number_that_moves_the_camera_and_nothing_seen_is_no_way_round():
    points = np.random.default_rng(3).uniform(-1, 1, (50, 3)).astype(np.float32) + np.float32((0, 5, 0))
    projection = np.array([[2, 0, 0, 0], [0, 0, 2, 0], [0, 1, 0, -0.2], [0, 1, 0, 0]], np.float32)
    sideways = np.zeros((4, 4), np.float32)
    sideways[0, 3] = -2.0
    depth_only = np.zeros((4, 4), np.float32)
    depth_only[2, 3] = 1.0
    camera = {0: sideways, 1: depth_only}
    numbers = script_numbers.find("a, b = 1.5, 2.5")
    model = linear.Model(
        "", numbers, np.zeros(2), np.ones(2), [], [], {"Thing": points}, {"Thing": {}}, projection, camera
    )
    assert all(change[1] == 0 and np.isfinite(change).all() for change in orbits.starts(model))
    model.camera = {1: depth_only}
    assert orbits.starts(model) == []
