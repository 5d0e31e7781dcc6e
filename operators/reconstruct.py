# SPDX-License-Identifier: GPL-3.0-or-later
"""*Reconstruct from Image* and *Go On*: start a run on the chosen picture, or take one up where it stopped."""

import bpy
from bpy.props import FloatProperty, IntProperty

from .. import preferences, properties
from ..idnames import Op
from .asking import Asking
from .finish import set_aside


def _going_on(cls: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    if context.window_manager.restage.status in properties.BUSY:
        cls.poll_message_set("A run is going on")
        return True
    return False


class RESTAGE_OT_reconstruct(Asking, bpy.types.Operator):
    """Rebuild the chosen picture as an editable scene; Blender stays usable meanwhile"""

    bl_idname = Op.RECONSTRUCT
    bl_label = "Reconstruct from Image"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """There is a picture, and no run is going on."""
        if _going_on(cls, context):
            return False
        chosen = context.scene.restage
        if not chosen.picture and chosen.agent != "replay":
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
        self._pressed = True
        if reason := self.impossible():
            return self.fail(context, reason)
        from . import launch

        defaults = preferences.read(context)
        try:
            chosen = launch.settings(context.scene.restage, defaults)
            leaving = launch.leaving(chosen, defaults.runs_folder, bpy.app.online_access)
        except launch.LaunchError as error:
            return self.fail(context, str(error))
        return self.ask(context, leaving, again=False)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Read all the run needs, start its thread."""
        self.take_answers()
        if reason := self.impossible():
            return self.fail(context, reason)
        # Late: this imports the libraries the extension bundles, which start-up need not wait for.
        from . import launch

        defaults = preferences.read(context)
        try:
            chosen = launch.settings(context.scene.restage, defaults)
            leaving = launch.leaving(chosen, defaults.runs_folder, bpy.app.online_access)
            if leaving and not self._sends:
                return self.fail(context, "Nothing was sent: the estimate has to be confirmed first.")
            binary = launch.program()
            plan = launch.plan_new(context)
            kept = set_aside(context)
            launch.go(context, plan, binary, self._runs_unconfined)
        except launch.LaunchError as error:
            return self.fail(context, str(error))
        if kept:
            context.window_manager.restage.message = kept
            self.report({"INFO"}, kept)
        return {"FINISHED"}


class RESTAGE_OT_go_on(Asking, bpy.types.Operator):
    """Go on with this scene's run where it stopped; an edited brief is read back first"""

    bl_idname = Op.GO_ON
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
        self._pressed = True
        if reason := self.impossible():
            return self.fail(context, reason)
        from . import launch

        try:
            folder = launch.open_run(context.scene.restage)
            launch.edited_brief(context.scene.restage.run)
            leaving = launch.leaving_again(context)
        except launch.LaunchError as error:
            return self.fail(context, str(error))
        record = folder.record
        chosen = record.settings
        capped = record.status == "capped"
        if capped:
            tokens = record.input_tokens + record.output_tokens
            self.max_usd = 2 * max(chosen.max_usd, record.cost_usd) if chosen.max_usd else 0.0
            self.max_tokens = min(2**31 - 1, 2 * max(chosen.max_tokens, tokens)) if chosen.max_tokens else 0
        return self.ask(context, leaving, capped)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Take the run up."""
        self.take_answers()
        from . import launch

        try:
            if why := self.why_not_on(context):
                return self.fail(context, why)
            folder = launch.open_run(context.scene.restage)
            chosen = folder.record.settings
            usd = chosen.max_usd if self.max_usd < 0 else round(self.max_usd, 4) or None
            tokens = chosen.max_tokens if self.max_tokens < 0 else self.max_tokens or None
            launch.check_cap(folder, usd, tokens)
        except launch.LaunchError as error:
            return self.fail(context, str(error))
        return self.go_on(context, (usd, tokens))


CLASSES = (RESTAGE_OT_reconstruct, RESTAGE_OT_go_on)
