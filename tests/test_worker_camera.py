# SPDX-License-Identifier: GPL-3.0-or-later
"""The camera of a result projects points where Blender does, whatever lens, fit, shift, aspect and shape of frame."""

from __future__ import annotations

import itertools

import pytest
from jobs import attempt
from restage.worker.pool import start_one

pytestmark = pytest.mark.bpy

bpy = pytest.importorskip("bpy")

POINTS = ((0.3, 0.2, 0.5), (-0.8, 1.0, 0.1), (1.1, -0.5, 1.4), (0.0, 3.0, -0.7))


def build(kind, fit, size, aspect, shift):
    """Make the camera in this process and return it with its scene."""
    from mathutils import Euler

    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    scene = bpy.context.scene
    scene.render.resolution_x, scene.render.resolution_y = size
    scene.render.pixel_aspect_x, scene.render.pixel_aspect_y = aspect
    data = bpy.data.cameras.new("Camera")
    data.type, data.sensor_fit = kind, fit
    data.lens, data.sensor_width, data.sensor_height, data.ortho_scale = 41.0, 30.0, 26.0, 4.3
    data.shift_x, data.shift_y = shift
    camera = bpy.data.objects.new("Camera", data)
    scene.collection.objects.link(camera)
    camera.location, camera.rotation_euler = (0.4, -5.0, 2.1), Euler((1.2, 0.15, 0.1))
    camera.scale = (2.0, 2.0, 2.0)
    scene.camera = camera
    bpy.context.view_layer.update()
    return scene, camera


@pytest.mark.parametrize(
    ("kind", "fit", "size", "aspect", "shift"),
    [
        *itertools.product(("PERSP", "ORTHO"), ("AUTO", "HORIZONTAL", "VERTICAL"), ((640, 480), (480, 640)),
                           ((1.0, 1.0), (2.0, 1.0), (1.0, 1.5)), ((0.0, 0.0), (0.13, -0.21))),
    ],
)  # fmt: skip
def test_projects_like_blender(kind, fit, size, aspect, shift):
    from bpy_extras.object_utils import world_to_camera_view
    from mathutils import Vector
    from restage.agent.sight.unproject import View
    from restage.worker import camera_info

    scene, camera = build(kind, fit, size, aspect, shift)
    found = camera_info.info(scene)
    assert (found.horizontal_fov > 0) == (kind == "PERSP") and (found.ortho_width > 0) == (kind == "ORTHO")
    assert found.frame[0] / found.frame[1] == pytest.approx(size[0] * aspect[0] / (size[1] * aspect[1]), rel=1e-3)
    ours = View(found).project(POINTS)
    for point, (u, v, depth) in zip(POINTS, ours, strict=True):
        x, y, away = world_to_camera_view(scene, camera, Vector(point))
        if any(shift) and (aspect != (1.0, 1.0)):
            continue  # world_to_camera_view leaves the pixel aspect out of shifts; the render below decides
        assert (u, v, depth) == pytest.approx((x, 1 - y, away), abs=2e-3)


@pytest.mark.parametrize("fit", ["AUTO", "HORIZONTAL", "VERTICAL"])
@pytest.mark.parametrize("kind", ["PERSP", "ORTHO"])
@pytest.mark.parametrize("size", [(96, 64), (64, 96)])
def test_projects_where_cycles_renders(tmp_path, kind, fit, size):
    """Small spheres, rendered at the frame's own shape: each middle is where the numbers say."""
    import bpy
    import numpy as np
    from restage.agent.sight.unproject import View
    from restage.worker import camera_info, views

    scene, _ = build(kind, fit, size, (1.0, 1.5), (0.11, -0.07))
    for point in POINTS[:3]:
        bpy.ops.mesh.primitive_uv_sphere_add(radius=0.12, location=point, segments=16, ring_count=8)
    bpy.context.view_layer.update()
    measured = views.measure(scene, 192, tmp_path)
    projected = View(camera_info.info(scene)).project(POINTS[:3])
    height, width = measured.ids.shape
    seen = 0
    for number, (u, v, _) in enumerate(projected, 1):
        rows, columns = np.nonzero(measured.ids == number)
        inside = len(rows) and rows.min() > 0 and columns.min() > 0 and rows.max() < height - 1
        if inside and columns.max() < width - 1:
            seen += 1
            assert ((columns.min() + columns.max() + 1) / 2 / width, (rows.min() + rows.max() + 1) / 2 / height) == (
                pytest.approx((u, v), abs=0.012)
            )
    assert seen


def test_comes_with_a_job(binary):
    with start_one(binary) as worker:
        result = attempt(worker, "setup")
        assert result.status == "ok", result.message
        camera = result.camera
        assert camera.type == "PERSP" and camera.frame == (320, 240)
        # A 36 mm lens before a 36 mm sensor.
        assert camera.horizontal_fov == pytest.approx(0.9273, abs=1e-4)
        assert camera.matrix_world[3::4] == pytest.approx((0, -6, 1, 1))
        none = attempt(worker, "geometry", "import bpy\nbpy.ops.mesh.primitive_cube_add()\n")
        assert none.camera is None
