# SPDX-License-Identifier: GPL-3.0-or-later
"""The conversation on record: what is kept, how small, and that no key is in it."""

from __future__ import annotations

import json
from threading import Barrier, Event, Thread

import pytest
import talking
from restage.agent import conversation, files, recording
from restage.agent.conversation import Conversation, Recorded
from restage.agent.providers.base import Message, Text
from restage.agent.providers.errors import BadKey, RateLimited
from restage.agent.record import RecordError
from restage.agent.roles import Cancelled

KEY = "sk-proj-plantedKEY0123456789abcdef"


def record(folder, *pairs, provider=None):
    """Ask each request and keep what came of it."""
    for request, outcome in pairs:
        asked = Recorded(provider or talking.Answers(outcome), Conversation(folder))
        try:
            asked.ask(request, Event())
        except (BadKey, RateLimited, Cancelled):
            assert not isinstance(outcome, str)


def test_an_exchange_is_kept_whole(tmp_path):
    request = talking.request(schema=talking.SCHEMA, schema_name="BriefReply", max_output_tokens=777)
    record(tmp_path, (request, talking.reply("a reply\nof two lines")))
    (found,) = conversation.load(tmp_path)
    assert (found.name, found.provider, found.model) == ("generator_geometry_r2_1", "listed", "listed-1")
    assert found.fingerprint == request.fingerprint() and found.system.text == request.system
    assert found.reply.reply() == talking.reply("a reply\nof two lines")
    assert json.loads(found.wanted.text) == talking.SCHEMA and found.schema_name == "BriefReply"
    assert found.max_output_tokens == 777 and found.error is None and found.at
    assert found.facts["image_px"] == 768
    text, picture, other, last = found.messages[0].parts
    assert text.text == "Here is the picture:" and last.text == "Write the script."
    assert (picture.label, picture.size, other.media_type) == ("picture with rulers", (400, 300), "image/jpeg")
    kept = conversation.picture_path(tmp_path, picture)
    assert kept.read_bytes() == talking.png().data and kept.name == f"{talking.png().sha256}.png"
    assert conversation.picture_path(tmp_path, other).suffix == ".jpg"


def test_what_comes_again_is_kept_once(tmp_path):
    for number in range(1, 6):
        record(tmp_path, (talking.request(number=number), talking.reply()))
    folder = tmp_path / "conversation"
    assert len(list((folder / "pictures").iterdir())) == 2 and len(list((folder / "texts").iterdir())) == 1
    assert all(talking.LONG[-40:] not in path.read_text() for path in folder.glob("*.json"))
    assert [item.system.text for item in conversation.load(tmp_path)] == [talking.LONG] * 5


def test_it_goes_on_counting(tmp_path):
    record(tmp_path, (talking.request(), talking.reply()), (talking.request(number=2), talking.reply()))
    record(tmp_path, (talking.request("verifier"), talking.reply()))
    assert sorted(path.name for path in (tmp_path / "conversation").glob("*.json")) == [
        "0001_generator_geometry_r2_1.json",
        "0002_generator_geometry_r2_2.json",
        "0003_verifier_geometry_r2_1.json",
    ]
    assert [item.turn.number for item in conversation.load(tmp_path)] == [1, 2, 1]


def test_threads_do_not_overwrite_each_other(tmp_path):
    kept, together = Conversation(tmp_path), Barrier(8)

    def ask(number):
        together.wait()
        Recorded(talking.Answers(talking.reply(str(number))), kept).ask(talking.request(number=number), Event())

    threads = [Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = conversation.load(tmp_path)
    assert sorted(item.reply.text for item in found) == [str(number) for number in range(8)]
    assert all(item.reply.text == str(item.turn.number) for item in found)


def test_errors_and_cancelling_are_kept_and_go_on_up(tmp_path):
    for error in (RateLimited("Too many requests.", "Wait."), Cancelled()):
        with pytest.raises(type(error)):
            Recorded(talking.Answers(error), Conversation(tmp_path)).ask(talking.request(), Event())
    limited, cancelled = conversation.load(tmp_path)
    assert (limited.error.kind, limited.error.sentence) == ("RateLimited", "Too many requests. Wait.")
    assert limited.reply is None and cancelled.error.kind == "Cancelled"


def test_no_key_gets_into_the_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "an-odd-key-without-a-shape-42")
    said = BadKey(
        f"The server says: Incorrect API key provided: {KEY}.", "Key an-odd-key-without-a-shape-42 is no good."
    )
    record(tmp_path, (talking.request(), BadKey(said.what, said.advice, detail=KEY)))
    (found,) = conversation.load(tmp_path)
    assert found.error.what.startswith("The server says: Incorrect API key provided: ")
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert b"plantedKEY" not in path.read_bytes() and b"without-a-shape" not in path.read_bytes()


