# SPDX-License-Identifier: GPL-3.0-or-later
"""The brief's camera made consistent, and the camera that fits boxes and sizes: against cameras that are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from restage.agent import brief_camera, camera_fit, size_check
from restage.agent.brief import Brief, BriefObject, CameraHint
from restage.agent.sight.unproject import View

FRAME = (512, 384)
CAMERAS = [(40, 27, 1.5), (50, 10, 0.8), (30, 45, 2.0)]
THINGS = [("cube", (0.3, 0.3, 0.3)), ("sphere", (0.3, 0.3, 0.3)), ("cup", (0.2, 0.2, 0.4)), ("plate", (0.5, 0.5, 0.04))]


def hint(fov, pitch, height):
    return CameraHint(horizontal_fov=math.radians(fov), pitch=math.radians(pitch), height_m=height)


def seen(points, view):
    found = view.project(points)
    return found[:, 0].min(), found[:, 1].min(), found[:, 0].max(), found[:, 1].max()


def scene(fov, pitch, height):
    """Things as such a camera sees them, and the box of a level rim among them."""
    view = View(size_check.estimated_camera(hint(fov, pitch, height), FRAME))
    ahead = height / math.tan(math.radians(pitch))
    things = []
    for number, (shape, size) in enumerate(THINGS):
        place = (0.15 * (number - 1.5) * height, ahead + 0.1 * number, 0.0)
        points = camera_fit._solid(shape, size) + place
        things.append(BriefObject(name=shape, shape=shape, dimensions_m=size, box=seen(points, view)))
    turn = np.linspace(0, 2 * np.pi, 90)
    rim = np.column_stack([0.1 * np.cos(turn) + 0.2, 0.1 * np.sin(turn) + ahead * 1.1, np.full(90, 0.2)])
    return things, seen(rim, view)


@pytest.mark.parametrize(("fov", "pitch", "height"), CAMERAS)
def test_the_pitch_is_read_off_a_level_rim(fov, pitch, height):
    _, rim = scene(fov, pitch, height)
    found = brief_camera.pitch_from([rim], math.radians(fov), FRAME)
    assert math.degrees(found) == pytest.approx(pitch, abs=1.0)


@pytest.mark.parametrize(("fov", "pitch", "height"), CAMERAS)
def test_a_wrong_guess_becomes_the_camera_that_rims_and_sizes_say(fov, pitch, height):
    things, rim = scene(fov, pitch, height)
    guess = Brief(objects=things, camera=hint(fov, pitch + 15, height * 3))
    camera = brief_camera.consistent(guess, [rim], FRAME).camera
    assert math.degrees(camera.pitch) == pytest.approx(pitch, abs=1.0)
    # Boxes measure things at their front, so a little is left.
    assert camera.height_m == pytest.approx(height, rel=0.15)
    view = View(size_check.estimated_camera(camera, FRAME))
    assert camera.horizon == pytest.approx(view.horizon()[0], abs=1e-6)


def test_without_rims_the_pitch_stays_and_without_sizes_the_height():
    guess = Brief(objects=[BriefObject(name="A", box=(0.4, 0.4, 0.6, 0.8))], camera=hint(40, 20, 1.0))
    assert brief_camera.consistent(guess, [], FRAME) == guess
    assert brief_camera.pitch_from([(0.1, 0.1, 0.5, 0.101)], 0.7, FRAME) is None
    assert brief_camera.pitch_from([(0.1, 0.1, 0.2, 0.9)], 0.7, FRAME) is None


@pytest.mark.parametrize(("fov", "pitch", "height"), CAMERAS)
def test_the_fit_finds_the_camera_when_sizes_are_right(fov, pitch, height):
    things, _ = scene(fov, pitch, height)
    found = camera_fit.best(things, math.radians(fov), FRAME)
    assert math.degrees(found.pitch) == pytest.approx(pitch, abs=2.1)
    assert found.height == pytest.approx(height, rel=0.12) and found.spread < 0.05


def test_the_suggestion_needs_things_on_the_ground_wholly_in_the_frame():
    things, _ = scene(40, 27, 1.5)
    assert camera_fit.suggestion(Brief(objects=things, camera=hint(40, 20, 1)), FRAME).count("\n| ") >= 3
    flying = [item.model_copy(update={"stands_on": "Table"}) for item in things]
    cut = [item.model_copy(update={"box": (0.0, *item.box[1:])}) for item in things]
    for unusable in (flying, cut, [item.model_copy(update={"dimensions_m": None}) for item in things], []):
        assert camera_fit.suggestion(Brief(objects=unusable), FRAME) == ""
