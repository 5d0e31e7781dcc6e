# SPDX-License-Identifier: GPL-3.0-or-later
"""The pictures of an attempt: measuring views from one Cycles call, the plan from above, the beauty view.

Everything on the CPU, at any size. Nothing of the scene is left changed: renders go through a copy of it, and what has
to be set on shared data (pass indices, lights' visibility, flat-colour nodes) is set back.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from . import albedo, compat, png, shot
from .protocol import Views

_NO_HIT = 1e9
_PLAN_MARGIN = 1.1
_FLAT = 0.02
_GROUND_FACTOR = 3.0
_CLAY_LIGHT = np.array([-0.35, -0.55, 0.76])
"""Where the clay view's light comes from, world space: left, front, above, all different so that faces differ."""
_PALETTE_STEP = 0.61803398875


@dataclass(frozen=True)
class Measured:
    """The measuring views as arrays; see protocol.Views for shapes and units."""

    ids: np.ndarray
    albedo: np.ndarray
    depth: np.ndarray
    normal: np.ndarray
    id_names: dict[str, str]


def measure(
    scene: bpy.types.Scene,
    longer: int,
    scratch: Path,
    camera: bpy.types.Object | None = None,
    size: tuple[int, int] | None = None,
) -> Measured:
    """Render ids, albedo, depth and normals through `camera` (the scene's when None), in one call at one sample.

    The one sample lies in the middle of the pixel, so nothing is blended: ids and colours are exact.
    """
    seen = camera or scene.camera
    if seen is None:
        raise ValueError("the scene has no camera")
    objects = [o for o in scene.objects if o.type not in ("LIGHT", "CAMERA", "EMPTY", "LIGHT_PROBE", "SPEAKER")]
    instancers = [o for o in scene.objects if o.type == "EMPTY" and o.instance_type != "NONE"]
    shown = _with_instances(objects, instancers)
    materials = [m for m in bpy.data.materials if m.users]
    changes: list[tuple[Any, str, Any]] = [(o, "pass_index", i) for i, o in enumerate(shown, 1)]
    changes += [(m, "pass_index", i) for i, m in enumerate(materials, 1)]
    # Lights can be seen by the camera, and nothing here is lit.
    changes += [(o, "hide_render", True) for o in scene.objects if o.type == "LIGHT"]
    with shot.copied(scene) as copy, _sharp_camera(seen) as camera_copy, shot.temporarily(changes):
        copy.camera = camera_copy
        copy.world = None
        shot.set_size(copy, size or ((longer, longer) if camera is not None else shot.frame_size(scene, longer)))
        _one_sample(copy)
        layer = copy.view_layers[0]
        for name in ("use_pass_object_index", "use_pass_material_index", "use_pass_z", "use_pass_normal"):
            setattr(layer, name, True)
        with albedo.overridden(materials) as flat:
            passes = shot.to_arrays(copy, scratch / "measure.exr")
    return _decode(passes, shown, materials, flat)


def _decode(
    passes: dict[str, np.ndarray],
    shown: list[bpy.types.Object],
    materials: list[bpy.types.Material],
    flat: dict[str, tuple[float, float, float]],
) -> Measured:
    depth = passes["Depth"][..., 0]
    covered = depth < _NO_HIT
    ids = np.where(covered, np.round(passes["IndexOB"][..., 0]), 0).astype(np.int32)
    colour = np.ascontiguousarray(passes["Combined"][..., :3])
    material = np.round(passes["IndexMA"][..., 0]).astype(np.int32)
    colour[covered & (material == 0)] = albedo.DEFAULT_SURFACE
    for index, item in enumerate(materials, 1):
        if item.name in flat:
            colour[covered & (material == index)] = flat[item.name]
    colour[~covered] = 0.0
    normal = np.where(covered[..., None], passes["Normal"], 0.0).astype(np.float32)
    present = set(np.unique(ids).tolist())
    names = {str(i): o.name for i, o in enumerate(shown, 1) if i in present}
    return Measured(ids, colour, np.where(covered, depth, np.inf).astype(np.float32), normal, names)


def _with_instances(objects: list[bpy.types.Object], instancers: list[bpy.types.Object]) -> list[bpy.types.Object]:
    shown = list(dict.fromkeys(objects))
    for instancer in instancers:
        if instancer.instance_collection:
            shown += [o for o in instancer.instance_collection.all_objects if o not in shown]
    return shown


