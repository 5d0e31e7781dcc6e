# SPDX-License-Identifier: GPL-3.0-or-later
"""What an artist turns, edits, moves and locks. Real workers, no window."""

from __future__ import annotations

from pathlib import Path

import pytest

bpy = pytest.importorskip("bpy")

import restage  # noqa: E402
from panel import card, chosen, live, statuses, stopped, with_agent  # noqa: E402
from restage.agent import params as numbers  # noqa: E402
from restage.agent.record import RunFolder  # noqa: E402
from restage.operators import watch  # noqa: E402
from restage.scene import edits, sandbox, scripts  # noqa: E402
from scripted import GEOMETRY, LIGHTING, MATERIALS, SETUP, Scripted  # noqa: E402

pytestmark = pytest.mark.bpy


@pytest.fixture
def scripted():
    return Scripted()


@pytest.fixture
def begun(tmp_path, table_picture, scripted, monkeypatch):
    """A run in step mode whose geometry waits for review; the artist's own Box is in the file before."""
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    bpy.data.objects["Cube"].name = "Box"
    restage.register()
    with_agent(monkeypatch, scripted)
    addon = bpy.context.preferences.addons.new()
    addon.module = "restage"
    addon.preferences.runs_folder = str(tmp_path / "runs")
    now = chosen()
    now.picture, now.resolution, now.samples, now.solve = str(table_picture), 96, 2, False
    assert bpy.ops.restage.reconstruct() == {"FINISHED"}
    stopped()
    accept()
    yield now
    bpy.context.preferences.addons.remove(addon)
    restage.unregister()


def accept():
    assert bpy.ops.restage.accept() == {"FINISHED"}
    bpy.ops.ed.undo_push(message="as the window does after an operator")
    stopped()


def folder():
    return RunFolder.open(Path(chosen().folder))


def of_run(name):
    return next(item for item in bpy.data.objects if item.get("restage_name") == name)


def script(stage, number):
    return (folder().attempt_path(stage, number) / "script.py").read_text()


def text(file):
    return bpy.data.texts[scripts.names(chosen().run)[file]]


def test_a_turned_parameter_runs_when_it_rests(begun):
    fields = {param.name: param for param in live().params}
    assert {"box.location": "place", "box.size": "length"}.items() <= {k: p.kind for k, p in fields.items()}.items()
    fields["box.size"].length = 0.4
    watch.look(10.0)
    watch.look(10.3)
    assert live().status == "REVIEW", "it is still being turned"
    fields["box.size"].length = 0.35
    watch.look(10.5)
    watch.look(11.0)
    assert live().status == "RUNNING" and live().turning
    stopped()
    assert sandbox.shown(chosen().run) == ("geometry", 2) and statuses()[1] == "review"
    assert script("geometry", 2) == GEOMETRY.replace('"box.size": 0.3', '"box.size": 0.35')
    assert text("02_geometry.py").as_string() == script("geometry", 2)
    assert live().params["box.size"].length == pytest.approx(0.35)
    watch.look(20.0)
    watch.look(21.0)
    assert live().status == "REVIEW", "nothing is left to run"
    bpy.ops.ed.undo()
    assert sandbox.shown(chosen().run) == ("geometry", 1)
    assert live().params["box.size"].length == pytest.approx(0.3), "the fields follow"
    bpy.ops.ed.redo()
    assert live().params["box.size"].length == pytest.approx(0.35)
    # One that does not run is told, and not tried again by itself.
    live().params["box.size"].length = 1e6
    watch.look(30.0)
    watch.look(31.0)
    stopped()
    state = chosen().state
    watch.look(40.0)
    watch.look(41.0)
    assert live().status == "REVIEW" and chosen().state == state


def test_an_edited_script_runs_like_any_other(begun):
    assert not bpy.ops.restage.run_script.poll()
    mine = GEOMETRY.replace('"Ball"', '"Marble"')
    text("02_geometry.py").from_string(mine)
    watch.look(10.0)
    assert card("geometry").edited and bpy.ops.restage.run_script.poll()
    assert bpy.ops.restage.show_changes(stage="geometry") == {"FINISHED"}
    assert '+bpy.context.object.name = "Marble"' in text("changes.diff").as_string()
    assert bpy.ops.restage.run_script() == {"FINISHED"}
    stopped()
    assert sandbox.shown(chosen().run) == ("geometry", 2) and card("geometry").attempts[1].by == "artist"
    assert text("02_geometry.py").as_string() == mine and not scripts.edited(chosen().run, "02_geometry.py")
    # What is refused stays in the text, to be mended.
    text("02_geometry.py").from_string("import subprocess\nsubprocess.run('ls')\n")
    assert bpy.ops.restage.run_script() == {"FINISHED"}
    stopped()
    assert "did not run" in live().message and "subprocess" in live().message
    assert sandbox.shown(chosen().run) == ("geometry", 2)
    assert text("02_geometry.py").as_string().startswith("import subprocess")
    assert bpy.ops.restage.revert_script(stage="geometry") == {"FINISHED"}
    assert text("02_geometry.py").as_string() == mine


