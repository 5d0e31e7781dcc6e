# SPDX-License-Identifier: GPL-3.0-or-later
"""The report's conversation, brief, checklists and costs, on a run folder as the loop writes it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from threading import Event

import pytest
import runs
import talking
from restage.agent.brief import Brief, BriefObject
from restage.agent.conversation import Conversation, Recorded
from restage.agent.measurements import Measurements
from restage.agent.providers.errors import RateLimited
from restage.agent.record import StageRecord
from restage.agent.report import page
from restage.agent.roles import Attempt, AttemptViews, Usage
from restage.agent.verdict import ChecklistItem, Verdict
from restage.worker.protocol import JobResult

EVIL = '<script>alert("1")</script><img src=x onerror=alert(1)>'
VOID = {"meta", "img", "line", "circle", "polyline", "br"}


class Balanced(HTMLParser):
    """Checks that what is opened is closed, and collects what the page would load, show or jump to."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.ids, self.jumps, self.loads = [], [], [], [], []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.tags.append(tag)
        self.ids += [values["id"]] if "id" in values else []
        self.jumps += [values["href"][1:]] if values.get("href", "").startswith("#") else []
        self.loads += [values["src"]] if "src" in values else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag


def parsed(text):
    found = Balanced()
    found.feed(text)
    assert found.open == [] and len(found.ids) == len(set(found.ids)) and set(found.jumps) <= set(found.ids)
    assert all(source.startswith("data:") for source in found.loads)
    return found


def ask(folder, outcome, **request):
    provider = Recorded(talking.Answers(outcome), Conversation(folder.path))
    try:
        provider.ask(talking.request(**request), Event())
    except RateLimited as error:
        assert error is outcome


def attempt(folder, number, round_number, verdict=None, stage="geometry", status="ok"):
    made = Attempt(
        stage=stage,
        number=number,
        round=round_number,
        script="PARAMS = {}\n",
        note="",
        result=JobResult(status=status),
        views=AttemptViews(),
        measurements=Measurements(score=0.5),
        verdict=verdict,
    )
    folder.add_attempt(made, Usage(1200, 300, 0.0125), {})


@pytest.fixture
def folder(tmp_path, table_picture):
    return runs.start(tmp_path / "run", table_picture)[1]


def test_an_exchange_is_shown_and_its_html_is_escaped(folder):
    ask(folder, talking.reply(f"Here: {EVIL}"), text=f"Look: {EVIL}", number=1)
    attempt(folder, 1, 2)
    text = page(folder)
    found = parsed(text)
    assert "script" not in found.tags and EVIL not in text
    assert text.count("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;") == 2
    assert "writing · request 1 · attempt 1 · listed listed-1 · 1,200 tokens in (800 cached), 300 out · $0.0125" in text
    assert "Conversation of round 2 (attempts: 1)" in text and "1 request, 1,500 tokens, $0.0125" in text
    assert found.jumps == ["talk-geometry-2"]


def test_a_picture_and_a_long_text_are_in_the_page_once(folder):
    for number in range(1, 21):
        ask(folder, talking.reply(f"reply {number}"), number=number)
    text = page(folder)
    found = parsed(text)
    assert text.count("background-image: url(data:image/jpeg") == 2 and text.count('class="thumb ') == 40
    assert text.count("line 59 of the long instructions") == 1 and found.jumps.count("text-1") == 19
    sizes = re.findall(r"width: (\d+)px; height: (\d+)px; background-image", text)
    assert sorted(sizes) == [("256", "192"), ("64", "48")]
    assert len(text) < 120_000


def test_pictures_that_were_not_kept_are_named(folder):
    ask(folder, talking.reply())
    for path in (folder.path / "conversation" / "pictures").iterdir():
        path.unlink() if path.suffix == ".png" else path.write_bytes(b"no picture")
    text = page(folder)
    parsed(text)
    assert "picture with rulers, 400 x 300" in text and "not kept" in text and "(damaged)" in text


def test_exchanges_go_to_the_attempts_they_led_to(folder):
    wish = ChecklistItem(object="Box", property="height", observed="0.3 m", wanted="0.4 m", region=(0.1, 0.2, 0.5, 0.6))
    attempt(folder, 1, 1, status="script_error")
    attempt(folder, 2, 1, Verdict(approve=False, items=[wish], summary=f"Nearly {EVIL}"))
    for role, number in (("generator", 1), ("generator", 2), ("verifier", 1)):
        ask(folder, talking.reply(), role=role, number=number, round_number=1)
    ask(folder, RateLimited("Too many."), round_number=2)
    text = page(folder)
    parsed(text)
    assert "writing · request 1 · attempt 1 ·" in text and "writing · request 2 · attempt 2 ·" in text
    assert "judging · request 1 · attempt 2 ·" in text
    assert "Too many." in text and "no reply" in text and "(attempts: none)" in text
    assert "<b>Box height</b>: 0.3 m, wanted 0.4 m <small>at 10, 20, 50, 60 %</small>" in text


def test_where_it_is_in_doubt_no_attempt_is_named(folder):
    attempt(folder, 1, 1)
    for number in (1, 2):
        ask(folder, talking.reply("unusable, then mended"), number=number, round_number=1)
    text = page(folder)
    assert "writing · request 1 · listed" in text and "· attempt 1 ·" not in text


def test_the_brief_and_how_it_came_about(folder):
    ask(folder, talking.reply("{}"), role="brief", stage="", round_number=0)
    ask(folder, talking.reply(), role="test", stage="elsewhere")
    kettle = BriefObject(name=f"Kettle {EVIL}", box=(0.1, 0.2, 0.5, 0.6), stands_on="Table", size_m=0.25)
    folder.save_brief(Brief(caption="a kettle", objects=[kettle], light="from the left", ignore=["the logo"]))
    text = page(folder)
    found = parsed(text)
    assert "script" not in found.tags and "How the brief came about" in text and "Other requests" in text
    for words in (
        "The brief: a kettle",
        "from the left",
        "the logo",
        "<td>Table</td><td>0.25</td>",
        "10, 20, 50, 60 %",
    ):
        assert words in text


def test_what_each_stage_cost(folder):
    attempt(folder, 1, 1)
    attempt(folder, 1, 1, stage="materials")
    folder.record.stage("geometry").model_seconds = 12.5
    text = page(folder)
    parsed(text)
    row = '<td>geometry</td><td class="num">1,200</td><td class="num">300</td><td class="num">$0.0125</td>'
    assert row + '<td class="num">12.5 s</td>' in text
    assert '<th>whole run</th><th class="num">2,400</th>' in text and "Conversation" not in text


def test_a_run_without_a_model_shows_neither(folder):
    text = page(folder)
    parsed(text)
    assert "Tokens and cost" not in text and 'class="talk"' not in text


def test_a_one_shot_run_has_its_report_too(tmp_path, table_picture):
    folder = runs.start(tmp_path / "run", table_picture, stages=[StageRecord(name="program")])[1]
    ask(folder, talking.reply(), stage="program", round_number=1)
    attempt(folder, 1, 1, stage="program")
    text = page(folder)
    assert parsed(text).jumps == ["talk-program-1"] and "the whole scene in one script" in text


def test_a_damaged_conversation_does_not_cost_the_report(folder):
    ask(folder, talking.reply())
    next((folder.path / "conversation" / "texts").iterdir()).unlink()
    text = page(folder)
    parsed(text)
    assert "refers to a text that is not in" in text
