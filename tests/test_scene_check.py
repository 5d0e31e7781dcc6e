# SPDX-License-Identifier: GPL-3.0-or-later
"""What a hostile worker file loses before it is linked."""

from __future__ import annotations

from pathlib import Path

import pytest

bpy = pytest.importorskip("bpy")

from restage.scene import check, compat, sandbox  # noqa: E402
from restage.worker import allowed, budgets, result  # noqa: E402

pytestmark = pytest.mark.bpy

RUN = "run"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory) -> Path:
    """A file with one of everything that runs code, reads files or explodes."""
    folder = tmp_path_factory.mktemp("hostile")
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    library = folder / "library.blend"
    bpy.data.libraries.write(str(library), {bpy.data.meshes.new("Linked")})
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    root = bpy.data.collections.new("Root")
    mesh = bpy.data.meshes.new("Body")
    mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
    body = bpy.data.objects.new("Body", mesh)
    root.objects.link(body)
    curve = body.driver_add("location", 0)
    curve.driver.expression = f"open({str(folder / 'ran')!r}, 'w').close() or 0"
    text = bpy.data.texts.new("auto.py")
    text.write("import bpy")
    text.use_module = True
    body["text"] = text
    material = bpy.data.materials.new("Paint")
    if material.node_tree is None:
        material.use_nodes = True
    material.node_tree.nodes.new("ShaderNodeScript")
    ies = material.node_tree.nodes.new("ShaderNodeTexIES")
    ies.filepath = "/etc/passwd"
    value = material.node_tree.nodes.new("ShaderNodeValue")
    value.outputs[0].driver_add("default_value").driver.expression = "frame"
    image = bpy.data.images.new("Outside", 4, 4)
    image.source = "FILE"
    image.filepath = "/etc/hostname"
    material.node_tree.nodes.new("ShaderNodeTexImage").image = image
    mesh.materials.append(material)
    with bpy.data.libraries.load(str(library), link=True) as (source, wanted):
        wanted.meshes = source.meshes
    root.objects.link(bpy.data.objects.new("Other", wanted.meshes[0]))
    body.modifiers.new("Smooth", "SUBSURF").levels = 6
    body.modifiers.new("Many", "ARRAY").count = 100_000
    body.modifiers.new("Cache", "MESH_CACHE").filepath = "/etc/hosts"
    words = bpy.data.curves.new("Words", "FONT")
    words.body = "hello"
    root.objects.link(bpy.data.objects.new("Words", words))
    path = folder / "hostile.blend"
    bpy.data.libraries.write(str(path), {root})
    return path


def test_nothing_that_runs_reads_or_explodes_is_linked(hostile):
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    before = set(compat.datablocks())
    libraries = {item.session_uid for item in bpy.data.libraries}
    shown = sandbox.load(hostile, {}, RUN)
    bpy.context.view_layer.update()
    bpy.context.scene.frame_set(5)
    new = [item for uid, item in compat.datablocks().items() if uid not in before]
    assert {item.id_type for item in new} <= check.ALLOWED
    assert {item.session_uid for item in bpy.data.libraries} == libraries
    assert not bpy.data.texts
    body = next(item for item in bpy.data.collections[shown.collection].objects if item.name.startswith("Body"))
    assert not body.animation_data or not body.animation_data.drivers
    tree = body.data.materials[0].node_tree
    assert not tree.animation_data or not tree.animation_data.drivers
    assert not [node for node in tree.nodes if node.bl_idname in {"ShaderNodeScript", "ShaderNodeTexIES"}]
    assert [(modifier.type, getattr(modifier, "levels", 0)) for modifier in body.modifiers] == [
        ("SUBSURF", 4),
        ("ARRAY", 0),
    ]
    assert body.modifiers["Many"].count == 1000
    image = next(item for item in new if isinstance(item, bpy.types.Image))
    assert (image.source, image.filepath) == ("GENERATED", "")
    assert not (hostile.parent / "ran").exists()
    assert any("driver" in note for note in shown.notes)
    assert any("auto.py" in note for note in shown.notes)
    sandbox.discard(RUN)
    left = [item.name for uid, item in compat.datablocks().items() if uid not in before]
    assert left == []


def test_what_the_worker_would_not_have_written_does_not_come_in_either(tmp_path):
    """One list for both sides: a hostile worker gains nothing by leaving its own repairs out."""
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    root = bpy.data.collections.new("Root")
    body = bpy.data.objects.new("Body", bpy.data.meshes.new("Body"))
    for kind in sorted(allowed.MODIFIERS_DENIED):
        body.modifiers.new(kind, kind)
    nodes = bpy.data.node_groups.new("Nodes", "GeometryNodeTree")
    nodes.nodes.new("GeometryNodeIsViewport")
    nodes.nodes.new("GeometryNodeMeshCube")
    body.modifiers.new("Nodes", "NODES").node_group = nodes
    path = bpy.data.curves.new("Path", "CURVE")
    path.bevel_resolution = path.render_resolution_u = 30
    root.objects.link(body)
    root.objects.link(bpy.data.objects.new("Path", path))
    file = tmp_path / "worker.blend"
    bpy.data.libraries.write(str(file), {root})
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    sandbox.load(file, {}, RUN)
    assert [modifier.type for modifier in bpy.data.objects["Body"].modifiers] == ["NODES"]
    assert [node.bl_idname for node in bpy.data.node_groups["Nodes"].nodes] == ["GeometryNodeMeshCube"]
    curve = bpy.data.curves["Path"]
    assert (curve.bevel_resolution, curve.render_resolution_u) == (16, 30)