def test_what_was_changed_by_hand_is_noticed_and_put_back(begun):
    box = of_run("Box")
    assert box.name == "Box.001", "the artist has a Box of their own"
    watch.look(1.0)
    assert not len(live().edits) and not bpy.ops.restage.keep_edits.poll()
    box.location.x += 0.25
    box.name = "Renamed by the artist"
    of_run("Ball").scale = (2.0, 1.0, 1.0)
    watch.look(2.0)
    assert sorted(item.words for item in live().edits) == ["Ball: scaled", "Box: moved"]
    assert bpy.ops.restage.put_back() == {"FINISHED"}
    watch.look(3.0)
    assert not len(live().edits)
    assert of_run("Box").location.x == pytest.approx(-0.3)


def duplicate(item):
    bpy.ops.object.select_all(action="DESELECT")
    item.select_set(True)
    bpy.context.view_layer.objects.active = item
    assert bpy.ops.object.duplicate() == {"FINISHED"}
    return bpy.context.view_layer.objects.active


@pytest.mark.parametrize("renamed", [False, True])
def test_a_copy_is_the_artists_and_no_edit_of_what_it_was_made_of(begun, renamed):
    box = of_run("Box")
    if renamed:
        box.name = "Renamed by the artist"
    copy = duplicate(box)
    copy.location.x = 0.9
    assert copy.name in bpy.data.collections[sandbox.find(chosen().run).collection].objects
    watch.look(1.0)
    assert not len(live().edits) and not bpy.ops.restage.keep_edits.poll() and not bpy.ops.restage.lock.poll()
    box.location.y = 0.2
    copy.location.y = 0.7
    watch.look(2.0)
    assert [item.words for item in live().edits] == ["Box: moved"]
    accept()
    assert numbers.read(script("geometry", 2))["box.location"] == (-0.3, 0.2, 0.15)
    assert tuple(of_run("Box").location) == pytest.approx((-0.3, 0.2, 0.15))
    copy = next(item for item in bpy.data.objects if item.location.y == pytest.approx(0.7))
    assert copy.location.x == pytest.approx(0.9) and copy.name in bpy.context.scene.collection.objects
    assert not [key for key in copy.keys() if key.startswith("restage")]  # noqa: SIM118


def test_a_copy_whose_original_was_taken_out_is_no_edit(begun):
    box = of_run("Box")
    duplicate(box).location.x = 0.9
    bpy.context.scene.collection.objects.link(box)
    bpy.data.collections[sandbox.find(chosen().run).collection].objects.unlink(box)
    assert edits.found(chosen().run) == []


def test_accepting_takes_what_is_shown_with_what_was_changed_by_hand(begun):
    of_run("Box").location.x = 0.5
    of_run("Ball").rotation_euler.z = 0.4
    accept()
    assert statuses()[:3] == ["accepted", "accepted", "review"]
    kept = script("geometry", 2)
    assert numbers.read(kept)["box.location"] == (0.5, 0.0, 0.15), "the script has a number for it"
    assert "_kept.rotation_euler = (0.0, 0.0, 0.4)" in kept
    assert of_run("Box").location.x == pytest.approx(0.5) and of_run("Ball").rotation_euler.z == pytest.approx(0.4)
    assert not edits.found(chosen().run)
    # A colour, while a later stage is reviewed, and a place: both go into the scripts that settle them.
    of_run("Box").material_slots[0].material.node_tree.nodes["Principled BSDF"].inputs["Base Color"].default_value = (
        0.1, 0.2, 0.3, 1.0,
    )  # fmt: skip
    of_run("Box").location.y = 0.2
    assert bpy.ops.restage.keep_edits() == {"FINISHED"}
    stopped()
    assert statuses()[:3] == ["accepted", "accepted", "review"]
    record = folder().record
    assert numbers.read(script("geometry", record.stage("geometry").accepted))["box.location"] == (0.5, 0.2, 0.15)
    assert numbers.read(script("materials", record.stage("materials").best))["Box"] == (0.1, 0.2, 0.3)
    assert tuple(of_run("Box").location) == pytest.approx((0.5, 0.2, 0.15)) and not edits.found(chosen().run)


