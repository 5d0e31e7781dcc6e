# SPDX-License-Identifier: GPL-3.0-or-later
"""`scene.py`, run by plain Blender without Restage, makes the scene that `scene.blend` holds."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from restage.agent import program
from restage.worker.protocol import StageScript
from runs import execute
from scripted import SCRIPTS, Scripted

pytestmark = pytest.mark.bpy

DESCRIBE = """
import bpy, json, sys
mode, source, render, out = sys.argv[-4:]
if mode == "program":
    bpy.ops.wm.read_factory_settings()
    exec(compile(open(source, encoding="utf-8").read(), source, "exec"), {"__name__": "__main__"})
    scene = bpy.context.scene
else:
    bpy.ops.wm.open_mainfile(filepath=source)
    scene = bpy.context.scene
bpy.context.view_layer.update()

def material(m):
    values = {}
    for node in m.node_tree.nodes if m.node_tree else []:
        for socket in node.inputs:
            value = getattr(socket, "default_value", None)
            if isinstance(value, (int, float)):
                values[node.name + "." + socket.name] = round(float(value), 5)
            elif value is not None and not isinstance(value, str) and hasattr(value, "__len__"):
                values[node.name + "." + socket.name] = [round(float(x), 5) for x in value]
    return values

def thing(o):
    data = {"type": o.type, "matrix": [round(x, 5) for row in o.matrix_world for x in row],
            "materials": [s.material.name if s.material else None for s in o.material_slots]}
    if o.type == "MESH":
        data["vertices"] = len(o.data.vertices)
        data["sum"] = [round(sum(v.co[i] for v in o.data.vertices), 3) for i in range(3)]
        data["faces"] = [p.material_index for p in o.data.polygons][:2000]
    if o.type == "LIGHT":
        data["light"] = [o.data.type, round(o.data.energy, 5), [round(x, 5) for x in o.data.color]]
    if o.type == "CAMERA":
        data["lens"] = [round(o.data.angle_x, 6), scene.camera is o]
    return data

description = {
    "objects": {o.name: thing(o) for o in scene.objects},
    "materials": {m.name: material(m) for o in scene.objects for s in o.material_slots if (m := s.material)},
    "world": scene.world.name if scene.world else None,
    "frame": [scene.render.resolution_x, scene.render.resolution_y],
    "view": [scene.view_settings.view_transform, round(scene.view_settings.exposure, 5)],
}
json.dump(description, open(out, "w"))
scene.render.engine = "CYCLES"
scene.cycles.samples = 4
scene.cycles.seed = 0
scene.cycles.use_denoising = False
scene.render.resolution_percentage = 50
scene.render.image_settings.file_format = "PNG"
scene.render.filepath = render
bpy.ops.render.render(write_still=True)
sys.stdout.flush()
import os
os._exit(0)
"""


def describe(binary, mode, source, folder):
    script = folder / "describe.py"
    script.write_text(DESCRIBE)
    out, picture = folder / f"{mode}.json", folder / f"{mode}.png"
    arguments = [mode, str(source), str(picture), str(out)]
    if binary.kind == "bpy":
        line = [sys.executable, str(script), *arguments]
    else:
        line = [str(binary.path), "-b", "--factory-startup", "-P", str(script), "--", *arguments]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(line, capture_output=True, text=True, env=environment, cwd=folder, check=False)
    assert out.exists(), done.stderr[-2000:]
    return json.loads(out.read_text()), picture


def assert_same(binary, run_folder, folder):
    import numpy as np
    from PIL import Image

    made, first = describe(binary, "program", run_folder / "scene.py", folder)
    saved, second = describe(binary, "blend", run_folder / "scene.blend", folder)
    assert made == saved
    a, b = (np.asarray(Image.open(path).convert("RGB"), np.float32) for path in (first, second))
    assert a.std() > 5
    assert np.abs(a - b).mean() < 0.5
    return made


def test_joined_program_makes_the_same_scene(binary, pool, tmp_path, table_picture):
    _, folder = execute(pool, tmp_path / "run", table_picture, Scripted())
    description = assert_same(binary, folder.path, tmp_path)
    assert set(description["objects"]) == {"Picture Camera", "Floor", "Box", "Ball", "Key Sun"}
    assert description["objects"]["Box"]["materials"] == ["Box Paint"]


def test_joined_program_reads_like_one_file():
    text = program.join([StageScript(name, scripts[0]) for name, scripts in SCRIPTS.items()], 'A "box" \\ ball')
    assert "import restage" not in text and "from restage" not in text
    compile(text, "scene.py", "exec")
    assert text.index("1. setup") < text.index("2. geometry") < text.index("5. lighting")
    assert "# Geometry: a box and a ball on a floor." in text
