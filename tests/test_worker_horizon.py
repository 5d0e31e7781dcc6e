# SPDX-License-Identifier: GPL-3.0-or-later
"""The horizon of known cameras."""

from __future__ import annotations

import pytest
from restage.worker.protocol import Job, StageScript, ViewRequest

pytestmark = pytest.mark.bpy

SCRIPT = '''"""Setup: a camera."""
import bpy
from math import radians

scene = bpy.context.scene
scene.render.resolution_x, scene.render.resolution_y = 200, 100
camera = bpy.data.objects.new("Picture Camera", bpy.data.cameras.new("Picture Camera"))
camera.data.angle = radians(90)
camera.rotation_euler = (radians({tilt}), radians({roll}), 0.0)
bpy.context.collection.objects.link(camera)
scene.camera = camera
'''


def horizon(pool, tilt, roll=0):
    worker = pool.open()
    try:
        script = StageScript("setup", SCRIPT.format(tilt=tilt, roll=roll))
        job = Job((), script, ("camera", "render"), ViewRequest(measure_px=0))
        result = worker.run(job)
        assert result.status == "ok", result.message
        return result.settings["horizon"]
    finally:
        worker.close()


def test_level_tilted_and_straight_down(pool):
    assert horizon(pool, 90) == pytest.approx([0.5, 0.5])
    # 20 degrees down, 90 degrees across a frame twice as wide as high: tan(20) of a half height of 0.5.
    assert horizon(pool, 70) == pytest.approx([0.5 - 0.36397 / 0.5 / 2] * 2, abs=1e-3)
    assert horizon(pool, 0) is None