def _one_sample(copy: bpy.types.Scene) -> None:
    cycles = copy.cycles
    cycles.samples = 1
    cycles.pixel_filter_type = "BOX"
    # A box this narrow keeps the sample in the pixel's middle.
    cycles.filter_width = 0.01
    cycles.max_bounces = 0
    cycles.use_fast_gi = False
    cycles.transparent_max_bounces = max(8, cycles.transparent_max_bounces)
    compat.without_osl(cycles)
    copy.render.film_transparent = True


@contextlib.contextmanager
def _sharp_camera(camera: bpy.types.Object) -> Iterator[bpy.types.Object]:
    """Yield a copy of the camera where it stands now, without depth of field."""
    placed = camera.matrix_world.copy()
    copy = camera.copy()
    data = camera.data.copy()
    try:
        copy.data = data
        copy.animation_data_clear()
        copy.constraints.clear()
        copy.parent = None
        copy.matrix_world = placed
        data.dof.use_dof = False
        yield copy
    finally:
        bpy.data.objects.remove(copy)
        bpy.data.cameras.remove(data)


def clay(measured: Measured) -> np.ndarray:
    """Return uint8 sRGB (h, w, 3): grey shading from the normals, edges of depth drawn darker, white backdrop."""
    facing = measured.normal @ (_CLAY_LIGHT / np.linalg.norm(_CLAY_LIGHT))
    shade = 0.30 + 0.62 * np.clip(facing, 0.0, 1.0) + 0.12 * np.clip(facing, -1.0, 0.0)
    covered = measured.ids > 0
    covered |= np.isfinite(measured.depth)
    depth = np.where(covered, measured.depth, 0.0)
    edge = np.zeros(covered.shape, bool)
    for axis in (0, 1):
        step = np.abs(np.diff(depth, axis=axis)) > 0.03 * np.minimum(_head(depth, axis), _tail(depth, axis)) + 1e-4
        step |= np.diff(measured.ids, axis=axis) != 0
        _head(edge, axis)[...] |= step
    shade = np.where(edge, shade * 0.45, shade)
    grey = np.where(covered, shade, 1.0)
    return np.repeat(np.round(grey * 255).astype(np.uint8)[..., None], 3, axis=2)


def _head(array: np.ndarray, axis: int) -> np.ndarray:
    return array[:-1] if axis == 0 else array[:, :-1]


def _tail(array: np.ndarray, axis: int) -> np.ndarray:
    return array[1:] if axis == 0 else array[:, 1:]


def id_colours(ids: np.ndarray, shade: np.ndarray) -> np.ndarray:
    """Return uint8 (h, w, 3): a colour of its own per id, shaded by `shade` (0..1), white where the id is 0."""
    top = int(ids.max(initial=0))
    hue = (np.arange(top + 1) * _PALETTE_STEP % 1.0)[:, None]
    table = 0.55 + 0.35 * np.cos(2 * math.pi * (hue + np.array([0.0, 1 / 3, 2 / 3])))
    table[0] = 1.0
    return np.round(np.clip(table[ids] * shade[..., None], 0, 1) * 255).astype(np.uint8)


def plan(
    scene: bpy.types.Scene, longer: int, scratch: Path, boxes: dict[str, tuple[np.ndarray, np.ndarray]]
) -> tuple[np.ndarray, tuple[float, float, float, float]]:
    """Return the plan from straight above, +Y up: uint8 (n, n, 3) and its edges x0, y0, x1, y1 in metres.

    `boxes` are world bounds (min, max) by object name. Large flat things (a floor) do not widen the frame.
    """
    x0, y0, x1, y1 = plan_frame(boxes)
    top = max((float(high[2]) for _, high in boxes.values()), default=1.0)
    bottom = min((float(low[2]) for low, _ in boxes.values()), default=0.0)
    data = bpy.data.cameras.new("Restage plan")
    camera = bpy.data.objects.new("Restage plan", data)
    try:
        data.type = "ORTHO"
        data.ortho_scale = x1 - x0
        camera.location = ((x0 + x1) / 2, (y0 + y1) / 2, top + 1.0)
        data.clip_start, data.clip_end = 0.01, top - bottom + 10.0
        scene.collection.objects.link(camera)
        bpy.context.view_layer.update()
        measured = measure(scene, longer, scratch, camera)
    finally:
        bpy.data.objects.remove(camera)
        bpy.data.cameras.remove(data)
    shade = clay(measured)[..., 0] / 255.0
    return id_colours(measured.ids, np.where(measured.ids > 0, 0.35 + 0.65 * shade, 1.0)), (x0, y0, x1, y1)


