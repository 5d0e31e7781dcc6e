# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the picture comes from: a file, a drop into the viewport, a web address, the clipboard. It is looked at off the
main thread, and the panel says its size and what will be done to it."""

from __future__ import annotations

import time
from pathlib import Path
from threading import Event
from typing import Any
from urllib.parse import unquote, urlparse

import bpy
from bpy.props import BoolProperty, StringProperty

from .. import preferences, previews, properties
from ..idnames import Fh, Op
from ..scene import compat
from . import background, trouble
from .asking import Tells

FILES = ".png;.jpg;.jpeg;.webp;.tif;.tiff;.bmp;.tga;.gif;.avif"
FOLDER = "pictures"
FETCHING = "fetch"
_LOOKING = "picture"
_seen: list[tuple[int, str, Any]] = []
"""The picture that was looked at last: longer side it was fitted into, what it was looked at for, and itself."""


def take(context: bpy.types.Context, path: str) -> None:
    """Make a file the scene's picture, and look at it."""
    context.scene.restage.picture = path
    trouble.clear()
    look(context)


def look(context: bpy.types.Context) -> None:
    """Look at the scene's picture off the main thread and show what there is to know of it."""
    live, chosen = context.window_manager.restage, context.scene.restage
    path, resolution, agent = properties.absolute(chosen.picture), chosen.resolution, chosen.agent
    live.picture_of = _key(chosen)
    live.picture_said, live.picture_bad = "", False
    if not path:
        return
    previews.note([path])
    wanted = live.picture_of

    def work(_cancel: Event) -> str:
        from ..agent import begin, picture

        longest = begin.working_px(resolution, agent)
        found = picture.load(path, longest)
        found.png()
        _seen[:] = [(longest, wanted, found)]
        width, height = found.original_size
        return "\n".join([f"{width} × {height} pixels", *found.notes])

    def done(said: str, failed: bool) -> None:
        live = bpy.context.window_manager.restage
        if live.picture_of == wanted:
            live.picture_said, live.picture_bad = said, failed
            compat.redraw()

    background.start(_LOOKING, work, done)


def changed(context: bpy.types.Context) -> bool:
    """Whether the scene's picture is another file than the one that was looked at."""
    return context.window_manager.restage.picture_of != _key(context.scene.restage)


def seen(chosen: properties.RestageScene, longest: int) -> Any:
    """Return the scene's picture as it was read when it was looked at, fitted into `longest` pixels; None when that
    was another one, or is not done."""
    return next((found for fitted, key, found in _seen if key == _key(chosen) and fitted == longest), None)


def _key(chosen: properties.RestageScene) -> str:
    """What there is to know of the picture depends on."""
    path = properties.absolute(chosen.picture)
    if not path:
        return ""
    try:
        written = str(Path(path).stat().st_mtime_ns)
    except OSError:
        written = "missing"
    return f"{path}\n{written} {chosen.resolution} {chosen.agent}"


class _Chooses(Tells):
    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """No run is going on."""
        if context.window_manager.restage.status in properties.BUSY:
            cls.poll_message_set("A run is going on")
            return False
        return True


class RESTAGE_OT_choose_picture(_Chooses, bpy.types.Operator):
    """Choose the picture to rebuild"""

    bl_idname = Op.CHOOSE_PICTURE
    bl_label = "Choose Picture"
    bl_options = {"REGISTER", "UNDO"}

    filepath: StringProperty(name="File Path", subtype="FILE_PATH")
    filter_image: BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})
    filter_folder: BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Open the file browser, showing pictures."""
        self._pressed = True
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Take the file as the picture."""
        if not Path(bpy.path.abspath(self.filepath)).is_file():
            return self.fail(context, f"There is no file {self.filepath}.")
        take(context, self.filepath)
        return {"FINISHED"}


