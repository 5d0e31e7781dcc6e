# SPDX-License-Identifier: GPL-3.0-or-later
"""The picture laid over the viewport, inside the frame of the run's camera: as an overlay, beside it, as a wipe, in
turns with it, as a heat map of the differences, with the objects' outlines, or with the picture's own masks.

Drawn by the viewport itself, over what the artist has there; nothing of the file is changed. What the artist chose is
read from `WindowManager.restage` at each draw. Pictures come from outside (`put`), for making them takes a while.
"""

from __future__ import annotations

import itertools
import logging
import math
import time
from typing import Any

import bpy
import numpy as np
from bpy_extras import view3d_utils
from mathutils import Vector
from numpy.typing import NDArray

from . import compat, looking, sandbox

MODES = {"OVERLAY": "picture", "SIDE": "picture", "WIPE": "picture", "FLICKER": "picture", "HEAT": "heat",
         "OUTLINES": "outlines", "MASKS": "masks"}  # fmt: skip
"""Which picture a mode draws."""
FLICKER_S = 0.5
WIDE, TALL = 0.92, 0.8
"""Of what is free of the viewport's width, and of its height, that the frame takes, with the picture where that is
beside it."""
KEPT = 6
_log = logging.getLogger(__name__)
_handle: Any = None
_pictures: dict[str, NDArray[np.uint8]] = {}
_textures: dict[str, Any] = {}
_wanted: set[str] = set()
_failed: dict[str, str] = {}


def start() -> None:
    """Draw from now on, where something is to be compared. Does nothing without a window."""
    global _handle
    if _handle is None and not bpy.app.background:
        _handle = bpy.types.SpaceView3D.draw_handler_add(_draw, (), "WINDOW", "POST_PIXEL")


def stop() -> None:
    """Draw no longer; the pictures are kept for the next time."""
    global _handle
    if _handle is not None:
        bpy.types.SpaceView3D.draw_handler_remove(_handle, "WINDOW")
        _handle = None


def forget() -> None:
    """Give back all pictures."""
    _pictures.clear()
    _textures.clear()
    _wanted.clear()
    _failed.clear()


def put(key: str, rgba: NDArray[np.uint8]) -> None:
    """Take a picture that was wanted: (h, w, 4) sRGB, row 0 at the top."""
    _wanted.discard(key)
    _pictures[key] = rgba
    while len(_pictures) > KEPT:
        oldest = next(iter(_pictures))
        del _pictures[oldest]
        _textures.pop(oldest, None)
    compat.redraw()


def failed(key: str, why: str) -> None:
    """A picture that was wanted can't be had; the viewport says why."""
    _wanted.discard(key)
    _failed[key] = why
    compat.redraw()


def wanted() -> list[str]:
    """Return the keys of pictures that were to be drawn and are not there: `FOLDER|STAGE NUMBER|KIND`."""
    found, asked = [], list(_wanted)
    _wanted.clear()
    for key in asked:
        if key not in _pictures and key not in _failed:
            found.append(key)
    return found


def key_of(live: Any) -> str:
    """The key of the picture that is to be drawn; empty when nothing is compared."""
    kind = MODES.get(live.compare)
    if kind is None or not live.cards_of:
        return ""
    if kind == "masks":
        return f"{live.cards_of}|{live.masks_of}|{kind}"
    return f"{live.cards_of}|{'' if kind == 'picture' else f'{live.shown_stage} {live.shown_attempt}'}|{kind}"


def frame_corners(camera: bpy.types.Camera, frame: tuple[float, float]) -> list[Vector]:
    """Return the corners of a frame of that size, in pixels, one metre before the camera, in its own space: lower left,
    lower right, upper right, upper left. What the scene's own render size is does not matter."""
    w, h = frame
    wide = camera.sensor_fit == "HORIZONTAL" or (camera.sensor_fit == "AUTO" and w >= h)
    if camera.type == "ORTHO":
        half = camera.ortho_scale / 2
    else:
        sensor = camera.sensor_height if camera.sensor_fit == "VERTICAL" else camera.sensor_width
        half = sensor / (2 * camera.lens)
    across, up = (half, half * h / w) if wide else (half * w / h, half)
    x, y = 2 * half * camera.shift_x, 2 * half * camera.shift_y
    return [Vector((x + sx * across, y + sy * up, -1.0)) for sx, sy in ((-1, -1), (1, -1), (1, 1), (-1, 1))]