@pytest.mark.parametrize("what", ["text", "image"])
def test_too_much_text_and_too_many_pixels_are_refused(tmp_path, what):
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    root = bpy.data.collections.new("Root")
    words = bpy.data.curves.new("Words", "FONT")
    root.objects.link(bpy.data.objects.new("Words", words))
    if what == "text":
        words.body = "x" * (allowed.MAX_TEXT + 1)
    else:
        image = bpy.data.images.new("Wide", 8, 8)
        image.generated_width, image.generated_height = 16384, 4096
        words["image"] = image
    path = tmp_path / "much.blend"
    bpy.data.libraries.write(str(path), {root})
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    before = set(compat.datablocks())
    with pytest.raises(sandbox.SandboxError, match=r"longer than 2000|more pixels"):
        sandbox.load(path, {}, RUN)
    assert set(compat.datablocks()) == before


def test_too_many_vertices_are_refused_and_removed(tmp_path, monkeypatch):
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    root = bpy.data.collections.new("Root")
    mesh = bpy.data.meshes.new("Big")
    mesh.vertices.add(1000)
    root.objects.link(bpy.data.objects.new("Big", mesh))
    path = tmp_path / "big.blend"
    bpy.data.libraries.write(str(path), {root})
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    before = set(compat.datablocks())
    monkeypatch.setattr(check, "MAX_VERTICES", 999)
    with pytest.raises(sandbox.SandboxError, match="1000 vertices"):
        sandbox.load(path, {}, RUN)
    assert set(compat.datablocks()) == before


def test_broken_geometry_is_repaired(tmp_path):
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    root = bpy.data.collections.new("Root")
    mesh = bpy.data.meshes.new("Broken")
    mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
    mesh.loops[2].vertex_index = 1000
    root.objects.link(bpy.data.objects.new("Broken", mesh))
    path = tmp_path / "broken.blend"
    bpy.data.libraries.write(str(path), {root})
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    shown = sandbox.load(path, {}, RUN)
    assert "repaired mesh Broken" in shown.notes
    assert len(bpy.data.meshes["Broken"].polygons) == 0


def written(path: Path, objects: int, materials: int = 0, actions: int = 0) -> Path:
    """A result of objects that share a mesh and its materials, and of actions that nothing plays."""
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    root = bpy.data.collections.new("Root")
    mesh = bpy.data.meshes.new("Body")
    for number in range(materials):
        mesh.materials.append(bpy.data.materials.new(f"Paint {number}"))
    for number in range(objects):
        root.objects.link(bpy.data.objects.new(f"Thing {number}", mesh))
    for number in range(actions):
        root[f"action {number}"] = bpy.data.actions.new(f"Move {number}")
    bpy.data.libraries.write(str(path), {root})
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    return path


@pytest.mark.parametrize(
    ("objects", "materials", "actions", "words"),
    [
        (allowed.MAX_DATABLOCKS, 0, 0, "302 objects, meshes, materials and other data"),
        (1, allowed.MAX_MATERIALS + 1, 0, "51 materials"),
        (1, 0, check.MAX_OF_ALL - 2, "901 datablocks"),
    ],
    ids=["objects", "materials", "actions"],
)
def test_more_than_a_worker_writes_is_refused_before_it_is_loaded(
    tmp_path, monkeypatch, objects, materials, actions, words
):
    path = written(tmp_path / "many.blend", objects, materials, actions)
    before = set(compat.datablocks())
    monkeypatch.setattr(sandbox, "check", lambda _: pytest.fail("it was loaded"))
    with pytest.raises(sandbox.SandboxError, match=words):
        sandbox.load(path, {}, RUN)
    assert set(compat.datablocks()) == before


@pytest.mark.parametrize("around", [False, True], ids=["as it is", "with a collection around it"])
def test_the_most_that_a_worker_writes_is_shown(tmp_path, around):
    """The worker's own count lets it through, and so does the artist's side."""
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    scene, root = bpy.context.scene, bpy.data.collections.new("Restage")
    scene.collection.children.link(root)
    mesh = bpy.data.meshes.new("Body")
    for number in range(allowed.MAX_MATERIALS):
        mesh.materials.append(bpy.data.materials.new(f"Paint {number}"))
    things = allowed.MAX_DATABLOCKS - allowed.MAX_MATERIALS - 2
    for number in range(things):
        item = bpy.data.objects.new(f"Thing {number}", mesh)
        (scene.collection if around and not number else root).objects.link(item)
        item.keyframe_insert("location", frame=1)
    budgets.repair(scene)
    name, settings = result.write(scene, tmp_path)
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    assert sandbox.load(tmp_path / name, settings, RUN).objects == things
    sandbox.discard(RUN)
