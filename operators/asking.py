# SPDX-License-Identifier: GPL-3.0-or-later
"""What operators share: errors told in the panel, and the one dialog before anything is sent or run unconfined."""

from __future__ import annotations

from dataclasses import replace

import bpy
from bpy.props import BoolProperty

from ..panels import wrapped
from . import trouble

_WIDTH = 440


class Tells:
    """An operator whose errors are told in the panel. Pressed by an artist it opens no box for them; called by a script
    it raises."""

    _pressed = False

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Remember that it was pressed."""
        self._pressed = True
        return self.execute(context)

    def fail(self, context: bpy.types.Context, text: str, details: str = "", fix: str = "") -> set[str]:
        """Say in the panel what went wrong."""
        trouble.tell(text, details, fix)
        # Of a pressed operator Blender shows an error in a box beside the mouse; a warning is in the status bar.
        self.report({"WARNING" if self._pressed else "ERROR"}, text)
        return {"CANCELLED"}


class Asking(Tells):
    """An operator that has a run go on: the questions, and the answers a script may give beforehand."""

    unconfined: BoolProperty(
        name="Run Unconfined",
        description="Run the scripts even though this system can't lock their Blender down",
        options={"HIDDEN", "SKIP_SAVE"},
    )
    send: BoolProperty(
        name="Send",
        description="Send what the estimate names to whom it names",
        options={"HIDDEN", "SKIP_SAVE"},
    )

    _sends = _runs_unconfined = False

    def take_answers(self) -> None:
        """Take the answers, first thing when executed: they are for this once. Left on the operator, *Repeat Last*
        would give them again, for it asks nothing."""
        self._sends, self._runs_unconfined = self.send, self.unconfined
        self.send = self.unconfined = False

    def impossible(self) -> str:
        """Why no run can be had here at all; empty when one can."""
        from .. import bundled
        from ..worker.binary import why_not_here

        return why_not_here() or bundled.missing()

    def ask(
        self, context: bpy.types.Context, leaving: tuple[str, ...], fields: bool = False, again: bool = True
    ) -> set[str]:
        """Ask what has to be asked, in one dialog; without a question, begin. `again`: a run that had begun before."""
        from ..worker.pool import why_unconfined

        live, folder = context.window_manager.restage, context.scene.restage.folder
        reason = "" if again and folder and live.unconfined == folder else why_unconfined()
        self._leaving, self._unconfined, self._fields, self._pressed = leaving, reason, fields, True
        if not (leaving or reason or fields):
            return self.execute(context)
        self.send, self.unconfined = bool(leaving), bool(reason)
        title = "Send to a Model?" if leaving else "Raise the Cap" if fields else "Run Scripts Unconfined?"
        return context.window_manager.invoke_props_dialog(
            self, width=_WIDTH, title=title, confirm_text="Send" if leaving else "Go On" if fields else "Run This Once"
        )

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the questions."""
        layout = self.layout
        for number, text in enumerate(getattr(self, "_leaving", ())):
            wrapped.sentence(layout, context, text, ("USER", "INFO", "URL", "CHECKMARK")[min(number, 3)], _WIDTH - 20)
        if getattr(self, "_fields", False):
            layout.use_property_split = True
            layout.prop(self, "max_usd")
            layout.prop(self, "max_tokens")
            layout.label(text="Of the whole run, with what was spent so far; 0 is no cap.")
        if getattr(self, "_unconfined", ""):
            layout.separator()
            text = f"{self._unconfined} The scripts would run in a second Blender with your own rights."
            wrapped.sentence(layout, context, text, "ERROR", _WIDTH - 20)

    def ask_to_go_on(self, context: bpy.types.Context, sends: bool = True) -> set[str]:
        """Ask what has to be asked before the scene's run goes on: nothing where it was asked in this session."""
        from . import launch

        self._pressed = True
        if reason := self.impossible():
            return self.fail(context, reason)
        try:
            leaving = launch.leaving_again(context) if sends else ()
        except launch.LaunchError as error:
            return self.fail(context, str(error))
        return self.ask(context, leaving)

    def why_not_on(self, context: bpy.types.Context, sends: bool = True) -> str:
        """Why the run can't go on now; empty when it can. Asked before anything is decided. Raises LaunchError."""
        from . import launch

        if reason := self.impossible():
            return reason
        if sends and not self._sends and launch.leaving_again(context):
            return "Nothing was sent: the estimate has to be confirmed first."
        launch.program()
        launch.edited_brief(context.scene.restage.run)
        return ""

    def go_on(
        self,
        context: bpy.types.Context,
        caps: tuple[float | None, int | None] | None = None,
        only_wishes: bool = False,
    ) -> set[str]:
        """Have the scene's run go on: with other caps (USD, tokens) where some are given, or with what was wished for
        and nothing else."""
        from . import launch

        try:
            plan = replace(launch.plan_again(context, caps), only_wishes=only_wishes)
            launch.go(context, plan, launch.program(), self._runs_unconfined)
        except launch.LaunchError as error:
            return self.fail(context, str(error))
        return {"FINISHED"}
