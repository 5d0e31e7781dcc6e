# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox collection in a busy file: what a run shows, and that nothing of the artist's changes."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import warnings
from pathlib import Path

import pytest

bpy = pytest.importorskip("bpy")

from restage.scene import compat, sandbox, settings, tags  # noqa: E402
from restage.scene.sandbox import SandboxError  # noqa: E402

pytestmark = pytest.mark.bpy

RUN = "11111111-2222-3333-4444-555555555555"
SETTINGS = {
    "camera": "Camera",
    "world": "World",
    "frame": [320, 240],
    "view": {"exposure": 0.5},
    "filepath": "/tmp/evil",
}


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> dict[str, Path]:
    """Files as the worker writes them: one collection, its world beside it, names an artist would have too."""
    folder = tmp_path_factory.mktemp("results")
    made = {}
    for name, height in (("first", 1.0), ("second", 2.0)):
        bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
        root = bpy.data.collections.new("Restage")
        material = bpy.data.materials.new("Material")
        for number in range(3):
            mesh = bpy.data.meshes.new("Cube")
            mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, height)], [], [(0, 1, 2)])
            mesh.materials.append(material)
            item = bpy.data.objects.new("Cube", mesh)  # Cube, Cube.001, Cube.002
            item.location.x = number
            root.objects.link(item)
        camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
        camera.location = (0, -5, 0)
        camera.rotation_euler = (1.5707963, 0, 0)
        root.objects.link(camera)
        light = bpy.data.objects.new("Light", bpy.data.lights.new("Light", "POINT"))
        root.objects.link(light)
        world = bpy.data.worlds.new("World")
        world.color = (0.1, 0.2, 0.3)
        made[name] = folder / f"{name}.blend"
        bpy.data.libraries.write(str(made[name]), {root, world})
    return made


@pytest.fixture
def busy():
    """An artist's file full of names that clash; nothing of it may change."""
    bpy.ops.wm.read_homefile(use_factory_startup=True)  # Cube, Material, Camera, Light, World
    scene = bpy.context.scene
    for number in range(5):
        mesh = bpy.data.meshes.new(f"ArtistMesh{number}")
        mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, number)], [], [(0, 1, 2)])
        mesh.materials.append(bpy.data.materials["Material"])
        item = bpy.data.objects.new("Cube", mesh)
        item.modifiers.new("Smooth", "SUBSURF")
        item.keyframe_insert("location", frame=1)
        scene.collection.objects.link(item)
    driven = bpy.data.objects["Cube"].driver_add("location", 0)
    driven.driver.expression = "frame * 2"
    bpy.data.texts.new("artist.py").write("x = 1")
    bpy.data.collections.new("Restage")
    bpy.data.materials["Material"].diffuse_color = (1, 0, 0, 1)
    bpy.context.view_layer.update()
    return scene.name


def plain(value):
    if isinstance(value, (bool, int, float, str)) or value is None:
        return value
    if isinstance(value, bpy.types.ID):
        return value.name_full
    if isinstance(value, bpy.types.bpy_struct):
        return value.bl_rna.identifier
    try:
        return [plain(item) for item in value]
    except TypeError:
        return str(type(value))


VOLATILE = {"rna_type", "is_evaluated", "preview", "tag", "session_uid", "is_runtime_data", "has_data"}


