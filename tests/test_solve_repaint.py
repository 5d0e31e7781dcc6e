# SPDX-License-Identifier: GPL-3.0-or-later
"""Paintings: as they stand in a script, and solved under the light."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from restage.agent import colour_space, measure, paintings, paintings_text, polish, script_numbers
from restage.agent.measurements import Measurements
from restage.agent.offline import write_materials
from restage.agent.offline.surfaces import Surface, titled
from restage.agent.paintings import Painting
from restage.agent.polishing.stands import Stands
from restage.agent.solving import repaint
from restage.agent.solving.gauge import Paints
from restage.agent.solving.write_back import write_back
from restage.agent.views import load_views
from restage.worker.protocol import Job, StageScript, ViewRequest

SIDE = 192


def cloth() -> np.ndarray:
    """A picture of soft patches of two colours, (h, w, 3) sRGB."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    share = (0.5 + 0.25 * np.sin(14 * x + 3 * y) + 0.25 * np.sin(5 * x - 17 * y))[..., None]
    return (share * np.array((0.7, 0.35, 0.2)) + (1 - share) * np.array((0.25, 0.4, 0.55))).astype(np.float32)


def painted(rgb: np.ndarray) -> dict[str, Painting]:
    return paintings.paint({"Cloth": np.ones(rgb.shape[:2], bool)}, rgb)


def test_a_painting_comes_back_from_its_script():
    found = painted(cloth())
    script = write_materials.write({"Cloth": Surface(titled("Cloth"), painting=found["Cloth"])})
    again = paintings_text.read(script)["Cloth"]
    assert (again.light, again.tint) == (found["Cloth"].light, found["Cloth"].tint)
    assert np.allclose(again.tints, found["Cloth"].tints, atol=1e-3)
    off = np.abs(colour_space.to_srgb(paintings.shown(again, cloth().shape)) - cloth())
    assert off.mean() < 0.02


def test_another_painting_changes_nothing_else_of_the_script():
    script = write_materials.write({"Cloth": Surface(titled("Cloth"), painting=painted(cloth())["Cloth"])})
    other = painted(cloth()[:, ::-1].copy())
    new = paintings_text.put(script, other)
    assert paintings_text.read(new)["Cloth"].light == other["Cloth"].light
    one, two = (text.split("LETTERS =")[0] for text in (script, new))
    assert one == two and script.split("def make_material")[1] == new.split("def make_material")[1]
    assert write_back(script, new, {}) == new


@pytest.mark.parametrize(
    "change",
    [
        ("TINTS = {", "TINTS = make_tints() or {"),
        ('"Cloth": [\n        "', '"Cloth": [\n        "too long a row", "'),
        ("BOXES = {", "FRAMES = {"),
    ],
)
def test_what_an_artist_made_of_a_painting_is_left_alone(change):
    script = write_materials.write({"Cloth": Surface(titled("Cloth"), painting=painted(cloth())["Cloth"])})
    assert change[0] in script
    assert paintings_text.read(script.replace(*change)) == {}


def test_no_number_of_a_painting_is_solved_as_one():
    two = Painting(["AB", "BA"], (0.2, 0.4), ["A"], [(0.3, 0.2, 0.4)], (0.1, 0.2, 0.3, 0.4))
    script = write_materials.write({"Cloth": Surface(titled("Cloth"), painting=two)})
    assert {number.param for number in script_numbers.find(script) if number.value in (0.2, 0.3, 0.4)} == set()


def test_light_and_shade_leave_the_painting():
    picture = cloth()
    shade = np.linspace(0.5, 1.2, SIDE)[None, :, None]
    beauty = colour_space.to_srgb(np.clip(colour_space.to_linear(picture.astype(np.float64)) * shade, 0, 1))
    ids = np.ones((SIDE, SIDE), np.int32)
    found = repaint.solve(painted(picture), picture, beauty.astype(np.float32), ids, {1: "Cloth"})
    inside = np.s_[8:-8, 8:-8]
    ratio = paintings.shown(found["Cloth"], picture.shape)[inside] / colour_space.to_linear(picture)[inside]
    assert np.median(np.abs(ratio * shade[:, 8:-8] - 1)) < 0.05
    half = np.zeros((SIDE, SIDE), bool)
    half[:, : SIDE // 2] = True
    kept = repaint.solve(painted(picture), picture, beauty.astype(np.float32), ids, {1: "Cloth"}, half)
    off = [
        np.abs(paintings.shown(p["Cloth"], picture.shape) - colour_space.to_linear(picture))[8:-8, 8:80].mean()
        for p in (found, kept)
    ]
    assert off[1] < 0.2 * off[0], "where the picture is ignored, the painting stays"


def test_a_step_that_fails_costs_itself_and_nothing_before():
    class Idle:
        def again(self, stands):
            return stands

    polishing = polish._Polishing(Idle(), None, Paints())
    stands = Stands((StageScript("setup", ""),), None, None, Measurements(score=0.5))
    moved = Stands((StageScript("setup", "x = 1"),), None, None, Measurements(score=0.6))

    def fails():
        raise np.linalg.LinAlgError("SVD did not converge")

    assert polishing._step("places", stands, lambda: moved) is moved
    assert polishing._step("light", moved, fails) is moved
    assert [what for what, _, _ in polishing._trace] == ["places"]


@pytest.mark.bpy
def test_a_painted_wall_under_a_lamp_comes_to_show_the_picture(pool):
    setup = """
import bpy
camera = bpy.data.objects.new("Picture Camera", bpy.data.cameras.new("Picture Camera"))
camera.location = (0.0, -4.0, 0.0)
camera.rotation_euler = (1.5707963, 0.0, 0.0)
bpy.context.collection.objects.link(camera)
scene = bpy.context.scene
scene.camera = camera
scene.render.resolution_x = scene.render.resolution_y = 256
scene.view_settings.view_transform = "Standard"
"""
    geometry = """
import bpy
bpy.ops.mesh.primitive_grid_add(x_subdivisions=12, y_subdivisions=12, size=4, rotation=(1.5707963, 0, 0))
bpy.context.object.name = "Cloth"
"""
    lighting = """
import bpy
lamp = bpy.data.lights.new("Lamp", "POINT")
lamp.energy = 300
thing = bpy.data.objects.new("Lamp", lamp)
thing.location = (-1.6, -2.0, 1.0)
bpy.context.collection.objects.link(thing)
"""
    # Dim enough for a painting to make up for it nowhere brighter than white.
    picture = cloth() * 0.6
    materials = write_materials.write({"Cloth": Surface(titled("Cloth"), painting=painted(picture)["Cloth"])})
    texts = {"setup": setup, "geometry": geometry, "materials": materials, "lighting": lighting}
    program = [StageScript(stage, text) for stage, text in texts.items()]
    masks = {"Cloth": np.ones(picture.shape[:2], bool)}
    with pool.open() as worker:
        found = polish.polish(picture, masks, program, worker, budget_s=60.0)
    assert found is not None and paintings_text.read(found.scripts["materials"]) != paintings_text.read(materials)
    scripts = [StageScript(s.stage, found.scripts.get(s.stage, s.text)) for s in program]
    psnr = []
    for each in (program, scripts):
        with pool.open() as worker:
            views = ViewRequest(beauty_px=SIDE, beauty_samples=16)
            result = worker.run(Job(tuple(each[:-1]), each[-1], ("lights",), views))
            assert result.status == "ok", result.message
            beauty = load_views(worker, result).beauty
            psnr.append(measure.psnr(cv2.resize(picture, beauty.shape[1::-1]), beauty))
    assert psnr[1] > psnr[0] + 6 and psnr[1] > 26
