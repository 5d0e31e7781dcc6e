# SPDX-License-Identifier: GPL-3.0-or-later
"""Overlays draw where they say."""

from __future__ import annotations

import numpy as np
from restage.agent import overlay
from restage.agent.brief import Brief, BriefObject

GREY = np.full((100, 200, 3), 128, np.uint8)
BRIEF = Brief(objects=[BriefObject(name="Box", box=(0.25, 0.4, 0.5, 0.8))])


def changed(picture):
    return (picture != 128).any(-1)


def test_setup_draws_box_and_horizon_and_leaves_the_picture_alone():
    drawn = overlay.setup_overlay(GREY, BRIEF, [0.1, 0.2])
    marks = changed(drawn)
    assert marks[60, 50] and marks[60, 99] and not marks[60, 75]
    assert marks[9:12, 2].any() and marks[18:21, 197].any()
    assert (GREY == 128).all()
    assert not changed(overlay.setup_overlay(GREY, Brief(), [9.0, 9.0])).any()


def test_outlines_follow_the_object_ids_and_skip_the_floor():
    ids = np.zeros((50, 100), np.int32)
    ids[20:40, 25:50] = 1
    ids[45:, :] = 2
    marks = changed(overlay.outline_overlay(GREY, ids, {1: "Box", 2: "Floor"}, BRIEF))
    assert marks[60, 50] and not marks[60, 75] and not marks[95].any()
