# SPDX-License-Identifier: GPL-3.0-or-later
"""After an undo, a redo or a load the scene shows another state of its run: the run folder and the panel follow.

Nothing is put into the scene here: what Blender brought back is the truth, and a change after an undo would cost the
artist the redo.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import bpy
from bpy.props import BoolProperty, StringProperty

from .. import properties
from ..idnames import Op
from ..scene import looking, sandbox
from . import trouble
from .asking import Tells

if TYPE_CHECKING:
    from .run_thread import RunThread


def thread() -> RunThread | None:
    """The run that is going on; without importing the agent for it."""
    owner = sys.modules.get(f"{__package__}.run_thread")
    return owner.current() if owner is not None else None


def after_undo() -> None:
    """Follow the scene to the state that it shows now."""
    going_on = thread()
    looking.go_on(bpy.context.scene.restage.run)
    if going_on is not None:
        _while_running(going_on)
    else:
        follow()


def follow() -> None:
    """Put the run folder into the state the scene shows, and show that."""
    live = bpy.context.window_manager.restage
    chosen = bpy.context.scene.restage
    if not chosen.folder:
        if live.cards_of:
            from . import view

            view.clear()
        return
    folder = properties.absolute(chosen.folder)
    if (folder, chosen.state) != (live.cards_of, live.cards_state):
        live.status = "NONE"
        live.message = ""
        trouble.clear()
        _go_to(Path(folder), chosen.state)
    elif sandbox.shown(chosen.run) == (live.shown_stage, live.shown_attempt):
        return
    from . import view

    view.refresh(bpy.context)


def _go_to(path: Path, state: int) -> None:
    from ..agent import journal
    from ..agent.record import RecordError, RunFolder

    try:
        folder = RunFolder.open(path)
        if folder.record.state != state:
            with folder.held():
                journal.go_to(folder, state)
    except (RecordError, OSError) as error:
        trouble.tell(f"The run folder could not follow: {error}")


def _while_running(going_on: RunThread) -> None:
    """Undo knows nothing of a run that goes on: tell the scene again. Where its beginning was taken back, stop it."""
    scene = properties.scene_of(going_on.request.run, going_on.request.scene)
    if scene is None:
        return
    same = scene.restage.run == going_on.request.run
    if same and scene.restage.state >= going_on.began_at:
        going_on.show.remember()
        return
    if not going_on.show.undone:
        going_on.show.undone = True
        going_on.cancel()
        live = bpy.context.window_manager.restage
        live.status = "STOPPING"


def elsewhere() -> bool:
    """Whether what is shown is not the run of the scene that the artist is in, and no run is going on."""
    live = bpy.context.window_manager.restage
    folder = properties.absolute(bpy.context.scene.restage.folder)
    if live.status in properties.BUSY or (live.error and not live.cards_of):
        return False
    return bool(folder) != bool(live.cards_of) or Path(folder) != Path(live.cards_of)


def after_load() -> None:
    """Show the run of the file that was opened, as far as its folder is there; read it off the main thread."""
    from . import background

    live = bpy.context.window_manager.restage
    chosen = bpy.context.scene.restage
    if not chosen.folder:
        return
    folder, state = Path(properties.absolute(chosen.folder)), chosen.state
    found = []

    def read(_cancel: object) -> str:
        from ..agent import cards

        found.append(cards.read(folder, state))
        return ""

    def done(said: str, failed: bool) -> None:
        if properties.absolute(bpy.context.scene.restage.folder) != str(folder):
            return  # Another file meanwhile.
        if failed:
            trouble.tell(f"The run folder can't be used: {said}")
            return
        from . import view

        view.show(found[0], bpy.context.scene)
        live = bpy.context.window_manager.restage
        live.ahead = found[0].current != state

    live.message = ""
    background.start("read run", read, done)


class RESTAGE_OT_catch_up(Tells, bpy.types.Operator):
    """Show what the run has come to since this file was saved"""

    bl_idname = Op.CATCH_UP
    bl_label = "Catch Up"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """The folder is further on than the file."""
        if not context.window_manager.restage.ahead:
            cls.poll_message_set("This file shows the run as its folder has it")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Take over the folder's state."""
        from ..agent import journal
        from ..agent.record import RecordError, RunFolder
        from . import decides, view

        chosen = context.scene.restage
        try:
            folder = RunFolder.open(Path(properties.absolute(chosen.folder)))
            entry = journal.at(folder.path, folder.record.state)
            chosen.state = folder.record.state
            if entry is not None and entry.attempt is not None:
                decides.show_attempt(context, folder, entry.stage, entry.attempt)
        except (RecordError, sandbox.SandboxError, OSError) as error:
            return self.fail(context, str(error))
        live = context.window_manager.restage
        live.ahead, live.message = False, ""
        view.refresh(context)
        return {"FINISHED"}


class RESTAGE_OT_locate_run(Tells, bpy.types.Operator):
    """Say where this run's folder is now"""

    bl_idname = Op.LOCATE
    bl_label = "Locate Run Folder"
    bl_options = {"REGISTER", "UNDO"}

    directory: StringProperty(name="Folder", subtype="DIR_PATH")
    filter_folder: BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """The scene knows a run."""
        if not context.scene.restage.run:
            cls.poll_message_set("There is no run in this scene")
            return False
        return True

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Open the file browser."""
        self._pressed = True
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Take the folder, where there is a run in it that knows the scene's state."""
        from ..agent import cards
        from ..agent.record import RecordError
        from . import view

        chosen = context.scene.restage
        path = Path(bpy.path.abspath(self.directory))
        try:
            cards.read(path, chosen.state)
        except (RecordError, OSError) as error:
            return self.fail(context, str(error))
        chosen.folder = str(path)
        trouble.clear()
        view.refresh(context)
        return {"FINISHED"}


CLASSES = (RESTAGE_OT_catch_up, RESTAGE_OT_locate_run)
