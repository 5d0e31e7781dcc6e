# SPDX-License-Identifier: GPL-3.0-or-later
"""What a stage may change: every kind of change is seen, named, and held to the stage's list."""

from __future__ import annotations

import pytest
from jobs import attempt
from restage.worker.pool import start_one
from restage.worker.protocol import ViewRequest

pytestmark = pytest.mark.bpy
ALL = ["setup", "geometry", "materials", "lighting"]
CUBE = "import bpy\no = bpy.data.objects['Cube']\n"


@pytest.fixture(scope="module")
def worker(binary):
    with start_one(binary) as one:
        yield one


FORBIDDEN = [
    ("lighting", CUBE + "o.location.x += 0.2", "lighting moved Cube by 0.2 m"),
    ("lighting", CUBE + "o.rotation_euler.z += 0.5", "lighting turned Cube by 28.6 degrees"),
    ("lighting", CUBE + "o.scale = (2, 2, 2)", "lighting scaled Cube from (1, 1, 1) to (2, 2, 2)"),
    ("lighting", CUBE + "bpy.data.objects.remove(o)", "lighting removed Cube"),
    ("lighting", CUBE + "o.name = 'Box'", "lighting renamed Cube to Box"),
    ("lighting", CUBE + "o.hide_render = True", "lighting hid Cube"),
    ("lighting", CUBE + "o.parent = bpy.data.objects['Ground']", "lighting changed the parent of Cube"),
    ("materials", CUBE + "o.data.vertices[0].co.z += 0.1", "materials changed the mesh of Cube"),
    ("materials", CUBE + "o.data.polygons[0].use_smooth = True", "materials changed the mesh of Cube"),
    ("materials", CUBE + "o.modifiers.new('b', 'BEVEL')", "materials changed the modifiers of Cube"),
    ("materials", "import bpy\nbpy.ops.mesh.primitive_cube_add()", "materials added Cube.001"),
    ("materials", "import bpy\nbpy.data.objects['Camera'].data.lens = 20", "materials changed Camera (lens 36.0"),
    ("materials", "import bpy\nbpy.data.lights['Key'].energy = 1", "materials changed Key (energy 400.0 to 1.0)"),
    ("geometry", CUBE + "o.data.materials.clear()", "geometry changed the material slots of Cube"),
    ("geometry", "import bpy\nbpy.data.materials.new('New')", "geometry added the material New"),
    (
        "geometry",
        CUBE + "o.data.materials[0].node_tree.nodes['Principled BSDF'].inputs['Roughness'].default_value = 0.1",
        "geometry changed the material Cube",
    ),
    ("geometry", CUBE + "o.data.polygons[0].material_index = 1", "geometry changed which faces of Cube"),
    ("geometry", CUBE + "o.data.uv_layers[0].uv[0].vector.x += 0.1", "geometry changed the UVs or colours of Cube"),
    ("geometry", "import bpy\nbpy.context.scene.view_settings.exposure = 1", "geometry changed the view settings"),
    ("geometry", "import bpy\nbpy.context.scene.render.resolution_x = 99", "geometry changed the render settings"),
    ("geometry", "import bpy\nbpy.context.scene.world = None", "geometry changed the world"),
    (
        "geometry",
        "import bpy\nbpy.data.worlds['World'].node_tree.nodes['Background'].inputs[1].default_value = 9",
        "geometry changed the world",
    ),
    ("geometry", "import bpy\nbpy.context.scene.camera = None", "geometry chose another camera"),
    ("lighting", "import bpy\nbpy.context.scene.collection.children.link(bpy.data.collections.new('C'))",
     "lighting added the collection C"),
]  # fmt: skip


ANIMATED = """
def curves(action):
    if getattr(action, "layers", None):
        return [c for l in action.layers for s in l.strips for b in s.channelbags for c in b.fcurves]
    return list(action.fcurves)
"""
KEYED = [
    ("bpy.data.objects['Cube']", "location", "c.keyframe_points[1].co.y += 1", "animated Cube"),
    ("bpy.data.objects['Cube']", "location", "c.keyframe_points[0].handle_right.y += 1", "animated Cube"),
    ("bpy.data.objects['Cube']", "location", "c.keyframe_points[0].interpolation = 'CONSTANT'", "animated Cube"),
    ("bpy.data.objects['Cube']", "location", "c.modifiers.new('NOISE')", "animated Cube"),
    ("bpy.data.lights['Key']", "energy", "c.keyframe_points[1].co.y += 1", "changed Key (animation)"),
    ("bpy.data.materials['Cube']", "roughness", "c.keyframe_points[1].co.y += 1", "changed the material Cube"),
]


@pytest.mark.parametrize(("owner", "name", "edit", "words"), KEYED, ids=[f"{o} {e}" for o, _, e, _ in KEYED])
def test_keyframes_edited_inside_an_action_are_seen(worker, owner, name, edit, words):
    """A later frame's keyframe leaves the action, its frame range and the present place as they were."""
    text = f"""
import bpy
from restage.worker import fingerprint, permissions
{ANIMATED}
owner = {owner}
for frame in (1, 20, 40):
    owner.keyframe_insert({name!r}, frame=frame)
before = fingerprint.take(bpy.context.scene)
print([c.words for c in permissions.changes(before, fingerprint.take(bpy.context.scene))])
c = curves(owner.animation_data.action)[0]
{edit}
print([c.words for c in permissions.changes(before, fingerprint.take(bpy.context.scene))])
"""
    result = attempt(worker, "composition", text, accepted=ALL, guard=False)
    assert result.output.splitlines() == ["[]", repr([words])], (result.status, result.message, result.output)


