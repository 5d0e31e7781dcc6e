# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers as they come from servers that work: what is sent, what is read, what is told meanwhile."""

from __future__ import annotations

import subprocess
import sys
from threading import Event

import pytest
from asking import ALL, BOTH, KEY, PICTURE, ask, error_body, provider, request
from loopback import Behaviour, Loopback
from restage.agent.providers import make
from restage.agent.providers.address import is_loopback, normal_url, without_secrets
from restage.agent.providers.base import Message, Request, Text, Turn, Waiting
from restage.agent.providers.errors import BadReply, OnlineAccessOff, ProviderError, ServerFailed
from restage.agent.providers.openai import qualifies
from restage.agent.roles import Usage
from restage.agent.settings import Asked

SCHEMA = {
    "type": "object",
    "properties": {"approve": {"type": "boolean"}},
    "required": ["approve"],
    "additionalProperties": False,
}


@pytest.mark.parametrize("name", ALL)
def test_an_answer_with_its_counts(name):
    reply, server = ask(name, Behaviour(text="a cube, a ball and a mat"))
    assert reply.text == "a cube, a ball and a mat"
    written = 100 if name == "anthropic" else 0
    assert reply.usage == Usage(1000, 50, 0.0, 400, written)
    assert (reply.model, reply.stop, reply.retries) == ("served-model", "end", 0)
    assert len(server.bodies) == 1


@pytest.mark.parametrize("name", ALL)
def test_pictures_go_in_their_place(name):
    _reply, server = ask(name, asked=request(picture=True))
    kinds = [part["type"] for part in server.bodies[0]["messages"][-1]["content"]]
    assert kinds == ["text", "image" if name == "anthropic" else "image_url", "text"]
    assert "bm90IGxvb2tlZCBhdA==" in str(server.bodies[0])


def test_anthropic_caches_the_system_text_and_the_stable_parts():
    _reply, server = ask("anthropic", asked=request(picture=True, stable_parts=2))
    body = server.bodies[0]
    cached = [part.get("cache_control") for part in body["messages"][0]["content"]]
    assert cached == [None, {"type": "ephemeral"}, None]
    assert body["system"][0]["cache_control"] == {"type": "ephemeral"}


@pytest.mark.parametrize("name", ALL)
def test_nothing_is_sent_that_new_models_refuse(name):
    _reply, server = ask(name)
    assert not {"temperature", "top_p"} & server.bodies[0].keys()
    assert ("max_tokens" in server.bodies[0]) == (name != "openai")
    assert server.bodies[0]["stream"] is True


@pytest.mark.parametrize("name", ALL)
def test_a_conversation_keeps_its_order(name):
    messages = (
        Message("user", (PICTURE, Text("one"))),
        Message("assistant", (Text("two"),)),
        Message("user", (Text("three"),)),
    )
    _reply, server = ask(name, asked=Request(Turn("verifier"), "", messages))
    assert [message["role"] for message in server.bodies[0]["messages"]] == ["user", "assistant", "user"]


@pytest.mark.parametrize("name", ALL)
def test_a_schema_is_asked_for(name):
    _reply, server = ask(name, Behaviour(text='{"approve": true}'), asked=request(schema=SCHEMA, schema_name="Verdict"))
    body = server.bodies[0]
    if name == "anthropic":
        assert body["output_config"]["format"]["schema"]["properties"].keys() == {"approve"}
    else:
        assert body["response_format"]["json_schema"] == {"name": "Verdict", "schema": SCHEMA, "strict": True}


@pytest.mark.parametrize("name", ALL)
def test_a_server_that_knows_no_schemas_is_asked_without(name):
    def judge(body):
        if {"response_format", "output_config"} & body.keys():
            return Behaviour(status=400, error=error_body(name, "Unknown field: response_format, output_config"))
        return None

    reply, server = ask(name, Behaviour(text="{}", check=judge), asked=request(schema=SCHEMA, schema_name="Verdict"))
    assert (reply.text, reply.retries, len(server.bodies)) == ("{}", 0, 2)


