# SPDX-License-Identifier: GPL-3.0-or-later
"""Attempts in a real worker: what comes back for good scripts and for bad ones."""

from __future__ import annotations

import pytest
from jobs import attempt
from restage.worker.pool import start_one

pytestmark = pytest.mark.bpy


@pytest.fixture(scope="module")
def worker(binary):
    with start_one(binary) as one:
        yield one


def test_a_good_script(worker):
    result = attempt(worker, "geometry", accepted=["setup"])
    assert (result.status, result.message) == ("ok", "")
    assert {item.name for item in result.inventory} == {"Camera", "Ground", "Cube"}
    cube = next(item for item in result.inventory if item.name == "Cube")
    assert cube.world_min == pytest.approx((-1, -1, 0)) and cube.world_max == pytest.approx((1, 1, 2))
    assert cube.vertices == 8
    # Front face 5 m away, 36 mm lens on a 36 mm sensor, frame 4:3: half the width is 2.5 m there.
    assert cube.screen_box == pytest.approx((0.3, 0.5 - 1 / 3.75, 0.7, 0.5 + 1 / 3.75), abs=1e-4)
    assert set(result.changed) == {"geometry added Ground", "geometry added Cube"}
    assert {"reset", "replay", "run", "check", "measure"} <= set(result.seconds)


def test_an_exception_has_its_text_and_line(worker):
    result = attempt(worker, "geometry", "import bpy\nprint('so far')\n\nx = {}['Kettle']\n")
    assert result.status == "error"
    assert result.message == "KeyError: 'Kettle'"
    assert result.line == 4
    assert result.output == "so far\n"


def test_no_python_at_all(worker):
    result = attempt(worker, "geometry", "import bpy\nfor x in\n")
    assert (result.status, result.line) == ("error", 2)
    assert result.message.startswith("SyntaxError")


def test_a_refusal_names_line_and_reason(worker):
    result = attempt(worker, "geometry", "import bpy\nbpy.ops.wm.url_open(url='http://x')\n")
    assert (result.status, result.line) == ("refused", 2)
    assert result.message == "bpy.ops.wm.url_open is not available to stage scripts."


def test_an_accepted_script_that_no_longer_runs_is_named(worker):
    result = attempt(worker, "materials", accepted=["setup", "materials"])
    assert result.status == "error"
    assert result.message.startswith("the accepted materials script no longer runs: KeyError")
    assert result.line == 0


def test_habits_do_no_harm(worker):
    text = """
import bpy
bpy.ops.object.select_all(action="SELECT")
bpy.ops.object.delete()
bpy.ops.mesh.primitive_cube_add()
bpy.ops.object.mode_set(mode="EDIT")
bpy.ops.mesh.subdivide(number_cuts=1)
bpy.ops.wm.save_as_mainfile(filepath="/tmp/x.blend")
"""
    result = attempt(worker, "geometry", text)
    assert result.status == "ok"
    assert any("save_as_mainfile was left out" in note for note in result.notes)
    assert result.inventory[0].vertices == 26, "edit mode was left"


def test_modifiers_that_explode_are_clamped(worker):
    # At level 11, evaluated before it is clamped, the cube alone would take more memory than there is.
    text = GROWING.format(levels=11)
    result = attempt(worker, "geometry", text)
    assert result.status == "ok"
    assert any("levels 11" in note for note in result.notes)
    assert result.inventory[0].vertices == 1538, "a cube at level 4"


GROWING = """
import bpy
bpy.ops.mesh.primitive_cube_add()
m = bpy.context.object.modifiers.new("Subdivision", "SUBSURF")
m.levels = {levels}
"""


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("import bpy\nfor i in range(60):\n    bpy.data.materials.new('m')\n", "60 materials"),
        ("import bpy\nfor i in range(400):\n    bpy.data.meshes.new('m')\n", "share meshes"),
        (
            GROWING.format(levels=4)
            + "a = bpy.context.object.modifiers.new('Array', 'ARRAY')\na.count = 1000\n"
            + "b = bpy.context.object.modifiers.new('Array', 'ARRAY')\nb.count = 1000\n",
            "Cube would become",
        ),
    ],
)
def test_too_much_is_over_budget(worker, text, named):
    result = attempt(worker, "geometry", text)
    if named == "60 materials":
        result = attempt(worker, "materials", text)
    assert result.status == "budget"
    assert named in result.message


def test_an_invalid_mesh_is_repaired(worker):
    text = """
import bpy
mesh = bpy.data.meshes.new("Bad")
mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2), (0, 1, 9)])
o = bpy.data.objects.new("Bad", mesh)
bpy.context.collection.objects.link(o)
o.modifiers.new("s", "SUBSURF")
"""
    result = attempt(worker, "geometry", text)
    assert result.status == "ok"
    assert any(note.startswith("Bad: the mesh had invalid") for note in result.notes)


def test_jobs_do_not_see_each_other(worker):
    attempt(worker, "geometry")
    result = attempt(worker, "geometry", "import bpy\nprint([o.name for o in bpy.data.objects], len(bpy.data.meshes))")
    assert result.output == "[] 0\n"


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("bpy.ops.mesh.primitive_plane_add(size=20)\n"
         "bpy.ops.mesh.primitive_cube_add(size=1, location=(0, 0, 2))", "floating", "Cube floats 1.50 m"),
        ("bpy.ops.mesh.primitive_plane_add(size=20)\n"
         "bpy.ops.mesh.primitive_cube_add(size=1, location=(0, 0, 0.1))", "sunk", "Cube is sunk 0.40 m into Plane"),
        ("bpy.ops.mesh.primitive_cube_add(size=2, location=(0, 0, 1))\n"
         "bpy.ops.mesh.primitive_uv_sphere_add(radius=1, location=(1.5, 0, 1))", "interpenetrating", "Sphere runs 0."),
        ("bpy.ops.mesh.primitive_cube_add(size=1, location=(9, 0, 0.5))", "out_of_frame", "Cube is 100% out of frame"),
    ],
)  # fmt: skip
def test_what_a_person_would_call_wrong(worker, text, kind, message):
    result = attempt(worker, "geometry", "import bpy\n" + text, accepted=["setup"])
    assert result.status == "ok"
    assert [(item.kind, item.message[: len(message)]) for item in result.sanity] == [(kind, message)]


def test_what_stands_and_touches_is_fine(worker):
    text = """
import bpy
bpy.ops.mesh.primitive_plane_add(size=20)
bpy.ops.mesh.primitive_cube_add(size=1, location=(0, 0, 0.5))
bpy.ops.mesh.primitive_uv_sphere_add(radius=0.5, location=(0, 0, 1.5))
bpy.ops.mesh.primitive_cube_add(size=1, location=(1, 0, 0.5))
"""
    assert attempt(worker, "geometry", text, accepted=["setup"]).sanity == ()


def test_a_scene_without_a_camera_says_so(worker):
    assert [item.kind for item in attempt(worker, "geometry").sanity] == ["no_camera"]