def frame_box(
    run: str, camera: bpy.types.Object, region: bpy.types.Region, region_3d: bpy.types.RegionView3D
) -> tuple[float, float, float, float] | None:
    """Return left, bottom, right and top of the run's frame in a viewport that looks through its camera, in pixels of
    the region; None when it is not in front of the view."""
    settings = sandbox.settings(run)
    frame, aspect = settings.get("frame") or (1, 1), settings.get("pixel_aspect") or (1.0, 1.0)
    size = float(frame[0]) * float(aspect[0]), float(frame[1]) * float(aspect[1])
    corners = [
        view3d_utils.location_3d_to_region_2d(region, region_3d, camera.matrix_world @ corner)
        for corner in frame_corners(camera.data, size)
    ]
    if any(corner is None for corner in corners):
        return None
    return corners[0].x, corners[0].y, corners[2].x, corners[2].y


def make_room(
    run: str, camera: bpy.types.Object, area: bpy.types.Area, region_3d: bpy.types.RegionView3D, beside: bool = False
) -> None:
    """Have the run's frame in the middle of what is free of the viewport; with `beside` in the right half, so that
    the picture fits beside it at the same size."""
    regions = {region.type: region for region in area.regions}
    region = regions["WINDOW"]
    region_3d.update()
    box = frame_box(run, camera, region, region_3d)
    if box is None or box[2] <= box[0]:
        return
    left, right = _free(region, [regions["TOOLS"], regions["UI"]])
    # As Blender draws a camera's frame: its size goes with this factor of the zoom, and so does what an offset moves.
    factor = (math.sqrt(2) + region_3d.view_camera_zoom / 50) ** 2 / 4
    wide = WIDE * (right - left) / (2 if beside else 1)
    factor *= min(wide / (box[2] - box[0]), TALL * region.height / (box[3] - box[1]))
    moved = left + (0.75 if beside else 0.5) * (right - left) - region.width / 2
    region_3d.view_camera_zoom = (2 * math.sqrt(factor) - math.sqrt(2)) * 50
    region_3d.view_camera_offset = (-moved / (2 * factor * region.width), 0.0)


def _free(region: bpy.types.Region, others: list[bpy.types.Region]) -> tuple[int, int]:
    """From where to where, in its pixels, nothing lies over a region, as toolbar and sidebar do."""
    left, right = 0, region.width
    for other in others:
        if other.width > 1 and 2 * (other.x - region.x) + other.width < region.width:
            left = max(left, other.x + other.width - region.x)
        elif other.width > 1:
            right = min(right, other.x - region.x)
    return (left, right) if right - left > region.width / 4 else (0, region.width)


def _draw() -> None:
    context = bpy.context
    live = context.window_manager.restage
    if live.compare == "NONE" or context.region is None or context.region_data is None:
        return
    try:
        _draw_compared(context, live)
    except Exception:  # noqa: BLE001 - a draw handler; whatever it is, it is logged
        # Blender would print this at every draw for ever: once is enough, and nothing is compared any more.
        live.compare = "NONE"
        _log.exception("the comparison could not be drawn")


def _draw_compared(context: bpy.types.Context, live: Any) -> None:
    camera = looking.camera_of(context.space_data, context.region_data, context.scene)
    key = key_of(live)
    if camera is None or not key:
        return
    if key not in _pictures:
        _wanted.add(key)
        if key in _failed:
            _write(context, _failed[key])
            return
        key = _before(key)
        if not key:
            return
    box = frame_box(context.scene.restage.run, camera, context.region, context.region_data)
    if box is None:
        return
    x0, y0, x1, y1 = box
    texture = _texture(key)
    alpha = live.compare_opacity if live.compare in {"OVERLAY", "HEAT"} else 1.0
    if live.compare == "SIDE":
        _quad(texture, (x0 - (x1 - x0), y0, x0, y1), (0.0, 1.0), 1.0)
    elif live.compare == "WIPE":
        at = x0 + (x1 - x0) * live.compare_wipe
        _quad(texture, (x0, y0, at, y1), (0.0, live.compare_wipe), 1.0)
        lines([(at, y0), (at, y1)], (1.0, 1.0, 1.0, 0.8))
    elif live.compare != "FLICKER" or int(time.monotonic() / FLICKER_S) % 2:
        _quad(texture, (x0, y0, x1, y1), (0.0, 1.0), alpha)


