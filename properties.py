# SPDX-License-Identifier: GPL-3.0-or-later
"""What a .blend remembers of a run, and what the panel shows of a running one.

`Scene.restage` is saved with the file and goes back and forth with undo. `WindowManager.restage` is neither saved nor
undone: it is where the timer puts what the run's thread tells. Panels read these two and nothing else.

No property has an `update` callback: with one, `bpy` 4.2 as a module crashes when Python ends.
"""

import bpy
from bpy.props import EnumProperty, FloatProperty, IntProperty, PointerProperty, StringProperty

from . import previews

AGENTS = (("offline", "Built in", "Works on this machine alone: no key, no network, no model"),)

STATUSES = (
    ("NONE", "No run", "Nothing has been reconstructed here"),
    ("RUNNING", "Running", "The picture is being reconstructed"),
    ("STOPPING", "Stopping", "The run was cancelled and is about to end"),
    ("DONE", "Done", "The run has ended with a scene"),
    ("CANCELLED", "Cancelled", "The run was cancelled; its folder keeps what there was"),
    ("FAILED", "Failed", "The run could not go on"),
)


def absolute(path: str) -> str:
    """Return a path as Blender writes it (`//` for the .blend's folder) as an absolute one."""
    return bpy.path.abspath(path) if path else ""


class RestageScene(bpy.types.PropertyGroup):
    """What the artist chose, and which run the scene shows."""

    picture: StringProperty(name="Picture", description="The picture to rebuild as a scene", subtype="FILE_PATH")
    agent: EnumProperty(name="Agent", description="Who writes the scripts", items=AGENTS)
    resolution: IntProperty(
        name="Resolution", description="Longer side of the final render, in pixels", default=512, min=32, max=4096
    )
    samples: IntProperty(name="Samples", description="Cycles samples of the final render", default=32, min=1, max=4096)
    seed: IntProperty(name="Seed", description="The same seed makes the same scene", min=0)
    run: StringProperty(name="Run", description="uuid of the run whose result is in the sandbox collection")
    folder: StringProperty(name="Run folder", description="Where the run keeps all it made", subtype="DIR_PATH")
    status: EnumProperty(name="Status", items=STATUSES)
    summary: StringProperty(name="Summary", description="How the run ended, in a sentence")


class RestageLive(bpy.types.PropertyGroup):
    """What the run is doing now."""

    status: EnumProperty(name="Status", items=STATUSES)
    stage: StringProperty(name="Stage")
    stage_number: IntProperty(name="Stage number")
    stage_count: IntProperty(name="Stages")
    round: IntProperty(name="Round")
    rounds: IntProperty(name="Rounds")
    doing: StringProperty(name="Doing")
    score: FloatProperty(name="Score", description="Best score of this stage so far, 0 to 1; -1 before the first")
    elapsed: FloatProperty(name="Elapsed", subtype="TIME_ABSOLUTE", unit="TIME_ABSOLUTE")
    factor: FloatProperty(name="Progress", subtype="FACTOR", min=0.0, max=1.0)
    message: StringProperty(name="Message", description="The last line the run had to say")
    render: StringProperty(name="Render", description="Picture of the latest attempt")


CLASSES = (RestageScene, RestageLive)


def picture_icon(scene: bpy.types.Scene) -> int:
    """Icon of the chosen picture, 0 when there is none."""
    return previews.icon(absolute(scene.restage.picture))


def render_icon(live: RestageLive) -> int:
    """Icon of the latest attempt's picture, 0 when there is none."""
    return previews.icon(live.render)


def attach() -> None:
    """Hang the groups on scenes and on the window manager."""
    bpy.types.Scene.restage = PointerProperty(type=RestageScene)
    bpy.types.WindowManager.restage = PointerProperty(type=RestageLive)


def detach() -> None:
    """Take the groups away again."""
    del bpy.types.Scene.restage
    del bpy.types.WindowManager.restage
