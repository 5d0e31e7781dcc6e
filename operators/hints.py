# SPDX-License-Identifier: GPL-3.0-or-later
"""*This Is It*, *Not It*, *Ignore This*: an artist corrects the picture's masks by dragging over it in the viewport.

What is said goes into the run folder as one undo step; the masks are made anew off the main thread when they are drawn
(`compare`), and by the run when it goes on.
"""

from __future__ import annotations

import json
from typing import Any

import bpy
from bpy.props import EnumProperty, FloatProperty, FloatVectorProperty, StringProperty

from .. import properties
from ..idnames import Op
from ..scene import compare, hinting, looking, sandbox
from . import changes, trouble, view
from . import compare as comparing
from .asking import Tells
from .decides import not_now

LEAST = 0.002
"""Of the picture: a smaller box is a slip of the hand."""


def _poll(cls: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    if not_now(cls, context):
        return False
    if not context.window_manager.restage.mask_objects:
        cls.poll_message_set("There are no masks yet: the brief names nothing in the picture")
        return False
    return True


class RESTAGE_OT_hint(Tells, bpy.types.Operator):
    """Drag over the picture in the viewport to say what there is"""

    bl_idname = Op.HINT
    bl_label = "Correct Masks"
    bl_options = {"REGISTER", "UNDO"}

    kind: EnumProperty(name="What", items=properties.HINT_KINDS, options={"SKIP_SAVE"})
    object: StringProperty(
        name="Object", description="Name of the brief's object; empty for the one chosen", options={"SKIP_SAVE"}
    )
    box: FloatVectorProperty(
        name="Box",
        description="Left, top, right and bottom, in fractions of the picture",
        size=4,
        min=0.0,
        max=1.0,
        options={"SKIP_SAVE"},
    )
    points: StringProperty(
        name="Stroke", description="Its points in fractions of the picture, as JSON", options={"SKIP_SAVE", "HIDDEN"}
    )
    radius: FloatProperty(
        name="Brush",
        description="Radius of the stroke, of the picture's longer side",
        min=0.001,
        max=0.5,
        default=0.02,
        options={"SKIP_SAVE"},
    )

    @classmethod
    def description(cls, _context: bpy.types.Context, properties_: Any) -> str:
        """What is said."""
        return next((item[2] for item in properties.HINT_KINDS if item[0] == properties_.kind), cls.__doc__ or "")

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """There are masks to correct, and nobody works on the run."""
        return _poll(cls, context)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Show the masks over the picture and wait for the drag."""
        self._pressed = True
        if why := self._why_not(context):
            return self.fail(context, why)
        live, space = context.window_manager.restage, context.space_data
        if looking.camera_of(space, space.region_3d, context.scene) is None:
            bpy.ops.restage.look()
        if live.compare != "MASKS":
            live.compare = "MASKS"
        compare.start()
        comparing.start()
        context.area.tag_redraw()
        self._drag = None
        context.window.cursor_modal_set("CROSSHAIR")
        shape = "a stroke" if live.mask_tool == "BRUSH" else "a box"
        context.workspace.status_text_set(f"{self._label()}: drag {shape} over the picture; Esc or right click cancels")
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Follow the mouse."""
        if event.type in {"ESC", "RIGHTMOUSE"} or context.area is None:
            return self._left(context)
        if event.type == "LEFTMOUSE" and event.value == "PRESS" and self._drag is None:
            if self._beside(context, event):
                # Another button, of the sidebar, say: it is to work.
                return self._left(context) | {"PASS_THROUGH"}
            self._drag = self._begun(context)
            if self._drag is None:
                self._left(context)
                return self.fail(context, "The picture is not in view: look through the run's camera.")
            hinting.begin(self._drag)
        if self._drag is None:
            # The view may be moved before the drag begins.
            return {"PASS_THROUGH"} if event.type != "LEFTMOUSE" else {"RUNNING_MODAL"}
        region = self._region(context)
        self._drag.add(event.mouse_x - region.x, event.mouse_y - region.y)
        region.tag_redraw()
        if event.type == "LEFTMOUSE" and event.value == "RELEASE":
            return self._dragged(context)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Note what is said in the run folder."""
        from ..agent import decisions
        from ..agent.record import RecordError
        from . import launch

        live, chosen = context.window_manager.restage, context.scene.restage
        named = "" if self.kind == "ignore" else self.object or live.mask_object
        if self.kind != "ignore" and named not in live.mask_objects:
            return self.fail(context, "Choose the object that it is about.")
        try:
            hint = self._hint(named)
            folder = launch.open_at(chosen)
            chosen.state = decisions.hint(folder, [hint], *_about(context))
        except (RecordError, launch.LaunchError, ValueError) as error:
            return self.fail(context, str(error))
        except OSError as error:
            return self.fail(context, f"The run folder can't be written: {error.strerror or error}.")
        _noted(context, f"{hint.words().capitalize()}: what is tried from now on heeds it.")
        return {"FINISHED"}

    def _hint(self, named: str) -> Any:
        from pydantic import ValidationError

        from ..agent.mask_hints import MaskHint

        about: dict[str, Any] = {"kind": self.kind, "object": named}
        try:
            if self.points:
                try:
                    points = [tuple(point) for point in json.loads(self.points)]
                except (ValueError, TypeError) as error:
                    raise ValueError("The stroke's points can't be read.") from error
                return MaskHint.model_validate({**about, "stroke": {"points": points, "radius": self.radius}})
            return MaskHint.model_validate({**about, "box": tuple(self.box)})
        except ValidationError as error:
            why = error.errors()[0]["msg"].removeprefix("Value error, ")
            raise ValueError(f"This can't be used: {why}.") from error

    def _why_not(self, context: bpy.types.Context) -> str:
        live, run = context.window_manager.restage, context.scene.restage.run
        if self.kind != "ignore" and (self.object or live.mask_object) not in live.mask_objects:
            return "Choose the object that it is about."
        if context.area is None or context.area.type != "VIEW_3D":
            return "Only in a 3D viewport."
        found = sandbox.find(run) if run else None
        if found is None or not found.camera:
            return "There is no result with a camera to look through: show an attempt first."
        return ""

    def _begun(self, context: bpy.types.Context) -> hinting.Drag | None:
        """The drag that begins, in the frame as it is drawn now."""
        live, space, region = context.window_manager.restage, context.space_data, self._region(context)
        camera = looking.camera_of(space, space.region_3d, context.scene)
        frame = camera and compare.frame_box(context.scene.restage.run, camera, region, space.region_3d)
        if not frame:
            return None
        brush = live.mask_radius if live.mask_tool == "BRUSH" else 0.0
        return hinting.Drag(self.kind, frame, region.as_pointer(), brush)

    def _dragged(self, context: bpy.types.Context) -> set[str]:
        drag = self._drag
        self._left(context)
        x0, y0, x1, y1 = drag.box()
        if drag.brush:
            self.points, self.radius = json.dumps(drag.points), drag.brush
        elif x1 - x0 < LEAST or y1 - y0 < LEAST:
            return self.fail(context, "Drag a box over the picture, from one corner to the other.")
        else:
            self.box = x0, y0, x1, y1
        return self.execute(context)

    def _left(self, context: bpy.types.Context) -> set[str]:
        hinting.end()
        context.window.cursor_modal_restore()
        context.workspace.status_text_set(None)
        if context.area is not None:
            context.area.tag_redraw()
        return {"CANCELLED"}

    def _label(self) -> str:
        return next(item[1] for item in properties.HINT_KINDS if item[0] == self.kind)

    @staticmethod
    def _beside(context: bpy.types.Context, event: bpy.types.Event) -> bool:
        """Whether the mouse is not over the viewport itself, or over a region that lies on it."""
        inside = {
            region.type
            for region in context.area.regions
            if 0 <= event.mouse_x - region.x < region.width and 0 <= event.mouse_y - region.y < region.height
        }
        return "WINDOW" not in inside or bool(inside & {"UI", "TOOLS", "HEADER", "TOOL_HEADER"})

    @staticmethod
    def _region(context: bpy.types.Context) -> bpy.types.Region:
        # The button is in the sidebar; the picture is not.
        return next(region for region in context.area.regions if region.type == "WINDOW")


class RESTAGE_OT_clear_hints(Tells, bpy.types.Operator):
    """Forget all that you said of the picture's masks"""

    bl_idname = Op.CLEAR_HINTS
    bl_label = "Clear Hints"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Something was said."""
        if not _poll(cls, context):
            return False
        if not context.window_manager.restage.mask_hints:
            cls.poll_message_set("You have said nothing of the masks")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Forget it."""
        from ..agent import decisions
        from ..agent.record import RecordError
        from . import launch

        chosen = context.scene.restage
        try:
            chosen.state = decisions.hint(launch.open_at(chosen), [], *_about(context))
        except (RecordError, launch.LaunchError) as error:
            return self.fail(context, str(error))
        except OSError as error:
            return self.fail(context, f"The run folder can't be written: {error.strerror or error}.")
        _noted(context, "The masks are as the picture alone gives them.")
        return {"FINISHED"}


def _about(context: bpy.types.Context) -> tuple[str, int | None]:
    """What the file shows in the state to come."""
    stage, attempt = changes.shown(context)
    return stage, attempt or None


def _noted(context: bpy.types.Context, message: str) -> None:
    trouble.clear()
    view.refresh(context)
    context.window_manager.restage.message = message


CLASSES = (RESTAGE_OT_hint, RESTAGE_OT_clear_hints)
