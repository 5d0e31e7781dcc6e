# SPDX-License-Identifier: GPL-3.0-or-later
"""The menu *Object > Restage*: what F3 finds, and a way to the buttons without the sidebar."""

import bpy

from .. import properties
from ..idnames import Mt, Op

_RUN = ((Op.RECONSTRUCT, "OUTLINER_OB_IMAGE"), (Op.GO_ON, "PLAY"), (Op.ENOUGH, "NONE"), (Op.CANCEL, "CANCEL"))
_STAGE = (
    (Op.ACCEPT, "CHECKMARK"),
    (Op.REJECT, "X"),
    (Op.REDO, "FILE_REFRESH"),
    (Op.REOPEN, "LOOP_BACK"),
    (Op.SOLVE, "DRIVER"),
)
_SCRIPT = ((Op.SHOW_SCRIPT, "TEXT"), (Op.RUN_SCRIPT, "PLAY"), (Op.SHOW_CHANGES, "VIEWZOOM"), (Op.REVERT_SCRIPT, "NONE"))
_HAND = ((Op.KEEP_EDITS, "TEXT"), (Op.LOCK_EDITS, "LOCKED"), (Op.UNDO_EDITS, "LOOP_BACK"), (Op.LOCK, "LOCKED"))
_LOOK = ((Op.LOOK, "CAMERA_DATA"), (Op.APPLY_SETTINGS, "SCENE_DATA"))
_END = (
    (Op.KEEP, "NONE"),
    (Op.SAVE_PROGRAM, "TEXT"),
    (Op.OPEN_REPORT, "URL"),
    (Op.OPEN_FOLDER, "FOLDER_REDIRECT"),
    (Op.DISCARD, "X"),
)


class RESTAGE_MT_restage(bpy.types.Menu):
    """Rebuild a picture as a scene, stage by stage"""

    bl_idname = Mt.RESTAGE
    bl_label = "Restage"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw everything that can be done, in the order of a run."""
        layout = self.layout
        live = context.window_manager.restage
        for number, group in enumerate((_RUN, _STAGE, _SCRIPT, _HAND, _LOOK)):
            if number:
                layout.separator()
            for name, icon in group:
                layout.operator(name, icon=icon)
        layout.separator()
        for mode, label, _told, icon, _number in properties.COMPARE_MODES[1:]:
            layout.operator(Op.COMPARE, text=label, icon=icon, depress=live.compare == mode).mode = mode
        layout.separator()
        for name, icon in _END:
            layout.operator(name, icon=icon)
        for kind, text in ((".glb", "Export glTF"), (".usdc", "Export USD"), (".blend", "Export .blend")):
            layout.operator(Op.EXPORT, text=text).kind = kind


def draw_in_object_menu(self: bpy.types.Menu, _context: bpy.types.Context) -> None:
    """One line in *Object*."""
    self.layout.separator()
    self.layout.menu(Mt.RESTAGE, icon="OUTLINER_OB_IMAGE")


def attach() -> None:
    """Hang the menu into *Object*."""
    bpy.types.VIEW3D_MT_object.append(draw_in_object_menu)


def detach() -> None:
    """Take it out again."""
    bpy.types.VIEW3D_MT_object.remove(draw_in_object_menu)


CLASSES = (RESTAGE_MT_restage,)
