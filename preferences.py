# SPDX-License-Identifier: GPL-3.0-or-later
"""The extension's preferences, and their defaults where Restage runs without being installed as an extension."""

from dataclasses import dataclass
from pathlib import Path

import bpy
from bpy.props import BoolProperty, IntProperty, StringProperty


class RestagePreferences(bpy.types.AddonPreferences):
    """Edit > Preferences > Add-ons > Restage."""

    bl_idname = __package__

    runs_folder: StringProperty(
        name="Runs folder",
        description="Where runs are kept; empty for a folder of the extension, which goes when it is uninstalled",
        subtype="DIR_PATH",
    )
    show_attempts: BoolProperty(
        name="Show Each Attempt",
        description="Put every attempt into the sandbox collection as it comes, not only each stage's result",
        default=True,
    )
    viewport_pictures: BoolProperty(
        name="Draw Attempts with the Viewport",
        description="Draw attempts the way the largest 3D viewport is shaded and keep the pictures with the run",
        default=True,
    )
    memory_mb: IntProperty(
        name="Memory of a Worker", description="What one attempt may use, in MB", default=4096, min=1024, max=65536
    )

    def draw(self, _context: bpy.types.Context) -> None:
        """Draw the preferences."""
        layout = self.layout
        layout.use_property_split = True
        layout.prop(self, "runs_folder")
        layout.prop(self, "show_attempts")
        layout.prop(self, "viewport_pictures")
        layout.prop(self, "memory_mb")
        box = layout.box()
        box.label(text="Isolation", icon="LOCKED")
        box.label(text="Scripts run in a second Blender without your file, your add-ons and the network.")
        box.label(text="Where the system can't lock that Blender down, Restage asks before each run.")


@dataclass(frozen=True)
class Settings:
    """The preferences as plain values, safe to hand to a thread."""

    runs_folder: Path
    show_attempts: bool = True
    viewport_pictures: bool = True
    memory_mb: int = 4096


def read(context: bpy.types.Context) -> Settings:
    """Return the preferences, or the defaults when the extension is not enabled as an add-on."""
    addon = context.preferences.addons.get(__package__)
    if addon is None:
        return Settings(default_folder())
    chosen = addon.preferences
    return Settings(
        runs_folder=Path(bpy.path.abspath(chosen.runs_folder)) if chosen.runs_folder else default_folder(),
        show_attempts=chosen.show_attempts,
        viewport_pictures=chosen.viewport_pictures,
        memory_mb=chosen.memory_mb,
    )


def default_folder() -> Path:
    """Return where runs go unless the artist says otherwise; nothing is made."""
    try:
        return Path(bpy.utils.extension_path_user(__package__, path="runs"))
    except ValueError:
        # Not installed as an extension: a checkout, or a test.
        return Path(bpy.utils.user_resource("DATAFILES", path="restage")) / "runs"


CLASSES = (RestagePreferences,)
