# SPDX-License-Identifier: GPL-3.0-or-later
"""Replays: byte for byte the recording, and a divergence says where it is."""

from __future__ import annotations

import re
from dataclasses import replace
from threading import Event

import pytest
import talking
from restage.agent import recording
from restage.agent.conversation import Conversation, Recorded
from restage.agent.providers.base import Message, ModelFacts, Text
from restage.agent.providers.errors import NoCredit, ReplayDiverged
from restage.agent.providers.replay import Replay
from restage.agent.record import RecordError
from restage.agent.roles import Cancelled, Usage

ODD = 'Thé reply \u2028 "quoted" \\ \x00 ``` \t end\r\n'


def record(folder, *pairs, facts=None):
    for request, outcome in pairs:
        asked = Recorded(talking.Answers(outcome, facts=facts), Conversation(folder))
        try:
            asked.ask(request, Event())
        except (NoCredit, Cancelled):
            continue


def change(request, index, part):
    """The request with one part of its first message replaced."""
    first = request.messages[0]
    parts = (*first.parts[:index], part, *first.parts[index + 1 :])
    return replace(request, messages=(replace(first, parts=parts), *request.messages[1:]))


def diverged(folder, request):
    """Ask and return the sentence of the divergence; the recorded reply must come all the same."""
    logged = []
    replay = Replay(folder, logged.append)
    assert replay.ask(request, Event()).text == "recorded"
    assert len(logged) == len(replay.divergences) == 1
    assert logged[0] == f"The replay diverges from its recording. {replay.divergences[0]}"
    return str(replay.divergences[0])


@pytest.fixture
def recorded(tmp_path):
    asked = talking.request(schema=talking.SCHEMA)
    record(tmp_path, (asked, talking.reply("recorded")))
    return tmp_path, asked


def test_the_same_requests_get_the_same_replies(tmp_path):
    roles = [("brief", "", 0), ("generator", "setup", 1), ("verifier", "setup", 1), ("select", "setup", 1)]
    pairs = [
        (talking.request(role, stage, round_number, text=f"{role}?"), talking.reply(f"{role}: {ODD}", stop="length"))
        for role, stage, round_number in roles
    ]
    record(tmp_path, *pairs)
    logged = []
    replay = Replay(tmp_path, logged.append)
    for request, reply in reversed(pairs):
        assert replay.ask(request, Event()) == reply
    assert replay.divergences == [] and logged == []
    assert replay.ask(pairs[1][0], Event()).usage.cost_usd == 0.0125


def test_a_small_recording_replays_the_same(tmp_path):
    record(tmp_path / "run", (talking.request(), talking.reply(ODD)))
    small = recording.export_recording(tmp_path / "run", tmp_path / "small")
    replay = Replay(small, strict=True)
    assert replay.ask(talking.request(), Event()) == talking.reply(ODD)


def test_a_replay_of_a_replay_is_the_same(tmp_path):
    record(tmp_path / "one", (talking.request(), talking.reply(ODD)))
    again = Recorded(Replay(tmp_path / "one"), Conversation(tmp_path / "two"))
    again.ask(talking.request(), Event())
    second = Replay(tmp_path / "two", strict=True)
    assert second.ask(talking.request(), Event()) == talking.reply(ODD) and second.facts.image_px == 768


def test_it_names_the_system_text_and_the_line(recorded):
    folder, asked = recorded
    lines = asked.system.split("\n")
    lines[6] = "line 7 of other instructions"
    sentence = diverged(folder, replace(asked, system="\n".join(lines)))
    assert sentence == (
        "In generator, geometry, round 2, request 1, the system text, line 7: "
        "recorded 'line 7 of the long instructions', now 'line 7 of other instructions'."
    )


def test_it_names_the_text_and_the_line(recorded):
    folder, asked = recorded
    sentence = diverged(folder, change(asked, 3, Text("Write the script.\nAnd be brief.")))
    assert "text 2, line 2: recorded nothing, now 'And be brief.'" in sentence


def test_a_long_line_is_cut_where_it_differs(tmp_path):
    line = "x" * 300
    record(tmp_path, (talking.request(text=line + "old"), talking.reply("recorded")))
    sentence = diverged(tmp_path, talking.request(text=line + "new"))
    assert "…xxx" in sentence and "old'" in sentence and "new'" in sentence and len(sentence) < 300


def test_it_names_the_picture(recorded):
    folder, asked = recorded
    sentence = diverged(folder, change(asked, 1, talking.png((0, 0, 0), (300, 300), "outlines")))
    assert "picture 1 (outlines): what was recorded there is picture with rulers;" in sentence
    assert "400 x 300 recorded, 300 x 300 now" in sentence
    assert "picture 2 (The render" in diverged(folder, change(asked, 2, talking.jpeg((32, 32))))


