# SPDX-License-Identifier: GPL-3.0-or-later
"""Replies as data: read from what models really write, mended once, and turned into the project's records."""

from __future__ import annotations

import json
from threading import Event

import pytest
from prepared import Answering, said
from pydantic import BaseModel
from restage.agent import from_replies, replies, structured
from restage.agent.asking import Asker
from restage.agent.providers.base import Message, Reply, Request, Text, Turn
from restage.agent.providers.errors import BadReply
from restage.agent.roles import Cancelled, Usage


class Pair(BaseModel):
    a: int
    b: str = ""


REQUEST = Request(Turn("verifier", "geometry", 2), "system", (Message("user", (Text("?"),)),))


def ask(provider):
    return Asker(provider).within(Event(), lambda _doing: None)


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "b": "x"}',
        'Here you are:\n```json\n{"a": 1, "b": "x"}\n```\nAnything else?',
        '```\n{"a": 1, "b": "x",}\n```',
        'I think {this} is it: {"a": 1, "b": "x"} as asked.',
        '{\n  "a": 1, // the number\n  "b": "x"\n}',
        'First {"b": "not this"} and then {"a": 1, "b": "x"}.',
        '```json\n{"b": "draft"}\n```\n```json\n{"a": 1, "b": "x"}\n```',
    ],
)
def test_json_is_found_where_models_put_it(text):
    assert structured.parse(text, Pair) == Pair(a=1, b="x")


def test_slashes_and_commas_inside_strings_stay():
    assert structured.parse('{"a": 1, "b": "http://x, }",}', Pair).b == "http://x, }"


@pytest.mark.parametrize("text", ["", "no", "{", '{"a": "x"}', "[1, 2]", "{" * 5000])
def test_what_cannot_be_read_says_so(text):
    with pytest.raises(structured.Unreadable):
        structured.parse(text, Pair)


def test_a_bad_reply_is_mended_in_one_turn_with_its_errors_quoted():
    provider = Answering('{"a": "many"}', '{"a": 3}')
    made, usage = structured.ask_for(ask(provider), REQUEST, Pair)
    assert made.a == 3 and usage == Usage(200, 20, 0.02)
    first, second = provider.asked
    assert first.schema["required"] == ["a", "b"] and first.schema_name == "Pair"
    assert [m.role for m in second.messages] == ["user", "assistant", "user"]
    assert "- a: Input should be a valid integer" in said(second)
    assert (first.turn.number, second.turn.number) == (1, 2)


def test_two_bad_replies_are_an_error_with_the_text_in_its_details():
    with pytest.raises(BadReply) as caught:
        structured.ask_for(ask(Answering("prose", "more prose")), REQUEST, Pair)
    assert "more prose" in caught.value.detail and "more prose" not in str(caught.value)


def test_an_empty_reply_goes_back_as_something_a_server_takes():
    provider = Answering(Reply("", Usage(), stop="length"), '{"a": 1}')
    structured.ask_for(ask(provider), REQUEST, Pair)
    assert provider.asked[1].messages[1].parts[0].text.strip()
    assert "length limit" in said(provider.asked[1])


def test_cancelled_before_it_is_asked():
    cancel = Event()
    cancel.set()
    provider = Answering("{}")
    with pytest.raises(Cancelled):
        Asker(provider).within(cancel, lambda _doing: None)(REQUEST)
    assert provider.asked == []


@pytest.mark.parametrize(
    "model", [replies.BriefReply, replies.SecondLookReply, replies.VerdictReply, replies.ChoiceReply]
)
def test_schemas_are_closed_and_hold_nothing_strict_modes_refuse(model):
    def walk(node):
        if isinstance(node, dict):
            if node.get("type") == "object":
                assert node["additionalProperties"] is False and node["required"] == list(node["properties"])
            assert not {"minItems", "pattern", "default", "prefixItems", "exclusiveMinimum"} & set(node)
            for value in node.values():
                walk(value)
        if isinstance(node, list):
            for value in node:
                walk(value)

    walk(structured.schema_of(model))


def thing(name="Cup", box=(10, 20, 30, 40), **more):
    return {"name": name, "box": list(box), "colour": "#ff0000"} | more


def reply(*things, **more):
    camera = {"horizontal_fov_degrees": 40, "pitch_down_degrees": 20, "height_m": 1, "horizon_percent": 10}
    given = {
        "caption": "c",
        "camera": camera,
        "backdrop": "floor",
        "backdrop_colour": "#808080",
        "light": "",
        "style": "",
    }
    return given | {"objects": list(things)} | more


def brief_of(*things, **more):
    return from_replies.brief(structured.parse(json.dumps(reply(*things, **more)), replies.BriefReply))


