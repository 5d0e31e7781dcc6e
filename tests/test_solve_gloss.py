# SPDX-License-Identifier: GPL-3.0-or-later
"""Roughness and metal come back where a surface does not mirror what the picture shows, and stay where it does."""

from __future__ import annotations

from threading import Event

import known
import numpy as np
import pytest
import solving
from restage.agent import params, polish
from restage.agent.solving import gloss
from restage.agent.solving.probe import Probe
from restage.worker.protocol import StageScript

MATERIALS = '''"""Materials: what each is painted with, and how it shines."""
import bpy

PARAMS = {
    "ball.colour": (0.05, 0.20, 0.55),
    "ball.roughness": 0.25,
    "ball.metallic": 0.0,
    "can.roughness": 0.3,
    "can.metallic": 1.0,
}


def paint(name, colour, roughness=0.8, metallic=0.0):
    material = bpy.data.materials.new(name + " surface")
    material.use_nodes = True
    shader = material.node_tree.nodes["Principled BSDF"]
    shader.inputs["Base Color"].default_value = (*colour, 1.0)
    shader.inputs["Roughness"].default_value = roughness
    shader.inputs["Metallic"].default_value = metallic
    bpy.data.objects[name].data.materials.append(material)


paint("Floor", (0.42, 0.40, 0.36))
paint("Box", (0.60, 0.08, 0.05), 0.75)
paint("Ball", PARAMS["ball.colour"], PARAMS["ball.roughness"], PARAMS["ball.metallic"])
paint("Can", (0.60, 0.45, 0.25), PARAMS["can.roughness"], PARAMS["can.metallic"])
paint("Cone", (0.65, 0.50, 0.06), 0.85)
'''
TEXTS = {**known.TEXTS, "materials": MATERIALS}


@pytest.fixture(scope="module")
def scene(worker):
    return solving.picture_of(worker, TEXTS)


def polished(worker, scene, materials):
    """PARAMS of the materials after a polish; as they were when it changes nothing."""
    picture, masks = scene
    program = [StageScript(stage, text) for stage, text in {**TEXTS, "materials": materials}.items()]
    found = polish.polish(picture.unit, masks, program, worker, budget_s=240.0)
    scripts = found.scripts if found else {}
    return found, params.read(scripts.get("materials", materials))


def test_numbers_that_are_roughness_or_metal_are_known_by_what_they_set(worker):
    before = tuple(StageScript(stage, TEXTS[stage]) for stage in ("setup", "geometry"))
    knobs, made = gloss.find(Probe(worker, before, "materials", Event()), MATERIALS)
    found = {(k.number.param, k.what): k.materials for k in knobs if k.number.param}
    assert found == {
        ("ball.roughness", "roughness"): ("Ball surface",),
        ("ball.metallic", "metallic"): ("Ball surface",),
        ("can.roughness", "roughness"): ("Can surface",),
        ("can.metallic", "metallic"): ("Can surface",),
    }
    assert {k.number.value for k in knobs if not k.number.param} == {0.75, 0.85}
    assert made.numbers["surface/Floor surface"] == pytest.approx((0.8, 0.0))


def test_gloss_and_metal_of_the_picture_come_back(worker, scene):
    bad = MATERIALS.replace('ball.roughness": 0.25', 'ball.roughness": 0.7')
    bad = bad.replace('can.roughness": 0.3', 'can.roughness": 0.7').replace('metallic": 1.0', 'metallic": 0.0')
    found, values = polished(worker, scene, bad)
    assert values["ball.roughness"] == pytest.approx(0.25, abs=0.1) and values["ball.metallic"] == 0.0
    assert values["can.metallic"] == 1.0 and values["can.roughness"] == pytest.approx(0.3, abs=0.2)
    assert found.after.lpips < found.before.lpips
    # What was right has stayed.
    assert values.get("Box surface.roughness", 0.75) == pytest.approx(0.75, abs=0.2)


def test_surfaces_that_are_right_stay(worker, scene):
    _, values = polished(worker, scene, MATERIALS.replace("(0.05, 0.20, 0.55)", "(0.09, 0.15, 0.40)"))
    assert values["ball.roughness"] == 0.25 and values["can.roughness"] == 0.3
    assert values["ball.metallic"] == 0.0 and values["can.metallic"] == 1.0


def test_colour_alone_is_no_misfit():
    rng = np.random.default_rng(3)
    light = rng.uniform(0.05, 0.4, (20, 20, 1)) * (0.9, 0.5, 0.3)
    shown = np.asarray(gloss.colour_space.to_srgb(light), np.float32)
    other = np.asarray(gloss.colour_space.to_srgb(light * (1.5, 0.6, 1.1)), np.float32)
    surfaces = gloss.Surfaces(shown, np.zeros((20, 20), np.int64), ["a"])
    assert surfaces.misfit(other, ["a"]) < 0.01
    spot = other.copy()
    spot[:8, :8] += 0.3
    assert surfaces.misfit(spot, ["a"]) > gloss.SUSPECT
    assert gloss.suspects(surfaces, spot) == ["a"] and not gloss.suspects(surfaces, other)
    assert surfaces.misfit(other, ["not there"]) == 0.0
