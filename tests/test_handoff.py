# SPDX-License-Identifier: GPL-3.0-or-later
"""The hand-off: what somebody finds in the folder, and which replies are taken."""

from __future__ import annotations

import threading
import time
from threading import Event

import pytest
import talking
from restage.agent import files
from restage.agent.providers import handoff
from restage.agent.providers.base import Message, Text
from restage.agent.providers.errors import ProviderError
from restage.agent.providers.handoff import Handoff
from restage.agent.roles import Cancelled

POLL = 0.02
PATIENCE = 20


class Asking(threading.Thread):
    """A request on its way, as the run's thread makes it."""

    def __init__(self, provider, request):
        super().__init__(daemon=True)
        self.provider, self.request, self.cancel = provider, request, Event()
        self.told, self.reply, self.error = [], None, None
        self.waiting = Event()
        self.start()
        assert self.waiting.wait(PATIENCE), self.error

    def run(self):
        try:
            self.reply = self.provider.ask(self.request, self.cancel, self.tell)
        except (Cancelled, ProviderError) as error:
            self.error = error

    def tell(self, waiting):
        self.told.append(waiting)
        self.waiting.set()

    def done(self):
        self.join(PATIENCE)
        assert not self.is_alive()
        return self.reply


@pytest.fixture
def provider(tmp_path):
    return Handoff(tmp_path / "handoff", poll_seconds=POLL)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "handoff"


def names(folder):
    return sorted(item.name for item in folder.iterdir())


def test_a_request_is_a_folder_with_text_and_pictures_in_order(provider, folder):
    request = talking.request(schema=talking.SCHEMA, schema_name="BriefReply")
    asking = Asking(provider, request)
    assert names(folder) == ["0001_generator_geometry_r2_1"]
    made = folder / "0001_generator_geometry_r2_1"
    assert {"01_picture_with_rulers.png", "02_the_render_seen_from_above.jpg", "request.md"} <= set(names(made))
    assert (made / "01_picture_with_rulers.png").read_bytes() == talking.png().data
    text = (made / "request.md").read_text()
    places = [
        "line 59 of the long instructions",
        "Here is the picture:",
        "![picture with rulers](01_picture_with_rulers.png)",
        "![The render, seen from above!](02_the_render_seen_from_above.jpg)",
        "Write the script.",
        "one fenced ```json block",
        '"caption"',
        "## How to answer",
        "`reply.md`",
    ]
    assert sorted(places, key=text.index) == places
    handoff.answer(made, "Here it is.\n")
    reply = asking.done()
    assert reply.text == "Here it is.\n" and reply.model == "by hand" and reply.usage.cost_usd == 0
    # 4 characters a token, and the pictures' pixels / 750.
    pixels = (400 * 300 + 64 * 48) // 750
    assert reply.usage.input_tokens > pixels + len(talking.LONG) // 4 and reply.usage.output_tokens == 3
    assert asking.told[0].state == "person" and asking.told[0].note == str(made)


def test_an_earlier_exchange_is_shown_as_such(provider, folder):
    first = talking.request()
    more = (*first.messages, Message("assistant", (Text("no script"),)), Message("user", (Text("Mend it."),)))
    asking = Asking(provider, talking.request(messages=more))
    text = (folder / "0001_generator_geometry_r2_1" / "request.md").read_text()
    order = ["## Request", "## Your reply to that\n\nno script", "## Now\n\nMend it."]
    assert sorted(order, key=text.index) == order
    asking.cancel.set()
    asking.done()


class Writing(Event):
    """Somebody who writes a piece of the reply between two polls, and sometimes hesitates for one."""

    def __init__(self, path, pieces):
        super().__init__()
        self.path, self.pieces = path, list(pieces)

    def wait(self, timeout=None):
        if self.pieces and (piece := self.pieces.pop(0)):
            with self.path.open("a") as writing:
                writing.write(piece)
        return super().wait(0)


def test_a_half_written_reply_is_not_taken(provider, folder):
    pieces = ["", "```python\n", "", "import bpy\n", "x = 1\n", "", "```\n"]
    writing = Writing(folder / "0001_generator_geometry_r2_1" / "reply.md", pieces)
    assert provider.ask(talking.request(), writing).text == "".join(pieces)


def test_an_empty_reply_is_not_taken(provider, folder):
    asking = Asking(provider, talking.request())
    path = folder / "0001_generator_geometry_r2_1" / "reply.md"
    path.write_text(" \n")
    assert asking.cancel.wait(POLL * 10) is False and asking.is_alive()
    path.write_text("now")
    assert asking.done().text == "now"


@pytest.mark.parametrize("data", ["été\r\nend".encode("utf-8-sig"), "été\nend".encode("utf-16"), "été\nend".encode()])
def test_a_reply_is_read_whatever_editor_saved_it(provider, folder, data):
    asking = Asking(provider, talking.request())
    (folder / "0001_generator_geometry_r2_1" / "reply.md").write_bytes(data)
    assert asking.done().text == "été\nend"


def test_cancel_ends_the_wait_and_leaves_the_question(provider, folder):
    slow = Handoff(folder, poll_seconds=3600)
    asking = Asking(slow, talking.request())
    asking.cancel.set()
    asking.join(PATIENCE)
    assert not asking.is_alive() and isinstance(asking.error, Cancelled)
    made = folder / "0001_generator_geometry_r2_1"
    assert (made / "request.md").exists() and handoff.pending(folder) is None


