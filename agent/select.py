# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep the best attempt: by the numbers where they settle it, by the verifier's comparison where they don't."""

from __future__ import annotations

from collections.abc import Sequence

from . import approval
from .roles import Attempt, Context, Usage, Verifier

SETTLES = 0.02
"""Difference in score from which the numbers alone decide; measured masks and colours are good to about that."""


SETTLES_LPIPS = 0.006
"""The same for LPIPS of two renders in the same light: twice what other noise makes of the same scene."""


def usable(attempt: Attempt) -> bool:
    """Whether an attempt made a scene."""
    return attempt.result.status == "ok"


def by_score(attempts: Sequence[Attempt]) -> Attempt | None:
    """The usable attempt with the best score; of equals the earlier, so that the last never wins by being last."""
    return max(filter(usable, attempts), key=lambda a: (a.measurements.score, -a.number), default=None)


def better(context: Context, best: Attempt | None, new: Attempt, verifier: Verifier) -> tuple[Attempt | None, Usage]:
    """Return which of the two stands, and what it cost to find out."""
    if not usable(new):
        return best, Usage()
    if best is None:
        return new, Usage()
    names = context.stage.name, context.brief
    failing = [len(approval.hard_findings(*names, attempt.result)) for attempt in (best, new)]
    if min(failing) == 0 < max(failing):
        # What can't be approved is no match for what can.
        return (best if failing[0] == 0 else new), Usage()
    gain = new.measurements.score - best.measurements.score
    if abs(gain) > SETTLES or new.script == best.script:
        return (new if gain > 0 else best), Usage()
    if (nearer := _nearer(best, new)) is not None:
        return nearer, Usage()
    context.tell("comparing with the best so far")
    preference = verifier.prefer(context, best, new)
    return (new if preference.better == "two" else best), preference.usage


def _nearer(best: Attempt, new: Attempt) -> Attempt | None:
    """Return which of two full renders a person would find nearer to the picture, by the one learned measure; None when
    it does not tell, or there are none."""
    one, two = best.measurements.lpips, new.measurements.lpips
    if one is None or two is None or abs(two - one) <= SETTLES_LPIPS:
        return None
    return new if two < one else best