def test_an_old_server_is_met_half_way():
    def judge(body):
        for name in ("stream_options", "max_tokens"):
            if name in body:
                return Behaviour(status=400, error={"error": f"unknown parameter {name}"})
        return None

    reply, server = ask("compatible", Behaviour(text="done", usage=False, check=judge))
    assert reply.text == "done"
    assert len(server.bodies) == 3
    assert reply.usage.input_tokens > 0 and reply.usage.output_tokens > 0, "estimated when the server does not count"


def test_strict_only_for_closed_schemas():
    assert qualifies(SCHEMA)
    assert not qualifies({**SCHEMA, "additionalProperties": True})
    assert not qualifies({**SCHEMA, "required": []})
    loose = {
        "type": "object",
        "properties": {"free": {"type": "object"}},
        "required": ["free"],
        "additionalProperties": False,
    }
    assert not qualifies(loose)
    assert not qualifies({**SCHEMA, "$defs": {"open": {"type": "object", "properties": {"a": {}}, "required": []}}})


@pytest.mark.parametrize(("name", "stop"), [("openai", "length"), ("anthropic", "max_tokens")])
def test_a_cut_at_the_limit_is_said(name, stop):
    reply, _server = ask(name, Behaviour(text="half a scr", stop=stop))
    assert (reply.text, reply.stop) == ("half a scr", "length")


@pytest.mark.parametrize(("name", "stop"), [("openai", "length"), ("anthropic", "max_tokens")])
def test_nothing_but_thinking_is_no_answer(name, stop):
    with pytest.raises(BadReply, match="thinking"):
        ask(name, Behaviour(text="", stop=stop, thinking=True))


@pytest.mark.parametrize("name", ALL)
def test_an_empty_answer_is_asked_for_once_more(name):
    reply, server = ask(name, Behaviour(text=""), Behaviour(text="now"))
    assert (reply.text, reply.retries, len(server.bodies)) == ("now", 1, 2)
    assert reply.usage.input_tokens == 2000, "both were paid for"
    with pytest.raises(BadReply) as failed:
        ask(name, Behaviour(text="  \n"))
    assert failed.value.usage.output_tokens == 100


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(
    "text", ["I would rather describe it.", "```python\nimport b", "```\n1\n```\n```\n2\n```\n```\n3\n```"]
)
def test_prose_half_a_script_and_three_fences_come_as_they_are(name, text):
    assert ask(name, Behaviour(text=text))[0].text == text


@pytest.mark.parametrize("name", ALL)
def test_thinking_is_told_and_not_returned(name):
    told: list[Waiting] = []
    reply, _server = ask(name, Behaviour(text="abcdefghij", thinking=True, pause=0.12), on_waiting=told.append)
    assert reply.text == "abcdefghij"
    assert any(waiting.note == "thinking" for waiting in told)
    assert told[-1].state == "streaming" and told[-1].characters > 0
    assert [w.seconds for w in told] == sorted(w.seconds for w in told)


@pytest.mark.parametrize("name", ALL)
def test_a_page_instead_of_a_stream(name):
    with pytest.raises(ServerFailed, match="expected form"):
        ask(name, Behaviour(raw=b"<html>Welcome to the router</html>"))


@pytest.mark.parametrize("name", ALL)
def test_listing_models(name):
    with Loopback(models=["gpt-old", "gpt-6.1-sol", "gpt-4o-audio", "text-embedding-3"]) as server:
        found = provider(name, server).models()
    assert "gpt-6.1-sol" in found
    if name == "openai":
        assert found == ["gpt-6.1-sol", "gpt-old"], "recommended ones first, those that cannot chat left out"


def test_a_compatible_server_is_asked_for_what_it_has():
    with Loopback([Behaviour()], models=["nomic-embed", "qwen-vl"]) as server:
        asked = provider("compatible", server, model="", key=None)
        asked.ask(request(), Event())
        assert server.bodies[0]["model"] == asked.facts.name == "qwen-vl"
        assert asked.facts.usd_input == 0.0
        assert not asked.destination.leaves_machine


