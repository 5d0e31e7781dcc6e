# SPDX-License-Identifier: GPL-3.0-or-later
"""The offline verifier: numbers only. It approves when they are good, or when this agent can do no better."""

from __future__ import annotations

import cv2
import numpy as np

from ...worker.protocol import LightBasisRequest, SanityKind
from .. import leaving, params
from ..brief import Brief
from ..roles import Attempt, Context, Judgement, Looker, Preference
from ..verdict import MAX_ITEMS, ChecklistItem, Verdict
from . import light_solver
from .write_lighting import WORLD, Lamp

GOOD_OVERLAP = 0.90
POOR_OVERLAP = 0.75
GOOD_COLOUR = 6.0
"""Lab."""
WORTH = 1.03
"""Factor by which a light solution must lower the error to be asked for."""

IN_SPACE: frozenset[SanityKind] = frozenset({"empty_render", "out_of_frame", "floating", "sunk", "interpenetrating"})
IN_LIGHT: frozenset[SanityKind] = frozenset({"black_render", "blown_render"})
MOST_TOLD = 3


class OfflineVerifier:
    """Judges by measurements; for lighting it asks the worker for one picture per light and solves."""

    def judge(self, context: Context, attempt: Attempt, looker: Looker) -> Judgement:
        """Approve, or say with numbers what to change."""
        judges = {"geometry": _geometry, "materials": _materials, "composition": _composition}
        if attempt.stage == "lighting":
            return Judgement(_lighting(context, attempt, looker))
        judge = judges.get(attempt.stage)
        if judge is None:
            return Judgement(Verdict(approve=True, summary="Camera and frame are as the brief says."))
        return Judgement(judge(context, attempt))

    def prefer(self, context: Context, one: Attempt, two: Attempt) -> Preference:
        """Go by the score; of equals the earlier one stays."""
        return Preference("two" if two.measurements.score > one.measurements.score else "one", "by the score")


def asked(context: Context, what: str) -> frozenset[str]:
    """Objects of which an earlier verdict of this stage wanted another `what`."""
    verdicts = [attempt.verdict for attempt in context.attempts if attempt.verdict]
    return frozenset(item.object for verdict in verdicts for item in verdict.items if item.property == what)


def _box(brief: Brief, name: str) -> tuple[float, float, float, float] | None:
    return next((item.box for item in brief.objects if item.name == name), None)


def _left(attempt: Attempt, kinds: frozenset[SanityKind], asked_for: frozenset[str] = frozenset()) -> str:
    """A sentence on what looks wrong and stays: this agent has no other place for a thing than its outline's."""
    found = [f.message for f in attempt.result.sanity if f.kind in kinds and f.object not in asked_for]
    if not found:
        return ""
    more = f"; {len(found) - MOST_TOLD} more" if len(found) > MOST_TOLD else ""
    return f" Left as it is: {'; '.join(found[:MOST_TOLD])}{more}."


def _geometry(context: Context, attempt: Attempt) -> Verdict:
    measured = attempt.measurements.objects
    # An inflated body is the outline itself, so asking for it again would give the same script.
    free = {key.removesuffix(".thickness") for key in params.read(attempt.script) if key.endswith(".thickness")}
    tried = asked(context, "outline") | free
    floor = context.brief.backdrop in {"floor", "scene"}
    # Among other things on a floor a solid that is partly hidden is worth more than the outline of what is left of it.
    limit = POOR_OVERLAP if floor else GOOD_OVERLAP
    poor = sorted((m for m in measured if m.iou < limit), key=lambda m: m.iou)
    items = [
        ChecklistItem(
            object=m.name,
            property="outline",
            region=_box(context.brief, m.name),
            observed=f"overlap {m.iou:.2f}",
            wanted=f"overlap {limit:.2f} or more",
            severity="blocking" if m.iou < 0.3 else "major",
        )
        for m in poor
        if m.name not in tried
    ]
    named = {item.object for item in items} | tried
    items += [
        ChecklistItem(
            object=finding.object,
            property="outline",
            region=box,
            observed=finding.message,
            wanted="in the frame, where the picture shows it",
        )
        for finding in attempt.result.sanity
        if finding.kind == "out_of_frame"
        and finding.object not in named
        and (box := _box(context.brief, finding.object)) is not None
    ]
    items = items[:MAX_ITEMS]
    mean = attempt.measurements.mean_iou
    numbers = f"Mean overlap {mean:.2f}, objects: {len(measured)}." if mean is not None else "Nothing to overlap."
    numbers += _left(attempt, IN_SPACE, frozenset(item.object for item in items))
    if items:
        return Verdict(approve=False, items=items, summary=numbers)
    if poor:
        numbers += f" {len(poor)} stay below {limit:.2f} with every shape that was tried."
    return Verdict(approve=True, summary=numbers)


