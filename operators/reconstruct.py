# SPDX-License-Identifier: GPL-3.0-or-later
"""*Reconstruct from Image*: start a run on the chosen picture."""

import sys
import time
import uuid
from pathlib import Path

import bpy
from bpy.props import BoolProperty

from .. import preferences, properties


class RESTAGE_OT_reconstruct(bpy.types.Operator):
    """Rebuild the chosen picture as an editable scene; Blender stays usable meanwhile"""

    bl_idname = "restage.reconstruct"
    bl_label = "Reconstruct from Image"
    bl_options = {"REGISTER", "UNDO"}

    unconfined: BoolProperty(
        name="Run Unconfined",
        description="Run the scripts even though this system can't lock their Blender down",
        options={"HIDDEN", "SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """There is a picture, and no run is going on."""
        if context.window_manager.restage.status in {"RUNNING", "STOPPING"}:
            cls.poll_message_set("A run is going on")
            return False
        if not context.scene.restage.picture:
            cls.poll_message_set("Choose a picture first")
            return False
        return True

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask first where this system can't confine scripts; no question where it can't run them at all."""
        from ..worker.pool import why_unconfined

        if self._impossible():
            return {"CANCELLED"}
        reason = why_unconfined()
        if reason:
            self.unconfined = True
            return context.window_manager.invoke_confirm(
                self,
                event,
                title="Run scripts unconfined?",
                message=f"{reason} The scripts would run in a second Blender with your own rights.",
                confirm_text="Run This Once",
                icon="WARNING",
            )
        return self.execute(context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Read all the run needs, start its thread."""
        if self._impossible():
            return {"CANCELLED"}
        # Late: these import the libraries the extension bundles, which start-up need not wait for.
        from ..agent import begin, picture
        from ..agent.record import RecordError
        from ..agent.settings import AgentSettings
        from ..worker.binary import BlenderNotFound, running
        from . import present, run_thread

        chosen, scene = context.scene.restage, context.scene
        settings = preferences.read(context)
        try:
            source = picture.load(properties.absolute(chosen.picture), begin.working_px(chosen.resolution))
            binary = running(bpy.app.binary_path, tuple(bpy.app.version), sys.executable)
            folder = begin.begin(
                _new_folder(settings.runs_folder, source.path),
                source,
                AgentSettings(),
                chosen.seed,
                chosen.resolution,
                chosen.samples,
            )
        except (picture.PictureError, RecordError, BlenderNotFound) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        run = str(uuid.uuid4())
        presenter = present.Presenter(run, scene.name, folder.path, settings.show_attempts)
        request = run_thread.Request(
            run=run,
            scene=scene.name,
            picture=source,
            folder=folder,
            make_agent=_offline,
            options=run_thread.RunOptions(chosen.resolution, chosen.samples, chosen.seed),
            binary=binary,
            limits=run_thread.Limits(memory_mb=settings.memory_mb),
            allow_unconfined=self.unconfined,
            viewport_pictures=settings.viewport_pictures,
        )
        presenter.begin()
        run_thread.begin(request, presenter)
        return {"FINISHED"}

    def _impossible(self) -> bool:
        """Report why no script can run here, and say whether that is so."""
        from ..worker.binary import why_not_here

        reason = why_not_here()
        if reason:
            self.report({"ERROR"}, reason)
        return bool(reason)


def _offline() -> object:
    """Make the built-in agent; called on the run's thread, for its imports take a while."""
    from ..agent.offline.agent import make

    return make()


def _new_folder(runs: Path, picture: Path) -> Path:
    """Return a folder name no run has yet: the picture's name and the time."""
    stem = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in picture.stem)[:40] or "picture"
    name = f"{stem}-{time.strftime('%Y%m%d-%H%M%S')}"
    folder = runs / name
    number = 2
    while folder.exists():
        folder = runs / f"{name}-{number}"
        number += 1
    return folder


CLASSES = (RESTAGE_OT_reconstruct,)