def fingerprint(only=None):
    """Every plain property of every datablock (or of those given by uid), mesh vertices and nodes included."""
    found = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # use_nodes, read like all else
        for uid, item in compat.datablocks().items():
            if item.id_type in {"WINDOWMANAGER", "SCREEN", "WORKSPACE", "LIBRARY"} or (only and uid not in only):
                continue
            state = {
                prop.identifier: plain(getattr(item, prop.identifier))
                for prop in item.bl_rna.properties
                if prop.identifier not in VOLATILE
            }
            if isinstance(item, bpy.types.Mesh):
                state["points"] = [tuple(vertex.co) for vertex in item.vertices]
            tree = getattr(item, "node_tree", None)
            if tree is not None:
                state["nodes"] = [(node.name, node.bl_idname, plain(node.location)) for node in tree.nodes]
            if isinstance(item, bpy.types.Scene):
                render = item.render
                state["render"] = {p.identifier: plain(getattr(render, p.identifier)) for p in render.bl_rna.properties}
                children = [child for child in item.collection.children if not only or child.session_uid in only]
                state["master"] = [plain(item.collection.objects), plain(children)]
                # What is seen of the scene's contents through its lists grows with the sandbox.
                for name in ("objects", "view_layers", "collection"):
                    state.pop(name, None)
            text = json.dumps(state, default=str, sort_keys=True)
            found[uid] = hashlib.sha256(text.encode()).hexdigest()
    return found


def check_untouched(before):
    after = fingerprint(set(before))
    names = {uid: item.name_full for uid, item in compat.datablocks().items()}
    changed = [names.get(uid, "removed") for uid in before if after.get(uid) != before[uid]]
    assert changed == []


def duplicate_collection(collection, scene):
    """What *Duplicate Collection* does; that itself needs an outliner on screen."""
    copy = bpy.data.collections.new(collection.name)
    for key, value in collection.items():
        copy[key] = value
    for item in collection.objects:
        made = item.copy()
        made.data = item.data.copy()
        copy.objects.link(made)
    scene.collection.children.link(copy)
    return copy


def test_load_shows_the_result_and_touches_nothing_else(busy, results):
    before, present = fingerprint(), set(compat.datablocks())
    shown = sandbox.load(results["first"], SETTINGS, RUN)
    check_untouched(before)
    root = bpy.data.collections[shown.collection]
    assert root.name.startswith("Restage")
    assert root in list(bpy.context.scene.collection.children)
    assert len(root.objects) == shown.objects == 5
    assert shown.camera.startswith("Camera")
    assert bpy.data.objects[shown.camera].name in root.objects
    assert bpy.data.objects["Cube"].name not in root.objects
    new = [item for uid, item in compat.datablocks().items() if uid not in present]
    assert len(new) == 5 + 5 + 3  # objects, their data; collection, material, world
    assert all(item[tags.RUN] == RUN for item in new)
    assert sandbox.find(RUN).collection == shown.collection


def test_discard_leaves_the_file_as_it_was(busy, results):
    before = fingerprint()
    sandbox.load(results["first"], SETTINGS, RUN)
    sandbox.discard(RUN)
    assert set(compat.datablocks()) >= set(before)
    assert fingerprint() == before
    assert sandbox.find(RUN) is None


def test_replace_swaps_without_orphans_and_keeps_names_and_place(busy, results):
    before = fingerprint()
    shown = sandbox.load(results["first"], SETTINGS, RUN)
    root = bpy.data.collections[shown.collection]
    root.hide_render = True
    bpy.context.view_layer.layer_collection.children[root.name].exclude = True
    names = sorted(item.name for item in root.all_objects)
    count = len(compat.datablocks())
    for name in ("second", "first", "second"):
        again = sandbox.replace(RUN, results[name], SETTINGS)
    assert again.collection == shown.collection
    assert len(compat.datablocks()) == count
    root = bpy.data.collections[again.collection]
    assert sorted(item.name for item in root.all_objects) == names
    assert root.hide_render
    assert bpy.context.view_layer.layer_collection.children[root.name].exclude
    mesh = next(item.data for item in root.objects if item.type == "MESH")
    assert mesh.vertices[2].co.z == 2.0
    check_untouched(before)
    sandbox.discard(RUN)
    assert fingerprint() == before


def test_replace_in_an_empty_file_restores_the_worker_s_names(results):
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    shown = sandbox.load(results["first"], SETTINGS, RUN)
    sandbox.replace(RUN, results["second"], SETTINGS)
    names = sorted(item.name for item in bpy.data.collections[shown.collection].objects)
    assert names == ["Camera", "Cube", "Cube.001", "Cube.002", "Light"]
    assert [item.name for item in bpy.data.worlds] == ["World"]
    assert sorted(item.name for item in bpy.data.meshes) == ["Cube", "Cube.001", "Cube.002"]


