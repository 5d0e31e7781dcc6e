# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens, money, caps, and the table of models they come from."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path
from threading import Event

import pytest
from asking import ALL, BOTH, PICTURE, provider, request
from loopback import Behaviour, Loopback
from restage.agent import cost
from restage.agent.providers import table
from restage.agent.providers.base import Message, ModelFacts, Request, Text, Turn
from restage.agent.providers.errors import CapReached, ServerFailed
from restage.agent.providers.make import make
from restage.agent.roles import Usage

FACTS = table.facts_of("anthropic", "claude-sonnet-5-5")


def test_the_table_says_where_and_when():
    file = json.loads(Path(table.__file__).with_name("models.json").read_text(encoding="utf-8"))
    for name in BOTH:
        entry = file["providers"][name]
        assert date.fromisoformat(table.priced_on(name)) <= date.today()
        assert entry["sources"]
        assert table.default_model(name) == table.names(name)[0]
        for model in entry["models"]:
            known = [model[key] for key in ("usd_cached_input", "usd_input", "usd_output")]
            assert known[0] is None or known[0] <= known[1] < known[2], model["name"]
            assert model["context_tokens"] > model["max_output_tokens"]


def test_free_entry_is_allowed_and_cautious():
    for name in ALL:
        facts = table.facts_of(name, "something-nobody-knows")
        assert (facts.name, facts.usd_input, facts.usd_output) == ("something-nobody-knows", None, None)
        assert facts.max_output_tokens < facts.context_tokens <= 200_000
        assert not table.listed(name, facts.name)
        assert cost.money(Usage(1000, 1000), name, facts) is None


def test_a_dated_name_is_the_same_model():
    assert table.facts_of("anthropic", "claude-haiku-4-5-20251001").usd_output == 5
    assert table.facts_of("openai", "gpt-5.4-2026-03-05").usd_input == 2.5
    assert table.facts_of("openai", "gpt-5.4-mini").usd_input == 0.75
    assert table.facts_of("openai", "gpt-5.4-maxi").usd_input is None


@pytest.mark.parametrize(
    ("provider_name", "model", "size", "tokens"),
    [
        ("anthropic", "claude-opus-5-5", (1000, 1000), 36 * 36),
        ("anthropic", "claude-haiku-4-5", (28, 28), 1),
        ("openai", "gpt-5.4", (1024, 1024), 32 * 32),
        ("openai", "gpt-5.4-mini", (1024, 1024), 1659),
        ("openai", "gpt-5.4", (0, 0), 1),
    ],
)
def test_pictures_in_tokens(provider_name, model, size, tokens):
    assert cost.tokens_of_image(size, provider_name, model) == tokens


@pytest.mark.parametrize("size", [(6000, 4000), (100, 9000), (9000, 100)])
@pytest.mark.parametrize(("name", "model"), [("anthropic", "claude-haiku-4-5"), ("openai", "gpt-5.4")])
def test_large_pictures_are_scaled_down_to_the_limit(name, model, size):
    rule = table.image_rule(name, model)
    assert rule.tokens(size) <= rule.most_patches
    assert rule.tokens(size) == pytest.approx(rule.tokens((size[1], size[0])), rel=0.1)


def test_money_of_plain_cached_and_written_tokens():
    usage = Usage(1_000_000, 100_000, 0.0, 300_000, 200_000)
    assert cost.money(usage, "anthropic", FACTS) == pytest.approx(0.5 * 2 + 0.3 * 0.10 + 0.2 * 2.5 + 0.1 * 10)
    # Where the price of cached tokens is unknown they count in full.
    facts = table.facts_of("openai", "gpt-5.6-sol")
    assert facts.usd_cached_input is None
    assert cost.money(Usage(200_000, 0, 0.0, 200_000), "openai", facts) == pytest.approx(0.8)


def test_long_requests_cost_more():
    facts = table.facts_of("openai", "gpt-6.1-terra")
    assert cost.money(Usage(272_000, 1000), "openai", facts) == pytest.approx(0.272 + 0.005)
    assert cost.money(Usage(300_000, 1000), "openai", facts) == pytest.approx(0.6 + 0.0075)


def test_what_happens_here_is_free():
    local = make("compatible", "llava", key_of=lambda _name: None)
    assert cost.money(Usage(10**6, 10**6), local.name, local.facts) == 0.0
    assert cost.money(Usage(1, 1), "handoff", ModelFacts("by hand", usd_input=0.0, usd_output=0.0)) == 0.0