def test_later_attempts_leave_what_is_locked(begun, scripted):
    bpy.ops.object.select_all(action="DESELECT")
    assert not bpy.ops.restage.lock.poll()
    of_run("Box").select_set(True)
    assert bpy.ops.restage.lock() == {"FINISHED"}
    assert {item.name for item in live().locks} == {"Box"}
    hints = []
    write = scripted.write
    scripted.write = lambda context: hints.append(context.hint) or write(context)
    # One that moves it: it is put back. One that reshapes it: it is refused, and the artist sees why.
    moved = GEOMETRY.replace("(-0.3, 0.0, 0.15)", "(-0.9, 0.0, 0.15)").replace(
        '"ball.radius": 0.15', '"ball.radius": 0.2'
    )
    scripted.scripts["geometry"] = [GEOMETRY, moved]
    assert bpy.ops.restage.redo(note="a larger ball") == {"FINISHED"}
    stopped()
    assert "locked" in hints[0] and "Box (place" in hints[0]
    assert sandbox.shown(chosen().run) == ("geometry", 2)
    assert of_run("Box").location.x == pytest.approx(-0.3) and of_run("Ball").dimensions.x == pytest.approx(
        0.4, abs=0.01
    )
    scripted.scripts["geometry"] = [moved.replace('"box.size": 0.3', '"box.size": 0.6')]
    assert bpy.ops.restage.redo(note="larger") == {"FINISHED"}
    stopped()
    assert "locked" in live().message and sandbox.shown(chosen().run) == ("geometry", 2)
    bpy.ops.ed.undo_push(message="before")
    assert bpy.ops.restage.unlock(name="Box") == {"FINISHED"}
    bpy.ops.ed.undo_push(message="unlocked")
    assert not len(live().locks) and not folder().record.locks
    bpy.ops.ed.undo()
    assert len(live().locks) and folder().record.locks


CHEQUERED = (
    MATERIALS
    + """
paint = bpy.data.materials["Box Paint"]
shader = next(node for node in paint.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
texture = paint.node_tree.nodes.new("ShaderNodeTexChecker")
paint.node_tree.links.new(texture.outputs["Color"], shader.inputs["Base Color"])
paint.node_tree.links.new(texture.outputs["Fac"], shader.inputs["Roughness"])
shader.inputs["Metallic"].default_value = 1.0
"""
)
GLOWING = (
    MATERIALS
    + """
paint = bpy.data.materials["Box Paint"]
glow = paint.node_tree.nodes.new("ShaderNodeEmission")
output = next(node for node in paint.node_tree.nodes if node.type == "OUTPUT_MATERIAL")
paint.node_tree.links.new(glow.outputs["Emission"], output.inputs["Surface"])
"""
)


def shader_of(name):
    nodes = of_run(name).material_slots[0].material.node_tree.nodes
    return next(node for node in nodes if node.type == "BSDF_PRINCIPLED")


def redo_with(scripted, stage, script):
    """Have the agent hand in this script next, whatever the round."""
    scripted.scripts[stage] = [script]
    assert bpy.ops.restage.redo(stage=stage, note="otherwise") == {"FINISHED"}
    stopped()


def locked(*names):
    bpy.ops.object.select_all(action="DESELECT")
    for name in names:
        of_run(name).select_set(True)
    assert bpy.ops.restage.lock() == {"FINISHED"}


def test_a_locked_surface_stays_what_it_is(begun, scripted):
    accept()
    locked("Box")
    redo_with(scripted, "materials", CHEQUERED)
    assert sandbox.shown(chosen().run) == ("materials", 2)
    inputs = shader_of("Box").inputs
    assert not any(inputs[name].is_linked for name in ("Base Color", "Roughness", "Metallic"))
    assert tuple(inputs["Base Color"].default_value) == pytest.approx((0.6, 0.05, 0.05, 1.0))
    assert (inputs["Roughness"].default_value, inputs["Metallic"].default_value) == pytest.approx((0.5, 0.0))
    # What the lines can't put back is refused, and the artist sees why.
    redo_with(scripted, "materials", GLOWING)
    assert "another colour" in live().message and "locked" in live().message
    assert sandbox.shown(chosen().run) == ("materials", 2)
    assert bpy.ops.restage.unlock(name="Box") == {"FINISHED"}
    redo_with(scripted, "materials", GLOWING + "# once more\n")
    assert sandbox.shown(chosen().run) == ("materials", 4), "it was the lock that refused it"


def test_a_texture_is_not_locked_and_the_artist_is_told(begun, scripted):
    scripted.scripts["materials"] = [CHEQUERED]
    accept()
    assert shader_of("Box").inputs["Base Color"].is_linked
    locked("Ball")
    assert live().message == ""
    locked("Box", "Ball")
    assert "textured: Box." in live().message
    surface = next(item.kept for item in folder().record.locks if item.kept.key == ("surface", "Box", 0))
    assert surface.values == {"metallic": (1.0,)}