def test_half_a_character_from_a_server_does_no_harm(tmp_path):
    asked = Recorded(talking.Answers(talking.reply("half \ud83d here")), Conversation(tmp_path))
    reply = asked.ask(talking.request(text="and \udc00 there"), Event())
    (found,) = conversation.load(tmp_path)
    assert reply.text == found.reply.text == "half ? here"


def test_a_recorded_provider_is_otherwise_the_provider(tmp_path):
    inner = talking.Answers(talking.reply())
    asked = Recorded(inner, Conversation(tmp_path))
    assert (asked.name, asked.facts, asked.destination) == (inner.name, inner.facts, inner.destination)
    assert asked.models() == ["listed-1"] and not (tmp_path / "conversation").exists()


def test_a_run_without_a_model_has_no_conversation(tmp_path):
    assert conversation.load(tmp_path) == []


@pytest.mark.parametrize("damage", ["exchange", "text", "name"])
def test_damage_is_a_sentence(tmp_path, damage):
    record(tmp_path, (talking.request(), talking.reply()))
    path = tmp_path / "conversation" / "0001_generator_geometry_r2_1.json"
    if damage == "exchange":
        path.write_text(path.read_text()[:200])
    elif damage == "name":
        path.write_text(path.read_text().replace(talking.png().sha256, "../../../etc/passwd"))
    else:
        next((tmp_path / "conversation" / "texts").iterdir()).unlink()
    with pytest.raises(RecordError, match=r"0001_generator_geometry_r2_1\.json"):
        conversation.load(tmp_path)


def test_what_a_killed_process_left_is_no_exchange(tmp_path):
    record(tmp_path, (talking.request(), talking.reply()))
    (tmp_path / "conversation" / f"{files.PARTIAL}0002_generator_geometry_r2_2.json").write_text("{")
    assert len(conversation.load(tmp_path)) == 1


def test_a_recording_is_small_and_complete(tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    (run / "picture.png").write_bytes(talking.png().data)
    (run / "brief.json").write_text('{"caption": "a kettle"}')
    (run / "run.json").write_text(json.dumps({"seed": 7, "stages": [{"name": "setup", "attempts": [{"number": 1}]}]}))
    (run / "attempts").mkdir()
    (run / "attempts" / "views.npz").write_bytes(b"big")
    (run / "stages").mkdir()
    (run / "stages" / "01_setup.py").write_text("pass")
    talk = (*talking.request().messages, Message("assistant", (Text("no"),)))
    record(run, (talking.request(), talking.reply()), (talking.request(number=2, messages=talk), talking.reply("two")))
    small = recording.export_recording(run, tmp_path / "data" / "small")
    held = ["brief.json", "conversation", "picture.png", "run.json", "stages"]
    assert sorted(path.name for path in small.iterdir()) == held
    assert (small / "stages" / "01_setup.py").read_text() == "pass"
    assert not (small / "conversation" / "pictures").exists()
    assert json.loads((small / "run.json").read_text()) == {"seed": 7, "stages": [{"name": "setup", "attempts": []}]}
    assert conversation.load(small) == conversation.load(run)
    whole = recording.export_recording(run, tmp_path / "whole", pictures=True)
    assert len(list((whole / "conversation" / "pictures").iterdir())) == 2
    with pytest.raises(RecordError, match="exists already"):
        recording.export_recording(run, whole)
    with pytest.raises(RecordError, match="no recorded conversation"):
        recording.export_recording(tmp_path / "data", tmp_path / "third")


def test_a_resumed_run_does_not_pay_twice_for_the_same_question(tmp_path):
    request = talking.request()
    Recorded(talking.Answers(talking.reply("the answer")), Conversation(tmp_path)).ask(request, Event())
    later = talking.Answers(talking.reply("another answer"))
    resumed = Recorded(later, Conversation(tmp_path), reuse=True)
    found = resumed.ask(request, Event())
    assert found.text == "the answer" and found.usage.input_tokens == 0 and not later.asked
    # Asked twice in one run on purpose, as votes are, it is asked.
    assert resumed.ask(request, Event()).text == "another answer"
