# SPDX-License-Identifier: GPL-3.0-or-later
"""What an artist decides of a stage: accept, reject, another attempt, redo, reopen. One undo step each.

A decision is noted in the run folder (`agent.decisions`), shown, and then the run goes on where there is something to
do. What a decision asks the run for (a redo) is a step when its attempt arrives, for before that nothing is different.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import IntProperty, StringProperty

from .. import panel_data, properties
from ..idnames import Op
from ..scene import sandbox
from . import changes, view
from .decides import Decides, not_now, show_attempt

if TYPE_CHECKING:
    from ..agent.record import RunFolder


class RESTAGE_OT_focus_stage(bpy.types.Operator):
    """Open this stage's card: its attempts, its parameters, its script"""

    bl_idname = Op.FOCUS
    bl_label = "Open Stage"
    bl_options = {"INTERNAL"}

    stage: StringProperty(name="Stage", description="Name of the stage")

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Bring the stage into focus; the open one closes."""
        live = context.window_manager.restage
        live.focus = "" if live.focus == self.stage else self.stage
        view.shown_again(context.scene)
        return {"FINISHED"}


class RESTAGE_OT_accept(Decides, bpy.types.Operator):
    """Settle this stage with the attempt that is shown; the next one is built on it"""

    bl_idname = Op.ACCEPT
    bl_label = "Accept"
    bl_options = {"REGISTER", "UNDO"}
    goes_on = True

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """The stage in focus is not settled."""
        if not_now(cls, context):
            return False
        card = properties.card(context.window_manager.restage)
        if card is not None and card.status == "accepted":
            cls.poll_message_set("This stage is accepted")
            return False
        return True

    def decide(self, context: bpy.types.Context, folder: RunFolder, stage: str) -> None:
        """Accept what is shown."""
        from ..agent import decisions

        live = context.window_manager.restage
        number = properties.decided_attempt(live, properties.card(live, stage))
        by_hand = changes.kept(context.scene.restage.run)
        if number and by_hand:
            # What is shown is what is accepted, the artist's own changes with it.
            standing = folder.record.stage(stage)
            if number != (standing.accepted if standing.accepted is not None else standing.best):
                context.scene.restage.state = decisions.choose(folder, stage, number)
            decisions.keep(folder, by_hand, stage)
            return
        context.scene.restage.state = decisions.accept(folder, stage, number or None)
        if number:
            show_attempt(context, folder, stage, number)


class RESTAGE_OT_reject(Decides, bpy.types.Operator):
    """Throw out this stage's attempts and have it begun anew; they stay in the gallery"""

    bl_idname = Op.REJECT
    bl_label = "Reject"
    bl_options = {"REGISTER", "UNDO"}
    goes_on = True

    def decide(self, context: bpy.types.Context, folder: RunFolder, stage: str) -> None:
        """Reject all of them; the scene shows the stage before."""
        from ..agent import decisions

        chosen = context.scene.restage
        chosen.state = decisions.reject(folder, stage)
        before = [item for item in folder.record.stages if item.accepted is not None]
        earlier = [item for item in before if _number(folder, item.name) < _number(folder, stage)]
        if earlier:
            show_attempt(context, folder, earlier[-1].name, earlier[-1].accepted)
        elif sandbox.find(chosen.run) is not None:
            sandbox.discard(chosen.run)
        chosen.points.clear()
        chosen.points_of, chosen.note = "", ""


class RESTAGE_OT_choose_attempt(Decides, bpy.types.Operator):
    """Show this attempt, and have the stage reviewed with it"""

    bl_idname = Op.CHOOSE
    bl_label = "Show Attempt"
    bl_options = {"REGISTER", "UNDO"}

    attempt: IntProperty(name="Attempt", description="Its number", min=1, options={"SKIP_SAVE"})

    @classmethod
    def description(cls, context: bpy.types.Context, properties_: Any) -> str:
        """What there is to know of the attempt."""
        card = properties.card(context.window_manager.restage, properties_.stage)
        attempt = panel_data.attempt_of(card, properties_.attempt) if card else None
        if attempt is None:
            return cls.__doc__ or ""
        return describe(attempt)

    def decide(self, context: bpy.types.Context, folder: RunFolder, stage: str) -> None:
        """Choose it. One of a stage whose earlier stages wait is only looked at."""
        from ..agent import decisions

        record = folder.record.stage(stage)
        standing = record.accepted if record.accepted is not None else record.best
        if standing != self.attempt:
            context.scene.restage.state = decisions.choose(folder, stage, self.attempt)
        show_attempt(context, folder, stage, self.attempt)


