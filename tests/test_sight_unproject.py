# SPDX-License-Identifier: GPL-3.0-or-later
"""Points go from the frame to the world and back as Blender itself sends them."""

from __future__ import annotations

import itertools
import math
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from restage.agent.sight.unproject import View
from restage.worker.protocol import CameraInfo

BLENDER = """
    import json, math, sys
    import bpy
    from bpy_extras.object_utils import world_to_camera_view
    from mathutils import Vector
    from restage.worker import camera_info

    points = json.loads(sys.argv[-1])
    out = []
    for kind, size, lens, shift, scale, turn, fit, pixel in (
        ("PERSP", (320, 240), 36, (0, 0), 1, (1.2, 0.0, 0.4), "AUTO", (1, 1)),
        ("PERSP", (200, 300), 50, (0.1, -0.2), 1, (1.0, 0.1, 0.3), "AUTO", (1, 1)),
        ("PERSP", (300, 200), 28, (-0.15, 0.25), 2.5, (0.9, -0.3, 0.5), "VERTICAL", (1, 1)),
        ("PERSP", (256, 256), 85, (0, 0.1), 1, (1.3, 0.2, 0.4), "HORIZONTAL", (2, 1)),
        ("ORTHO", (320, 200), 35, (0.2, 0.1), 1, (1.1, 0.2, 0.4), "AUTO", (1, 1)),
        ("ORTHO", (180, 320), 35, (0, 0), 1, (0.6, 0, 0.2), "AUTO", (1, 1)),
    ):
        scene = bpy.data.scenes.new("Scene")
        bpy.context.window.scene = scene if bpy.context.window else None
        data = bpy.data.cameras.new("Camera")
        camera = bpy.data.objects.new("Camera", data)
        scene.collection.objects.link(camera)
        scene.camera = camera
        data.type, data.lens, data.sensor_fit, data.ortho_scale = kind, lens, fit, 7.0
        data.shift_x, data.shift_y = shift
        camera.location, camera.rotation_euler, camera.scale = (2.0, -6.0, 4.0), turn, (scale,) * 3
        scene.render.resolution_x, scene.render.resolution_y = size
        scene.render.pixel_aspect_x, scene.render.pixel_aspect_y = pixel
        scene.view_layers[0].update()
        seen = [list(world_to_camera_view(scene, camera, Vector(p))) for p in points]
        found = camera_info.info(scene)
        out.append([found.__dict__, seen])
    print("RESULT" + json.dumps(out))
"""
POINTS = [list(p) for p in itertools.product((-1.0, 0.5, 2.0), (-2.0, 0.0, 3.0), (0.0, 1.2))]


def level_camera(**changes):
    """At (0, -5, 2), looking along +Y, 90 degrees wide, square."""
    matrix = (1, 0, 0, 0, 0, 0, -1, -5, 0, 1, 0, 2, 0, 0, 0, 1)
    known = {
        "matrix_world": tuple(map(float, matrix)),
        "type": "PERSP",
        "horizontal_fov": math.pi / 2,
        "ortho_width": 0.0,
        "shift": (0.0, 0.0),
        "frame": (100, 100),
    }
    return CameraInfo(**{**known, **changes})


@pytest.mark.bpy
def test_projects_as_blender_does():
    pytest.importorskip("bpy")
    import json

    code = textwrap.dedent(BLENDER).replace("bpy.context.window.scene = scene if bpy.context.window else None", "")
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps(POINTS)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    cases = json.loads(next(line for line in done.stdout.splitlines() if line.startswith("RESULT"))[6:])
    assert len(cases) == 6
    for fields, seen in cases:
        fields = {key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()}
        view = View(CameraInfo(**fields))
        wanted = np.array(seen)
        got = view.project(POINTS)
        # Blender counts y up from the frame's lower edge.
        assert np.allclose(got[:, 0], wanted[:, 0], atol=2e-5), fields
        assert np.allclose(got[:, 1], 1 - wanted[:, 1], atol=2e-5), fields
        assert np.allclose(got[:, 2], wanted[:, 2], atol=1e-4), fields
        for (u, v, _), point in zip(got, POINTS, strict=True):
            assert view.on_plane(u, v, point[2]) == pytest.approx(tuple(point[:2]), abs=1e-3)
            origin, along = view.ray(u, v)
            off = np.array(point) - origin
            assert np.linalg.norm(off - (off @ along) * along) < 1e-3


def test_a_known_camera_hits_the_ground_where_it_must():
    view = View(level_camera())
    assert view.on_plane(0.5, 1.0) == pytest.approx((0.0, -3.0))
    assert view.on_plane(1.0, 1.0) == pytest.approx((2.0, -3.0))
    assert view.on_plane(0.5, 0.5) is None and view.on_plane(0.5, 0.2) is None
    assert view.on_plane(0.5, 0.0, 4.0) == pytest.approx((0.0, -3.0))
    assert view.horizon() == pytest.approx((0.5, 0.5))
    assert view.metres_across(2.0) == pytest.approx(4.0)


def test_heights_above_a_foot():
    view = View(level_camera())
    u, v, _ = view.project([(0.3, -1.0, 1.7)])[0]
    assert view.above((0.3, -1.0, 0.0), u, v) == pytest.approx(1.7)


def test_behind_the_camera_is_nowhere():
    seen = View(level_camera()).project([(0.0, -9.0, 2.0)])[0]
    assert np.isnan(seen[:2]).all() and seen[2] == pytest.approx(-4.0)


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "PANO"},
        {"horizontal_fov": 0.0},
        {"matrix_world": (0.0,) * 16},
        {"frame": (0, 10)},
        {"matrix_world": ()},
    ],
)
def test_cameras_that_cannot_be_read(changes):
    with pytest.raises(ValueError):
        View(level_camera(**changes))
