# SPDX-License-Identifier: GPL-3.0-or-later
"""Generator and verifier through the real client libraries, against a server that answers as badly as models do."""

from __future__ import annotations

import json
from threading import Event

import pytest
from asking import ALL, provider
from loopback import Behaviour, Loopback
from restage.agent.generator import ModelGenerator
from restage.agent.providers.errors import BadReply, ServerFailed
from restage.agent.verifier import ModelVerifier
from turns import BRIEF_REPLY, EDIT, EDITED, SCRIPT, Looker, attempt, context, fenced, picture

VERDICT = json.dumps({"looks": [], "approve": False, "summary": "", "items": [
    {"object": "Cup", "property": "height", "region": None, "observed": "o", "wanted": "w", "values": [],
     "severity": "major"}]})  # fmt: skip


@pytest.mark.parametrize("name", ALL)
def test_prose_instead_of_json_is_mended_over_the_wire(name):
    answers = [Behaviour(text="I see a cup."), Behaviour(text=json.dumps(BRIEF_REPLY)), Behaviour(text="{}")]
    with Loopback(answers) as server:
        brief, usage = ModelGenerator(provider(name, server)).brief(picture(), 0, Event())
    assert [item.name for item in brief.objects] == ["Cup"] and usage.input_tokens == 3000
    roles = [message["role"] for message in server.bodies[1]["messages"]]
    assert roles[-3:] == ["user", "assistant", "user"] and "JSON" in str(server.bodies[1]["messages"][-1])


@pytest.mark.parametrize("name", ALL)
def test_half_a_script_then_edits(name):
    cut = "max_tokens" if name == "anthropic" else "length"
    half = Behaviour(text="```python\n" + SCRIPT[:120], stop=cut)
    best = attempt()
    with Loopback([half, Behaviour(text=f"Wider.\n{EDIT}")]) as server:
        draft = ModelGenerator(provider(name, server)).write(context(round=2, attempts=[best], best=best))
    assert draft.script == EDITED and len(server.bodies) == 2


@pytest.mark.parametrize("name", ALL)
def test_three_fences_and_one_script(name):
    text = f"First\n```python\nr = 1\n```\nthen\n{fenced()}\nand run\n```\nblender -P x.py\n```"
    with Loopback([Behaviour(text=text)]) as server:
        assert ModelGenerator(provider(name, server)).write(context()).script == SCRIPT
    assert len(server.bodies) == 1


@pytest.mark.parametrize("name", ALL)
def test_empty_answers_are_a_lost_round_and_cut_streams_an_error(name):
    with Loopback([Behaviour(text="")]) as server, pytest.raises(BadReply):
        ModelGenerator(provider(name, server)).write(context())
    with Loopback([Behaviour(text=fenced(), cut_after=3)]) as server, pytest.raises(ServerFailed):
        ModelGenerator(provider(name, server)).write(context())


@pytest.mark.parametrize("name", ALL)
def test_a_verdict_with_its_schema_where_there_is_one(name):
    with Loopback([Behaviour(text=f"```json\n{VERDICT}\n```")]) as server:
        asked = provider(name, server)
        judged = ModelVerifier(asked).judge(context(), attempt(), Looker())
    assert judged.verdict.items[0].object == "Cup"
    assert ("VerdictReply" in str(server.bodies[0]) or "approve" in str(server.bodies[0])) and asked.facts.vision