def describe(attempt: panel_data.RestageAttempt) -> str:
    """An attempt in a few lines, for a tooltip."""
    who = {"artist": "yours", "replay": "run again on a changed stage", "solver": "numbers solved"}.get(attempt.by, "")
    lines = [f"Attempt {attempt.number}, round {attempt.round}" + (f", {who}" if who else "")]
    if not attempt.usable:
        lines.append(f"It did not run: {attempt.message}")
    else:
        numbers = [f"score {attempt.score:.3f}"]
        numbers += [f"overlap {attempt.overlap:.2f}"] if attempt.overlap >= 0 else []
        numbers += [f"LPIPS {attempt.lpips:.3f}"] if attempt.lpips >= 0 else []
        lines.append(", ".join(numbers))
    lines += [text for text in (attempt.note, attempt.summary) if text]
    return "\n".join(lines)


class RESTAGE_OT_redo(Decides, bpy.types.Operator):
    """Have the agent do one more round on the attempt that is shown, with your words and the points that are ticked"""

    bl_idname = Op.REDO
    bl_label = "Redo"
    bl_options = {"REGISTER"}
    goes_on = True

    note: StringProperty(name="For the Agent", description="Empty for the scene's", options={"SKIP_SAVE"})

    def decide(self, context: bpy.types.Context, folder: RunFolder, stage: str) -> None:
        """Wish for it; the run does it."""
        from ..agent import decisions

        live, chosen = context.window_manager.restage, context.scene.restage
        number = properties.decided_attempt(live, properties.card(live, stage)) or None
        points = wanted_points(chosen) if chosen.points_of == f"{stage} {number or 0}" else []
        decisions.redo(folder, stage, number, self.note or chosen.note, points)


def wanted_points(chosen: Any) -> list[Any]:
    """Return the checklist's ticked points as the agent takes them."""
    from ..agent.verdict import ChecklistItem

    items = []
    for point in chosen.points:
        if not point.use or not point.text.strip():
            continue
        kept = json.loads(point.kept) if point.kept else {}
        items.append(
            ChecklistItem(
                object=point.object,
                property=point.property or "look",
                observed=point.observed or "not so",
                wanted=point.text.strip(),
                severity=point.severity,
                region=kept.get("region"),
                values=kept.get("values") or [],
            )
        )
    return items


class RESTAGE_OT_reopen(Decides, bpy.types.Operator):
    """Put this stage under review again; when you accept it, later stages are run again on it"""

    bl_idname = Op.REOPEN
    bl_label = "Reopen"
    bl_options = {"REGISTER", "UNDO"}

    def decide(self, context: bpy.types.Context, folder: RunFolder, stage: str) -> None:
        """Reopen it and show what was accepted of it."""
        from ..agent import decisions

        context.scene.restage.state = decisions.reopen(folder, stage)
        standing = folder.record.stage(stage).best
        if standing is not None:
            show_attempt(context, folder, stage, standing)


class RESTAGE_OT_solve_numbers(Decides, bpy.types.Operator):
    """Have the numbers of the script that is shown solved against the picture; its words stay as they are"""

    bl_idname = Op.SOLVE
    bl_label = "Solve Numbers"
    bl_options = {"REGISTER"}
    goes_on = only_wishes = True

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """There is an attempt of a stage whose numbers can be solved."""
        if not_now(cls, context):
            return False
        live = context.window_manager.restage
        card = properties.card(live)
        if card is None or not properties.decided_attempt(live, card):
            cls.poll_message_set("There is no attempt whose numbers could be solved")
            return False
        if card.name == "setup":
            cls.poll_message_set("The camera's numbers are settled with the brief")
            return False
        return True

    def decide(self, context: bpy.types.Context, folder: RunFolder, stage: str) -> None:
        """Wish for it; the run does it."""
        from ..agent import decisions
        from ..agent.record import RecordError

        if not folder.record.settings.solve:
            raise RecordError("Solve Numbers was off when this run was begun, so nothing solves its numbers.")
        live = context.window_manager.restage
        decisions.solve(folder, stage, properties.decided_attempt(live, properties.card(live, stage)))


class RESTAGE_OT_drop_wish(Decides, bpy.types.Operator):
    """Forget what you asked for and the run has not done yet"""

    bl_idname = Op.DROP_WISH
    bl_label = "Don't Do It"
    bl_options = {"REGISTER"}

    def decide(self, context: bpy.types.Context, folder: RunFolder, stage: str) -> None:
        """Forget it."""
        from ..agent import decisions

        decisions.drop_wishes(folder)
        context.window_manager.restage.status = "REVIEW" if folder.record.status == "review" else "NONE"
        context.scene.restage.status = "REVIEW" if folder.record.status == "review" else "CANCELLED"


def _number(folder: RunFolder, stage: str) -> int:
    return [item.name for item in folder.record.stages].index(stage)


CLASSES = (
    RESTAGE_OT_focus_stage,
    RESTAGE_OT_accept,
    RESTAGE_OT_reject,
    RESTAGE_OT_choose_attempt,
    RESTAGE_OT_redo,
    RESTAGE_OT_reopen,
    RESTAGE_OT_solve_numbers,
    RESTAGE_OT_drop_wish,
)
