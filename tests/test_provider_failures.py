# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that fail: what is tried again, and what the artist is told when that does not help."""

from __future__ import annotations

import socket
from threading import Event

import pytest
from asking import ALL, BOTH, KEY, ask, error_body, provider, request
from loopback import Behaviour, Loopback
from restage.agent.keystore import NoKeyStore
from restage.agent.providers import errors, make
from restage.agent.providers.errors import ProviderError
from restage.agent.providers.watch import Limits

GOOD = Behaviour(text="a good answer")


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize("cut_after", [0, 1, 4])
def test_a_stream_cut_in_the_middle_is_asked_for_again(name, cut_after, reset):
    reply, server = ask(name, Behaviour(text="a good answer", cut_after=cut_after, reset=reset), GOOD)
    assert (reply.text, reply.retries, len(server.bodies)) == ("a good answer", 1, 2)


@pytest.mark.parametrize("name", ALL)
def test_streams_always_cut(name):
    with pytest.raises(errors.ServerFailed) as failed:
        ask(name, Behaviour(text="a good answer", cut_after=5))
    assert "cut" in str(failed.value)
    assert failed.value.usage.output_tokens > 0, "what was written before the cut is paid for"


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("status", [500, 502, 503, 529, 408])
def test_passing_faults_pass(name, status):
    reply, server = ask(
        name, Behaviour(status=status), Behaviour(status=status, error="<html>bad gateway</html>"), GOOD
    )
    assert (reply.text, reply.retries, len(server.bodies)) == ("a good answer", 2, 3)


@pytest.mark.parametrize("name", ALL)
def test_faults_that_stay(name):
    with Loopback([Behaviour(status=500)]) as server:
        asked = provider(name, server)
        with pytest.raises(errors.ServerFailed, match="failed"):
            asked.ask(request(), Event())
        assert len(server.bodies) == asked.policy.tries
    with pytest.raises(errors.ServerFailed, match="overloaded"):
        ask(name, Behaviour(status=529, error=error_body(name, "Overloaded", "overloaded_error")))


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("after", ["1", "0.02", "Sun, 06 Nov 1994 08:49:37 GMT", "soon"])
def test_rate_limited_and_then_not(name, after):
    limited = Behaviour(
        status=429, headers={"Retry-After": after}, error=error_body(name, "Slow down", "rate_limit_error")
    )
    told = []
    reply, _server = ask(name, limited, GOOD, on_waiting=told.append)
    assert (reply.text, reply.retries) == ("a good answer", 1)
    assert any(w.state == "retrying" and "rate limited, next try in" in w.note for w in told)


@pytest.mark.parametrize("name", ALL)
def test_rate_limited_always(name):
    limited = Behaviour(
        status=429, headers={"Retry-After": "7"}, error=error_body(name, "Slow down", "rate_limit_error")
    )
    with pytest.raises(errors.RateLimited, match="wait 7 s"):
        ask(name, limited)


def test_a_request_larger_than_the_rate_is_not_repeated():
    body = error_body("openai", "Request too large for gpt-x on tokens per min (TPM)", "tokens", "rate_limit_exceeded")
    with Loopback([Behaviour(status=429, error=body)]) as server:
        with pytest.raises(errors.RateLimited, match="in a minute"):
            provider("openai", server).ask(request(), Event())
        assert len(server.bodies) == 1


FINAL = [
    # who, status, message, type, code; the error, words in it
    (
        "openai",
        401,
        f"Incorrect API key provided: {KEY}.",
        "invalid_request_error",
        "invalid_api_key",
        "BadKey",
        "OPENAI_API_KEY",
    ),
    ("anthropic", 401, "invalid x-api-key", "authentication_error", None, "BadKey", "ANTHROPIC_API_KEY"),
    ("compatible", 401, "Unauthorized", "auth", None, "BadKey", "RESTAGE_COMPATIBLE_API_KEY"),
    ("openai", 403, "Country not supported", "request_forbidden", "unsupported_country", "BadKey", "country"),
    (
        "openai",
        429,
        "You exceeded your current quota, please check your plan and billing details.",
        "insufficient_quota",
        "insufficient_quota",
        "NoCredit",
        "credit",
    ),
    (
        "anthropic",
        400,
        "Your credit balance is too low to access the Anthropic API.",
        "invalid_request_error",
        None,
        "NoCredit",
        "billing page",
    ),
    ("anthropic", 402, "Payment required", "billing_error", None, "NoCredit", "credit"),
    (
        "openai",
        404,
        "The model `gpt-x` does not exist or you do not have access to it.",
        "invalid_request_error",
        "model_not_found",
        "ModelNotFound",
        "no model called",
    ),
    ("anthropic", 404, "model: claude-x", "not_found_error", None, "ModelNotFound", "no model called"),
    ("compatible", 404, 'model "llava" not found, try pulling it first', "api_error", None, "ModelNotFound", "Load it"),
    ("compatible", 404, "404 page not found", "", None, "ServerFailed", "/v1"),
    (
        "openai",
        400,
        "This model's maximum context length is 128000 tokens.",
        "invalid_request_error",
        "context_length_exceeded",
        "ContextTooLong",
        "larger context",
    ),
    (
        "anthropic",
        400,
        "prompt is too long: 215000 tokens > 200000 maximum",
        "invalid_request_error",
        None,
        "ContextTooLong",
        "longer",
    ),
    ("anthropic", 413, "Request exceeds the maximum size", "request_too_large", None, "ContextTooLong", "longer"),
    (
        "compatible",
        400,
        "the request exceeds the available context size, try increasing it",
        "exceed_context_size_error",
        None,
        "ContextTooLong",
        "num_ctx",
    ),
    (
        "openai",
        400,
        "Your request was rejected as a result of our safety system.",
        "invalid_request_error",
        "content_policy_violation",
        "Refused",
        "declined",
    ),
    ("openai", 400, "Unsupported value: this and that", "invalid_request_error", None, "ServerFailed", "error 400"),
    (
        "anthropic",
        400,
        "messages: at least one message is required",
        "invalid_request_error",
        None,
        "ServerFailed",
        "400",
    ),
]


