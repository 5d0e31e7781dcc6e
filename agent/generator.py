# SPDX-License-Identifier: GPL-3.0-or-later
"""The generator as a vision-language model: looks at the picture, writes the brief and the stage scripts, mends them.

Every request is complete in itself. What is the same in all requests of a stage comes first, for the providers' caches.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from threading import Event

import numpy as np

from ..worker.protocol import JobResult
from . import (
    api_sheet,
    brief_camera,
    earlier,
    failures,
    from_replies,
    leaving,
    prompting,
    reply_script,
    structured,
    telling,
    told_script,
)
from .asking import Asker, AskFunction, answered
from .brief import Brief
from .picture import Picture
from .prompting import fenced
from .providers.base import Message, Part, Provider, Request, Text, Turn
from .providers.errors import BadReply
from .replies import BriefReply, SecondLookReply
from .roles import Context, Draft, Usage
from .sight import looks, pictures
from .sight.shown import Budget, Shown, budget_of, to_image

MAX_SCRIPT_TOKENS = 24_000
MAX_BRIEF_TOKENS = 12_000


class ModelGenerator:
    """Writes the brief and the stage scripts by asking a model."""

    def __init__(self, provider: Provider) -> None:
        """Ask `provider`; nothing is remembered between requests but how many there were."""
        self._asker = Asker(provider)

    def brief(
        self, picture: Picture, seed: int, cancel: Event, tell: Callable[[str], None] = lambda _doing: None
    ) -> tuple[Brief, Usage]:
        """Say what is in the picture, then look again with the boxes drawn over it.

        Raises Cancelled, and errors.ProviderError (BadReply when no brief can be read from what the model says).
        """
        ask = self._asker.within(cancel, tell)
        budget = budget_of(self._asker.provider.facts)
        shown = leaving.run(lambda: as_parts(pictures.for_brief(picture, budget)), cancel)
        parts = (Text(prompting.fill("brief")), *shown)
        request = Request(
            turn=Turn("brief"),
            system=prompting.text_of("brief_role"),
            messages=(Message("user", (*parts, Text("Now answer with the JSON object."))),),
            max_output_tokens=self._tokens(MAX_BRIEF_TOKENS),
            stable_parts=len(parts),
        )
        reply, usage = structured.ask_for(ask, request, BriefReply)
        first = from_replies.brief(reply)
        second, more = self._second_look(ask, picture, first, budget, cancel)
        rims = [from_replies.box(rim) for rim in reply.camera.round_rims]
        return brief_camera.consistent(second, rims, picture.size), usage + more

    def write(self, context: Context) -> Draft:
        """Write the stage's script, or edit the best one so far.

        Raises Cancelled, and errors.ProviderError: BadReply when the model hands in nothing that can be run, also
        after it was told; that round is then lost, not the run.
        """
        ask = self._asker.within(context.cancel, context.tell)
        stable, parts = leaving.run(lambda: (self._stable(context), self._varying(context)), context.cancel)
        request = self._request(context, (*stable, *parts), len(stable))
        return ask_for_script(ask, request, context.best.script if context.best else "")

    def repair(self, context: Context, draft: Draft, failed: JobResult) -> Draft | None:
        """Mend a script that was refused or failed; edits are to that script, not to the best one. Raises as `write`,
        but returns None when the model hands in nothing that can be run."""
        ask = self._asker.within(context.cancel, context.tell)
        parts = repair_parts(context, draft, failed)
        request = self._request(context, parts, 0)
        try:
            return ask_for_script(ask, request, draft.script)
        except BadReply:
            # The loop goes on with the best attempt; the reply itself is in the record.
            return None

    def _second_look(
        self, ask: AskFunction, picture: Picture, first: Brief, budget: Budget, cancel: Event
    ) -> tuple[Brief, Usage]:
        if not first.objects:
            return first, Usage()
        shown = leaving.run(lambda: as_parts(pictures.boxes_drawn(picture, first, budget)), cancel)
        parts = (Text(prompting.fill("brief_check", brief=telling.brief(first))), *shown)
        request = Request(
            turn=Turn("brief"),
            system=prompting.text_of("brief_role"),
            messages=(Message("user", (*parts, Text("Now answer with the JSON object."))),),
            max_output_tokens=self._tokens(MAX_BRIEF_TOKENS),
        )
        try:
            reply, usage = structured.ask_for(ask, request, SecondLookReply)
        except BadReply:
            # The first look stands; it is a brief, and the artist can mend it.
            return first, Usage()
        return from_replies.corrected(first, reply), usage

    def _stable(self, context: Context) -> tuple[Part, ...]:
        """What is the same in every request of the stage."""
        budget = budget_of(self._asker.provider.facts)
        told = [
            stage_prompt(context),
            api_sheet.of_stage(context.facts, context.stage.name),
            telling.brief(context.brief),
        ]
        if context.hint:
            told.append(f"## What the artist asks for\n{context.hint}")
        told += [earlier.scripts(context), earlier.remarks(context)]
        return (*_texts(told), *as_parts(_first_pictures(context, budget)))

    def _varying(self, context: Context) -> tuple[Part, ...]:
        """What differs from round to round: the scene's numbers, the best attempt and how it looks, what to answer."""
        budget = budget_of(self._asker.provider.facts)
        later = _later_pictures(context, budget)
        told = [telling.scene(context), telling.before(context)]
        if context.best is not None:
            told += [telling.best(context, context.best), telling.reverted(context)]
        else:
            told.append(telling.failed_only(context.attempts))
        return (*_texts(told), *as_parts(later), Text(_what_to_answer(context)))

    def _request(self, context: Context, parts: Sequence[Part], stable: int) -> Request:
        return Request(
            turn=Turn("generator", context.stage.name, context.round),
            system=system_prompt(context),
            messages=(Message("user", tuple(parts)),),
            max_output_tokens=self._tokens(MAX_SCRIPT_TOKENS),
            stable_parts=stable,
        )

    def _tokens(self, wanted: int) -> int:
        return min(wanted, self._asker.provider.facts.max_output_tokens)