def _before(key: str) -> str:
    """What to draw until masks are there that heed what was just said: those before; empty without any."""
    folder, _, kind = key.rsplit("|", 2)
    known = [other for other in _pictures if other.startswith(folder + "|") and other.endswith("|" + kind)]
    return known[-1] if known and kind == "masks" else ""


def _texture(key: str) -> Any:
    import gpu

    if key not in _textures:
        rgba = _pictures[key][::-1].astype(np.float32) / np.float32(255)
        # The viewport turns what is drawn into sRGB itself.
        low = rgba[..., :3] <= 0.04045
        rgba[..., :3] = np.where(low, rgba[..., :3] / 12.92, ((rgba[..., :3] + 0.055) / 1.055) ** 2.4)
        h, w = rgba.shape[:2]
        buffer = gpu.types.Buffer("FLOAT", h * w * 4, np.ascontiguousarray(rgba).ravel())
        _textures[key] = gpu.types.GPUTexture((w, h), format="RGBA16F", data=buffer)
    return _textures[key]


def _quad(texture: Any, box: tuple[float, float, float, float], across: tuple[float, float], alpha: float) -> None:
    import gpu
    from gpu_extras.batch import batch_for_shader

    x0, y0, x1, y1 = box
    u0, u1 = across
    shader = gpu.shader.from_builtin("IMAGE_COLOR")
    batch = batch_for_shader(
        shader,
        "TRI_FAN",
        {
            "pos": ((x0, y0), (x1, y0), (x1, y1), (x0, y1)),
            "texCoord": ((u0, 0.0), (u1, 0.0), (u1, 1.0), (u0, 1.0)),
        },
    )
    gpu.state.blend_set("ALPHA")
    shader.bind()
    shader.uniform_sampler("image", texture)
    shader.uniform_float("color", (1.0, 1.0, 1.0, alpha))
    batch.draw(shader)
    gpu.state.blend_set("NONE")


def lines(points: list[tuple[float, float]], colour: tuple[float, float, float, float], width: float = 1.0) -> None:
    """Draw lines from point to point, in pixels of the region. In a draw handler only."""
    import gpu
    from gpu_extras.batch import batch_for_shader

    # Straight quads, as wide as wanted: the width of plain lines is up to the graphics driver.
    across: list[tuple[float, float, float]] = []
    for (ax, ay), (bx, by) in itertools.pairwise(points if len(points) > 1 else [*points, *points]):
        long = math.hypot(bx - ax, by - ay)
        ux, uy = ((bx - ax) / long, (by - ay) / long) if long else (1.0, 0.0)
        half = width / 2
        ax, ay, bx, by = ax - ux * half, ay - uy * half, bx + ux * half, by + uy * half
        sides = [(x - s * uy * half, y + s * ux * half, 0.0) for x, y in ((ax, ay), (bx, by)) for s in (-1, 1)]
        across += [sides[0], sides[1], sides[2], sides[2], sides[1], sides[3]]
    shader = gpu.shader.from_builtin("UNIFORM_COLOR")
    batch = batch_for_shader(shader, "TRIS", {"pos": across})
    gpu.state.blend_set("ALPHA")
    shader.bind()
    shader.uniform_float("color", colour)
    batch.draw(shader)
    gpu.state.blend_set("NONE")


def _write(context: bpy.types.Context, text: str) -> None:
    import blf

    scale = context.preferences.system.ui_scale
    blf.size(0, 13 * scale)
    blf.color(0, 1.0, 0.8, 0.3, 1.0)
    blf.position(0, 60 * scale, 30 * scale, 0)
    blf.draw(0, text)
