# SPDX-License-Identifier: GPL-3.0-or-later
"""What no verifier may approve: an attempt that fails a hard check. The loop then makes the checklist."""

from __future__ import annotations

from ..worker.protocol import JobResult, SanityFinding, SanityKind
from .brief import Brief
from .parts import owner
from .verdict import MAX_ITEMS, ChecklistItem, Verdict

HARD: frozenset[SanityKind] = frozenset({"empty_render", "no_camera", "out_of_frame", "black_render"})
IN_STAGES: dict[SanityKind, frozenset[str]] = {
    "no_camera": frozenset({"setup", "program"}),
    "empty_render": frozenset({"geometry", "composition", "program"}),
    "out_of_frame": frozenset({"geometry", "composition", "program"}),
    "black_render": frozenset({"lighting", "program"}),
}
"""Only the stage that can mend it is held to a check."""
WHOLLY = 0.95
"""Share outside the frame from which a thing is not in the picture."""


def hard_findings(stage: str, brief: Brief, result: JobResult) -> list[ChecklistItem]:
    """Return what forbids approval of an attempt of this stage, as checklist items; empty when nothing does."""
    found = [
        ChecklistItem(
            object=owner(finding.object, names) or finding.object if finding.object else "",
            property=finding.kind.replace("_", " "),
            observed=finding.message,
            wanted="this must not be so before the stage can be approved",
            severity="blocking",
        )
        for names in [{item.name for item in brief.objects}]
        for finding in result.sanity
        if finding.kind in HARD and stage in IN_STAGES[finding.kind] and _counts(finding, names, result)
    ]
    if stage in ("geometry", "composition"):
        there = {owner(item.name, {item.name for item in brief.objects}) for item in result.inventory}
        found += [
            ChecklistItem(
                object=item.name,
                property="presence",
                region=item.box,
                observed="no object of this name is in the scene",
                wanted=f"an object named {item.name}, or parts named {item.name}.*",
                severity="blocking",
            )
            for item in brief.objects
            if result.inventory and item.name not in there
        ]
    return found


def plain_findings(brief: Brief, result: JobResult) -> list[SanityFinding]:
    """Return what is plainly wrong with a scene. Of what leaves the frame only things of the brief that should be seen
    and are not: a floor is larger than the picture, and a table's legs may well be below it."""
    names = {item.name for item in brief.objects}
    return [item for item in result.sanity if item.kind != "out_of_frame" or _counts(item, names, result)]


def _counts(finding: SanityFinding, known: set[str], result: JobResult) -> bool:
    """Whether a finding is about the whole picture or an object of the brief; a floor may well leave the frame, and a
    thing the picture cuts off, or a part of one, must."""
    whose = owner(finding.object, known) if finding.object else None
    if finding.kind == "out_of_frame":
        seen = any(item.visible_px and owner(item.name, known) == whose for item in result.inventory)
        return whose is not None and finding.amount >= WHOLLY and not seen
    return not finding.object or whose is not None


def settled(stage: str, brief: Brief, result: JobResult, verdict: Verdict) -> Verdict:
    """Return the verdict, turned into a checklist when it approves what can't be approved."""
    if not verdict.approve:
        return verdict
    found = hard_findings(stage, brief, result)
    if not found:
        return verdict
    summary = "Approved by the verifier, but a check that can't be overruled fails."
    return Verdict(approve=False, items=found[:MAX_ITEMS], summary=summary)
