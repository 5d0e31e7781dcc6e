# SPDX-License-Identifier: GPL-3.0-or-later
"""What the worker says of Blender's API is true of it, is small, and costs the scene nothing."""

from __future__ import annotations

import json

import pytest
from jobs import attempt
from restage.worker.pool import start_one
from restage.worker.protocol import ApiFacts, ApiFactsRequest

pytestmark = pytest.mark.bpy


@pytest.fixture(scope="module")
def asked(binary):
    with start_one(binary) as worker:
        before = worker.ask(ApiFactsRequest())
        job = attempt(worker, "geometry", accepted=["setup"])
        return before, worker.ask(ApiFactsRequest()), job, attempt(worker, "geometry", accepted=["setup"])


@pytest.fixture(scope="module")
def facts(asked):
    assert isinstance(asked[0], ApiFacts)
    return asked[0].facts


def test_the_same_before_and_after_a_job(asked):
    before, after, job, again = asked
    assert before == after
    assert job.status == again.status == "ok" and job.inventory == again.inventory


def test_small_enough_to_send(facts):
    assert len(json.dumps(facts)) < 20_000


def test_true_of_this_blender(facts):
    import bpy

    assert facts["version"] == list(bpy.app.version)
    new = bpy.app.version >= (5, 0, 0)
    assert ("BLENDER_EEVEE" in facts["render_engines"]) == new and (
        "BLENDER_EEVEE_NEXT" in facts["render_engines"]
    ) != new
    assert "CYCLES" in facts["render_engines"]
    assert ("FAST" in facts["boolean_solvers"]) != ("FLOAT" in facts["boolean_solvers"])
    assert ("NISHITA" in facts["sky_types"]) != ("MULTIPLE_SCATTERING" in facts["sky_types"])
    assert {"AgX", "Standard", "Raw"} <= set(facts["view_transforms"])
    assert "AgX - Punchy" in facts["looks"]["default"]
    for name in facts["there"]:
        kind, attribute = name.split(".")
        owner = bpy.types.Object if kind == "object" else getattr(bpy.types, kind)
        assert kind == "object" or hasattr(owner, attribute) or attribute in owner.bl_rna.properties, name
    assert not {"Mesh.use_auto_smooth", "Mesh.calc_normals"} & set(facts["there"])
    assert ("Action.fcurves" in facts["there"]) != new


def test_nodes_lights_primitives_and_modifiers(facts):
    import bpy

    tree = bpy.data.node_groups.new("T", "ShaderNodeTree")
    shader = tree.nodes.new("ShaderNodeBsdfPrincipled")
    told = facts["node_inputs"]["ShaderNodeBsdfPrincipled"]
    for line in told:
        number, name = line.split(":")[0].split(" ", 1)
        assert shader.inputs[int(number)].name == name
    assert any(
        line.startswith("0 Base Color: colour=(0.8") for line in facts["node_inputs"]["ShaderNodeBsdfPrincipled"]
    )
    assert any("A: colour" in line for line in facts["node_inputs"]["ShaderNodeMix, data_type RGBA"])
    assert {"POINT", "SUN", "SPOT", "AREA"} == set(facts["light_types"])
    assert "spot_size" in facts["lights"]["SpotLight"]
    assert "radius1=1" in facts["primitives"]["primitive_cone_add"]
    bpy.ops.mesh.primitive_cube_add()
    for kind, names in facts["modifiers"].items():
        modifier = bpy.context.object.modifiers.new(kind, kind)
        assert modifier is not None and all(hasattr(modifier, name) for name in names), kind
    assert set(facts["modifiers"]) <= set(facts["modifier_types"])
    assert {"SUBSURF", "BEVEL", "ARRAY", "SCREW", "WIREFRAME", "BOOLEAN"} <= set(facts["modifiers"])
