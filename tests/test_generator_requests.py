# SPDX-License-Identifier: GPL-3.0-or-later
"""What a stage's generator is sent, and what it is not: tokens go where the detail is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from prepared import Answering, said
from restage.agent import api_sheet
from restage.agent.generator import ModelGenerator
from restage.agent.verdict import ChecklistItem, Verdict
from restage.worker.protocol import CameraInfo, StageScript
from turns import attempt, context, fenced

FACTS = {
    "version": "5.2.3 LTS",
    "boolean_solvers": ["EXACT"],
    "sky_types": ["PREETHAM"],
    "view_transforms": ["Standard"],
    "render_engines": ["CYCLES"],
    "node_inputs": {"ShaderNodeBsdfPrincipled": ["0 Base Color"]},
    "primitives": {"primitive_cube_add": ["size=2"]},
}
LOOKS_DOWN = CameraInfo(
    (1.0, 0.0, 0.0, 0.0, 0.0, 0.5, -0.866, -2.0, 0.0, 0.866, 0.5, 1.5, 0.0, 0.0, 0.0, 1.0),
    "PERSP", 0.8, 0.0, (0.0, 0.0), (512, 384),
)  # fmt: skip


def script(stage):
    body = "\n".join(f"{stage}_line_{number} = {number}" for number in range(60))
    return StageScript(
        stage, f'"""{stage}: what it is about."""\nimport bpy\n\nPARAMS = {{"{stage}.size": 0.25}}  # m\n{body}\n'
    )


def asked(stage, verdict=None):
    earlier = ("setup", "geometry", "materials", "composition", "lighting")
    earlier = earlier[: earlier.index(stage)]
    base = attempt(earlier[-1], verdict=verdict)
    base = replace(base, result=replace(base.result, camera=LOOKS_DOWN))
    provider = Answering(fenced())
    given = replace(context(stage, base=base, facts=FACTS), accepted=tuple(map(script, earlier)))
    ModelGenerator(provider).write(given)
    return provider.asked[0]


# What of each earlier stage is told: its whole script, its numbers, or what it is about.
TOLD = {
    "geometry": {"setup": "numbers"},
    "materials": {"setup": "about", "geometry": "whole"},
    "composition": {"setup": "numbers", "geometry": "whole", "materials": "about"},
    "lighting": {"setup": "whole", "geometry": "about", "materials": "numbers", "composition": "about"},
}


@pytest.mark.parametrize("stage", TOLD)
def test_of_earlier_scripts_a_stage_is_told_what_it_has_use_for(stage):
    text = said(asked(stage))
    for earlier, how in TOLD[stage].items():
        assert f"{earlier}: what it is about." in text
        assert (f'"{earlier}.size": 0.25' in text) == (how != "about"), earlier
        assert (f"{earlier}_line_40 = 40" in text) == (how == "whole"), earlier


def test_a_script_that_says_nothing_of_itself_is_told_whole():
    bare = StageScript("setup", "import bpy\n" + "\n".join(f"line_{number} = {number}" for number in range(200)))
    provider = Answering(fenced())
    ModelGenerator(provider).write(replace(context("geometry"), accepted=(bare,)))
    assert "line_190 = 190" in said(provider.asked[0])


@pytest.mark.parametrize("stage", TOLD)
def test_where_boxes_fall_is_told_where_things_are_placed(stage):
    assert ("boxes fall in the world" in said(asked(stage))) == (stage in ("geometry", "composition"))


@pytest.mark.parametrize("stage", TOLD)
def test_a_stage_gets_its_part_of_what_blender_says_of_itself(stage):
    text = said(asked(stage))
    assert ("primitive_cube_add" in text) == (stage == "geometry")
    assert ("0 Base Color" in text) == (stage == "materials")
    assert ("`PREETHAM`" in text) == (stage == "lighting")


def test_the_system_text_is_one_for_all_stages_so_that_it_is_cached_once():
    systems = {asked(stage).system for stage in TOLD}
    assert len(systems) == 1 and "use_auto_smooth" in systems.pop()


def test_an_error_still_brings_up_what_was_left_out():
    assert any("Base Color" in line for line in api_sheet.lines_about(FACTS, "key 'Base Color' not found"))
    whole = api_sheet.sheet(FACTS)
    assert all(name in whole for name in ("primitive_cube_add", "0 Base Color", "`PREETHAM`", "use_auto_smooth"))


def test_what_an_approving_verifier_still_noted_goes_to_the_next_stage():
    text = said(asked("composition", Verdict(approve=True, summary="Fine. Left: the far cube 1 % to the left.")))
    assert "when it was approved" in text and "the far cube 1 % to the left" in text
    item = ChecklistItem(object="Cup", property="height", observed="short", wanted="12 % taller")
    text = said(asked("composition", Verdict(approve=False, items=[item])))
    assert "the best there was" in text and "Cup, height: 12 % taller" in text
    assert "What the verifier said" not in said(asked("composition", Verdict(approve=True)))
    by_artist = Verdict(approve=True, summary="I like it.", by="artist")
    assert "I like it." not in said(asked("composition", by_artist))
