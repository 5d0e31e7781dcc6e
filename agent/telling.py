# SPDX-License-Identifier: GPL-3.0-or-later
"""The run so far in words: brief, accepted scripts, best attempt, checklist and what became of the last try."""

from __future__ import annotations

import difflib
import math
from collections.abc import Sequence
from dataclasses import replace

from . import approval, camera_fit, failures, size_check, told_script
from .brief import Brief, BriefObject
from .prompting import fenced
from .roles import Attempt, Context
from .sight import tables
from .verdict import Verdict

MAX_DIFF = 3000
_CHANGES_WHAT_IS_THERE = frozenset({"materials", "composition", "lighting"})
_NEEDS_NO_PLACES = frozenset({"materials", "lighting"})
"""They move nothing, and where things stand is in the table of the scene."""


def brief(brief: Brief) -> str:
    """The brief as Markdown, boxes in percent of the frame as the rulers show it."""
    camera = brief.camera
    horizon = "" if camera.horizon is None else f", horizon at {100 * camera.horizon:.0f} % from the top"
    lines = [
        "## The brief",
        brief.caption,
        f"- camera (an estimate): {math.degrees(camera.horizontal_fov):.0f} degrees wide, "
        f"{camera.height_m:.2f} m up, looking {math.degrees(camera.pitch):.0f} degrees down{horizon}",
        f"- backdrop: {brief.backdrop}, {_hex(brief.backdrop_colour)}",
        f"- light: {brief.light or 'not described'}",
        f"- style: {brief.style or 'not described'}",
    ]
    if brief.ignore:
        lines.append("- leave out: " + "; ".join(brief.ignore))
    if brief.objects:
        lines += ["", "Objects (boxes: left, top, right, bottom in percent of the frame; sizes: across x away x up):"]
        lines += [_object(item) for item in brief.objects]
    return "\n".join(line for line in lines if line is not None)


def scene(context: Context) -> str:
    """What the scene holds before this stage's script runs; where things are placed, also where boxes fall in it."""
    parts = []
    if context.base is not None and (held := tables.inventory(context.base.result)):
        parts.append("## What is in the scene before your script\n" + held)
    if context.stage.name == "setup":
        parts.append(cameras(context, context.best, "your best camera so far"))
    elif (
        context.stage.name not in _NEEDS_NO_PLACES and context.brief.objects and (points := tables.unprojected(context))
    ):
        parts.append("## Where the brief's boxes fall in the world\n" + points)
    return "\n\n".join(part for part in parts if part)


def cameras(context: Context, attempt: Attempt | None, whose: str) -> str:
    """Where boxes fall through an attempt's camera (`whose`) and what sizes that makes; the brief's without one."""
    if attempt is not None:
        points = tables.unprojected(replace(context, base=attempt))
        sizes = size_check.check(context.brief, attempt.result.camera)
    else:
        points = ""
        sizes = size_check.check(context.brief, size_check.estimated_camera(context.brief.camera, context.frame))
        whose = "the brief's own estimate of the camera, were it taken as it is"
        if fits := camera_fit.suggestion(context.brief, context.frame):
            sizes = f"{sizes}\n\n{fits}" if sizes else fits
    parts = []
    if points:
        parts.append(f"## Where the brief's boxes fall in the world through {whose}\n{points}")
    if sizes:
        parts.append(f"## Sizes through {whose}\n{sizes}")
    return "\n\n".join(parts)


def numbers(context: Context, attempt: Attempt) -> str:
    """The measured tables of an attempt."""
    if context.stage.name == "setup":
        # Nothing but the camera is there yet, so whatever is measured of things is that they are missing.
        return "" if any(item.type == "CAMERA" for item in attempt.result.inventory) else "The scene has no camera."
    parts = [
        tables.measured(attempt.measurements, places=context.stage.name not in ("materials", "lighting")),
        tables.colours(context, attempt) if context.stage.name in ("materials", "lighting", "program") else "",
        tables.sanity(approval.plain_findings(context.brief, attempt.result)),
    ]
    parts.append(_solved(context, attempt))
    if attempt.result.notes:
        parts.append("Done to the script's scene on the way: " + "; ".join(attempt.result.notes[:8]))
    return "\n\n".join(part for part in parts if part)


def _solved(context: Context, attempt: Attempt) -> str:
    """That a script's numbers were solved, which nobody should nudge by eye afterwards."""
    if attempt.solved_from is None:
        return ""
    written = next((one for one in context.attempts if one.number == attempt.solved_from), None)
    gain = f" (score {written.measurements.score:.3f} -> {attempt.measurements.score:.3f})" if written else ""
    return (
        f"After the script was written its numbers were solved against the picture{gain}: what is still off is "
        "something these numbers can't mend."
    )


