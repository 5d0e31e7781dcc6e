# SPDX-License-Identifier: GPL-3.0-or-later
"""What the loop owes an agent that costs money and can fail: nothing lost, caps, comparisons, refused approval."""

from __future__ import annotations

import pytest
from restage.agent.listener import Silent
from restage.agent.providers.errors import BadReply, CapReached, Offline
from restage.agent.roles import Draft, Judgement, Preference, Usage
from restage.agent.settings import AgentSettings, Asked
from restage.agent.verdict import Verdict
from runs import execute, resume
from scripted import COMPOSITION, GEOMETRY, LIGHTING, MATERIALS, SETUP, Scripted

NUDGED = GEOMETRY.replace('"ball.radius": 0.15', '"ball.radius": 0.1501')
WORSE = GEOMETRY.replace("(-0.3, 0.0, 0.15)", "(-2.6, 0.0, 0.15)")


class Log(Silent):
    def __init__(self):
        self.lines = []

    def log(self, text):
        self.lines.append(text)


class FailingJudge(Scripted):
    """Its verifier loses the network once, at geometry."""

    def __init__(self):
        super().__init__()
        self.failed = False

    def judge(self, context, attempt, looker):
        if context.stage.name == "geometry" and not self.failed:
            self.failed = True
            raise Offline("There is no network.")
        return super().judge(context, attempt, looker)


def test_a_verifier_that_fails_loses_no_attempt_and_judges_it_after_the_resume(pool, tmp_path, table_picture):
    agent = FailingJudge()
    with pytest.raises(Offline):
        execute(pool, tmp_path / "run", table_picture, agent)
    agent.seen.clear()
    record, folder = resume(pool, tmp_path / "run", agent)
    geometry = record.stage("geometry")
    assert record.status == "done" and len(geometry.attempts) == 1
    assert geometry.attempts[0].verdict and (folder.path / geometry.attempts[0].folder / "verdict.json").exists()
    assert ("geometry", 1, "write") not in agent.seen and ("geometry", 2, "judge") in agent.seen


class Spender(Scripted):
    """Every script costs; the third is over the cap."""

    def __init__(self, **more):
        super().__init__(**more)
        self.cap = 2

    def write(self, context):
        if len([what for _, _, what in self.seen if what == "write"]) >= self.cap:
            raise CapReached("The cap of $0.02 is reached.")
        draft = super().write(context)
        return Draft(draft.script, draft.note, Usage(1000, 100, 0.01))


def test_a_cap_ends_the_run_with_a_scene_and_a_higher_one_resumes_it(pool, tmp_path, table_picture):
    agent = Spender()
    record, folder = execute(pool, tmp_path / "run", table_picture, agent)
    assert record.status == "capped" and "$0.02" in record.message
    assert (folder.path / "scene.blend").exists() and (folder.path / "report.html").exists()
    assert record.input_tokens == 2000 and record.cost_usd == pytest.approx(0.02)
    assert [stage.status for stage in record.stages] == ["accepted", "accepted", "running", "waiting", "waiting"]
    agent.cap = 99
    record, folder = resume(pool, tmp_path / "run", agent)
    assert record.status == "done" and all(stage.status == "accepted" for stage in record.stages)
    assert folder.script_path("materials").read_text() == MATERIALS
    assert record.stage("geometry").input_tokens == 1000 and record.input_tokens == 5000


class Prefers(Scripted):
    """Its verifier likes the second of two."""

    def prefer(self, context, one, two):
        self.seen.append((context.stage.name, context.round, "prefer"))
        return Preference("two", "the ball is rounder", Usage(10, 1, 0.0))


def test_what_the_numbers_do_not_settle_the_verifier_does(pool, tmp_path, table_picture):
    agent = Prefers({"geometry": [GEOMETRY, NUDGED]})
    record, folder = execute(pool, tmp_path / "run", table_picture, agent)
    assert record.stage("geometry").accepted == 2 and folder.script_path("geometry").read_text() == NUDGED
    assert ("geometry", 2, "prefer") in agent.seen and record.stage("geometry").input_tokens == 10
    agent = Prefers({"geometry": [GEOMETRY, WORSE]})
    record, _ = execute(pool, tmp_path / "worse", table_picture, agent)
    assert record.stage("geometry").accepted == 1 and ("geometry", 2, "prefer") not in agent.seen


class Candidates(Scripted):
    """Each candidate is another script."""

    def write(self, context):
        if context.stage.name != "geometry":
            return super().write(context)
        self.seen.append(("geometry", context.candidate, "write"))
        return Draft([WORSE, GEOMETRY, NUDGED][context.candidate - 1], f"candidate {context.candidate}")