@pytest.mark.parametrize(("stage", "text", "words"), FORBIDDEN, ids=[words for _, _, words in FORBIDDEN])
def test_a_forbidden_change_is_named(worker, stage, text, words):
    result = attempt(worker, stage, text, accepted=ALL)
    assert result.status == "forbidden", result
    assert result.message.startswith(words)
    assert "may change only" in result.message


ALLOWED = [
    ("composition", CUBE + "o.location.x += 0.2\nbpy.data.objects['Camera'].location.z += 0.1"),
    ("materials", CUBE + "m = bpy.data.materials.new('New')\no.data.materials.append(m)\n"
     "o.data.polygons[0].material_index = 1\no.data.uv_layers.new(name='More')"),
    ("geometry", "import bpy\nbpy.ops.mesh.primitive_cube_add(location=(3, 0, 1))\nn = bpy.context.object\n"
     "n.modifiers.new('b', 'BEVEL')\nn.data.materials.append(bpy.data.materials['Cube'])\n"
     "n.parent = bpy.data.objects['Cube']\n"
     "c = bpy.data.collections.new('Parts')\nbpy.context.scene.collection.children.link(c)\nc.objects.link(n)"),
    ("lighting", "import bpy\nl = bpy.data.lights.new('Fill', 'POINT')\no = bpy.data.objects.new('Fill', l)\n"
     "c = bpy.data.collections.new('Lights')\nbpy.context.scene.collection.children.link(c)\nc.objects.link(o)\n"
     "t = bpy.data.objects.new('Aim', None)\nc.objects.link(t)\nk = o.constraints.new('TRACK_TO')\nk.target = t\n"
     "bpy.context.scene.view_settings.exposure = 0.5\nbpy.context.scene.cycles.samples = 64"),
    ("setup", "import bpy\nt = bpy.data.objects.new('Aim', None)\nbpy.context.collection.objects.link(t)\n"
     "k = bpy.data.objects['Camera'].constraints.new('TRACK_TO')\nk.target = t"),
]  # fmt: skip


@pytest.mark.parametrize(("stage", "text"), ALLOWED, ids=[f"{stage} {i}" for i, (stage, _) in enumerate(ALLOWED)])
def test_what_belongs_to_a_stage_is_allowed(worker, stage, text):
    result = attempt(worker, stage, text, accepted=ALL)
    assert result.status == "ok", result.message


def test_a_script_that_only_looks_changes_nothing(worker):
    text = """
import bpy
bpy.context.view_layer.update()
graph = bpy.context.evaluated_depsgraph_get()
for o in bpy.context.scene.objects:
    print(o.evaluated_get(graph).dimensions)
"""
    assert attempt(worker, "lighting", text, accepted=ALL).changed == ()


def test_measuring_and_rendering_change_nothing(worker):
    """The guard is off so that the script itself may take the fingerprint, before and after every kind of view."""
    text = """
import sys
from pathlib import Path
import bpy
from restage.worker import fingerprint, permissions, views, lights, result, rna
from restage.worker.protocol import LightBasisRequest
scene, here = bpy.context.scene, Path.cwd()
def everything():
    # Blender 4.2 counts a copied scene's collections twice, and so once too many afterwards; files are written without.
    kinds = "objects", "meshes", "cameras", "lights", "scenes", "worlds", "materials", "images", "collections"
    blocks = sorted((kind, b.name, b.users if kind != "collections" else 0) for kind in kinds
        for b in getattr(bpy.data, kind) if b.name != "Render Result")
    layers = [rna.values(l, frozenset({"depsgraph"})) for l in scene.view_layers]
    settings = rna.values(scene.render), layers, rna.values(scene.cycles)
    indices = [(o.name, o.pass_index, o.hide_render) for o in bpy.data.objects]
    return blocks, settings, indices, [m.pass_index for m in bpy.data.materials], scene.world, scene.camera
before, all_before = fingerprint.take(scene), everything()
views.measure(scene, 32, here)
views.plan(scene, 32, here, {})
views.beauty(scene, 32, 1, here / "b.png")
lights.basis(LightBasisRequest(16, 1), here)
result.write(scene, here)
after = fingerprint.take(scene)
all_after = everything()
def differing(a, b, path=""):
    if isinstance(a, dict) and isinstance(b, dict):
        return [d for k in {*a, *b} for d in differing(a.get(k), b.get(k), path + "." + k)]
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)) and len(a) == len(b):
        return [d for i, (x, y) in enumerate(zip(a, b)) for d in differing(x, y, path + f"[{i}]")]
    return [] if a == b else [(path, str(a)[:80], str(b)[:80])]
print(differing(all_before, all_after))
print([c.words for c in permissions.changes(before, after)], all_before == all_after)
"""
    result = attempt(worker, "lighting", text, accepted=ALL, guard=False, views=ViewRequest(0))
    assert result.status == "ok", result.message
    assert result.output.splitlines()[-1] == "[] True", result.output
