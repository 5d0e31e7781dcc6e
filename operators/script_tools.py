# SPDX-License-Identifier: GPL-3.0-or-later
"""An artist's own script: run what was edited, run turned parameters, show what changed, take it back.

Both become an attempt like any other, through the same guard, worker and checks. The step to undo is made when the
attempt arrives; before that nothing is different.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import bpy

from .. import panel_data, properties
from ..idnames import Op
from ..scene import scripts, text_editor
from . import decides, params

if TYPE_CHECKING:
    from ..agent.record import RunFolder

CHANGES = "changes.diff"


def file_of(stage: str) -> str:
    """Name of a stage's script, as the run's texts know it."""
    from ..agent.stages import BY_NAME

    return BY_NAME[stage].file_name


def text_of(run: str, stage: str) -> bpy.types.Text | None:
    """The text of a stage's script, None when the file has none."""
    name = scripts.names(run).get(file_of(stage))
    return bpy.data.texts.get(name) if name else None


class _OfScript(decides.Decides):
    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """There is a stage with an attempt, and nobody works on the run."""
        if decides.not_now(cls, context):
            return False
        live = context.window_manager.restage
        card = properties.card(live)
        if card is None or not card.attempts:
            cls.poll_message_set("Open a stage that has a script")
            return False
        return True

    @staticmethod
    def attempt(context: bpy.types.Context, stage: str) -> int | None:
        """Number of the attempt that is shown or stands; None when there is none."""
        live = context.window_manager.restage
        return properties.decided_attempt(live, properties.card(live, stage)) or None


class RESTAGE_OT_run_parameters(_OfScript, bpy.types.Operator):
    """Run the stage with the numbers as they are turned; done by itself a moment after the last turn"""

    bl_idname = Op.RUN_PARAMS
    bl_label = "Run with These Numbers"
    bl_options = {"INTERNAL"}
    goes_on = only_wishes = True

    def decide(self, context: bpy.types.Context, folder: RunFolder, stage: str) -> None:
        """Wish for the script with other numbers."""
        from ..agent import decisions
        from ..agent.record import RecordError

        live = context.window_manager.restage
        values, number = params.changed(live), self.attempt(context, stage)
        if not values or number is None:
            raise RecordError("No number was turned.")
        decisions.set_params(folder, stage, number, values)
        params.sent(values)


class RESTAGE_OT_run_script(_OfScript, bpy.types.Operator):
    """Run the script as you have edited it in the Text Editor: the same guard, worker and checks as any attempt"""

    bl_idname = Op.RUN_SCRIPT
    bl_label = "Run Edited Script"
    bl_options = {"REGISTER"}
    goes_on = only_wishes = True

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """The text of the stage in focus was edited."""
        if not super().poll(context):
            return False
        card = properties.card(context.window_manager.restage)
        if card is not None and not scripts.edited(context.scene.restage.run, file_of(card.name)):
            cls.poll_message_set("The script was not edited since it was run: open it, change it, then run it")
            return False
        return True

    def decide(self, context: bpy.types.Context, folder: RunFolder, stage: str) -> None:
        """Wish for the text to be run."""
        from ..agent import decisions
        from ..agent.record import RecordError

        text = text_of(context.scene.restage.run, stage)
        if text is None:
            raise RecordError(f"This file has no text of the script of {stage}.")
        decisions.edit(folder, stage, self.attempt(context, stage), text.as_string())


class RESTAGE_OT_show_changes(_OfScript, bpy.types.Operator):
    """Show what differs between the script as it was generated and as it is now"""

    bl_idname = Op.SHOW_CHANGES
    bl_label = "Show Changes"
    bl_options = {"REGISTER"}

    def decide(self, context: bpy.types.Context, folder: RunFolder, stage: str) -> None:
        """Write the differences into a text and show it."""
        from ..agent import journal
        from ..agent.record import RecordError

        run, live = context.scene.restage.run, context.window_manager.restage
        text = text_of(run, stage)
        number = generated(properties.card(live, stage), self.attempt(context, stage) or 0)
        if text is None or number is None:
            raise RecordError(f"There is no generated script of {stage} to compare with.")
        before = journal.attempt_script(folder, stage, number)
        lines = difflib.unified_diff(
            before.splitlines(), text.as_string().splitlines(), f"generated (attempt {number})", "now", lineterm=""
        )
        said = "\n".join(lines) or "The script is as it was generated."
        name = scripts.write_plain(run, CHANGES, said + "\n")
        if not text_editor.show(context, name):
            self.report({"INFO"}, f"Open a Text Editor and choose {name}")


class RESTAGE_OT_revert_script(_OfScript, bpy.types.Operator):
    """Give the text back the script of the attempt that is shown; what you edited in it and did not run is gone"""

    bl_idname = Op.REVERT_SCRIPT
    bl_label = "Revert"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """The text of the stage in focus was edited."""
        if not super().poll(context):
            return False
        card = properties.card(context.window_manager.restage)
        if card is not None and not scripts.edited(context.scene.restage.run, file_of(card.name)):
            cls.poll_message_set("The script was not edited since it was run")
            return False
        return True

    def decide(self, context: bpy.types.Context, folder: RunFolder, stage: str) -> None:
        """Write the attempt's script over the text."""
        from ..agent import journal
        from ..agent.record import RecordError

        number = self.attempt(context, stage)
        if number is None:
            raise RecordError(f"{stage.capitalize()} has no script to go back to.")
        scripts.revert(context.scene.restage.run, file_of(stage), journal.attempt_script(folder, stage, number))


def generated(card: panel_data.RestageCard | None, number: int) -> int | None:
    """Number of the attempt a script goes back to: the one itself, or the last before it that the agent wrote."""
    found = [item.number for item in card.attempts if item.number <= number and item.by in ("agent", "solver")]
    return found[-1] if found else None


CLASSES = (
    RESTAGE_OT_run_parameters,
    RESTAGE_OT_run_script,
    RESTAGE_OT_show_changes,
    RESTAGE_OT_revert_script,
)
