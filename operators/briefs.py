# SPDX-License-Identifier: GPL-3.0-or-later
"""*Show Brief*: what is in the picture, as a text to read and mend; *Go On* reads it back (see `launch`)."""

from pathlib import Path

import bpy

from .. import properties
from ..idnames import Op
from ..scene import scripts, text_editor
from .asking import Tells

FILE = "brief.json"


class NoBrief(Exception):
    """There is no brief to show; the text is one sentence."""


def write(run: str, folder: Path) -> str:
    """Make sure this file has a text of the run's brief, and return its name; what was edited stays.

    Raises NoBrief.
    """
    from ..agent import brief_text
    from ..agent.record import RecordError, RunFolder

    name = scripts.names(run).get(FILE)
    if name is not None:
        return name
    try:
        brief = RunFolder.open(folder).load_brief()
    except (RecordError, OSError) as error:
        raise NoBrief(str(error)) from error
    if brief is None:
        raise NoBrief("The run has no brief yet.")
    return scripts.write(run, {FILE: brief_text.text_of(brief)})[FILE]


class RESTAGE_OT_show_brief(Tells, bpy.types.Operator):
    """Show what the run takes to be in the picture, as a text; what you change in it counts when the run goes on"""

    bl_idname = Op.SHOW_BRIEF
    bl_label = "Show Brief"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """The scene knows a run folder."""
        if not context.scene.restage.folder:
            cls.poll_message_set("There is no run yet")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Write the text if there is none, and show it."""
        chosen = context.scene.restage
        try:
            name = write(chosen.run, Path(properties.absolute(chosen.folder)))
        except NoBrief as error:
            return self.fail(context, str(error))
        if not text_editor.show(context, name):
            self.report({"INFO"}, f"Open a Text Editor and choose {name}")
        return {"FINISHED"}


CLASSES = (RESTAGE_OT_show_brief,)
