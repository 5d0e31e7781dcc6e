# SPDX-License-Identifier: GPL-3.0-or-later
"""Viewport pictures: drawn for real where this Blender can without a window (5.2), refused in words where it can't."""

from __future__ import annotations

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from restage.scene import compat, sandbox, viewport  # noqa: E402
from restage.scene.viewport import ViewportError  # noqa: E402

pytestmark = pytest.mark.bpy

RUN = "run"


@pytest.fixture
def shown(tmp_path):
    """A red square in front of the run's camera, in an artist's file with a cube in the way."""
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    root = bpy.data.collections.new("Root")
    mesh = bpy.data.meshes.new("Square")
    mesh.from_pydata([(-1, 0, 0), (1, 0, 0), (1, 0, 2), (-1, 0, 2)], [], [(0, 1, 2, 3)])
    material = bpy.data.materials.new("Red")
    material.diffuse_color = (1, 0, 0, 1)
    mesh.materials.append(material)
    root.objects.link(bpy.data.objects.new("Square", mesh))
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    camera.location = (0, -6, 0)
    camera.rotation_euler = (np.pi / 2, 0, 0)
    root.objects.link(camera)
    bpy.data.libraries.write(str(tmp_path / "result.blend"), {root})
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    bpy.data.objects["Cube"].location = (0, -3, 0)
    sandbox.load(tmp_path / "result.blend", {"camera": "Camera", "frame": [64, 32]}, RUN)


def can_draw():
    return compat.prepare_gpu()


def test_draws_the_result_alone_upright_and_leaves_no_trace(shown):
    if not can_draw():
        with pytest.raises(ViewportError, match="without a window"):
            viewport.render(RUN, 64, 32)
        return
    before = set(compat.datablocks())
    overlays = [a.spaces.active.overlay.show_overlays for s in bpy.data.screens for a in s.areas if a.type == "VIEW_3D"]
    picture = viewport.render(RUN, 64, 32)
    assert picture.rgb.shape == (32, 64, 3)
    assert picture.rgb.dtype == np.uint8
    assert picture.made_by.startswith("viewport SOLID, Blender ")
    rgb = picture.rgb.astype(int)
    # The square stands on the horizon: upper half only. The artist's cube would cover the lower half too.
    top, bottom = rgb[10, 32], rgb[24, 32]
    assert np.abs(top - bottom).max() > 40
    assert np.abs(bottom - rgb[24, 2]).max() < 12
    assert set(compat.datablocks()) == before
    again = [a.spaces.active.overlay.show_overlays for s in bpy.data.screens for a in s.areas if a.type == "VIEW_3D"]
    assert again == overlays


def test_says_why_not():
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    with pytest.raises(sandbox.SandboxError):
        viewport.render("no such run", 64, 32)
    with pytest.raises(ViewportError, match="outside 1 to"):
        viewport.render(RUN, 0, 32)
