# SPDX-License-Identifier: GPL-3.0-or-later
"""`scene.py`, run by plain Blender without Restage, makes the scene that `scene.blend` holds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig

import pytest
from restage.agent import program
from restage.agent.offline.agent import make
from restage.worker.protocol import StageScript
from runs import execute
from scripted import SCRIPTS, Scripted

pytestmark = pytest.mark.bpy

DESCRIBE = """
import importlib.util, json, runpy, sys
mode, source, render, out, *packages = sys.argv[sys.argv.index("--") + 1:]
sys.path += packages
import bpy
assert importlib.util.find_spec("restage") is None, "what Restage makes has to do without it"
if mode == "blend":
    bpy.ops.wm.open_mainfile(filepath=source)
elif packages:
    bpy.ops.wm.read_factory_settings()
    runpy.run_path(source, run_name="__main__")
scene = bpy.context.scene
bpy.context.view_layer.update()

def material(m):
    values = {"links": sorted(
        " ".join((k.from_node.name, k.from_socket.name, k.to_node.name, k.to_socket.name)) for k in m.node_tree.links
    )} if m.node_tree else {}
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
        data["smooth"] = sum(p.use_smooth for p in o.data.polygons)
        data["colours"] = {
            a.name: [round(sum(c.color[i] for c in a.data), 3) for i in range(4)] for a in o.data.color_attributes
        }
    if o.type == "LIGHT":
        data["light"] = [o.data.type, round(o.data.energy, 5), [round(x, 5) for x in o.data.color]]
        data["extent"] = {n: round(getattr(o.data, n), 5) for n in ("angle", "size", "shadow_soft_size")
                          if hasattr(o.data, n)}
    if o.type == "CAMERA":
        data["lens"] = [round(o.data.angle_x, 6), scene.camera is o]
    return data

description = {
    "objects": {o.name: thing(o) for o in scene.objects},
    "materials": {m.name: material(m) for o in scene.objects for s in o.material_slots if (m := s.material)},
    "world": [scene.world.name, material(scene.world)] if scene.world else None,
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
    arguments = ["--", mode, str(source), str(picture), str(out)]
    if binary.kind == "bpy":
        # Without `site`, which would find this checkout; what the wheel needs is added by hand.
        line = [sys.executable, "-I", "-S", str(script), *arguments, sysconfig.get_path("purelib")]
    else:
        first = ["-P", str(source)] if mode == "program" else []
        line = [str(binary.path), "-b", "--factory-startup", *first, "-P", str(script), *arguments]
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


class Offline:
    """The built-in agent, for a quick run."""

    agent = staticmethod(make)


def test_the_built_in_agent_s_program_makes_the_same_scene(binary, pool, tmp_path, root):
    record, folder = execute(pool, tmp_path / "run", root / "examples" / "shapes.png", Offline())
    assert record.status == "done"
    description = assert_same(binary, folder.path, tmp_path)
    kinds = [thing["type"] for thing in description["objects"].values()]
    assert kinds.count("MESH") >= 5 and kinds.count("CAMERA") == 1 and "LIGHT" in kinds
    assert len(description["materials"]) >= 5 and description["world"]


def test_joined_program_reads_like_one_file():
    text = program.join([StageScript(name, scripts[0]) for name, scripts in SCRIPTS.items()], 'A "box" \\ ball')
    assert "import restage" not in text and "from restage" not in text
    compile(text, "scene.py", "exec")
    assert text.index("1. setup") < text.index("2. geometry") < text.index("5. lighting")
    assert "# Geometry: a box and a ball on a floor." in text
