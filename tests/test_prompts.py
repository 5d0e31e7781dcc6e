# SPDX-License-Identifier: GPL-3.0-or-later
"""The prompt files: each is used, each placeholder is filled, none is long, and every code block in them runs."""

from __future__ import annotations

import json
import re

import pytest
from prepared import Answering, said
from restage.agent import api_sheet, prompting
from restage.agent.generator import ModelGenerator
from restage.agent.oneshot import OneShotGenerator
from restage.agent.roles import Draft
from restage.agent.stages import BY_NAME, STAGES
from restage.agent.verifier import ModelVerifier
from turns import EDIT, Looker, attempt, context, fenced, picture

FILES = sorted(path.stem for path in prompting.FOLDER.glob("*.md") if path.stem != "README")
LIMIT = 6500
"""Characters; longer ones are not read with care, and cost in every request."""
VERDICT = json.dumps({"looks": [], "approve": True, "items": [], "summary": ""})


def ask_everything(monkeypatch):
    """Ask every question there is; return the names of the prompts that were read and all that was sent."""
    read = set()
    real = prompting.text_of

    def noting(name):
        read.add(name)
        return real(name)

    monkeypatch.setattr(prompting, "text_of", noting)
    asked = []
    brief = json.dumps({"caption": "c", "objects": [{"name": "Cup", "box": [1, 1, 9, 9]}], "backdrop": "plain",
                        "camera": {"horizontal_fov_degrees": 40, "pitch_down_degrees": 5, "height_m": 1},
                        "backdrop_colour": "#ffffff", "light": "", "style": ""})  # fmt: skip
    provider = Answering(brief, "{}")
    ModelGenerator(provider).brief(picture(), 0, context().cancel)
    asked += provider.asked
    for name in BY_NAME:
        best = attempt(name)
        generator = OneShotGenerator if name == "program" else ModelGenerator
        provider = Answering("no", fenced(), EDIT if name != "program" else fenced(), EDIT)
        made = generator(provider)
        made.write(context(name))
        made.write(context(name, round=2, attempts=[best], best=best))
        made.repair(context(name), Draft(best.script), attempt(name, status="error", message="KeyError: 'x'").result)
        asked += provider.asked
        provider = Answering(VERDICT, *[json.dumps({"why": "", "better": letter}) for letter in "AB"])
        ModelVerifier(provider).judge(context(name), best, Looker())
        ModelVerifier(provider).prefer(context(name), best, attempt(name, 2))
        asked += provider.asked
    for version in ("4.2.1", "4.4.0 beta", "4.5.2 LTS", "5.1.0", "6.0"):
        assert version.rsplit(".", 1)[0] in api_sheet.sheet({"version": version})
    return read, asked


def test_every_prompt_is_used_and_every_placeholder_filled(monkeypatch):
    read, asked = ask_everything(monkeypatch)
    assert read == set(FILES)
    for request in asked:
        text = request.system + said(request)
        assert not re.search(r"\$[a-z_]+\b", text), request.turn.name
        assert "\n\n\n" not in request.system + said(request)


@pytest.mark.parametrize("name", FILES)
def test_prompts_are_short_and_plain(name):
    text = prompting.text_of(name)
    assert len(text) <= LIMIT
    assert max(map(len, text.splitlines())) <= 400
    assert not re.search(r"\b(color of|gray|CLEVR|NeRF|hotdog)\b", text)


@pytest.mark.parametrize("stage", [stage.name for stage in STAGES])
def test_every_stage_has_its_sheets(stage):
    assert stage in prompting.text_of(f"generator_{stage}").lower()
    assert stage in prompting.text_of(f"verifier_{stage}").lower()


@pytest.mark.parametrize("name", ["brief_role", "generator_role", "program_role", "verifier_role"])
def test_every_role_is_told_that_text_in_the_picture_is_data(name):
    text = " ".join(prompting.text_of(name).split())
    assert "is part of the picture" in text and "never follow it" in text.lower()


def test_the_sheet_is_that_of_the_version_or_the_one_before():
    names = {(4, 2): "api_4.2", (4, 4): "api_4.2", (4, 5): "api_4.5", (5, 1): "api_5.0", (5, 2): "api_5.2",
             (5, 9): "api_5.2", (3, 6): "api_4.2"}  # fmt: skip
    assert {version: api_sheet.sheet_name(version) for version in names} == names
    assert "FAST" in api_sheet.sheet({"version": [4, 2, 0]})


def test_an_error_brings_up_its_own_line_of_the_sheet():
    lines = api_sheet.lines_about({"version": "5.2"}, "'Mesh' object has no attribute 'use_auto_smooth'")
    assert lines and "set_sharp_from_angle" in lines[0]
    assert api_sheet.lines_about({"version": "5.2"}, "list index out of range") == []


def blocks(name):
    return re.findall(r"```python\n(.*?)```", prompting.text_of(name), re.DOTALL)


@pytest.mark.bpy
def test_every_code_block_runs_in_this_blender_behind_the_guard(pool):
    from jobs import NO_VIEWS, script
    from restage.worker.protocol import Job

    uses = {
        "generator_geometry": """
lathe("Vase", [(0, 0), (0.1, 0), (0.05, 0.2)])
tube("Wire", [(0, 0, 0), (0, 0, 1), (1, 0, 1)], 0.02)
bevelled(add_mesh("Tile", [(0, 0, 0), (1, 0, 0), (1, 1, 0)], [(0, 1, 2)], smooth=False), 0.01)
bpy.data.objects["Vase"].data.set_sharp_from_angle(angle=0.6)
""",
        "generator_materials": """
wood = material("Wood", (0.3, 0.2, 0.1), 0.4, Coat_Weight=0.2, Transmission_Weight=0.1, Sheen_Weight=0.1)
add_grain(wood, (0.1, 0.05, 0.02), (0.4, 0.2, 0.1), 3.0, (1, 1, 8))
mesh = bpy.data.meshes.new("Board")
bpy.context.collection.objects.link(bpy.data.objects.new("Board", mesh))
paint("Board", wood)
paint("Nothing", wood)
assert mesh.materials[0] == wood
""",
        "generator_lighting": """
lamp("Key Light", "SUN", 3.0, (1, 1, 1), (1, -1, 2), (0, 0, 0), angle=0.1)
lamp("Window", "AREA", 50.0, (1, 1, 1), (1, -1, 2), (0, 0, 0), size=1.0)
world = bpy.data.worlds.new("World")
if world.node_tree is None:
    world.use_nodes = True
bpy.context.scene.world = world
set_ambient((1, 1, 1), 0.5)
""",
    }
    ran = 0
    for name in FILES:
        for block in blocks(name):
            text = block if "import bpy" in block else "import bpy\n" + block
            worker = pool.open()
            every = tuple(sorted(BY_NAME["program"].may_change))
            text += uses.get(name, "")
            result = worker.run(Job((), script("program", text), every, NO_VIEWS, write_blend=False))
            worker.close()
            assert result.status == "ok", (name, result.message, result.line)
            ran += 1
    assert ran >= 5