def test_writing_is_replaced_though_nobody_can_rename_blender_s_font(tmp_path):
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    root = bpy.data.collections.new("Restage")
    root.objects.link(bpy.data.objects.new("Words", bpy.data.curves.new("Words", "FONT")))
    bpy.data.libraries.write(str(tmp_path / "words.blend"), {root})
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    sandbox.load(tmp_path / "words.blend", {}, RUN)
    sandbox.replace(RUN, tmp_path / "words.blend", {})
    assert [item.name for item in bpy.data.objects if item.get(tags.RUN) == RUN] == ["Words"]
    assert not [item.name for item in compat.datablocks().values() if "parked" in item.name]


def test_what_refers_to_the_result_follows_to_the_next_attempt(busy, results):
    shown = sandbox.load(results["first"], SETTINGS, RUN)
    settings.apply(RUN)
    space = next(a.spaces.active for s in bpy.data.screens for a in s.areas if a.type == "VIEW_3D")
    space.use_local_camera, space.camera = True, bpy.data.objects[shown.camera]
    artist = bpy.data.objects["Cube"]
    artist.parent = bpy.data.objects[shown.camera]
    again = sandbox.replace(RUN, results["second"], SETTINGS)
    assert again.objects == 5
    assert bpy.data.objects[again.camera].data.name == shown.camera
    assert [item and item.name for item in (space.camera, artist.parent, bpy.context.scene.camera)] == [
        shown.camera
    ] * 3
    assert bpy.context.scene.world[tags.RUN] == RUN
    sandbox.discard(RUN)
    assert not tags.of_run(RUN)
    assert bpy.context.scene.world is not None, "the scene uses it now"


def test_accept_makes_ordinary_datablocks(busy, results):
    before = fingerprint()
    sandbox.load(results["first"], SETTINGS, RUN)
    name = sandbox.accept(RUN)
    root = bpy.data.collections[name]
    assert len(root.objects) == 5
    assert not any(key.startswith("restage") for item in compat.datablocks().values() for key in item.keys())  # noqa: SIM118
    assert not [item for uid, item in compat.datablocks().items() if uid not in before and item.users == 0]
    check_untouched(before)
    with pytest.raises(SandboxError):
        sandbox.discard(RUN)
    # A second run lives beside the accepted one.
    assert sandbox.load(results["second"], SETTINGS, "another").collection != name


def test_what_the_artist_took_out_stays(busy, results):
    shown = sandbox.load(results["first"], SETTINGS, RUN)
    root = bpy.data.collections[shown.collection]
    taken = next(item for item in root.objects if item.type == "MESH")
    taken.name = "Mine"
    bpy.context.scene.collection.objects.link(taken)
    root.objects.unlink(taken)
    artist = bpy.data.objects["Cube"]
    root.objects.link(artist)
    bpy.context.scene.collection.children[0].objects.unlink(artist)
    sandbox.discard(RUN)
    assert "Mine" in bpy.context.scene.collection.objects
    assert tags.RUN not in bpy.data.objects["Mine"]
    assert bpy.data.objects["Mine"].data.materials[0] is not None
    assert "Cube" in bpy.context.scene.objects
    assert not tags.of_run(RUN)


