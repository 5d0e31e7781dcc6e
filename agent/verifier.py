# SPDX-License-Identifier: GPL-3.0-or-later
"""The verifier as a vision-language model: approves a stage's attempt or says what to change, and compares attempts.

It has a context of its own, and never sees the script: it judges what can be seen and measured.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from ..worker.protocol import LookRequest
from . import approval, from_replies, leaving, prompting, structured, telling
from .asking import Asker, AskFunction
from .generator import as_parts
from .providers.base import Message, Part, Provider, Request, Text, Turn
from .providers.errors import BadReply
from .replies import ChoiceReply, LookReply, VerdictReply
from .roles import Attempt, Context, Judgement, Looker, Preference, Usage
from .sight import pictures, ruler, tables
from .sight.shown import Shown, budget_of

MAX_LOOKS = 3
"""Extra looks per judgement."""
MAX_EXCHANGES = 2
"""Times looks are asked for before the verdict must come."""
MAX_TOKENS = 8_000
LOOK_PX = 512


class ModelVerifier:
    """Judges and compares attempts by asking a model."""

    def __init__(self, provider: Provider) -> None:
        """Ask `provider`; nothing is remembered between requests but how many there were."""
        self._asker = Asker(provider)

    def judge(self, context: Context, attempt: Attempt, looker: Looker) -> Judgement:
        """Approve, or say what to change; up to three extra looks are served before.

        Raises Cancelled, and errors.ProviderError: BadReply when the model gives no verdict, also after it was told or
        has had all the looks there are.
        """
        ask = self._asker.within(context.cancel, context.tell)
        names = [item.name for item in context.brief.objects]
        parts, stable = leaving.run(lambda: self._parts(context, attempt), context.cancel)
        usage, left = Usage(), MAX_LOOKS
        for exchange in range(MAX_EXCHANGES + 1):
            last = left == 0 or exchange == MAX_EXCHANGES
            request = self._request("verifier", context, (*parts, Text(_what_to_answer(left, last))), stable)
            reply, cost = structured.ask_for(ask, request, VerdictReply)
            usage += cost
            if last or not reply.looks:
                break
            wanted = reply.looks[:left]
            parts = (*parts, *_looked(context, attempt, looker, wanted))
            left -= len(wanted)
        if not (reply.approve or reply.items):
            raise BadReply(
                "The model went on asking for looks and gave no verdict.",
                "Try a stronger model.",
                detail=reply.model_dump_json()[:2000],
            )
        return Judgement(from_replies.verdict(reply, names), usage)

    def prefer(self, context: Context, one: Attempt, two: Attempt) -> Preference:
        """Compare twice, the second time with the order swapped; when the answers disagree it is `neither`.

        Raises as `judge`.
        """
        ask = self._asker.within(context.cancel, context.tell)
        first, why, usage = self._choice(ask, context, one, two)
        if first == "neither":
            # Of no difference the earlier attempt stays, whatever the other order would bring.
            return Preference("neither", why, usage)
        second, again, more = self._choice(ask, context, two, one)
        swapped = {"A": "B", "B": "A", "neither": "neither"}[second]
        usage += more
        if swapped != first:
            return Preference("neither", f"In the two orders the answers differ: {why} / {again}", usage)
        return Preference("one" if first == "A" else "two", why, usage)

    def _choice(
        self, ask: AskFunction, context: Context, one: Attempt, two: Attempt
    ) -> tuple[Literal["A", "B", "neither"], str, Usage]:
        budget = budget_of(self._asker.provider.facts)
        shown = leaving.run(lambda: as_parts(pictures.for_choice(context, one, two, budget)), context.cancel)
        settles = prompting.fill("select", stage=context.stage.name, settles=context.stage.settles)
        parts: tuple[Part, ...] = (Text(settles), *shown)
        for letter, attempt in (("A", one), ("B", two)):
            if context.stage.name == "setup":
                told = telling.cameras(context, attempt, f"the camera of {letter}")
            else:
                told = tables.measured(attempt.measurements)
            if told:
                parts = (*parts, Text(f"## Measured, attempt {letter}\n{told}"))
        request = self._request("select", context, parts, 0)
        reply, usage = structured.ask_for(ask, request, ChoiceReply)
        return reply.better, reply.why, usage

    def _parts(self, context: Context, attempt: Attempt) -> tuple[tuple[Part, ...], int]:
        """What an attempt is judged by; and how many of the parts are the same in all requests of the stage."""
        stage = context.stage
        opening = [
            prompting.fill(f"verifier_{stage.name}", settles=stage.settles),
            telling.brief(context.brief),
            f"## What the artist asks for\n{context.hint}" if context.hint else "",
        ]
        stable = tuple(Text(text) for text in opening if text)
        told = [
            _which(context, attempt),
            telling.numbers(context, attempt),
            tables.inventory(attempt.result),
            telling.cameras(context, attempt, "the attempt's camera") if stage.name == "setup" else "",
            _before(context),
            _not_approvable(context, attempt),
        ]
        shown = pictures.for_verifier(context, attempt, budget_of(self._asker.provider.facts))
        # The first picture is the reference, whatever the attempt.
        same = len(stable) + 2 * bool(shown)
        return (*stable, *as_parts(shown), *(Text(text) for text in told if text)), same

    def _request(
        self, role: Literal["verifier", "select"], context: Context, parts: tuple[Part, ...], stable: int
    ) -> Request:
        return Request(
            turn=Turn(role, context.stage.name, context.round),
            system=prompting.text_of("verifier_role"),
            messages=(Message("user", parts),),
            max_output_tokens=min(MAX_TOKENS, self._asker.provider.facts.max_output_tokens),
            stable_parts=stable,
        )


def _looked(context: Context, attempt: Attempt, looker: Looker, wanted: list[LookReply]) -> tuple[Part, ...]:
    """Serve looks; one that can't be had becomes the sentence why."""
    parts: list[Part] = []
    for item in wanted:
        request = _in_scene(from_replies.look(item, LOOK_PX), attempt)
        context.tell(f"looking again: {item.why or item.view}")
        seen = looker.look(request)
        said = f"The look you asked for ({_look_words(request)})"
        if isinstance(seen, str):
            parts.append(Text(f"{said} is not to be had: {seen}"))
        else:
            shown = [Shown(f"{said}:", seen)]
            if request.view == "camera" and request.box != ruler.WHOLE:
                same = ruler.ruled(context.picture.rgb, request.box, LOOK_PX)
                shown.append(Shown("The same part of the picture, with rulers in percent of the whole:", same))
            parts += as_parts(shown)
    return tuple(parts)


