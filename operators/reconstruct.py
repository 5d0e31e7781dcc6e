# SPDX-License-Identifier: GPL-3.0-or-later
"""*Reconstruct from Image* and *Go On*: start a run on the chosen picture, or take one up where it stopped.

Both ask the artist, in one dialog, before anything is sent to another machine and before scripts run unconfined.
"""

import bpy
from bpy.props import BoolProperty, FloatProperty, IntProperty

from .. import preferences, properties
from ..panels import wrapped
from ..scene import compat

_WIDTH = 440


class _Asking:
    """What both share: the questions, and the answers a script may give beforehand."""

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

    def _impossible(self) -> str:
        from .. import bundled
        from ..worker.binary import why_not_here

        return why_not_here() or bundled.missing()

    def _ask(self, context: bpy.types.Context, leaving: tuple[str, ...], fields: bool = False) -> set[str]:
        """Ask what has to be asked, in one dialog; without a question, begin."""
        from ..worker.pool import why_unconfined

        reason = why_unconfined()
        self._leaving, self._unconfined, self._fields = leaving, reason, fields
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

    def _fail(self, context: bpy.types.Context, text: str) -> set[str]:
        """Say it in the panel and beside the mouse."""
        context.window_manager.restage.message = text
        compat.redraw()
        self.report({"ERROR"}, text)
        return {"CANCELLED"}


def _going_on(cls: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    if context.window_manager.restage.status in properties.BUSY:
        cls.poll_message_set("A run is going on")
        return True
    return False


class RESTAGE_OT_reconstruct(_Asking, bpy.types.Operator):
    """Rebuild the chosen picture as an editable scene; Blender stays usable meanwhile"""

    bl_idname = "restage.reconstruct"
    bl_label = "Reconstruct from Image"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """There is a picture, and no run is going on."""
        if _going_on(cls, context):
            return False
        chosen = context.scene.restage
        if not chosen.picture:
            cls.poll_message_set("Choose a picture first")
            return False
        if chosen.agent == "replay" and not chosen.recording:
            cls.poll_message_set("Choose the recorded run first")
            return False
        if not bpy.app.online_access and {"openai", "anthropic"} & {
            chosen.agent,
            chosen.verifier if chosen.agent not in {"offline", "replay"} else "",
        }:
            cls.poll_message_set("Allow Online Access is off; turn it on in Preferences > System > Network")
            return False
        return True

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Ask first where something leaves this machine or scripts can't be confined."""
        if reason := self._impossible():
            return self._fail(context, reason)
        from . import launch

        defaults = preferences.read(context)
        try:
            chosen = launch.settings(context.scene.restage, defaults)
            leaving = launch.leaving(chosen, defaults.runs_folder, bpy.app.online_access)
        except launch.LaunchError as error:
            return self._fail(context, str(error))
        return self._ask(context, leaving)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Read all the run needs, start its thread."""
        if reason := self._impossible():
            return self._fail(context, reason)
        # Late: this imports the libraries the extension bundles, which start-up need not wait for.
        from . import launch

        defaults = preferences.read(context)
        try:
            chosen = launch.settings(context.scene.restage, defaults)
            leaving = launch.leaving(chosen, defaults.runs_folder, bpy.app.online_access)
            if leaving and not self.send:
                return self._fail(context, "Nothing was sent: the estimate has to be confirmed first.")
            binary = launch.program()
            launch.go(context, launch.plan_new(context), binary, self.unconfined)
        except launch.LaunchError as error:
            return self._fail(context, str(error))
        return {"FINISHED"}


class RESTAGE_OT_go_on(_Asking, bpy.types.Operator):
    """Go on with this scene's run where it stopped; an edited brief is read back first"""

    bl_idname = "restage.go_on"
    bl_label = "Go On"
    bl_options = {"REGISTER", "UNDO"}

    max_usd: FloatProperty(
        name="Cap in USD",
        description="Of the whole run, in US dollars, with what was spent; 0 for no cap",
        default=-1.0,
        min=-1.0,
        precision=2,
        options={"SKIP_SAVE", "HIDDEN"},
    )
    max_tokens: IntProperty(
        name="Cap in Tokens",
        description="Of the whole run, with what was used; 0 for no cap",
        default=-1,
        min=-1,
        options={"SKIP_SAVE", "HIDDEN"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """The scene's run stopped before its end."""
        if _going_on(cls, context):
            return False
        # Not the file's own status alone: an undo takes that back, and the run's stop with it.
        if not context.scene.restage.folder or properties.status_of(context) not in properties.RESUMABLE:
            cls.poll_message_set("There is no run in this file that could go on")
            return False
        return True

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Ask for a higher cap where one was reached, and again before sending after Blender was restarted."""
        if reason := self._impossible():
            return self._fail(context, reason)
        from . import launch

        try:
            folder = launch.open_run(context.scene.restage)
            launch.edited_brief(context.scene.restage.run)
            leaving = self._leaving_now(context, folder)
        except launch.LaunchError as error:
            return self._fail(context, str(error))
        record = folder.record
        chosen = record.settings
        capped = record.status == "capped"
        if capped:
            tokens = record.input_tokens + record.output_tokens
            self.max_usd = 2 * max(chosen.max_usd, record.cost_usd) if chosen.max_usd else 0.0
            self.max_tokens = min(2**31 - 1, 2 * max(chosen.max_tokens, tokens)) if chosen.max_tokens else 0
        confirmed = context.window_manager.restage.confirmed == str(folder.path)
        if leaving and confirmed:
            # Confirmed once for this run; raising the cap is a question of its own.
            self.send, leaving = True, ()
        return self._ask(context, leaving, capped)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Take the run up."""
        if reason := self._impossible():
            return self._fail(context, reason)
        from . import launch

        try:
            folder = launch.open_run(context.scene.restage)
            chosen = folder.record.settings
            usd = chosen.max_usd if self.max_usd < 0 else round(self.max_usd, 4) or None
            tokens = chosen.max_tokens if self.max_tokens < 0 else self.max_tokens or None
            launch.check_cap(folder, usd, tokens)
            confirmed = self.send or context.window_manager.restage.confirmed == str(folder.path)
            if not confirmed and self._leaving_now(context, folder):
                return self._fail(context, "Nothing was sent: the estimate has to be confirmed first.")
            binary = launch.program()
            launch.go(context, launch.plan_again(context, usd, tokens), binary, self.unconfined)
        except launch.LaunchError as error:
            return self._fail(context, str(error))
        return {"FINISHED"}

    @staticmethod
    def _leaving_now(context: bpy.types.Context, folder: object) -> tuple[str, ...]:
        from . import launch

        sentences = launch.leaving(folder.record.settings, folder.path, bpy.app.online_access)
        if not sentences:
            return ()
        spent = folder.record.cost_usd
        before = f"${spent:.2f} was spent before; what follows is for a whole run. " if spent else ""
        return (sentences[0], f"{before}{sentences[1]}", *sentences[2:])


CLASSES = (RESTAGE_OT_reconstruct, RESTAGE_OT_go_on)
