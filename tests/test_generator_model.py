# SPDX-License-Identifier: GPL-3.0-or-later
"""The models' generator against prepared replies: what it sends, what it makes of answers, what it never does."""

from __future__ import annotations

import json
from threading import Event

import pytest
from prepared import Answering, said, shown
from restage.agent.generator import ModelGenerator
from restage.agent.model_agent import make
from restage.agent.oneshot import OneShotGenerator
from restage.agent.providers.base import Reply
from restage.agent.providers.errors import BadReply, RateLimited
from restage.agent.roles import Cancelled, Draft, Usage
from restage.agent.verdict import ChecklistItem, Verdict
from turns import BRIEF_REPLY, EDIT, EDITED, SCRIPT, attempt, context, fenced, picture

WIDER = Verdict(approve=False, items=[ChecklistItem(object="Cup", property="width", observed="narrow", wanted="wider")])


def test_the_brief_takes_two_looks_and_the_second_corrects_the_first():
    second = {"boxes": [{"name": "Cup", "box": [31, 20, 60, 71]}], "missing": [], "wrong": []}
    provider = Answering(f"```json\n{json.dumps(BRIEF_REPLY)}\n```", json.dumps(second))
    brief, usage = ModelGenerator(provider).brief(picture(), 0, Event())
    assert brief.objects[0].box == (0.31, 0.2, 0.6, 0.71) and usage.input_tokens == 200
    first, check = provider.asked
    assert (first.turn.name, check.turn.name) == ("brief_1", "brief_2")
    assert shown(first) and shown(check) and "- Cup: box 30.0 20.0 60.0 70.0" in said(check)


def test_a_second_look_that_fails_leaves_the_first_brief():
    provider = Answering(json.dumps(BRIEF_REPLY), "looks right to me", "yes, all right")
    brief, _ = ModelGenerator(provider).brief(picture(), 0, Event())
    assert brief.objects[0].box == (0.3, 0.2, 0.6, 0.7)


def test_a_brief_that_cannot_be_had_is_an_error():
    with pytest.raises(BadReply):
        ModelGenerator(Answering("no", "no")).brief(picture(), 0, Event())


def test_the_first_script_is_asked_for_whole():
    provider = Answering("A cylinder.\n" + fenced())
    draft = ModelGenerator(provider).write(context(hint="Keep the cup red."))
    assert draft.script == SCRIPT and draft.note == "A cylinder." and draft.usage == Usage(100, 10, 0.01)
    text, request = said(provider.asked[0]), provider.asked[0]
    assert request.turn.name == "generator_geometry_r1_1"
    assert "Keep the cup red." in text and "Book: box 10.0 60.0 90.0 95.0" in text and "### setup" in text
    assert "SEARCH" not in text and "5.2" in request.system and "FLOAT" in request.system


def test_later_rounds_get_the_best_script_its_verdict_and_what_was_reverted():
    best = attempt(score=0.7, verdict=WIDER)
    worse = attempt(number=2, round=2, script=EDITED.replace("0.05", "0.5"), score=0.4, note="Much wider.")
    provider = Answering(EDIT)
    draft = ModelGenerator(provider).write(context(round=3, attempts=[best, worse], best=best))
    assert draft.script == EDITED
    text = said(provider.asked[0])
    assert "narrow -> wider" in text and "round 1, score 0.700" in text
    assert "score 0.400, worse than 0.700. Much wider." in text and '+    "cup.radius": 0.5,' in text


def test_what_is_stable_in_a_stage_comes_first_and_is_the_same():
    best = attempt(verdict=WIDER)
    provider = Answering(fenced(), EDIT)
    generator = ModelGenerator(provider)
    generator.write(context())
    generator.write(context(round=2, attempts=[best], best=best))
    first, second = provider.asked
    assert first.system == second.system
    count = first.stable_parts
    assert 0 < count == second.stable_parts
    assert first.messages[0].parts[:count] == second.messages[0].parts[:count]
    assert first.messages[0].parts[count:] != second.messages[0].parts[count:]


