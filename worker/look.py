# SPDX-License-Identifier: GPL-3.0-or-later
"""One more look at the finished scene, from elsewhere, of one object or closer; the scene stays as it was."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix, Vector

from . import png, shot, views
from .camera_info import Frustum, frustum
from .evaluate import SOLID_TYPES, Body, bodies
from .protocol import Look, LookRequest

PIXELS = (32, 1024)
SAMPLES = (1, 64)
"""Least and most; a request beyond them gets the nearest."""
MIN_BOX = 0.02
"""Smallest side of the part shown, of the frame."""
_STEEPEST = math.radians(89.0)
_MAX_NAMES = 12
_MAX_NAME = 40
_ABOVE = (-1.0, -1.0, 1.0, 1.0)


class NoLook(Exception):
    """The look cannot be had; the text is one sentence."""


def look(request: LookRequest, scratch: Path, number: int) -> Look:
    """Render one look into `look-<number>.png` of the scratch folder. Raises NoLook."""
    scene = bpy.context.scene
    if not all(math.isfinite(value) for value in (request.azimuth, request.elevation, *request.box)):
        raise NoLook("The angles and the box of a look must be plain numbers.")
    chosen = _chosen(scene, request.object) if request.object else set()
    if request.view == "object" and not chosen:
        raise NoLook("A look at one object needs the object's name.")
    box = _box(request.box)
    longer = min(max(request.pixels, PIXELS[0]), PIXELS[1])
    path = scratch / f"look-{number}.png"
    changes: list[tuple[Any, str, Any]] = []
    if request.view == "object":
        changes = [(o, "hide_render", True) for o in scene.objects if o.type in SOLID_TYPES and o not in chosen]
    with _camera(scene, request, chosen) as (camera, seen), shot.temporarily(changes):
        size = _zoom(camera.data, seen, box, longer)
        if request.shading == "beauty":
            _beauty(scene, camera, size, min(max(request.samples, SAMPLES[0]), SAMPLES[1]), path)
        else:
            measured = views.measure(scene, longer, scratch, camera, size)
            png.write(path, _shaded(measured, request.shading))
    return Look(path.name)


def _chosen(scene: bpy.types.Scene, name: str) -> set[bpy.types.Object]:
    """Return the object of that name, its parts (`Name.Part`) and everything parented to them. Raises NoLook."""
    named = {o for o in scene.objects if o.name == name or o.name.startswith(name + ".")}
    if not named:
        known = [o.name[:_MAX_NAME] for o in scene.objects if o.type in SOLID_TYPES]
        more = f" and {len(known) - _MAX_NAMES} more" if len(known) > _MAX_NAMES else ""
        listed = ", ".join(known[:_MAX_NAMES]) or "nothing"
        raise NoLook(f"There is no object named {name[:_MAX_NAME]!r}; there are: {listed}{more}.")
    return named | {child for item in named for child in item.children_recursive}


def _box(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = (min(max(value, 0.0), 1.0) for value in box)
    if x1 - x0 < MIN_BOX or y1 - y0 < MIN_BOX:
        raise NoLook(
            f"The box of a look is x0, y0, x1, y1 in fractions of the frame, at least {MIN_BOX} wide and high."
        )
    return x0, y0, x1, y1


@contextlib.contextmanager
def _camera(
    scene: bpy.types.Scene, request: LookRequest, chosen: set[bpy.types.Object]
) -> Iterator[tuple[bpy.types.Object, Frustum]]:
    """Yield a camera of our own in its place, linked to nothing, and its frustum over the whole frame."""
    own = scene.camera
    if request.view == "above":
        data, matrix, seen = _from_above(bodies(scene), chosen)
    elif own is None or own.type != "CAMERA":
        raise NoLook("The scene has no camera; look from above instead.")
    else:
        if own.data.type not in ("PERSP", "ORTHO"):
            raise NoLook(f"The scene's camera is of type {own.data.type}; look from above instead.")
        seen = frustum(scene, own)
        data = own.data.copy()
        matrix = own.matrix_world.normalized()
        if request.view != "camera" and (request.azimuth or request.elevation):
            pivot = _middle(bodies(scene), chosen)
            matrix = _turned(matrix, pivot, math.radians(request.azimuth), math.radians(request.elevation))
    try:
        camera = bpy.data.objects.new("Restage look", data)
    except BaseException:
        bpy.data.cameras.remove(data)
        raise
    try:
        data.dof.use_dof = False
        camera.matrix_world = matrix
        yield camera, seen
    finally:
        bpy.data.objects.remove(camera)
        bpy.data.cameras.remove(data)


def _from_above(found: dict[str, Body], chosen: set[bpy.types.Object]) -> tuple[bpy.types.Camera, Matrix, Frustum]:
    names = {item.name for item in chosen}
    boxes = {name: (body.low, body.high) for name, body in found.items() if not names or name in names}
    x0, y0, x1, y1 = views.plan_frame(boxes) if boxes else _ABOVE
    top = max((float(body.high[2]) for body in found.values()), default=1.0)
    bottom = min((float(body.low[2]) for body in found.values()), default=0.0)
    data = bpy.data.cameras.new("Restage look")
    data.type = "ORTHO"
    data.clip_start, data.clip_end = 0.01, top - bottom + 10.0
    place = Matrix.Translation(((x0 + x1) / 2, (y0 + y1) / 2, top + 1.0))
    return data, place, Frustum(x1 - x0, (0.0, 0.0), 1.0)


def _middle(found: dict[str, Body], chosen: set[bpy.types.Object]) -> Vector:
    """Middle of the chosen things, or of all but what is large and flat, metres."""
    names = {item.name for item in chosen}
    boxes = {name: (body.low, body.high) for name, body in found.items() if not names or name in names}
    if not boxes:
        return Vector(next(iter(chosen)).matrix_world.translation) if chosen else Vector()
    kept = [boxes[name] for name in views.upright(boxes)]
    low, high = np.min([low for low, _ in kept], axis=0), np.max([high for _, high in kept], axis=0)
    return Vector(((low + high) / 2).tolist())


def _turned(matrix: Matrix, pivot: Vector, azimuth: float, elevation: float) -> Matrix:
    """Return a camera's matrix turned about `pivot`: first up by `elevation`, then to the right by `azimuth`.

    The pivot stays where it is in the picture. The camera never goes over the top.
    """
    back = matrix.col[2].to_3d()
    now = math.asin(min(1.0, max(-1.0, back.z)))
    # A camera that is steeper than that already stays there.
    raised = max(min(now + elevation, max(_STEEPEST, now)), min(-_STEEPEST, now)) - now
    right = Vector((matrix.col[0].x, matrix.col[0].y, 0.0))
    if right.length < 1e-6:
        right = matrix.col[0].to_3d()
    # About the level axis to the right a positive turn would lower the camera.
    turn = Matrix.Rotation(azimuth, 4, "Z") @ Matrix.Rotation(-raised, 4, right.normalized())
    there = Matrix.Translation(pivot)
    return there @ turn @ there.inverted() @ matrix


def _zoom(
    data: bpy.types.Camera, seen: Frustum, box: tuple[float, float, float, float], longer: int
) -> tuple[int, int]:
    """Narrow the lens to a part of the frame; return the size in pixels that shows it undistorted."""
    x0, y0, x1, y1 = box
    part = x1 - x0
    data.sensor_fit = "HORIZONTAL"
    if data.type == "ORTHO":
        data.ortho_scale = seen.wide * part
    else:
        data.lens_unit = "MILLIMETERS"
        # Blender keeps both lens and sensor at 1 mm and more.
        data.lens = max(100.0, 1.0 / (seen.wide * part))
        data.sensor_width = data.lens * seen.wide * part
    data.shift_x = (seen.shift[0] + (x0 + x1) / 2 - 0.5) / part
    data.shift_y = (seen.shift[1] + (0.5 - (y0 + y1) / 2) / seen.aspect) / part
    aspect = seen.aspect * part / (y1 - y0)
    if aspect >= 1:
        return longer, max(4, round(longer / aspect))
    return max(4, round(longer * aspect)), longer


def _shaded(measured: views.Measured, shading: str) -> np.ndarray:
    if shading == "clay":
        return views.clay(measured)
    if shading == "ids":
        shade = views.clay(measured)[..., 0] / 255.0
        return views.id_colours(measured.ids, np.where(measured.ids > 0, 0.35 + 0.65 * shade, 1.0))
    linear = np.where(np.isfinite(measured.depth)[..., None], np.clip(measured.albedo, 0.0, 1.0), 1.0)
    # IEC 61966-2-1.
    encoded = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.round(encoded * 255).astype(np.uint8)


def _beauty(scene: bpy.types.Scene, camera: bpy.types.Object, size: tuple[int, int], samples: int, path: Path) -> None:
    with shot.copied(scene) as copy:
        # What renders must be part of the scene; the copy's collection is its own.
        copy.collection.objects.link(camera)
        copy.camera = camera
        shot.set_size(copy, size)
        copy.cycles.samples = samples
        shot.denoise(copy, False)
        shot.to_png(copy, path)
