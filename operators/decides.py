# SPDX-License-Identifier: GPL-3.0-or-later
"""What the operators that decide about a stage share: noted in the run folder, shown, and then the run goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.props import StringProperty

from .. import properties
from ..scene import compat, sandbox, scripts
from . import trouble, view
from .asking import Asking

if TYPE_CHECKING:
    from ..agent.record import RunFolder


def not_now(cls: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    """Say why nothing can be decided now; False when it can."""
    live = context.window_manager.restage
    if live.status in properties.BUSY:
        cls.poll_message_set("The run is going on: wait, or cancel it")
    elif not context.scene.restage.folder or not live.cards:
        cls.poll_message_set("There is no run in this scene")
    elif not compat.in_object_mode():
        cls.poll_message_set("Only in object mode")
    else:
        return False
    return True


class Decides(Asking):
    """A decision on a stage."""

    stage: StringProperty(name="Stage", description="Empty for the one in focus", options={"SKIP_SAVE"})
    goes_on = False
    """Whether the run has something to do afterwards."""
    only_wishes = False
    """Whether that is only what is wished for here, so that nobody is asked anything."""
    said = ""
    """What the artist should know of what was decided; empty when there is nothing."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """There is a run, and nobody works on it."""
        return not not_now(cls, context)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Ask first where going on would send something, or run scripts unconfined."""
        self._pressed = True
        return self.ask_to_go_on(context, not self.only_wishes) if self.goes_on else self.execute(context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Decide, show what was decided, go on."""
        self.take_answers()
        from ..agent.record import RecordError
        from . import launch

        card = properties.card(context.window_manager.restage, self.stage)
        if card is None:
            return self.fail(context, "There is no such stage.")
        stage = card.name
        try:
            if self.goes_on and (why := self.why_not_on(context, not self.only_wishes)):
                return self.fail(context, why)
            folder = launch.open_at(context.scene.restage)
            self.decide(context, folder, stage)
        except (RecordError, launch.LaunchError, sandbox.SandboxError) as error:
            view.refresh(context)
            return self.fail(context, str(error))
        except OSError as error:
            return self.fail(context, f"The run folder can't be written: {error.strerror or error}.")
        trouble.clear()
        context.window_manager.restage.message = self.said
        view.refresh(context)
        self.focus(context, stage)
        return self.go_on(context, only_wishes=self.only_wishes) if self.goes_on else {"FINISHED"}

    def decide(self, context: bpy.types.Context, folder: RunFolder, stage: str) -> None:
        """Do it. Raises RecordError, SandboxError, OSError."""
        raise NotImplementedError

    @staticmethod
    def focus(context: bpy.types.Context, stage: str) -> None:
        """Bring a stage into focus."""
        context.window_manager.restage.focus = stage
        view.shown_again(context.scene)


def show_attempt(context: bpy.types.Context, folder: RunFolder, stage: str, number: int) -> None:
    """Show an attempt in the file with its script and its checklist. Raises RecordError and SandboxError."""
    from ..agent import cards, showing
    from ..agent.stages import BY_NAME
    from . import present

    chosen = context.scene.restage
    shown = showing.of(folder, stage, number)
    if sandbox.shown(chosen.run) != (stage, number):
        present.put(chosen.run, shown, context.scene.name)
    scripts.update(chosen.run, {BY_NAME[stage].file_name: shown.script})
    view.fill_points(context.scene, cards.of(folder), stage, number)