def before(context: Context) -> str:
    """How the scene measures before the stage's first script, for the stages that change what is there already."""
    if context.base is None or context.best is not None or context.stage.name not in _CHANGES_WHAT_IS_THERE:
        return ""
    told = numbers(context, context.base)
    return "## How the scene measures before your script\n" + told if told else ""


def best(context: Context, attempt: Attempt) -> str:
    """The best script so far with its verdict and its numbers."""
    parts = [
        f"## Your best script so far (round {attempt.round}, score {attempt.measurements.score:.3f})",
        told_script.told(attempt.script),
    ]
    if attempt.verdict is not None:
        parts.append(f"### What the {attempt.verdict.by} says of it\n" + verdict(attempt.verdict))
    if told := numbers(context, attempt):
        parts.append(
            "### Measured (against masks made from the brief's boxes and outlines, so as exact as those are)\n" + told
        )
    return "\n\n".join(parts)


def verdict(verdict: Verdict) -> str:
    """A verdict as a numbered list."""
    if not verdict.items:
        return verdict.summary or ("Approved." if verdict.approve else "No reasons given.")
    lines = [verdict.summary] if verdict.summary else []
    for number, item in enumerate(verdict.items, 1):
        where = f", {percent(item.region)}" if item.region else ""
        values = f" ({', '.join(f'{value:g}' for value in item.values)})" if item.values else ""
        lines.append(
            f"{number}. [{item.severity}] {item.object or 'whole picture'}, {item.property}{where}: "
            f"{item.observed} -> {item.wanted}{values}"
        )
    return "\n".join(lines)


def reverted(context: Context) -> str:
    """What became of the attempts after the best: that they were reverted, and why; empty when there are none."""
    best = context.best
    later = [attempt for attempt in context.attempts if best is None or attempt.number > best.number]
    if not later or best is None:
        return ""
    last = later[-1]
    parts = [f"## What came after it and was reverted ({len(later)} {'tries' if len(later) > 1 else 'try'})"]
    for attempt in later[-3:]:
        parts.append(f"- round {attempt.round}: {_fate(attempt, best)}")
    parts.append(
        "The last of them changed this, which did not help; do not repeat it:\n"
        + fenced(_difference(best.script, last.script), "diff")
    )
    if last.verdict is not None and last.verdict.items:
        parts.append("The verifier said of it:\n" + verdict(last.verdict))
    return "\n".join(parts)


def failed_only(attempts: Sequence[Attempt]) -> str:
    """The last failed script when no attempt of the stage could be used so far."""
    if not attempts:
        return ""
    last = attempts[-1]
    where = f", line {last.result.line}" if last.result.line else ""
    return (
        f"## No script of this stage ran so far ({len(attempts)} tried)\nThe last one failed "
        f"({last.result.status}{where}): {failures.cut(last.result.message)}\n" + told_script.told(last.script)
    )


def percent(box: tuple[float, float, float, float]) -> str:
    """A box in percent of the frame."""
    x0, y0, x1, y1 = (100 * value for value in box)
    return f"x {x0:.1f} to {x1:.1f} %, y {y0:.1f} to {y1:.1f} %"


def _fate(attempt: Attempt, best: Attempt) -> str:
    if attempt.result.status != "ok":
        return f"did not run ({attempt.result.status}): {failures.cut(attempt.result.message, 400)}"
    score, before = attempt.measurements.score, best.measurements.score
    if score < before:
        return f"score {score:.3f}, worse than {before:.3f}. {attempt.note[:200]}"
    return f"score {score:.3f}, compared side by side and not found nearer to the picture. {attempt.note[:200]}"


def _difference(before: str, after: str) -> str:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), "best", "reverted", lineterm="", n=1)
    return failures.cut("\n".join(list(lines)[2:]), MAX_DIFF) or "(nothing)"


def _object(item: BriefObject) -> str:
    parts = [f"- {item.name}: box {' '.join(f'{100 * value:.1f}' for value in item.box)}"]
    if item.count > 1:
        parts.append(f"{item.count} of them")
    parts += [part for part in (item.shape, item.material) if part]
    parts.append(_hex(item.colour))
    if item.dimensions_m:
        parts.append("about " + " x ".join(f"{side:.3g}" for side in item.dimensions_m) + " m")
    if item.stands_on:
        parts.append(f"on {item.stands_on}")
    return "; ".join(parts)


def _hex(colour: tuple[float, float, float]) -> str:
    return "#" + "".join(f"{round(255 * min(1.0, max(0.0, value))):02x}" for value in colour)