def _in_scene(request: LookRequest, attempt: Attempt) -> LookRequest:
    """The request with the scene's own spelling of the object, or without an object it does not have."""
    if not request.object:
        return request
    known = {item.name.casefold(): item.name for item in attempt.result.inventory}
    said = request.object.casefold()
    # An object of the brief may be built of parts, and then has none of exactly its name.
    name = known.get(said) or next((n for k, n in known.items() if k.startswith(said + ".")), request.object)
    return replace(request, object=name)


def _look_words(request: LookRequest) -> str:
    words = [request.view, request.object, request.shading]
    if request.view == "orbit":
        words.append(f"turned {request.azimuth:.0f} degrees, {request.elevation:+.0f} degrees up")
    if request.box != (0.0, 0.0, 1.0, 1.0):
        words.append(f"zoomed to {telling.percent(request.box)}")
    return ", ".join(word for word in words if word)


def _which(context: Context, attempt: Attempt) -> str:
    """Which attempt this is, and whether it is the first that could be judged."""
    earlier = sum(other.number < attempt.number and other.result.status == "ok" for other in context.attempts)
    had = "the first of the stage" if not earlier else f"{earlier} of the stage could be judged before it"
    rounds = context.rounds or context.stage.rounds
    lines = [f"## The attempt (round {context.round} of {rounds}; {had})"]
    if context.round >= rounds:
        lines.append("It is the last round: the best attempt then stands, approved or not, and your list is recorded.")
    return "\n".join(lines)


def _before(context: Context) -> str:
    """What was asked for last time, so that wishes are followed up and not turned round."""
    earlier = context.best.verdict if context.best is not None else None
    if earlier is None or not earlier.items:
        return ""
    return "## The checklist of the attempt before it\n" + telling.verdict(earlier)


def _not_approvable(context: Context, attempt: Attempt) -> str:
    found = approval.hard_findings(context.stage.name, context.brief, attempt.result)
    if not found:
        return ""
    lines = "\n".join(f"- {item.object or 'whole picture'}: {item.observed}" for item in found[:8])
    return "## Checks that fail; while they do, approval is not accepted\n" + lines


def _what_to_answer(left: int, last: bool) -> str:
    if last:
        return prompting.fill("answer_verdict", looks="You may ask for no more looks: `looks` must be empty.")
    more = f"If you cannot judge without it, you may first ask for up to {left} extra looks in `looks`."
    return prompting.fill("answer_verdict", looks=more)
