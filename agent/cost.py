# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens and money: what a run may cost before anything is sent, what it has cost so far, and the caps that end it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import ceil
from threading import Event, Lock

from .providers import table
from .providers.base import Destination, Image, ModelFacts, OnWaiting, Provider, Reply, Request, Role
from .providers.errors import CapReached, ProviderError
from .roles import Cancelled, Usage

_MILLION = 1_000_000
_MESSAGE_TOKENS = 8
"""What a message's own marks come to, about."""


@dataclass(frozen=True)
class TypicalTurn:
    """What one request of a role is made of, about."""

    characters: int
    pictures: int
    output: int
    """Tokens written, without thinking."""


TYPICAL: dict[Role, TypicalTurn] = {
    "brief": TypicalTurn(5_000, 5, 1_500),
    "generator": TypicalTurn(26_000, 6, 3_000),
    "verifier": TypicalTurn(13_000, 7, 800),
}
"""Characters and pictures are the means of the three recorded runs, replayed on 2026-11-27: brief 3,600 to 7,400
characters, generator 12,300 to 42,900, verifier 7,700 to 20,800. Tokens written are what their replies come to, with
room for longer ones."""
_BRIEF_CALLS = 2
"""The brief, and a second look at it."""
_THINKING = 2.0
"""How much more a model writes that thinks first; its unseen thinking is paid for as output."""


def tokens_of_image(size: tuple[int, int], provider: str, model: str) -> int:
    """Return about how many input tokens a picture of width and height in pixels is."""
    return table.image_rule(provider, model).tokens(size)


def tokens_of_text(characters: int, provider: str, model: str) -> int:
    """Return about how many tokens that many characters of prose and code are."""
    return ceil(characters / table.characters_per_token(provider, model))


def tokens_of_request(request: Request, provider: str, model: str) -> int:
    """Return about how many input tokens a request is, pictures included."""
    characters = len(request.system) + (len(json.dumps(request.schema)) if request.schema else 0)
    tokens = _MESSAGE_TOKENS * (1 + len(request.messages))
    for part in (part for message in request.messages for part in message.parts):
        if isinstance(part, Image):
            tokens += tokens_of_image(part.size, provider, model)
        else:
            characters += len(part.text)
    return tokens + tokens_of_text(characters, provider, model)


def money(usage: Usage, provider: str, facts: ModelFacts) -> float | None:
    """Return what one request's tokens cost in US dollars, None when the price is unknown."""
    prices = table.prices_of(provider, facts)
    if prices is None:
        return None
    long = prices.above_tokens is not None and usage.input_tokens > prices.above_tokens
    cached, written = usage.cached_input_tokens, usage.cache_write_tokens
    plain = max(0, usage.input_tokens - cached - written)
    taken = plain * prices.usd_input + cached * prices.usd_cached_input + written * prices.usd_cache_write
    given = usage.output_tokens * prices.usd_output
    if long:
        taken, given = taken * prices.input_factor, given * prices.output_factor
    return (taken + given) / _MILLION


@dataclass(frozen=True)
class Estimate:
    """What a run is about to cost and who will see the picture, for the artist to confirm before the first send."""

    calls: int
    input_tokens: int
    output_tokens: int
    usd: float | None
    """None when a price is unknown."""
    destinations: tuple[Destination, ...]
    """Without repetition, the generator's first."""
    priced_on: str = ""
    """ISO date of the oldest price used; empty when no price was."""

    @property
    def leaves_machine(self) -> bool:
        """Whether anything goes to another machine."""
        return any(destination.leaves_machine for destination in self.destinations)

    @property
    def cost(self) -> str:
        """The cost in a few words."""
        if self.usd is None:
            return "at an unknown price"
        if self.usd == 0:
            return "free of charge"
        dated = f" (prices of {self.priced_on})" if self.priced_on else ""
        return f"about ${self.usd:.2f}{dated}" if self.usd >= 0.01 else f"less than $0.01{dated}"

    def sentences(self) -> tuple[str, str]:
        """Return how much it is, and what leaves the machine to whom."""
        tokens = f"{_thousands(self.input_tokens)} tokens in and {_thousands(self.output_tokens)} out"
        much = f"About {self.calls} requests, {tokens}, {self.cost}; "
        much += "fewer when stages are approved early, more when scripts fail."
        away = [destination.who for destination in self.destinations if destination.leaves_machine]
        if not away:
            return much, "Nothing leaves this machine."
        return much, (
            f"The picture, renders of the scene, the scripts and the numbers measured go to {' and '.join(away)}; "
            "no other file does."
        )


def estimate(
    generator: Provider,
    verifier: Provider | None = None,
    rounds: Sequence[int] = (2, 5, 3, 3, 2),
    candidates: int = 1,
    one_shot: bool = False,
) -> Estimate:
    """Say what a run with these providers and rounds is about to cost when every round is used once.

    Repairs, extra looks and comparisons come on top, approvals before the last round and cached input take away.
    """
    judge = verifier or generator
    turns: list[tuple[Provider, Role, int]] = [(generator, "brief", _BRIEF_CALLS)]
    if one_shot:
        turns = [(generator, "generator", candidates)]
    else:
        turns += [(generator, "generator", sum(rounds) * candidates), (judge, "verifier", sum(rounds) * candidates)]
    calls = tokens_in = tokens_out = 0
    usd: float | None = 0.0
    for provider, role, count in turns:
        each = _typical(provider, role)
        cost = money(each, provider.name, provider.facts)
        calls, tokens_in, tokens_out = (
            calls + count,
            tokens_in + count * each.input_tokens,
            tokens_out + count * each.output_tokens,
        )
        usd = None if usd is None or cost is None else usd + count * cost
    asked = (generator,) if one_shot or judge is generator else (generator, judge)
    dates = [table.priced_on(provider.name) for provider in asked if provider.facts.usd_input]
    return Estimate(
        calls,
        tokens_in,
        tokens_out,
        usd,
        tuple(dict.fromkeys(provider.destination for provider in asked)),
        min(filter(None, dates), default=""),
    )


