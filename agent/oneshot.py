# SPDX-License-Identifier: GPL-3.0-or-later
"""The baseline that the staged loop is measured against: the whole program in one call, from the plain picture."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

from ..worker.protocol import JobResult
from . import prompting
from .asking import Asker
from .brief import Brief
from .generator import ask_for_script, repair_parts, rules
from .picture import Picture
from .providers.base import Message, Part, Provider, Request, Text, Turn
from .providers.errors import BadReply
from .roles import Attempt, Context, Draft, Judgement, Looker, Preference, Usage
from .sight.shown import Shown, to_image
from .verdict import Verdict

MAX_TOKENS = 32_000


class OneShotGenerator:
    """Asks once for everything: no brief, no rulers, no measurements. Only a script that does not run is mended."""

    def __init__(self, provider: Provider) -> None:
        """Ask `provider`."""
        self._asker = Asker(provider)

    def brief(
        self, picture: Picture, seed: int, cancel: Event, tell: Callable[[str], None] = lambda _doing: None
    ) -> tuple[Brief, Usage]:
        """An empty brief, without asking."""
        return Brief(backdrop="scene"), Usage()

    def write(self, context: Context) -> Draft:
        """Ask for the whole program. Raises as ModelGenerator.write."""
        width, height = context.frame
        hint = f"The artist asks for: {context.hint}" if context.hint else ""
        text = prompting.fill("generator_program", width=width, height=height, hint=hint)
        picture = to_image(Shown("The picture.", context.picture.rgb))
        parts: tuple[Part, ...] = (Text(text), picture, Text("Now answer with the whole script."))
        return ask_for_script(self._asker.within(context.cancel, context.tell), self._request(context, parts), "")

    def repair(self, context: Context, draft: Draft, failed: JobResult) -> Draft | None:
        """Mend a script that was refused or failed, as the staged generator does."""
        request = self._request(context, repair_parts(context, draft, failed))
        try:
            return ask_for_script(self._asker.within(context.cancel, context.tell), request, draft.script)
        except BadReply:
            # The run ends with what there is; the reply itself is in the record.
            return None

    def _request(self, context: Context, parts: tuple[Part, ...]) -> Request:
        return Request(
            turn=Turn("generator", context.stage.name, context.round),
            system=prompting.fill("program_role", rules=rules(context)),
            messages=(Message("user", parts),),
            max_output_tokens=min(MAX_TOKENS, self._asker.provider.facts.max_output_tokens),
        )


class NoVerifier:
    """Approves whatever runs: one call has no verifier."""

    def judge(self, context: Context, attempt: Attempt, looker: Looker) -> Judgement:
        """Approve."""
        return Judgement(Verdict(approve=True, summary="One-shot: nobody judged it."))

    def prefer(self, context: Context, one: Attempt, two: Attempt) -> Preference:
        """Keep the earlier."""
        return Preference("one")
