# SPDX-License-Identifier: GPL-3.0-or-later
"""What the worker builds is what the joined program builds, in a file that is not empty."""

from __future__ import annotations

import json
import subprocess

import pytest
from jobs import TEXTS, attempt
from restage.worker.pool import start_one
from restage.worker.prelude import EPILOGUE, PRELUDE

pytestmark = pytest.mark.bpy

DUMP = """
import bpy, json
scene = bpy.context.scene
bpy.context.view_layer.update()
def rounded(values):
    return [round(v, 5) for v in values]
print("DUMP" + json.dumps([
    scene.name, bpy.context.collection.name, scene.camera.name, scene.world.name, scene.render.resolution_x,
    scene.render.engine, scene.view_settings.view_transform, scene.unit_settings.system,
    [(o.name, o.type, o.data.name, rounded(sum(map(list, o.matrix_world), [])),
      [s.material.name for s in o.material_slots], [c.name for c in o.users_collection]) for o in scene.objects]]))
"""
AFTER = """
print("KEPT" + json.dumps([sorted(b.name for b in getattr(bpy.data, k)) for k in ("objects", "materials", "worlds")]))
"""


def last(text: str, mark: str) -> list:
    return json.loads(next(line for line in text.splitlines() if line.startswith(mark)).removeprefix(mark))


def in_plain_blender(binary, path) -> str:
    command = [binary.path, str(path)] if binary.kind == "bpy" else [binary.path, "-b", "-P", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout


@pytest.fixture(scope="module")
def built(binary):
    with start_one(binary) as worker:
        result = attempt(worker, "lighting", TEXTS["lighting"] + DUMP, accepted=["setup", "geometry", "materials"],
                         guard=False)  # fmt: skip
    assert result.status == "ok", result.message
    return last(result.output, "DUMP")


def program() -> str:
    return "\n".join([PRELUDE, *TEXTS.values(), EPILOGUE])


def test_the_program_builds_the_same_beside_the_default_cube(binary, built, tmp_path):
    path = tmp_path / "program.py"
    path.write_text(program() + DUMP + AFTER)
    said = in_plain_blender(binary, path)
    assert last(said, "DUMP") == built
    objects, materials, worlds = last(said, "KEPT")
    # The file had a Cube, a Camera and a World of its own; the program's have the names, the file's stepped aside.
    assert {"Cube", "aside~Cube", "Camera", "aside~Camera", "Light"} <= set(objects)
    assert "Material" in materials, "a name the program did not take was given back"
    assert {"World", "aside~World"} <= set(worlds)


def test_running_it_twice_in_one_file_builds_the_same_again(binary, built, tmp_path):
    path = tmp_path / "twice.py"
    path.write_text(program() + "\n" + program() + DUMP)
    assert last(in_plain_blender(binary, path), "DUMP") == built


def test_one_that_failed_half_way_leaves_no_name_aside_for_ever(binary, built, tmp_path):
    path = tmp_path / "failed.py"
    failing = (
        f"try:\n    exec({PRELUDE + TEXTS['setup'] + chr(10) + 'raise SystemError'!r})\nexcept SystemError:\n    pass\n"
    )
    path.write_text(failing + program() + DUMP + AFTER)
    said = in_plain_blender(binary, path)
    assert last(said, "DUMP") == built
    _, materials, _ = last(said, "KEPT")
    assert "Material" in materials
