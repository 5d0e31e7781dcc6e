# SPDX-License-Identifier: GPL-3.0-or-later
"""What is partly hidden is neither measured by nor counted."""

from __future__ import annotations

import pytest
from restage.agent import camera_fit, hidden, size_check
from restage.agent.brief import Brief, BriefObject


def thing(name, box, **more):
    return BriefObject(name=name, box=box, dimensions_m=(0.1, 0.1, 0.1), **more)


BACK, FRONT = thing("Back", (0.4, 0.3, 0.55, 0.5)), thing("Front", (0.5, 0.35, 0.7, 0.7))


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (FRONT, True),
        (thing("Beside", (0.56, 0.35, 0.7, 0.7)), False),
        (thing("Behind", (0.45, 0.2, 0.6, 0.45)), False),
        (thing("Tray", (0.3, 0.4, 0.7, 0.7)), True),
    ],
)
def test_only_a_nearer_thing_hides(other, expected):
    assert hidden.partly_hidden(BACK, Brief(objects=[BACK, other])) is expected
    assert not hidden.partly_hidden(other, Brief(objects=[other])), "nothing hides itself"


def test_a_support_hides_nothing():
    cup = thing("Cup", (0.4, 0.3, 0.55, 0.5), stands_on="Tray")
    tray = thing("Tray", (0.3, 0.4, 0.7, 0.7))
    assert not hidden.partly_hidden(cup, Brief(objects=[cup, tray]))


def test_the_tables_leave_it_out():
    far = thing("Far", (0.1, 0.3, 0.2, 0.45))
    brief = Brief(objects=[BACK, FRONT, far])
    camera = size_check.estimated_camera(brief.camera.model_copy(update={"pitch": 0.5, "height_m": 1.0}), (400, 300))
    told = size_check.check(brief, camera)
    assert "Back (partly hidden, so not counted)" in told and "Front (" not in told
    assert camera_fit.suggestion(brief, (400, 300))
    assert not camera_fit.suggestion(Brief(objects=[BACK, FRONT]), (400, 300)), "one thing says nothing of a camera"