def test_a_cancelled_run_asks_nothing(provider, folder):
    cancel = Event()
    cancel.set()
    with pytest.raises(Cancelled):
        provider.ask(talking.request(), cancel)
    assert not folder.exists()


def test_nobody_answers_the_same_request_twice(provider, folder):
    asking = Asking(provider, talking.request())
    handoff.answer(handoff.pending(folder), "the answer")
    assert asking.done().text == "the answer"
    again = Handoff(folder, poll_seconds=POLL)
    assert again.ask(talking.request(), Event()).text == "the answer"
    # A resumed run counts from one again.
    third = Handoff(folder, poll_seconds=POLL)
    assert third.ask(talking.request(number=3), Event()).text == "the answer"
    assert names(folder) == ["0001_generator_geometry_r2_1"]


def test_an_unanswered_request_is_taken_up_again(provider, folder):
    asking = Asking(provider, talking.request())
    asking.cancel.set()
    asking.done()
    again = Asking(Handoff(folder, poll_seconds=POLL), talking.request())
    assert handoff.pending(folder) == folder / "0001_generator_geometry_r2_1"
    handoff.answer(handoff.pending(folder), "late")
    assert again.done().text == "late" and len(names(folder)) == 1


def test_the_same_question_asked_twice_in_a_run_is_answered_twice(provider, folder):
    asking = Asking(provider, talking.request("select", number=1))
    handoff.answer(handoff.pending(folder), "A")
    asking.done()
    second = Asking(provider, talking.request("select", number=2))
    assert handoff.pending(folder) == folder / "0002_select_geometry_r2_2"
    handoff.answer(handoff.pending(folder), "B")
    assert second.done().text == "B"


def test_another_question_in_the_same_turn_is_another_folder(provider, folder):
    asking = Asking(provider, talking.request())
    handoff.answer(handoff.pending(folder), "A")
    asking.done()
    other = Asking(provider, talking.request(text="Write it otherwise."))
    assert names(folder) == ["0001_generator_geometry_r2_1", "0002_generator_geometry_r2_1"]
    handoff.answer(handoff.pending(folder), "B")
    assert other.done().text == "B"


def test_several_may_wait_at_once(provider, folder):
    asked = [Asking(provider, talking.request(number=number, text=f"candidate {number}")) for number in (1, 2, 3)]
    while waiting := handoff.pending(folder):
        handoff.answer(waiting, waiting.name)
    assert sorted(asking.done().text[:4] for asking in asked) == ["0001", "0002", "0003"]


def test_a_killed_run_leaves_nothing_pending(provider, folder):
    asking = Asking(provider, talking.request())
    made = handoff.pending(folder)
    asking.cancel.set()
    asking.done()
    (made / "waiting").touch()
    assert handoff.pending(folder) == made
    other = Asking(Handoff(folder, poll_seconds=POLL), talking.request(text="Another."))
    assert handoff.pending(folder) not in (made, None)
    other.cancel.set()
    other.done()


def test_a_folder_that_was_tidied_away_comes_back(provider, folder):
    asking = Asking(provider, talking.request())
    made = handoff.pending(folder)
    made.rename(folder / "away")
    deadline = time.monotonic() + PATIENCE
    while not (made / "request.md").exists() and time.monotonic() < deadline:
        time.sleep(POLL)
    handoff.answer(made, "still here")
    assert asking.done().text == "still here"


def test_the_prompt_to_paste_names_the_pictures_to_attach(provider, folder):
    asking = Asking(provider, talking.request(text="Look at ![this](elsewhere.png)."))
    made = handoff.pending(folder)
    text = handoff.prompt_text(made)
    assert "[Attached picture 1, 01_picture_with_rulers.png: picture with rulers]" in text
    assert "![this](elsewhere.png)" in text and "reply.md" not in text and "](01_" not in text
    assert [path.name[:2] for path in handoff.picture_files(made)] == ["01", "02"]
    with pytest.raises(ValueError, match="empty"):
        handoff.answer(made, " \n")
    asking.cancel.set()
    asking.done()


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ProviderError, match="can't be used"):
        Handoff(tmp_path / "file" / "handoff").ask(talking.request(), Event())


def test_what_is_said_of_it(provider, folder):
    facts = provider.facts
    assert (facts.usd_input, facts.usd_output, facts.image_px, facts.images, facts.schema) == (0, 0, 1536, 10, False)
    assert not provider.destination.leaves_machine and str(folder) in provider.destination.who
    assert provider.models() == ["by hand"] and provider.name == "handoff"


def test_only_who_asks_removes_what_was_left(provider, folder):
    """An estimate, or a command that is refused, makes a provider too, beside a run that waits."""
    asking = Asking(provider, talking.request(text="One."))
    half = folder / f"{files.PARTIAL}0002_x"
    half.mkdir()
    Handoff(folder)
    assert handoff.pending(folder) is not None and half.is_dir()
    asking.cancel.set()
    asking.done()
    again = Asking(Handoff(folder, poll_seconds=POLL), talking.request(text="Two."))
    assert not half.exists()
    again.cancel.set()
    again.done()