def test_copies_the_artist_made_of_the_result_stay(busy, results):
    present = set(compat.datablocks())
    shown = sandbox.load(results["first"], SETTINGS, RUN)
    first = bpy.context.scene
    bpy.ops.scene.new(type="FULL_COPY")
    second = bpy.context.scene
    copy = next(item for item in second.collection.children if tags.SANDBOX in item)
    kept = duplicate_collection(bpy.data.collections[shown.collection], first)
    kept.name = "Attempt 1"
    kept_before = {(root.name, item.name, item.data.name) for root in (copy, kept) for item in root.objects}
    assert len(kept_before) == 10
    bpy.context.window.scene = first
    again = sandbox.replace(RUN, results["second"], SETTINGS)
    assert (again.collection, again.objects) == (shown.collection, 5)
    sandbox.discard(RUN)
    assert {(root.name, item.name, item.data.name) for root in (copy, kept) for item in root.objects} == kept_before
    assert [root.name in scene.collection.children for root, scene in ((copy, second), (kept, first))] == [True, True]
    mesh = next(item for item in kept.objects if item.type == "MESH")
    assert mesh.data.vertices[2].co.z == 1.0 and mesh.data.materials[0] is not None
    assert not tags.of_run(RUN) and not any(key.startswith("restage") for key in [*kept.keys(), *mesh.keys()])
    assert not [item for uid, item in compat.datablocks().items() if uid not in present and item.users == 0]


def test_of_two_collections_the_renamed_one_is_known_to_be_the_runs(busy, results):
    shown = sandbox.load(results["first"], SETTINGS, RUN)
    root = bpy.data.collections[shown.collection]
    root.name = "What I want"
    copy = duplicate_collection(root, bpy.context.scene)
    copy.name = "A copy"
    assert sandbox.replace(RUN, results["second"], SETTINGS).collection == "What I want"
    assert next(item for item in copy.objects if item.type == "MESH").data.vertices[2].co.z == 1.0


def test_a_collection_moved_out_of_the_result_stays(busy, results):
    shown = sandbox.load(results["first"], SETTINGS, RUN)
    root, part = bpy.data.collections[shown.collection], bpy.data.collections.new("Part")
    tags.tag([part], RUN)
    taken = next(item for item in root.objects if item.type == "MESH")
    part.objects.link(taken)
    root.objects.unlink(taken)
    bpy.context.scene.collection.children.link(part)
    name = taken.name
    sandbox.replace(RUN, results["second"], SETTINGS)
    sandbox.discard(RUN)
    assert [item.name for item in bpy.data.collections["Part"].objects] == [name]


def test_what_the_artist_put_into_the_result_stays_in_its_scene(busy, results):
    shown = sandbox.load(results["first"], SETTINGS, RUN)
    artist, scene = bpy.data.objects["Cube"], bpy.context.scene
    bpy.data.collections[shown.collection].objects.link(artist)
    scene.collection.children[0].objects.unlink(artist)
    bpy.context.window.scene = bpy.data.scenes.new("Another")
    sandbox.replace(RUN, results["second"], SETTINGS)
    assert artist.name in scene.collection.objects
    bpy.data.collections[shown.collection].objects.link(artist)
    scene.collection.objects.unlink(artist)
    sandbox.discard(RUN)
    assert artist.name in scene.collection.objects and not bpy.context.scene.objects


def test_what_the_artist_took_over_keeps_a_name_of_its_own(busy, results):
    shown = sandbox.load(results["first"], SETTINGS, RUN)
    root = bpy.data.collections[shown.collection]
    taken = next(item for item in root.objects if item.type == "MESH")
    bpy.context.scene.collection.objects.link(taken)
    material, name = taken.data.materials[0], taken.name
    bpy.data.objects["Cube"].data.materials.append(material)
    again = sandbox.replace(RUN, results["second"], SETTINGS)
    assert (taken.name, taken.data.vertices[2].co.z) == (name, 1.0)
    assert not [item.name for item in compat.datablocks().values() if "parked" in item.name]
    assert material.name.startswith("Material.")
    assert not any(tags.RUN in item for item in (taken, taken.data, material))
    shown_now = bpy.data.collections[again.collection]
    assert len(shown_now.objects) == 5 and taken.name not in shown_now.objects
    assert next(item for item in shown_now.objects if item.type == "MESH").data.materials[0].name == "Material.001"