def system_prompt(context: Context) -> str:
    """The generator's role and rules, and the API sheet: the same for a whole run, so that it is cached for all of it.
    What this Blender says of itself is told with the stage that needs it."""
    return prompting.fill("generator_role", rules=rules(context, prompting.text_of("rules_stage"), whole=False))


def rules(context: Context, more: str = "", whole: bool = True) -> str:
    """What holds for every script, with the API sheet of the Blender that runs it: the whole of it, or what is the same
    in all stages."""
    facts = context.facts
    if not facts and context.base is not None:
        facts = {"version": context.base.result.blender}
    return prompting.fill("rules", more=more, api=api_sheet.sheet(facts) if whole else api_sheet.common(facts))


def stage_prompt(context: Context) -> str:
    """The stage's own sheet, filled."""
    width, height = context.frame
    return prompting.fill(
        f"generator_{context.stage.name}",
        width=width,
        height=height,
        may_change=", ".join(sorted(context.stage.may_change)),
    )


def repair_parts(context: Context, draft: Draft, failed: JobResult) -> tuple[Part, ...]:
    """What a repair is asked with: the failed script, what went wrong, and what that usually means."""
    objects = [item.name for item in context.base.result.inventory] if context.base else []
    failure = failures.explain(failed, draft.script, context.facts, objects)
    lines = failures.around(draft.script, failed.line)
    text = prompting.fill(
        "repair",
        stage=context.stage.name,
        may_change=", ".join(sorted(context.stage.may_change)),
        script=told_script.told(draft.script),
        kind=failure.kind,
        message=failure.message,
        lines=f"Around line {failed.line}:\n" + fenced(lines) if lines else "",
        advice=failure.advice,
        output="It printed:\n" + fenced(failures.cut(failed.output, 1500)) if failed.output.strip() else "",
    )
    return (Text(text),)


def as_parts(shown: Sequence[Shown]) -> tuple[Part, ...]:
    """Pictures with their labels as text before them."""
    parts: list[Part] = []
    for item in shown:
        parts += [Text(item.label), to_image(item)]
    return tuple(parts)


def ask_for_script(ask: AskFunction, request: Request, base: str) -> Draft:
    """Ask for a script or edits to `base`; one more turn mends a reply that holds neither."""
    reply = ask(request)
    try:
        found = reply_script.read(reply.text, base, reply.stop == "length")
        return Draft(found.script, found.note, reply.usage)
    except reply_script.NoScript as error:
        then = prompting.fill("mend_reply", problem=error)
    second = ask(answered(request, reply, then))
    usage = reply.usage + second.usage
    try:
        found = reply_script.read(second.text, base, second.stop == "length")
        return Draft(found.script, found.note, usage)
    except reply_script.NoScript as error:
        raise BadReply(
            "The model handed in no script, also after it was told what was missing.",
            "Try again, or a stronger model.",
            detail=f"{error}\n\n{second.text[:2000]}",
        ) from error


def _first_pictures(context: Context, budget: Budget) -> list[Shown]:
    """What is shown before there is any attempt: the same in every request of the stage. Half of the pictures, so that
    as many are left for the attempt."""
    half = replace(budget, images=(budget.images + 1) // 2)
    return pictures.for_generator(replace(context, best=None, attempts=()), half)


def _later_pictures(context: Context, budget: Budget) -> list[Shown]:
    """What the best attempt looks like; before there is one, the scene that the stage's script will change."""
    first = _first_pictures(context, budget)
    room = budget.images - len(first)
    if context.best is not None:
        found = [item for item in pictures.for_generator(context, budget) if not _among(item, first)]
    elif context.base is not None and context.stage.name in ("composition", "lighting"):
        found = looks.stage_views(context, context.base, budget, of="the scene before your script")
    else:
        found = []
    return found[: max(0, room)]


def _among(item: Shown, others: Sequence[Shown]) -> bool:
    return any(item.label == other.label and np.array_equal(item.rgb, other.rgb) for other in others)


def _texts(told: Sequence[str]) -> tuple[Text, ...]:
    return tuple(Text(text) for text in told if text.strip())


def _what_to_answer(context: Context) -> str:
    variation = ""
    if context.candidate > 1:
        variation = (
            f"This is candidate {context.candidate} of this round: choose another way than the first that comes to "
            "mind (another reading of what is uncertain, or a bolder correction)."
        )
    form = "answer_edits" if context.best is not None else "answer_script"
    return prompting.fill(form, stage=context.stage.name, round=context.round, variation=variation)
