# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmark's arithmetic on cases worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from restage.bench import figures


def block(x0, x1, size=20):
    mask = np.zeros((size, size), bool)
    mask[5:15, x0:x1] = True
    return mask


def test_masks_are_matched_best_first_and_once():
    true = {"left": block(0, 6), "right": block(10, 16)}
    found = {"a": block(0, 6), "b": block(1, 7), "c": block(13, 19)}
    assert [(i, j) for i, j, _ in figures.match(found, true)] == [("a", "left")]  # c overlaps right by 1/3 only
    assert figures.iou(block(0, 6), block(1, 7)) == pytest.approx(5 / 7)
    assert figures.iou(block(0, 0), block(0, 0)) == 1.0


def test_order_in_depth_asks_only_pairs_that_differ_and_punishes_missing_depths():
    assert figures.depth_order([5.0, 6.0, 7.0], [1.0, 2.0, 3.0]) == (3, 3)
    assert figures.depth_order([5.0, 6.0, 7.0], [2.0, 1.0, 3.0]) == (2, 3)
    assert figures.depth_order([5.0, 5.09, 7.0], [2.0, 1.0, 3.0]) == (2, 2)
    assert figures.depth_order([5.0, 6.0], [1.0, None]) == (0, 1)
    assert figures.depth_order([5.0, 6.0], [1.0, 1.0]) == (0, 1), "a tie is no order"


def test_objects_of_a_picture():
    speck = np.zeros((100, 100), bool)
    speck[0, 0] = True
    true = {"near": block(0, 20, 100), "far": block(40, 60, 100), "speck": speck}
    found = {"a": block(0, 20, 100), "b": block(42, 62, 100), "ghost": block(80, 90, 100), "hidden": block(0, 0, 100)}
    table = figures.objects(true, found, {"near": 3.0, "far": 4.0}, {"a": 9.0, "b": 8.0})
    assert (table.true, table.found, len(table.ious)) == (2, 3, 2)
    assert table.f1 == pytest.approx(0.8) and (table.pairs_right, table.pairs) == (0, 1)
    both = figures.together([table, figures.Objects(2, 1, (1.0,), 1, 1)])
    assert both.f1 == pytest.approx(2 * 3 / (4 + 4)) and (both.pairs_right, both.pairs) == (1, 2)


def test_trivial_answers_know_what_they_say_and_no_more():
    picture = np.ones((20, 20, 3), np.float32)
    mask = block(5, 15)
    picture[mask] = np.linspace(0, 1, mask.sum() * 3).reshape(-1, 3)
    flat = figures.flat_silhouette(picture, mask)
    assert np.ptp(flat[mask], axis=0).max() == 0 and (flat[~mask] == 1).all()
    assert flat[mask][0] == pytest.approx(picture[mask].mean(0), abs=1e-5)
    assert figures.mean_colour(picture)[3, 4] == pytest.approx(picture.mean((0, 1)), abs=1e-5)
    assert figures.blank(picture, 0.0).max() == 0
    half = figures.on_backdrop(np.zeros((2, 2, 3), np.float32), np.full((2, 2), 0.25, np.float32), 1.0)
    assert half == pytest.approx(np.full((2, 2, 3), 0.75))


def test_medians_leave_out_what_was_not_measured():
    assert figures.middle([3.0, None, 1.0, 2.0]) == 2.0 and figures.middle([None]) is None
    assert figures.mean([1.0, None, 2.0]) == 1.5 and figures.f1(0, 0, 0) == 1.0 and figures.f1(0, 3, 0) == 0.0