def test_a_request_is_estimated_with_its_pictures():
    plain, pictured = (cost.tokens_of_request(request(picture=has), "openai", "gpt-5.4") for has in (False, True))
    assert pictured - plain >= cost.tokens_of_image(PICTURE.size, "openai", "gpt-5.4")
    long = Request(Turn("generator"), "x" * 3600, (Message("user", (Text("y" * 3600),)),))
    assert 2000 <= cost.tokens_of_request(long, "openai", "gpt-5.4") < 2050


def test_the_estimate_before_the_first_send():
    generator, verifier = make("anthropic"), make("openai", "gpt-6-luna")
    alone = cost.estimate(generator)
    assert alone.calls == 2 + 2 * 15
    assert alone.usd is not None and 0.5 < alone.usd < 20, "SEIG's 13 rounds come to 5 or 6 dollars"
    both = cost.estimate(generator, verifier)
    assert both.usd < alone.usd
    assert [d.who for d in both.destinations] == ["Anthropic (api.anthropic.com)", "OpenAI (api.openai.com)"]
    much, away = both.sentences()
    assert "32 requests" in much and f"${both.usd:.2f}" in much and table.priced_on("anthropic") in much
    assert "api.anthropic.com" in away and "api.openai.com" in away
    assert cost.estimate(generator, candidates=3).calls == 2 + 2 * 45
    assert cost.estimate(generator, one_shot=True).calls == 1


def test_the_estimate_where_nothing_leaves_or_nothing_is_known():
    local = cost.estimate(make("compatible", "llava"))
    assert (local.usd, local.leaves_machine) == (0.0, False)
    assert local.sentences()[1] == "Nothing leaves this machine."
    unknown = cost.estimate(make("openai", "gpt-99"))
    assert unknown.usd is None
    assert "unknown price" in unknown.sentences()[0]


def test_the_meter_counts_by_stage_and_from_many_threads():
    meter = cost.Meter(spent=Usage(100, 10, 1.0))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: meter.add("geometry" if n % 2 else "setup", Usage(10, 1, 0.5)), range(400)))
    assert meter.calls == 400
    assert meter.stages["geometry"] == cost.Count(200, Usage(2000, 200, 100.0))
    assert meter.total == Usage(4100, 410, 201.0)
    assert not meter.unpriced


def test_a_metered_provider_prices_what_it_asked():
    with Loopback() as server:
        meter = cost.Meter()
        metered = cost.Metered(provider("anthropic", server, "claude-sonnet-5-5"), meter)
        reply = metered.ask(request(), Event())
    expected = cost.money(Usage(1000, 50, 0.0, 400, 100), "anthropic", FACTS)
    assert reply.usage.cost_usd == pytest.approx(expected)
    assert meter.stages == {"geometry": cost.Count(1, reply.usage)}
    assert (metered.name, metered.facts.name) == ("anthropic", "claude-sonnet-5-5")


@pytest.mark.parametrize("caps", [{"max_tokens": 1000}, {"max_usd": 0.001}])
def test_a_cap_stops_before_the_next_request(caps):
    with Loopback() as server:
        metered = cost.Metered(provider("anthropic", server), cost.Meter(**caps))
        metered.ask(request(), Event())
        with pytest.raises(CapReached, match="cap"):
            metered.ask(request(), Event())
        assert len(server.bodies) == 1


def test_a_resumed_run_has_spent_already():
    with pytest.raises(CapReached, match=r"\$2\.00"):
        cost.Meter(max_usd=2.0, spent=Usage(1, 1, 2.5)).check()


def test_a_cap_in_money_needs_a_price():
    with Loopback() as server:
        metered = cost.Metered(provider("openai", server, "gpt-99"), cost.Meter(max_usd=1.0))
        with pytest.raises(CapReached, match="unknown"):
            metered.ask(request(), Event())
        assert not server.bodies
        unpriced = cost.Metered(provider("openai", server, "gpt-99"), cost.Meter(max_tokens=10**6))
        assert unpriced.ask(request(), Event()).usage.cost_usd == 0.0
        assert unpriced.meter.unpriced


def test_what_a_failed_request_cost_is_counted():
    with Loopback([Behaviour(text="a long good answer", cut_after=5)]) as server:
        metered = cost.Metered(provider("openai", server), cost.Meter())
        with pytest.raises(ServerFailed):
            metered.ask(request(), Event())
    assert metered.meter.total.cost_usd > 0


def test_counts_add_up():
    one = Usage(10, 2, 0.5, 3, 4)
    assert one + one == Usage(20, 4, 1.0, 6, 8)
    assert replace(one, cost_usd=0.0) + Usage() == Usage(10, 2, 0.0, 3, 4)