@pytest.mark.parametrize("name", BOTH)
def test_the_key_goes_where_it_belongs(name):
    _reply, server = ask(name)
    sent = server.headers[0]
    assert KEY in (sent.get("x-api-key"), sent.get("authorization", "").removeprefix("Bearer "))
    assert KEY not in str(server.bodies)


@pytest.mark.parametrize(
    ("name", "url"), [("openai", ""), ("anthropic", ""), ("compatible", "https://models.example/v1")]
)
def test_without_online_access_nothing_is_sent(name, url):
    asked = make.make(name, base_url=url, online=False, key_of=lambda _name: KEY)
    assert asked.destination.leaves_machine
    with pytest.raises(OnlineAccessOff, match="Allow Online Access"):
        asked.ask(request(), Event())
    with pytest.raises(OnlineAccessOff):
        asked.models()


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("localhost:1234", "http://localhost:1234/v1"),
        (" http://127.0.0.1:8080/v1/ ", "http://127.0.0.1:8080/v1"),
        ("https://models.example/openai", "https://models.example/openai"),
        ("[::1]:8000", "http://[::1]:8000/v1"),
    ],
)
def test_addresses_as_people_type_them(typed, url):
    assert normal_url(typed, "/v1") == url
    made = make.make("compatible", "llava", typed, key_of=lambda _name: None)
    assert made.destination.leaves_machine == ("example" in typed)


@pytest.mark.parametrize(
    "typed",
    [
        "http://",
        "ftp://models.example",
        "http://me:secret@models.example",
        "host:notaport",
        "http://h/v1?api_key=secret",
    ],
)
def test_what_is_no_address(typed):
    with pytest.raises(ProviderError, match="base URL") as failed:
        make.make("compatible", "llava", typed)
    assert "secret" not in str(failed.value)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("http://me:secret@models.example/v1", "http://models.example/v1"),
        ("models.example:8080/v1?api_key=secret", "models.example:8080/v1"),
        ("http://127.0.0.1:11434/v1", "http://127.0.0.1:11434/v1"),
    ],
)
def test_a_secret_in_an_address_is_kept_nowhere(typed, kept):
    assert without_secrets(typed) == kept
    if typed != kept:
        with pytest.raises(ValueError, match="take that out"):
            Asked(provider="compatible", base_url=typed)


@pytest.mark.parametrize(
    "host", ["localhost.models.example", "127.0.0.1.models.example", "0.0.0.0", "10.0.0.1", "models", ""]
)
def test_what_is_not_surely_this_machine(host):
    assert not is_loopback(host)


def test_client_libraries_are_loaded_when_something_is_asked_and_not_before():
    code = (
        "import sys; from restage.agent.providers.make import make; from restage.agent import cost;"
        "[make(name, 'x') for name in ('openai', 'anthropic', 'compatible')]; cost.estimate(make('openai'));"
        "print([name for name in ('openai', 'anthropic', 'httpx2', 'httpx') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "[]"


def test_a_proxy_is_not_used_for_this_machine(monkeypatch):
    for variable in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    assert ask("compatible")[0].text == "ready"


def test_redirects_are_not_followed():
    elsewhere = Behaviour(status=307, headers={"Location": "http://models.example/v1/chat/completions"}, error="")
    with pytest.raises(ServerFailed, match="another address"):
        ask("openai", elsewhere)


@pytest.mark.parametrize("name", ALL)
def test_a_connection_test_says_what_it_found(name):
    with Loopback([Behaviour(text="Red.")]) as server:
        said = make.test_connection(provider(name, server))
    assert "served-model" in said and "127.0.0.1" in said and "did not see" not in said
    with Loopback([Behaviour(text="Ready.")]) as server:
        assert "did not see" in make.test_connection(provider(name, server))