def test_candidates_are_told_to_differ():
    provider = Answering(fenced(), fenced())
    generator = ModelGenerator(provider)
    generator.write(context())
    generator.write(context(candidate=2))
    one, two = map(said, provider.asked)
    assert "candidate" not in one and "candidate 2" in two
    assert provider.asked[1].turn.name == "generator_geometry_r1_2"


@pytest.mark.parametrize("bad", ["", "I'd rather not.", EDIT.replace("0.04", "0.99"), "```python\nx = 1\n```"])
def test_a_bad_reply_is_mended_once(bad):
    best = attempt()
    provider = Answering(bad, EDIT)
    draft = ModelGenerator(provider).write(context(round=2, attempts=[best], best=best))
    assert draft.script == EDITED and draft.usage.output_tokens == 20
    assert "cannot be used" in said(provider.asked[1])


def test_two_bad_replies_are_a_lost_round_and_other_errors_pass():
    with pytest.raises(BadReply):
        ModelGenerator(Answering("no", "still no")).write(context())
    with pytest.raises(RateLimited):
        ModelGenerator(Answering(RateLimited())).write(context())
    cancelled = context()
    cancelled.cancel.set()
    with pytest.raises(Cancelled):
        ModelGenerator(Answering(fenced())).write(cancelled)


def test_a_cut_reply_is_told_to_be_shorter():
    cut = Reply("```python\n" + SCRIPT, Usage(), stop="length")
    provider = Answering(cut, fenced())
    assert ModelGenerator(provider).write(context()).script == SCRIPT
    assert "shorter" in said(provider.asked[1])


def test_edits_of_a_repair_are_to_the_failed_script_not_to_the_best():
    best = attempt()
    failed = Draft(SCRIPT.replace("0.04", "0.07"))
    result = attempt(status="error", message="KeyError: 'x'", line=9, number=2).result
    repair = EDIT.replace("0.04", "0.07").replace("0.05", "0.06")
    provider = Answering(repair)
    draft = ModelGenerator(provider).repair(context(round=2, attempts=[best], best=best), failed, result)
    assert draft.script == SCRIPT.replace("0.04", "0.06")
    text = said(provider.asked[0])
    assert "KeyError" in text and ">    9  bpy.ops.mesh.primitive_cylinder_add" in text


def test_a_repair_that_cannot_be_read_ends_the_repairs():
    result = attempt(status="error", message="KeyError: 'x'").result
    assert ModelGenerator(Answering("hm", "hm")).repair(context(), Draft(SCRIPT), result) is None


def test_no_script_ran_so_far_shows_the_failed_one():
    failed = attempt(status="refused", message="import os is not available.", line=3)
    provider = Answering(fenced())
    ModelGenerator(provider).write(context(round=2, attempts=[failed]))
    text = said(provider.asked[0])
    assert "No script of this stage ran" in text and "import os" in text and "refused, line 3" in text


def test_one_shot_asks_once_with_the_plain_picture_and_nothing_measured():
    provider = Answering(fenced())
    agent = make(provider, one_shot=True)
    brief, usage = agent.generator.brief(picture(), 0, Event())
    assert brief.objects == [] and usage == Usage() and provider.asked == []
    ctx = context("program", brief=brief)
    draft = agent.generator.write(ctx)
    (request,) = provider.asked
    assert draft.script == SCRIPT and len(shown(request)) == 1 and shown(request)[0].size == (80, 60)
    assert "rulers" not in said(request).lower() and "measured" not in said(request).lower()
    assert "Between the stages" not in request.system
    assert agent.verifier.judge(ctx, attempt("program"), None).verdict.approve
    assert agent.verifier.prefer(ctx, attempt("program"), attempt("program", 2)).better == "one"


def test_one_shot_mends_exceptions_like_the_staged_one():
    provider = Answering(EDIT)
    result = attempt(status="error", message="NameError: name 'x' is not defined").result
    draft = OneShotGenerator(provider).repair(context("program"), Draft(SCRIPT), result)
    assert draft.script == EDITED and "NameError" in said(provider.asked[0])