def test_a_deleted_or_undone_sandbox_is_made_again(busy, results):
    before = fingerprint()
    shown = sandbox.load(results["first"], SETTINGS, RUN)
    bpy.data.collections.remove(bpy.data.collections[shown.collection])
    assert sandbox.find(RUN) is None
    again = sandbox.replace(RUN, results["second"], SETTINGS)
    assert again.objects == 5
    sandbox.discard(RUN)
    assert fingerprint() == before


@pytest.mark.parametrize("content", [b"", b"not a blend file", None])
def test_a_bad_file_is_one_sentence_and_changes_nothing(busy, results, tmp_path, content):
    before = fingerprint()
    sandbox.load(results["first"], SETTINGS, RUN)
    shown = fingerprint()
    bad = tmp_path / "bad.blend"
    if content is not None:
        bad.write_bytes(content)
    with pytest.raises(SandboxError) as error:
        sandbox.replace(RUN, bad, SETTINGS)
    assert str(error.value)
    assert fingerprint() == shown
    check_untouched(before)


class NoText:
    def __str__(self):
        raise LookupError("no text")


@pytest.mark.parametrize("settings", [{"world": NoText()}, {("no", "key"): 1}])
def test_whatever_ends_a_load_nothing_of_it_stays(busy, results, settings):
    """Once while the file is read, before anything of it is checked, and once after."""
    before = fingerprint()
    with pytest.raises((LookupError, TypeError)):
        sandbox.load(results["first"], settings, RUN)
    assert fingerprint() == before
    sandbox.load(results["first"], SETTINGS, RUN)
    shown = fingerprint()
    with pytest.raises((LookupError, TypeError)):
        sandbox.replace(RUN, results["second"], settings)
    assert fingerprint() == shown


def test_settings_reach_the_scene_only_on_request_and_only_the_allowed_ones(busy, results):
    scene = bpy.context.scene
    sandbox.load(results["first"], SETTINGS, RUN)
    assert (scene.render.resolution_x, scene.camera.name, scene.world.name) == (1920, "Camera", "World")
    path = scene.render.filepath
    settings.apply(RUN)
    assert (scene.render.resolution_x, scene.render.resolution_y) == (320, 240)
    assert scene.view_settings.exposure == 0.5
    assert scene.camera[tags.RUN] == scene.world[tags.RUN] == RUN
    assert scene.render.filepath == path
    # Accepted, the world stays, for the scene uses it.
    sandbox.accept(RUN)
    assert tuple(round(value, 3) for value in scene.world.color) == (0.1, 0.2, 0.3)


def test_values_no_blender_takes_are_passed_over(busy):
    scene = bpy.context.scene
    set_now = settings.apply_values(
        scene,
        {"view": {"exposure": float("nan"), "view_transform": "No such", "gamma": 1.5}, "frame": ["wide", None]},
    )
    assert set_now == ["gamma"]


def test_undo_brings_back_what_a_discard_removed(busy, results):
    bpy.ops.ed.undo_push(message="before")
    sandbox.load(results["first"], SETTINGS, RUN)
    compat.push_undo("Restage: show")
    sandbox.discard(RUN)
    compat.push_undo("Restage: discard")
    bpy.ops.ed.undo()
    assert sandbox.find(RUN).objects == 5
    bpy.ops.ed.undo()
    assert sandbox.find(RUN) is None
    assert "Cube" in bpy.data.objects
    bpy.ops.ed.redo()
    assert sandbox.find(RUN).objects == 5


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_two_hundred_attempts_leave_neither_memory_nor_datablocks(busy, results):
    """bench/isolation.py does the same with a worker's own results."""
    before = fingerprint()
    sandbox.load(results["first"], SETTINGS, RUN)
    count, memory = len(compat.datablocks()), 0.0
    for number in range(1, 201):
        sandbox.replace(RUN, results[("first", "second")[number % 2]], SETTINGS)
        if number == 40:
            memory = resident_mb()
    assert len(compat.datablocks()) == count
    # What one attempt holds is a few hundred kB; kept 160 times it would be more than this.
    assert resident_mb() - memory < 10
    sandbox.discard(RUN)
    assert fingerprint() == before
