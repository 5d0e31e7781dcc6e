# SPDX-License-Identifier: GPL-3.0-or-later
"""Equal materials and meshes are written once; the scene itself and what is unlike stay as they are."""

from __future__ import annotations

import pytest
from restage.worker.pool import start_one
from restage.worker.protocol import FinishRequest, ViewRequest

pytestmark = pytest.mark.bpy

CHAIRS = """
import bpy
def paint(name, red):
    mat = bpy.data.materials.new(name)
    mat.use_nodes = True
    mat.node_tree.nodes["Principled BSDF"].inputs["Base Color"].default_value = (red, 0.2, 0.1, 1)
    return mat
for i in range(6):
    bpy.ops.mesh.primitive_cylinder_add(radius=0.02, depth=0.4, location=(i, 0, 0.2))
    leg = bpy.context.object
    leg.name = "Leg"
    leg.data.materials.append(paint("Wood", 0.4))
    if i == 5:
        leg.data.vertices[0].co.x += 0.01
bpy.ops.mesh.primitive_cube_add(location=(0, 3, 1))
bpy.context.object.name = "Crate"
bpy.context.object.data.materials.append(paint("Wood", 0.8))
bpy.ops.mesh.primitive_cube_add(location=(3, 3, 1))
bpy.context.object.data.name = "Crate Two"
bpy.context.object.data.materials.append(paint("Oak", 0.8))
bpy.ops.mesh.primitive_cube_add(location=(3, 6, 1))
bpy.context.object.data.name = "Crate Two"
bpy.context.object.data.polygons[0].use_smooth = True
bpy.context.object.data.materials.append(bpy.data.materials["Oak"])
bpy.ops.mesh.primitive_cube_add(location=(6, 6, 1))
slotted = bpy.context.object
slotted.name = "Slotted"
slotted.data.materials.append(None)
slotted.material_slots[0].link = "OBJECT"
slotted.material_slots[0].material = paint("Wood", 0.4)
"""


@pytest.fixture(scope="module")
def written(binary, tmp_path_factory):
    import bpy

    folder = tmp_path_factory.mktemp("shared")
    with start_one(binary) as worker:
        from corpus import KINDS as ALL
        from jobs import script
        from restage.worker.protocol import Job, StageScript

        job = Job((script("setup"),), StageScript("geometry", CHAIRS), ALL, ViewRequest(0))
        result = worker.run(job)
        assert result.status == "ok", result.message
        done = worker.ask(FinishRequest(beauty_px=0, glb=False))
        for name, file in (("result", result.blend), ("scene", done.blend)):
            (folder / f"{name}.blend").write_bytes(worker.file(file).read_bytes())
    found = {}
    for name in ("result", "scene"):
        bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
        with bpy.data.libraries.load(str(folder / f"{name}.blend")) as (source, wanted):
            wanted.objects = [one for one in source.objects if one != "Camera"]
        found[name] = {
            item.name: (item.data.name, [slot.material.name for slot in item.material_slots], [
                round(slot.material.node_tree.nodes["Principled BSDF"].inputs["Base Color"].default_value[0], 3)
                for slot in item.material_slots
            ], [tuple(vertex.co) for vertex in item.data.vertices])
            for item in wanted.objects
        }  # fmt: skip
    return result, found["result"], found["scene"]


def test_what_is_equal_is_written_once(written):
    result, shared, _ = written
    legs = [shared[name] for name in sorted(shared) if name.startswith("Leg")]
    assert len(legs) == 6
    assert len({leg[0] for leg in legs[:5]}) == 1 and legs[5][0] != legs[0][0], "one leg is crooked"
    assert {leg[1][0] for leg in legs} == {"Wood"} and shared["Slotted"][1] == ["Wood"]
    assert any("share the mesh" in note for note in result.notes)
    assert any("materials are equal" in note for note in result.notes)


def test_what_is_unlike_or_named_for_itself_stays(written):
    _, shared, plain = written
    assert shared["Crate"][1] != ["Wood"] and shared["Crate"][2] == [0.8]
    crates = [item for name, item in shared.items() if "Two" in item[0]]
    assert len({crate[0] for crate in crates}) == 2, "one is smooth"
    assert {crate[1][0] for crate in crates} == {"Oak"}
    for name, (_, _, colours, points) in plain.items():
        assert shared[name][2:] == (colours, points), name


def test_the_scene_itself_keeps_its_own(written):
    _, _, plain = written
    assert len({mesh for mesh, *_ in plain.values()}) == len(plain)
    assert len({materials[0] for name, (_, materials, *_) in plain.items() if name.startswith("Leg")}) == 6
