# SPDX-License-Identifier: GPL-3.0-or-later
"""Hand the result on: the program as a file, the scene as glTF, USD or .blend, the report in a browser."""

from __future__ import annotations

from pathlib import Path
from threading import Event

import bpy
from bpy.props import BoolProperty, EnumProperty, StringProperty

from .. import properties
from ..idnames import Op
from ..scene import compat, export, sandbox
from . import background, follow, trouble
from .asking import Tells
from .finish import no_result

_WRITING = "report"


class _Saves(Tells):
    """An operator that asks for a file to write."""

    filepath: StringProperty(name="File Path", subtype="FILE_PATH", options={"SKIP_SAVE"})
    check_existing: BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})

    def suffix(self) -> str:
        """What the file's name ends with."""
        raise NotImplementedError

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Open the file browser with a name to begin with."""
        self._pressed = True
        stem = Path(context.scene.restage.picture).stem or "scene"
        self.filepath = str(Path(bpy.path.abspath("//") or Path.home()) / f"{stem}{self.suffix()}")
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def check(self, _context: bpy.types.Context) -> bool:
        """Keep the name's end right while it is typed."""
        wanted = bpy.path.ensure_ext(self.filepath, self.suffix())
        changed, self.filepath = wanted != self.filepath, wanted
        return changed

    def target(self) -> Path:
        """The file to write."""
        return Path(bpy.path.abspath(bpy.path.ensure_ext(self.filepath, self.suffix())))


class RESTAGE_OT_save_program(_Saves, bpy.types.Operator):
    """Save the scripts joined into one file, which makes the scene in any Blender without Restage"""

    bl_idname = Op.SAVE_PROGRAM
    bl_label = "Save Program"
    bl_options = {"REGISTER"}

    filter_glob: StringProperty(default="*.py", options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """There is a run that is not going on."""
        live = context.window_manager.restage
        if live.status in properties.BUSY:
            cls.poll_message_set("The run is still going on")
            return False
        if not any(card.standing for card in live.cards):
            cls.poll_message_set("There is no script yet")
            return False
        return True

    def suffix(self) -> str:
        """A Python file."""
        return ".py"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Join what is accepted and what is under review, and write it."""
        from ..agent import files, journal
        from ..agent.record import RecordError
        from . import launch

        try:
            folder = launch.open_at(context.scene.restage)
            files.write_text(self.target(), journal.program_so_far(folder))
        except (RecordError, launch.LaunchError) as error:
            return self.fail(context, str(error))
        except OSError as error:
            return self.fail(context, f"{self.target()} can't be written: {error.strerror or error}.")
        self.report({"INFO"}, f"Saved {self.target().name}")
        return {"FINISHED"}


class RESTAGE_OT_export(_Saves, bpy.types.Operator):
    """Write what is shown to a file for other programs, or as a .blend of its own"""

    bl_idname = Op.EXPORT
    bl_label = "Export Result"
    bl_options = {"REGISTER"}

    kind: EnumProperty(
        name="Format",
        description="What kind of file to write",
        items=(
            (".glb", "glTF", "glTF 2.0, binary"),
            (".usdc", "USD", "Universal Scene Description, binary"),
            (".blend", ".blend", "A Blender file to append or link from"),
        ),
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """There is a result."""
        return not no_result(cls, context)

    def suffix(self) -> str:
        """That of the format."""
        return self.kind

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Write it."""
        try:
            export.write(context.scene.restage.run, self.target(), self.kind)
        except (export.ExportError, sandbox.SandboxError) as error:
            return self.fail(context, str(error))
        self.report({"INFO"}, f"Saved {self.target().name}")
        return {"FINISHED"}


class RESTAGE_OT_open_report(Tells, bpy.types.Operator):
    """Open the run's report in the browser: every attempt with its pictures, numbers and scripts"""

    bl_idname = Op.OPEN_REPORT
    bl_label = "Open Report"
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """The scene knows a run folder."""
        if not context.scene.restage.folder:
            cls.poll_message_set("There is no run yet")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Open it; one that a cancelled run had no time for is written first, off the main thread."""
        path = Path(properties.absolute(context.scene.restage.folder)) / "report.html"
        if path.is_file():
            return bpy.ops.wm.url_open(url=path.as_uri())
        if follow.thread() is not None:
            return self.fail(context, "The report is written when the run stops for the first time.")
        if not background.going_on(_WRITING):
            background.start(_WRITING, lambda cancel: _write(path.parent, cancel), lambda *told: _written(path, *told))
        self.report({"INFO"}, "The report is being written, and opens then")
        return {"FINISHED"}


def _write(folder: Path, cancel: Event) -> str:
    from ..agent import finish
    from ..agent.record import RunFolder

    finish.report(RunFolder.open(folder), cancel)
    return ""


def _written(path: Path, said: str, failed: bool) -> None:
    if failed:
        trouble.tell(f"The report can't be written: {said}")
        return
    with compat.window_override():
        bpy.ops.wm.url_open(url=path.as_uri())


CLASSES = (RESTAGE_OT_save_program, RESTAGE_OT_export, RESTAGE_OT_open_report)