def _typical(provider: Provider, role: Role) -> Usage:
    facts, turn = provider.facts, TYPICAL[role]
    side = min(facts.image_px, 1024)
    pictures = min(turn.pictures, facts.images) * tokens_of_image((side, side * 3 // 4), provider.name, facts.name)
    more = _THINKING if table.thinks(provider.name, facts.name) else 1.0
    text = tokens_of_text(turn.characters, provider.name, facts.name)
    return Usage(text + pictures, int(turn.output * more))


def _thousands(count: int) -> str:
    return f"{round(count, -3):,}" if count >= 1000 else str(count)


@dataclass(frozen=True)
class Count:
    """Requests answered and what they cost."""

    calls: int = 0
    usage: Usage = field(default_factory=Usage)

    def with_one(self, usage: Usage) -> Count:
        """Return the count with one more request."""
        return Count(self.calls + 1, self.usage + usage)


class Meter:
    """Counts what a run costs, by stage, and says when a cap is reached. Safe to share among threads."""

    def __init__(
        self,
        max_usd: float | None = None,
        max_tokens: int | None = None,
        spent: Usage | None = None,
    ) -> None:
        """`spent` is what a resumed run has cost before; caps count it."""
        self.max_usd, self.max_tokens = max_usd, max_tokens
        self._before = spent or Usage()
        self._stages: dict[str, Count] = {}
        self._unpriced = False
        self._lock = Lock()

    @property
    def stages(self) -> dict[str, Count]:
        """Counts per stage so far, in the order they began; the brief and tests are under the empty name."""
        with self._lock:
            return dict(self._stages)

    @property
    def total(self) -> Usage:
        """All of them, with what was spent before."""
        with self._lock:
            return self._total()

    @property
    def calls(self) -> int:
        """Requests answered."""
        with self._lock:
            return sum(count.calls for count in self._stages.values())

    @property
    def unpriced(self) -> bool:
        """Whether some of it has no known price, so that the money is at least that much."""
        with self._lock:
            return self._unpriced

    def add(self, stage: str, usage: Usage, priced: bool = True) -> None:
        """Count one request."""
        with self._lock:
            self._stages[stage] = self._stages.get(stage, Count()).with_one(usage)
            self._unpriced = self._unpriced or not priced

    def check(self) -> None:
        """Raise CapReached when a cap is reached: to be called before each request."""
        with self._lock:
            total = self._total()
        tokens = total.input_tokens + total.output_tokens
        if self.max_tokens is not None and tokens >= self.max_tokens:
            raise CapReached(
                f"The run's cap of {self.max_tokens:,} tokens is reached ({tokens:,} used).",
                "The best so far stands; raise the cap and go on, or accept it.",
            )
        if self.max_usd is not None and total.cost_usd >= self.max_usd:
            raise CapReached(
                f"The run's cap of ${self.max_usd:.2f} is reached (${total.cost_usd:.2f} spent).",
                "The best so far stands; raise the cap and go on, or accept it.",
            )

    def _total(self) -> Usage:
        total = self._before
        for count in self._stages.values():
            total = total + count.usage
        return total


class Metered:
    """A provider whose requests are counted, priced and refused once a cap is reached."""

    def __init__(self, provider: Provider, meter: Meter) -> None:
        """`provider` is asked, `meter` counts."""
        self.provider, self.meter = provider, meter

    @property
    def name(self) -> str:
        """The provider's."""
        return self.provider.name

    @property
    def facts(self) -> ModelFacts:
        """The provider's."""
        return self.provider.facts

    @property
    def destination(self) -> Destination:
        """The provider's."""
        return self.provider.destination

    def models(self) -> list[str]:
        """As the provider's."""
        return self.provider.models()

    def ask(self, request: Request, cancel: Event, on_waiting: OnWaiting | None = None) -> Reply:
        """Ask, and count it; `Reply.usage.cost_usd` is filled in. Raises CapReached before a request past a cap."""
        problem = cap_problem(self.provider, self.meter.max_usd)
        if problem:
            raise CapReached(problem)
        self.meter.check()
        try:
            reply = self.provider.ask(request, cancel, on_waiting)
        except (ProviderError, Cancelled) as error:
            # What was sent before it failed is paid for all the same.
            wasted = getattr(error, "usage", Usage())
            if wasted != Usage():
                self._add(request, wasted)
            raise
        return replace(reply, usage=self._add(request, reply.usage))

    def _add(self, request: Request, usage: Usage) -> Usage:
        # A recording knows what was paid.
        cost = usage.cost_usd or money(usage, self.name, self.facts)
        usage = replace(usage, cost_usd=cost or 0.0)
        self.meter.add(request.turn.stage, usage, priced=cost is not None)
        return usage


def cap_problem(provider: Provider, max_usd: float | None) -> str:
    """Say why a cap in money cannot be kept with this provider; empty when it can, or there is none."""
    if max_usd is None or table.prices_of(provider.name, provider.facts) is not None:
        return ""
    return (
        f"The price of {provider.facts.name or 'the model'} is unknown, so a cap in money cannot be kept: "
        "set a cap in tokens instead."
    )