def test_a_locked_camera_stays_what_it_is(begun, scripted):
    locked("Picture Camera", "Box")
    assert bpy.ops.restage.reopen(stage="setup") == {"FINISHED"}
    # Moved, and with another lens: put back. The Box is not there yet, and nobody misses it.
    redo_with(
        scripted, "setup", SETUP + "camera.location.z += 1.0\ncamera.data.lens = 90.0\ncamera.data.shift_x = 0.2\n"
    )
    assert sandbox.shown(chosen().run) == ("setup", 2), live().message
    camera = of_run("Picture Camera")
    assert (camera.location.z, camera.data.lens, camera.data.shift_x) == pytest.approx((1.2, 50.0, 0.0))
    for script, why in (
        (SETUP.replace("Picture Camera", "Other Camera"), "leaves out Picture Camera"),
        (
            SETUP + "other = camera.copy()\nbpy.context.collection.objects.link(other)\nscene.camera = other\n",
            "another camera",
        ),
        (SETUP + 'camera.constraints.new("TRACK_TO").target = None\n', "a constraint"),
    ):
        redo_with(scripted, "setup", script)
        assert why in live().message and "locked" in live().message
        assert sandbox.shown(chosen().run) == ("setup", 2)


def test_a_locked_light_stays_what_it_is(begun, scripted):
    for _ in range(3):
        accept()
    assert sandbox.shown(chosen().run) == ("lighting", 1)
    locked("Key Sun")
    redo_with(
        scripted, "lighting", LIGHTING.replace("3.0}", "9.0}") + "light.angle = 0.5\nlight.color = (1.0, 0.0, 0.0)\n"
    )
    assert sandbox.shown(chosen().run) == ("lighting", 2), live().message
    light = of_run("Key Sun").data
    assert (light.energy, light.angle) == pytest.approx((3.0, 0.00918), abs=1e-4)
    assert tuple(light.color) == pytest.approx((1.0, 1.0, 1.0))
    redo_with(scripted, "lighting", LIGHTING.replace('"SUN"', '"AREA"'))
    assert "Key Sun another size" in live().message and sandbox.shown(chosen().run) == ("lighting", 2)


def test_lights_camera_and_surfaces_changed_by_hand_are_noticed_put_back_and_kept(begun, scripted):
    scripted.scripts["lighting"] = [
        LIGHTING.replace('"SUN"', '"AREA"').replace('{"sun.power": 3.0}', '{"Key Sun.size": 0.25, "sun.power": 60.0}')
        + 'sun.location = (0.0, -1.0, 2.0)\nlight.size = PARAMS["Key Sun.size"]\n'
    ]
    for _ in range(3):
        accept()
    assert sandbox.shown(chosen().run) == ("lighting", 1), live().message
    watch.look(1.0)
    assert not len(live().edits)

    def change():
        lamp, camera = of_run("Key Sun").data, of_run("Picture Camera").data
        lamp.size, lamp.shadow_soft_size = 1.25, 0.4
        camera.shift_x, camera.lens = 0.1, 35.0
        shader_of("Box").inputs["Roughness"].default_value = 0.0
        shader_of("Ball").inputs["Metallic"].default_value = 1.0

    change()
    watch.look(2.0)
    assert sorted(item.words for item in live().edits) == [
        "Ball: metallic changed",
        "Box: roughness changed",
        "Key Sun: size changed",
        "Picture Camera: lens changed, shifted",
    ]
    assert bpy.ops.restage.put_back() == {"FINISHED"}
    assert not edits.found(chosen().run) and of_run("Key Sun").data.size == pytest.approx(0.25)
    assert shader_of("Box").inputs["Roughness"].default_value == 0.5
    change()
    assert bpy.ops.restage.keep_edits() == {"FINISHED"}
    stopped()
    assert not live().error and not edits.found(chosen().run)
    lamp, camera = of_run("Key Sun").data, of_run("Picture Camera").data
    assert (lamp.size, lamp.shadow_soft_size) == pytest.approx((1.25, 0.4))
    assert (camera.shift_x, camera.lens) == pytest.approx((0.1, 35.0))
    assert shader_of("Box").inputs["Roughness"].default_value == 0.0
    assert shader_of("Ball").inputs["Metallic"].default_value == 1.0
    lighting = script("lighting", folder().record.stage("lighting").best)
    assert numbers.read(lighting)["Key Sun.size"] == 1.25 and "shadow_soft_size = 0.4" in lighting


def test_a_lamp_of_another_kind_has_other_numbers(begun, scripted):
    for _ in range(3):
        accept()
    of_run("Key Sun").data.type = "SPOT"
    assert edits.found(chosen().run) == [], "an angle that is gone is no edit"
    of_run("Key Sun").data.energy = 5.0
    assert [item.now for item in edits.found(chosen().run)] == [{"energy": (5.0,)}]