class RESTAGE_OT_drop_picture(_Chooses, bpy.types.Operator):
    """Take a dropped image file as the picture to rebuild"""

    bl_idname = Op.DROP_PICTURE
    bl_label = "Rebuild with Restage"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    filepath: StringProperty(name="File Path", subtype="FILE_PATH", options={"SKIP_SAVE"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Take the file."""
        if not Path(self.filepath).is_file():
            return self.fail(context, f"There is no file {self.filepath}.")
        take(context, self.filepath)
        return {"FINISHED"}


class RESTAGE_FH_picture(bpy.types.FileHandler):
    """An image dropped into the viewport while the tab is in front; else Blender does with it what it always does."""

    bl_idname = Fh.PICTURE
    bl_label = "Restage"
    bl_import_operator = Op.DROP_PICTURE
    bl_file_extensions = FILES

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        """The viewport's sidebar shows Restage."""
        area = context.area
        if area is None or area.type != "VIEW_3D":
            return False
        sidebar = next((region for region in area.regions if region.type == "UI"), None)
        return sidebar is not None and sidebar.width > 1 and sidebar.active_panel_category == "Restage"


class RESTAGE_OT_fetch_picture(_Chooses, bpy.types.Operator):
    """Fetch the picture from its web address"""

    bl_idname = Op.FETCH_PICTURE
    bl_label = "Fetch Picture"
    bl_options = {"REGISTER"}

    url: StringProperty(name="Web Address", description="Empty for the one in the tab", options={"SKIP_SAVE"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Nothing is being fetched or run."""
        if context.window_manager.restage.fetching:
            cls.poll_message_set("A picture is being fetched")
            return False
        return super().poll(context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Fetch it off the main thread."""
        from ..agent import fetch

        live = context.window_manager.restage
        url = (self.url or live.url).strip()
        try:
            fetch.check(url, bpy.app.online_access)
        except fetch.FetchError as error:
            return self.fail(context, str(error))
        folder = preferences.read(context).runs_folder / FOLDER
        scene, online, made = context.scene.name, bpy.app.online_access, []

        def work(cancel: Event) -> str:
            made.append(fetch.fetch(url, folder, cancel, online))
            return ""

        live.fetching = True
        trouble.clear()
        background.start(FETCHING, work, lambda said, failed: _fetched(scene, made, said, failed))
        return {"FINISHED"}


def _fetched(scene: str, made: list[Path], said: str, failed: bool) -> None:
    live = bpy.context.window_manager.restage
    live.fetching = False
    target = bpy.data.scenes.get(scene)
    if failed:
        trouble.tell(said)
    elif target is not None and made:
        target.restage.picture, live.url = str(made[0]), ""
        compat.push_undo("Restage: fetched picture")
        look(bpy.context)
    compat.redraw()


class RESTAGE_OT_paste_picture(_Chooses, bpy.types.Operator):
    """Take the picture on the clipboard, or the file or web address whose name is on it"""

    bl_idname = Op.PASTE_PICTURE
    bl_label = "Paste Picture"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Look at the clipboard's text first: it is there on every platform."""
        text = clipboard(context).strip().strip("\"'")
        if text.startswith(("http://", "https://")) and "\n" not in text:
            return bpy.ops.restage.fetch_picture("INVOKE_DEFAULT" if self._pressed else "EXEC_DEFAULT", url=text)
        path = Path(unquote(urlparse(text).path) if text.startswith("file://") else text)
        if text and "\n" not in text and len(text) < 1000 and path.is_file():
            take(context, str(path))
            return {"FINISHED"}
        target = preferences.read(context).runs_folder / FOLDER / f"clipboard-{time.strftime('%Y%m%d-%H%M%S')}.png"
        try:
            pasted = _paste(target)
        except OSError as error:
            return self.fail(context, f"{target.parent} can't be written: {error.strerror or error}.")
        if not pasted:
            return self.fail(context, "The clipboard holds neither a picture nor the name or web address of one.")
        take(context, str(target))
        return {"FINISHED"}


def clipboard(context: bpy.types.Context) -> str:
    """The text on the clipboard."""
    return context.window_manager.clipboard


def _paste(target: Path) -> bool:
    """Write the picture on the clipboard to a file; False when there is none, or this system does not hand it over."""
    if not bpy.ops.image.clipboard_paste.poll():
        return False
    before = {image.session_uid for image in bpy.data.images}
    try:
        bpy.ops.image.clipboard_paste()
    except RuntimeError:
        # What is on the clipboard is no picture after all.
        return False
    pasted: Any = [image for image in bpy.data.images if image.session_uid not in before]
    if not pasted:
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    image = pasted[0]
    try:
        image.filepath_raw, image.file_format = str(target), "PNG"
        image.save()
    except RuntimeError as error:
        raise OSError(str(error)) from error
    finally:
        bpy.data.images.remove(image)
    return True


CLASSES = (
    RESTAGE_OT_choose_picture,
    RESTAGE_OT_drop_picture,
    RESTAGE_FH_picture,
    RESTAGE_OT_fetch_picture,
    RESTAGE_OT_paste_picture,
)
