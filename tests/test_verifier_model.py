# SPDX-License-Identifier: GPL-3.0-or-later
"""The models' verifier against prepared replies: verdicts, extra looks, comparisons."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from prepared import Answering, said, shown
from restage.agent.providers.errors import BadReply
from restage.agent.verdict import ChecklistItem, Verdict
from restage.agent.verifier import MAX_LOOKS, ModelVerifier
from turns import Looker, attempt, context

ITEM = {"object": "Cup", "property": "height", "region": [30, 20, 60, 70], "observed": "low", "wanted": "14 % taller",
        "values": [1.14], "severity": "major"}  # fmt: skip
APPROVE = json.dumps({"looks": [], "approve": True, "items": [], "summary": "near enough"})
REFUSE = json.dumps({"looks": [], "approve": False, "items": [ITEM], "summary": "too low"})


def looks(*wanted, **more):
    return json.dumps({"looks": list(wanted), "approve": False, "items": [], "summary": ""} | more)


def choice(letter):
    return json.dumps({"why": f"{letter} it is", "better": letter})


def test_a_verdict_with_located_items():
    provider = Answering(REFUSE)
    judged = ModelVerifier(provider).judge(context(), attempt(), Looker())
    assert judged.verdict.items == [
        ChecklistItem(object="Cup", property="height", region=(0.3, 0.2, 0.6, 0.7), observed="low",
                      wanted="14 % taller", values=[1.14])
    ]  # fmt: skip
    (request,) = provider.asked
    assert request.turn.name == "verifier_geometry_r1_1" and request.schema and shown(request)
    assert "primitive_cylinder_add" not in said(request), "the verifier never sees the script"


def test_the_last_checklist_is_shown_so_that_wishes_are_not_turned_round():
    best = attempt(verdict=Verdict(approve=False, items=[ChecklistItem(**(ITEM | {"region": None}))]))
    provider = Answering(APPROVE)
    new = attempt(number=2, round=2)
    ModelVerifier(provider).judge(context(round=2, attempts=[best, new], best=best), new, Looker())
    assert "14 % taller" in said(provider.asked[0]) and "1 of the stage could be judged" in said(provider.asked[0])


def test_failing_checks_are_named_as_not_approvable():
    provider = Answering(APPROVE)
    made = attempt(names=("Cup",), sanity=[("out_of_frame", "Cup is behind the camera", "Cup")])
    made.result = replace(made.result, inventory=tuple(replace(i, visible_px=0) for i in made.result.inventory))
    ModelVerifier(provider).judge(context(), made, Looker())
    text = said(provider.asked[0])
    assert "approval is not accepted" in text and "Cup is behind the camera" in text and "Book: no object" in text


def test_extra_looks_are_served_within_bounds_and_then_the_verdict_must_come():
    wanted = [
        {"view": "orbit", "object": "cup", "azimuth": 720, "shading": "clay"},
        {"view": "above", "box": [0, 0, 50, 50]},
    ]
    provider = Answering(looks(*wanted), looks({"view": "camera"}, {"view": "above"}), REFUSE)
    looker = Looker()
    judged = ModelVerifier(provider).judge(context(), attempt(), looker)
    assert not judged.verdict.approve and judged.usage.input_tokens == 300
    assert len(looker.asked) == MAX_LOOKS
    assert (
        looker.asked[0].object == "Cup" and looker.asked[0].azimuth == 180 and looker.asked[1].box == (0, 0, 0.5, 0.5)
    )
    counts = [len(shown(request)) for request in provider.asked]
    assert counts[1] == counts[0] + 2 and counts[2] == counts[0] + 3
    assert "up to 3 extra" in said(provider.asked[0]) and "no more looks" in said(provider.asked[2])


def test_a_look_that_cannot_be_had_is_told_and_costs_nothing_but_itself():
    provider = Answering(looks({"view": "object", "object": "Ghost"}), APPROVE)
    judged = ModelVerifier(provider).judge(context(), attempt(), Looker("There is no object Ghost."))
    assert judged.verdict.approve and "There is no object Ghost." in said(provider.asked[1])


def test_parts_of_an_object_can_be_looked_at_by_its_name():
    provider = Answering(looks({"view": "object", "object": "Cup"}), APPROVE)
    looker = Looker()
    ModelVerifier(provider).judge(context(), attempt(names=("Cup.Body", "Book")), looker)
    assert looker.asked[0].object == "Cup.Body"


def test_one_who_only_asks_for_looks_has_not_judged_and_cannot_hold_up_the_run():
    provider, looker = Answering(*[looks({"view": "above"}) for _ in range(9)]), Looker()
    with pytest.raises(BadReply, match="gave no verdict"):
        ModelVerifier(provider).judge(context(), attempt(), looker)
    assert len(provider.asked) == 3 and len(looker.asked) == 2


def test_no_verdict_is_an_error_for_the_loop():
    with pytest.raises(BadReply):
        ModelVerifier(Answering("well", "well")).judge(context(), attempt(), Looker())


@pytest.mark.parametrize(
    ("answers", "better"),
    [
        (["A", "B"], "one"),
        (["B", "A"], "two"),
        (["A", "A"], "neither"),
        (["B", "B"], "neither"),
        (["neither"], "neither"),
        (["A", "neither"], "neither"),
    ],
)
def test_a_preference_holds_only_in_both_orders(answers, better):
    provider = Answering(*map(choice, answers))
    one, two = attempt(score=0.25), attempt(number=2, score=0.75)
    found = ModelVerifier(provider).prefer(context(), one, two)
    assert found.better == better and not provider.answers
    assert [request.turn.name for request in provider.asked] == [
        f"select_geometry_r1_{n}" for n in range(1, len(answers) + 1)
    ]