@pytest.mark.parametrize(("name", "status", "message", "kind", "code", "wanted", "words"), FINAL)
def test_what_trying_again_does_not_help(name, status, message, kind, code, wanted, words):
    with Loopback([Behaviour(status=status, error=error_body(name, message, kind, code))]) as server:
        with pytest.raises(ProviderError) as failed:
            provider(name, server).ask(request(), Event())
        assert type(failed.value).__name__ == wanted
        assert words in str(failed.value)
        assert failed.value.advice
        assert len(server.bodies) == 1


@pytest.mark.parametrize(
    ("name", "status", "message"),
    [
        ("openai", 400, "Invalid content type. image_url is only supported by certain models."),
        (
            "compatible",
            500,
            "image input is not supported - hint: if this is unexpected, you may need to provide the mmproj",
        ),
        ("compatible", 500, "this model is missing data required for image input"),
        ("compatible", 400, "llama3 is not a multimodal model"),
        ("compatible", 400, "Model does not support images. Please use a model that does."),
    ],
)
def test_a_model_without_vision(name, status, message):
    with pytest.raises(errors.NoVision, match="takes no pictures"):
        ask(name, Behaviour(status=status, error=error_body(name, message)), asked=request(picture=True))
    with pytest.raises(errors.ServerFailed):
        ask(name, Behaviour(status=status, error=error_body(name, message)))


@pytest.mark.parametrize(
    ("name", "behaviour"),
    [
        ("openai", Behaviour(text="", refusal="I can't help with that.")),
        ("openai", Behaviour(text="Sor", stop="content_filter")),
        ("anthropic", Behaviour(text="", stop="refusal")),
    ],
)
def test_a_refusal(name, behaviour):
    with pytest.raises(errors.Refused, match="declined") as failed:
        ask(name, behaviour)
    assert failed.value.usage.input_tokens == 1000


def test_a_context_that_fills_up_while_writing():
    with pytest.raises(errors.ContextTooLong):
        ask("anthropic", Behaviour(stop="model_context_window_exceeded"))


@pytest.mark.parametrize("name", BOTH)
def test_an_error_in_the_stream(name):
    trouble = Behaviour(in_stream_error={"type": "overloaded_error", "message": "Overloaded"})
    reply, _server = ask(name, trouble, GOOD)
    assert (reply.text, reply.retries) == ("a good answer", 1)
    with pytest.raises(errors.ServerFailed, match="overloaded"):
        ask(name, trouble)


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("key", [None, ""])
def test_no_key(name, key):
    with pytest.raises(errors.NoKey, match="_API_KEY"):
        ask(name, key=key)


def test_a_key_store_that_does_not_answer():
    def broken(_name):
        raise NoKeyStore("The system's key store did not answer.")

    with Loopback() as server:
        with pytest.raises(errors.NoKey, match="did not answer"):
            make.make("openai", base_url=server.url, key_of=broken).ask(request(), Event())
        assert not server.bodies


@pytest.mark.parametrize("name", ALL)
def test_nothing_listens_there(name):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        asked = make.make(name, base_url=f"http://127.0.0.1:{port}", key_of=lambda _name: KEY)
        with pytest.raises(errors.Offline, match=str(port)):
            asked.ask(request(), Event())


def test_a_name_nobody_knows():
    asked = make.make("compatible", base_url="http://no-such-host.invalid/v1", key_of=lambda _name: KEY)
    asked.policy = asked.policy.__class__(tries=2, first=0.01)
    with pytest.raises(errors.Offline, match="no connection"):
        asked.ask(request(), Event())


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("behaviour", [Behaviour(silent=True), Behaviour(text="a good answer", pause=0.4)])
def test_a_server_that_goes_quiet(name, behaviour):
    with Loopback([behaviour]) as server:
        asked = provider(name, server)
        asked.limits = Limits(first_byte=0.2, stall=0.2)
        with pytest.raises(errors.TimedOut):
            asked.ask(request(), Event())
        assert server.closed.wait(10)


@pytest.mark.parametrize("name", ALL)
def test_a_slow_drip_is_waited_for_and_told(name):
    with Loopback([Behaviour(text="a good answer", pause=0.05)]) as server:
        asked = provider(name, server)
        asked.limits = Limits(first_byte=30.0, stall=30.0)
        told = []
        reply = asked.ask(request(), Event(), told.append)
    assert (reply.text, reply.retries, len(server.bodies)) == ("a good answer", 0, 1)
    assert told, "whoever waits is told that it goes on"


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500])
def test_a_key_is_in_nothing_that_is_said(name, status):
    leaky = Behaviour(
        status=status,
        error=error_body(name, f"Bad key {KEY} in Authorization: Bearer {KEY}", f"kind {KEY}", f"code {KEY}"),
    )
    with Loopback([leaky]) as server:
        asked = provider(name, server)
        told = []
        with pytest.raises(ProviderError) as failed:
            asked.ask(request(), Event(), told.append)
        error = failed.value
        everything = [
            str(error),
            repr(error),
            error.what,
            error.advice,
            error.detail,
            repr(error.__dict__),
            repr(asked),
            *map(repr, told),
        ]
        everything += [repr(vars(asked)), repr(asked.facts), repr(asked.destination)]
        assert error.detail, "there is something to copy"
        assert not [text for text in everything if KEY in text or KEY[3:] in text]
