# SPDX-License-Identifier: GPL-3.0-or-later
"""What a glTF file has for surfaces of procedural nodes: about their colour, or the image under a pattern; never
white. The scene keeps its nodes."""

from __future__ import annotations

import json
import struct

import cv2
import numpy as np
import pytest
from jobs import script
from restage.agent.solving import pattern_text
from restage.agent.solving.patterns import Pattern
from restage.worker.pool import start_one
from restage.worker.protocol import FinishRequest, Job, LookRequest, ViewRequest

pytestmark = pytest.mark.bpy

MATERIALS = """
import bpy
scene = bpy.context.scene
ramp = bpy.data.materials.new("Ramp")
ramp.use_nodes = True
tree = ramp.node_tree
noise, colours = tree.nodes.new("ShaderNodeTexNoise"), tree.nodes.new("ShaderNodeValToRGB")
colours.color_ramp.elements[0].color = (0.2, 0.1, 0.0, 1.0)
colours.color_ramp.elements[1].color = (0.6, 0.3, 0.2, 1.0)
tree.links.new(noise.outputs[0], colours.inputs[0])
tree.links.new(colours.outputs[0], tree.nodes["Principled BSDF"].inputs["Base Color"])
plain = bpy.data.materials.new("Plain")
plain.use_nodes = True
plain.node_tree.nodes["Principled BSDF"].inputs["Base Color"].default_value = (0.4, 0.2, 0.1, 1.0)
image = bpy.data.images.new("Paint", 4, 4)
image.pixels = [0.2, 0.6, 0.3, 1.0] * 16
image.pack()
printed = bpy.data.materials.new("Printed")
printed.use_nodes = True
tree = printed.node_tree
picture = tree.nodes.new("ShaderNodeTexImage")
picture.image = image
tree.links.new(picture.outputs["Color"], tree.nodes["Principled BSDF"].inputs["Base Color"])
scene.objects["Cube"].data.materials.append(ramp)
scene.objects["Ground"].data.materials.append(plain)
scene.objects["Can"].data.materials.append(printed)
"""
GEOMETRY = """
import bpy
bpy.ops.mesh.primitive_plane_add(size=30)
bpy.context.object.name = "Ground"
bpy.ops.mesh.primitive_cube_add(size=2, location=(0, 0, 1))
bpy.context.object.name = "Cube"
bpy.ops.mesh.primitive_cylinder_add(location=(2, 0, 1))
bpy.context.object.name = "Can"
"""
PATTERNS = [
    Pattern("Ground", ("Ground",), "checker", ((1.0, 0, 0), (0, 1.0, 0)), (0.0, 0.0), 20.0, (0.5,) * 3, (1.5,) * 3),
    Pattern("Can", ("Can",), "grain", ((9.0, 9.0, 9.0),), dark=(0.8,) * 3, light=(1.2,) * 3),
]


@pytest.fixture(scope="module")
def files(binary):
    text = pattern_text.written(MATERIALS, PATTERNS)
    with start_one(binary) as worker:
        made = worker.run(
            Job(
                (script("setup"), script("geometry", GEOMETRY), script("materials", text)),
                script("lighting"),
                ("lights", "world"),
                views=ViewRequest(64),
            )
        )
        assert made.status == "ok", made.message
        look = LookRequest(shading="albedo", pixels=64)
        before = cv2.imread(str(worker.file(worker.ask(look).picture)))
        exported = _glb(worker.file(worker.ask(FinishRequest(beauty_px=0)).glb).read_bytes())
        return before, exported, cv2.imread(str(worker.file(worker.ask(look).picture)))


def _glb(data):
    (length,) = struct.unpack("<I", data[12:16])
    found = json.loads(data[20 : 20 + length])
    return {each["name"]: each["pbrMetallicRoughness"] for each in found["materials"]}


def test_nodes_become_about_their_colour(files):
    _, exported, _ = files
    assert exported["Ramp"]["baseColorFactor"][:3] == pytest.approx((0.4, 0.2, 0.1), abs=0.01)
    assert "baseColorTexture" not in exported["Ramp"]


def test_a_pattern_leaves_the_colour_it_tints(files):
    _, exported, _ = files
    assert exported["Plain"]["baseColorFactor"][:3] == pytest.approx((0.4, 0.2, 0.1), abs=0.01)


def test_a_pattern_on_an_image_leaves_the_image(files):
    _, exported, _ = files
    assert "baseColorTexture" in exported["Printed"]


def test_the_scene_keeps_its_nodes(files):
    before, _, after = files
    assert np.array_equal(before, after)
    assert len(np.unique(after[-8:].reshape(-1, 3), axis=0)) > 1, "of the checker, not flat"