def test_it_names_what_is_missing_and_what_is_too_much(recorded):
    folder, asked = recorded
    first = asked.messages[0]
    shorter = replace(asked, messages=(replace(first, parts=first.parts[:2]),))
    assert "picture 2 (The render, seen from above!): it was recorded and is not asked" in diverged(folder, shorter)
    longer = replace(asked, messages=(replace(first, parts=(*first.parts, Text("More"))),))
    assert "text 3: nothing was recorded there." in diverged(folder, longer)
    other = change(asked, 1, Text("no picture"))
    assert "text 2: the picture picture with rulers was recorded there." in diverged(folder, other)
    talk = replace(asked, messages=(first, Message("assistant", (Text("no"),))))
    assert "message 2: the recording ends before it." in diverged(folder, talk)


def test_it_names_the_schema(recorded):
    folder, asked = recorded
    schema = {**talking.SCHEMA, "required": ["caption"]}
    assert "the schema of the reply, line" in diverged(folder, replace(asked, schema=schema))


def test_only_the_first_divergence_is_told(tmp_path):
    pairs = [(talking.request(number=number), talking.reply(str(number))) for number in (1, 2, 3)]
    record(tmp_path, *pairs)
    logged = []
    replay = Replay(tmp_path, logged.append)
    texts = [replay.ask(replace(asked, system="other"), Event()).text for asked, _ in pairs]
    # Equal requests but for the system text: each still gets its own turn's reply.
    assert texts == ["1", "2", "3"] and len(logged) == 1 and len(replay.divergences) == 3
    assert "request 1, the system text" in logged[0]


def test_a_strict_replay_stops_where_it_diverges(recorded):
    folder, asked = recorded
    with pytest.raises(ReplayDiverged, match="geometry, round 2, request 1, the system text, line 1"):
        Replay(folder, strict=True).ask(replace(asked, system="other"), Event())


def test_a_turn_without_a_recording_is_a_sentence(recorded):
    folder, asked = recorded
    replay = Replay(folder)
    replay.ask(replace(asked, system="other"), Event())
    missing = talking.request("verifier", text="And?")
    sentence = (
        "The recording has no reply for verifier, geometry, round 2, request 1; its last is for generator, geometry, "
        "round 2, request 1. It had diverged before: In generator"
    )
    with pytest.raises(ReplayDiverged, match=re.escape(sentence)):
        replay.ask(missing, Event())


def test_recorded_errors_come_again(tmp_path):
    asked = talking.request()
    error = NoCredit("Nothing left.", "Pay.")
    error.usage = Usage(500, 0, 0.25)
    record(tmp_path, (asked, error), (talking.request(number=2, text="?"), Cancelled()))
    replay = Replay(tmp_path)
    with pytest.raises(NoCredit, match=r"Nothing left\. Pay\.") as caught:
        replay.ask(asked, Event())
    assert caught.value.usage == Usage(500, 0, 0.25)
    with pytest.raises(ReplayDiverged, match="the run was cancelled there"):
        replay.ask(talking.request(number=2, text="?"), Event())


def test_of_a_resumed_run_the_reply_it_went_on_with_counts(tmp_path):
    asked = talking.request()
    record(tmp_path, (asked, NoCredit("Nothing left.")), (asked, talking.reply("lost")), (asked, talking.reply("kept")))
    record(tmp_path, (asked, Cancelled()))
    assert Replay(tmp_path).ask(asked, Event()).text == "kept"
    # It had counted the request differently, too.
    assert Replay(tmp_path, strict=True).ask(talking.request(number=4), Event()).text == "kept"


def test_votes_on_the_same_question_keep_their_own_replies(tmp_path):
    votes = [(talking.request("select", number=number), talking.reply(text)) for number, text in ((1, "A"), (2, "B"))]
    record(tmp_path, *votes)
    replay = Replay(tmp_path, strict=True)
    assert [replay.ask(request, Event()).text for request, _ in votes] == ["A", "B"]


def test_generator_and_verifier_each_have_their_model(tmp_path):
    record(tmp_path, (talking.request("brief", "", 0), talking.reply()), facts=ModelFacts("big", image_px=1536))
    record(tmp_path, (talking.request("verifier"), talking.reply()), facts=ModelFacts("small", images=4))
    assert Replay(tmp_path).facts == ModelFacts("big", image_px=1536)
    assert Replay(tmp_path, role="verifier").facts == ModelFacts("small", images=4)
    assert not Replay(tmp_path).destination.leaves_machine and Replay(tmp_path).models() == ["big"]


def test_a_folder_without_a_recording_is_a_sentence(tmp_path):
    with pytest.raises(RecordError, match="no recorded conversation"):
        Replay(tmp_path)


def test_a_cancelled_replay_stops(recorded):
    folder, asked = recorded
    cancel = Event()
    cancel.set()
    with pytest.raises(Cancelled):
        Replay(folder).ask(asked, cancel)