def plan_frame(boxes: dict[str, tuple[np.ndarray, np.ndarray]]) -> tuple[float, float, float, float]:
    """Return the edges x0, y0, x1, y1, metres, of a square from above that holds the boxes but for wide floors."""
    if not boxes:
        return -1.0, -1.0, 1.0, 1.0
    kept = upright(boxes)
    low = np.min([boxes[name][0] for name in kept], axis=0)
    high = np.max([boxes[name][1] for name in kept], axis=0)
    middle = (low + high) / 2
    half = max(float(max((high - low)[:2])) * _PLAN_MARGIN / 2, 1e-3)
    return tuple(float(v) for v in (middle[0] - half, middle[1] - half, middle[0] + half, middle[1] + half))  # type: ignore[return-value]


def upright(boxes: dict[str, tuple[np.ndarray, np.ndarray]]) -> list[str]:
    """Return the names of what is not a large flat thing (a floor, a wall); all of them when nothing else is there."""
    sizes = {name: high - low for name, (low, high) in boxes.items()}
    thick = [name for name, size in sizes.items() if min(size) > _FLAT * max(size[0], size[1])]
    widest = max((max(sizes[name][:2]) for name in thick), default=0.0)
    standing = [
        name
        for name, size in sizes.items()
        if size[2] > _FLAT * max(size[0], size[1]) and (not thick or max(size[:2]) <= _GROUND_FACTOR * widest)
    ]
    widest = max((max(sizes[name][:2]) for name in standing), default=0.0)
    return [n for n in boxes if n in standing or max(sizes[n][:2]) <= _GROUND_FACTOR * widest] or list(boxes)


def beauty(scene: bpy.types.Scene, longer: int, samples: int, path: Path, seed: int = 0, final: bool = False) -> None:
    """Render the scene through its own camera and view settings into `path`, an 8-bit PNG.

    Denoised where the build can; `final` takes the slow way (0.8 s more at 320 x 240 on two cores).
    """
    with shot.copied(scene) as copy:
        shot.set_size(copy, shot.frame_size(scene, longer))
        copy.cycles.samples = samples
        copy.cycles.seed = seed
        shot.denoise(copy, final)
        shot.to_png(copy, path)


def beauty_made_by(samples: int) -> str:
    """Return what makes the beauty view, as the record and the report say it."""
    denoised = ", denoised" if compat.can_denoise() else ""
    return f"Cycles CPU, {samples} samples{denoised}"


def displayed(path: Path, covered: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Read a rendered PNG: float32 (h, w, 3) 0..1 as shown, and `covered` brought to its size (nearest pixel)."""
    image = bpy.data.images.load(str(path), check_existing=False)
    try:
        width, height = image.size
        pixels = np.empty(width * height * 4, np.float32)
        image.pixels.foreach_get(pixels)
    finally:
        bpy.data.images.remove(image)
    rows = np.arange(height) * covered.shape[0] // height
    columns = np.arange(width) * covered.shape[1] // width
    return pixels.reshape(height, width, 4)[::-1, :, :3], covered[np.ix_(rows, columns)]


def save(measured: Measured, scratch: Path) -> Views:
    """Write the measuring views into the scratch folder and return their names."""
    np.save(scratch / "ids.npy", measured.ids)
    np.save(scratch / "albedo.npy", measured.albedo)
    np.save(scratch / "depth.npy", measured.depth)
    np.save(scratch / "normal.npy", measured.normal)
    png.write(scratch / "clay.png", clay(measured))
    return Views(
        ids="ids.npy",
        albedo="albedo.npy",
        depth="depth.npy",
        normal="normal.npy",
        clay="clay.png",
        id_names=measured.id_names,
        made_by="Cycles CPU, 1 sample",
    )