def test_candidates_go_through_one_comparison_and_only_the_winner_is_judged(pool, tmp_path, table_picture):
    agent = Candidates()
    record, _ = execute(pool, tmp_path / "run", table_picture, agent, settings=AgentSettings(candidates=3))
    geometry = record.stage("geometry")
    assert [attempt.status for attempt in geometry.attempts] == ["ok"] * 3
    assert len([1 for stage, _, what in agent.seen if (stage, what) == ("geometry", "judge")]) == 1
    assert geometry.accepted in (2, 3) and geometry.attempts[0].verdict is None


class Lenient(Scripted):
    """Approves everything."""

    def judge(self, context, attempt, looker):
        self.seen.append((context.stage.name, context.round, "judge"))
        return Judgement(Verdict(approve=True, summary="fine"))


def test_no_verifier_approves_a_scene_that_lacks_an_object(pool, tmp_path, table_picture):
    without = GEOMETRY.replace('bpy.context.object.name = "Ball"', 'bpy.context.object.name = "Thing"')
    agent = Lenient({"geometry": [without, GEOMETRY]})
    record, _ = execute(pool, tmp_path / "run", table_picture, agent)
    first, second = record.stage("geometry").attempts
    assert first.verdict and not first.verdict.approve and first.verdict.items[0].object == "Ball"
    assert second.verdict and second.verdict.approve and record.stage("geometry").accepted == 2


class Mumbles(Scripted):
    """Hands in nothing usable in the first round of geometry, and judges nothing in materials."""

    def write(self, context):
        if context.stage.name == "geometry" and context.round == 1:
            raise BadReply("The model answered prose.")
        return super().write(context)

    def judge(self, context, attempt, looker):
        if context.stage.name == "materials":
            raise BadReply("The model answered half a verdict.")
        return super().judge(context, attempt, looker)


def test_a_bad_reply_costs_a_round_not_the_run(pool, tmp_path, table_picture):
    log = Log()
    record, _ = execute(pool, tmp_path / "run", table_picture, Mumbles(), listener=log)
    assert record.status == "done" and all(stage.status == "accepted" for stage in record.stages)
    assert record.stage("geometry").attempts[0].round == 2 and record.stage("materials").attempts[0].verdict is None
    assert any("prose" in line for line in log.lines) and any("half a verdict" in line for line in log.lines)


def test_a_run_stops_after_the_brief_when_asked_and_takes_it_edited(pool, tmp_path, table_picture):
    agent = Scripted()
    record, folder = execute(pool, tmp_path / "run", table_picture, agent, until="brief")
    assert record.status == "paused" and not record.stages[0].attempts and not agent.seen
    brief = folder.load_brief()
    folder.save_brief(brief.model_copy(update={"caption": "Edited by hand"}))
    record, folder = resume(pool, tmp_path / "run", agent)
    assert record.status == "done" and "Edited by hand" in (folder.path / "scene.py").read_text()


def test_one_shot_is_one_script_that_may_do_anything(pool, tmp_path, table_picture):
    whole = "\n".join([SETUP, GEOMETRY, MATERIALS, COMPOSITION, LIGHTING])
    settings = AgentSettings(generator=Asked(provider="handoff"), one_shot=True)
    record, folder = execute(pool, tmp_path / "run", table_picture, Lenient({"program": [whole]}), settings=settings)
    assert record.status == "done" and [stage.name for stage in record.stages] == ["program"]
    assert record.final.psnr > 5 and (folder.path / "stages" / "01_program.py").read_text() == whole
    assert (folder.path / "report.html").exists()


def test_parts_of_an_object_are_seen_as_one(pool, tmp_path, table_picture):
    parts = GEOMETRY + (
        "bpy.ops.mesh.primitive_uv_sphere_add(radius=0.05, location=(0.3, -0.1, 0.3))\n"
        'bpy.context.object.name = "Ball.Knob"\n'
    )
    record, folder = execute(pool, tmp_path / "run", table_picture, Scripted({"geometry": [parts]}))
    loaded = folder.load_attempt("geometry", record.stage("geometry").attempts[0])
    assert set(loaded.views.id_names.values()) == {"Floor", "Box", "Ball"}
    assert {item.name for item in loaded.result.inventory} >= {"Floor", "Box", "Ball", "Ball.Knob"}
    assert loaded.views.clay is not None and loaded.views.plan is not None