def test_a_brief_reply_becomes_fractions_and_radians():
    made = brief_of(thing(outline=[[10, 20], [30, 20], [20, 40]], dimensions_m=[0.1, 0.2, 0.3]))
    cup = made.objects[0]
    assert cup.box == (0.1, 0.2, 0.3, 0.4) and cup.colour == (1.0, 0.0, 0.0)
    assert cup.outlines == [[(0.1, 0.2), (0.3, 0.2), (0.2, 0.4)]] and cup.size_m == 0.3
    assert made.camera.horizontal_fov == pytest.approx(0.698, abs=1e-3) and made.camera.horizon == 0.1


def test_boxes_in_fractions_and_swapped_corners_are_understood():
    made = brief_of(thing("A", (0.3, 0.2, 0.1, 0.4)), thing("B", (0.5, 0.5, 1.0, 1.0)))
    assert [item.box for item in made.objects] == [(0.1, 0.2, 0.3, 0.4), (0.5, 0.5, 1.0, 1.0)]
    assert brief_of(thing(box=(-2, 20, 103, 40))).objects[0].box == (0.0, 0.2, 1.0, 0.4)


def test_boxes_in_pixels_are_asked_for_again():
    with pytest.raises(structured.Unreadable, match="percent"):
        brief_of(thing(box=(100, 200, 300, 400)))
    with pytest.raises(structured.Unreadable, match="empty"):
        brief_of(thing(box=(10, 20, 10, 40)))


def test_names_are_what_blender_keeps():
    made = brief_of(thing("Cup.001"), thing("cup"), thing("Cup"), thing(" a/b\n"), thing("x" * 90), thing("..."))
    names = [item.name for item in made.objects]
    assert names[:4] == ["Cup 001", "cup", "Cup 2", "a b"] and len(names[4]) == 40 and names[5] == "Thing"
    assert len({name.casefold() for name in names}) == len(names) and not any("." in name for name in names)


def test_supports_follow_the_cleaned_names_and_unknown_ones_are_the_floor():
    made = brief_of(
        thing("Coffee.Table"), thing("Cup", stands_on="coffee.table"), thing("Mat", stands_on="floor"),
        thing("Self", stands_on="Self"),
    )  # fmt: skip
    assert [item.stands_on for item in made.objects] == ["", "Coffee Table", "", ""]


@pytest.mark.parametrize(
    ("said_colour", "wanted"),
    [("#F00", "#ff0000"), ("rgb(255, 0, 128)", "#ff0080"), ([1.0, 0.5, 0], "#ff8000"), ([255, 128, 0], "#ff8000"),
     ("00ff00", "#00ff00")],
)  # fmt: skip
def test_colours_in_every_usual_way(said_colour, wanted):
    assert replies.ObjectReply.model_validate(thing(colour=said_colour)).colour == wanted


def test_the_second_look_moves_adds_and_strikes():
    first = brief_of(thing("Cup", outline=[[1, 1], [2, 2], [3, 1]]), thing("Shadow"), thing("Lid", stands_on="Shadow"))
    told = {"boxes": [{"name": "cup", "box": [50, 50, 60, 60]}, {"name": "Ghost", "box": [1, 1, 2, 2]}],
            "missing": [thing("Spoon", stands_on="Cup"), thing("Lid")], "wrong": ["Shadow"]}  # fmt: skip
    made = from_replies.corrected(first, structured.parse(json.dumps(told), replies.SecondLookReply))
    assert [item.name for item in made.objects] == ["Cup", "Lid", "Spoon"]
    cup, lid, spoon = made.objects
    assert cup.box == (0.5, 0.5, 0.6, 0.6) and cup.outlines == []
    assert lid.stands_on == "" and spoon.stands_on == "Cup"
    everything = structured.parse('{"wrong": ["Cup", "Shadow", "Lid"]}', replies.SecondLookReply)
    assert from_replies.corrected(first, everything) == first


def test_a_verdict_keeps_the_five_weightiest_and_known_names():
    items = [{"object": "cup", "property": "size", "observed": "o", "wanted": "w", "severity": s}
             for s in ("minor", "low", "major", "minor", "blocking", "minor", "high")]  # fmt: skip
    items[2]["region"] = [150, 20, 30, 40]
    items[4] |= {"object": "Teapot", "values": ["x", 2, True]}
    told = structured.parse(json.dumps({"approve": False, "items": items}), replies.VerdictReply)
    made = from_replies.verdict(told, ["Cup"])
    assert [item.severity for item in made.items] == ["blocking", "major", "major", "minor", "minor"]
    assert made.items[0].object == "" and made.items[0].observed == "Teapot: o" and made.items[0].values == [2.0]
    assert made.items[1].object == "Cup" and made.items[1].region == (0.3, 0.2, 1.0, 0.4)


def test_a_refusal_without_reasons_is_no_verdict():
    with pytest.raises(structured.Unreadable, match="items"):
        structured.parse('{"approve": false, "items": []}', replies.VerdictReply)
    approved = structured.parse('{"approve": true, "items": [], "looks": null}', replies.VerdictReply)
    assert from_replies.verdict(approved, []).approve