def _materials(context: Context, attempt: Attempt) -> Verdict:
    measured = attempt.measurements.objects
    poor = [m for m in measured if (m.colour_difference or 0.0) > GOOD_COLOUR]
    mean = attempt.measurements.colour_difference
    numbers = f"Mean colour difference {mean:.1f} (Lab)." if mean is not None else "No colour to compare."
    if poor:
        names = ", ".join(m.name for m in poor[:5])
        numbers += f" {names}: above {GOOD_COLOUR:.0f}, which is light and shade, or more colours than materials."
    return Verdict(approve=True, summary=numbers)


def _composition(context: Context, attempt: Attempt) -> Verdict:
    mean = attempt.measurements.mean_iou
    numbers = f"Mean overlap {mean:.2f}." if mean is not None else "Nothing to overlap."
    numbers += " The poses were fitted with the shapes." + _left(attempt, IN_SPACE)
    return Verdict(approve=True, summary=numbers)


def _lighting(context: Context, attempt: Attempt, looker: Looker) -> Verdict:
    psnr = attempt.measurements.psnr
    numbers = f"PSNR {psnr:.1f} dB." if psnr is not None else "No picture to compare."
    numbers += _left(attempt, IN_LIGHT)
    if any(item.property == "light" for a in context.attempts if a.verdict for item in a.verdict.items):
        return Verdict(approve=True, summary=f"{numbers} The lights are as solved.")
    lamps = {lamp.name: lamp for lamp in lamps_of(attempt.script)}
    lit = looker.light_basis(LightBasisRequest(pixels=112, samples=24))
    if not lit.names:
        return Verdict(approve=True, summary=f"{numbers} The lights could not be measured one by one.")
    h, w = lit.coverage.shape
    wanted = cv2.resize(context.picture.unit, (w, h), interpolation=cv2.INTER_AREA)
    solution = leaving.run(
        lambda: light_solver.solve(lit.pictures, lit.coverage, np.asarray(wanted, np.float32)), context.cancel
    )
    if solution.before < solution.after * WORTH:
        return Verdict(approve=True, summary=f"{numbers} No other powers come nearer.")
    items = []
    for name, gains in zip(lit.names, solution.gains, strict=True):
        if name in lamps:
            r, g, b = (float(gain) for gain in gains)
            items.append(
                ChecklistItem(
                    object=name,
                    property="light",
                    observed=_light(lamps[name]),
                    wanted=_light(better := lamps[name].gained((r, g, b))),
                    values=[round(better.power, 4), *(round(channel, 3) for channel in better.colour)],
                )
            )
    if not items:
        return Verdict(approve=True, summary=f"{numbers} The script has no lights of its own to turn.")
    return Verdict(approve=False, items=items[:MAX_ITEMS], summary=numbers)


def _light(lamp: Lamp) -> str:
    r, g, b = lamp.colour
    return f"power {lamp.power:.4f}, colour ({r:.3f}, {g:.3f}, {b:.3f})"


def wanted_lamps(script: str, verdict: Verdict) -> list[Lamp]:
    """The lamps of a lighting script with the powers and colours its verdict wants."""
    wanted = {item.object: item.values for item in verdict.items if item.property == "light"}
    lamps = []
    for lamp in lamps_of(script):
        if lamp.name in wanted:
            power, r, g, b = wanted[lamp.name]
            lamp = Lamp(lamp.name, power, (r, g, b), lamp.location, lamp.target, lamp.size)
        lamps.append(lamp)
    return lamps


def lamps_of(script: str) -> list[Lamp]:
    """The lamps a lighting script of this agent makes, the world among them."""
    values = params.read(script)
    lamps = []
    for name in [key.removesuffix(".power") for key in values if key.endswith(".power")]:
        power, colour = float(values[name + ".power"]), values[name + ".colour"]
        if name == WORLD:
            lamps.append(Lamp(name, power, colour))
        else:
            lamps.append(
                Lamp(name, power, colour, values[name + ".location"], values[name + ".target"], values[name + ".size"])
            )
    return lamps
