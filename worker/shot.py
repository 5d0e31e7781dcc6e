# SPDX-License-Identifier: GPL-3.0-or-later
"""A copy of the scene to render with: nothing set on it can be left behind in the scene the script made."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from . import compat, exr


@contextlib.contextmanager
def copied(scene: bpy.types.Scene) -> Iterator[bpy.types.Scene]:
    """Yield a copy of `scene` set up for Cycles on the CPU and nothing else; it is removed at the end."""
    copy = scene.copy()
    try:
        while len(copy.view_layers) > 1:
            copy.view_layers.remove(copy.view_layers[-1])
        render = copy.render
        render.engine = "CYCLES"
        copy.cycles.device = "CPU"
        copy.cycles.use_denoising = False
        copy.cycles.use_adaptive_sampling = False
        for name in ("use_compositing", "use_sequencer", "use_border", "use_multiview", "use_motion_blur",
                     "use_freestyle", "use_stamp", "use_file_extension"):  # fmt: skip
            setattr(render, name, False)
        render.use_overwrite = True
        render.resolution_percentage = 100
        render.dither_intensity = 0.0
        yield copy
    finally:
        bpy.data.scenes.remove(copy)


@contextlib.contextmanager
def temporarily(changes: list[tuple[Any, str, Any]]) -> Iterator[None]:
    """Set attributes (owner, name, value) for the length of the block."""
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in changes]
    try:
        for owner, name, value in changes:
            setattr(owner, name, value)
        yield
    finally:
        for owner, name, value in reversed(before):
            setattr(owner, name, value)


def frame_size(scene: bpy.types.Scene, longer: int) -> tuple[int, int]:
    """Return width and height in pixels with the scene's aspect and the given longer side."""
    render = scene.render
    width = render.resolution_x * render.pixel_aspect_x
    height = render.resolution_y * render.pixel_aspect_y
    scale = longer / max(width, height)
    return max(4, round(width * scale)), max(4, round(height * scale))


def set_size(scene: bpy.types.Scene, size: tuple[int, int]) -> None:
    """Set the frame to `size` square pixels."""
    render = scene.render
    render.resolution_x, render.resolution_y = size
    render.pixel_aspect_x = render.pixel_aspect_y = 1.0


def denoise(scene: bpy.types.Scene, carefully: bool) -> None:
    """Switch denoising on where the build has it, on the CPU."""
    if not compat.can_denoise():
        return
    cycles = scene.cycles
    cycles.use_denoising = True
    cycles.denoiser = "OPENIMAGEDENOISE"
    compat.denoise_on_cpu(cycles, carefully)


def to_png(scene: bpy.types.Scene, path: Path) -> None:
    """Render `scene` (a copy) through its own view settings into an 8-bit PNG."""
    image = scene.render.image_settings
    compat.write_png(image)
    image.color_mode = "RGBA" if scene.render.film_transparent else "RGB"
    image.color_depth = "8"
    _render(scene, path)


def to_arrays(scene: bpy.types.Scene, path: Path) -> dict[str, np.ndarray]:
    """Render `scene` (a copy) in linear light; return pass -> float32 (h, w, channels), row 0 at the top.

    Passes are named as in `compat.PASS_NAMES`; only those switched on in the view layer are there. `path` is used for
    a file in between, and removed.
    """
    image = scene.render.image_settings
    compat.write_passes(image)
    image.color_depth = "32"
    image.exr_codec = "NONE"
    _render(scene, path)
    channels = exr.read(path)
    path.unlink()
    layer = scene.view_layers[0].name
    found: dict[str, np.ndarray] = {}
    for name, spellings in compat.PASS_NAMES.items():
        for spelling in spellings:
            prefix = f"{layer}.{spelling}."
            letters = {key[len(prefix) :]: value for key, value in channels.items() if key.startswith(prefix)}
            if letters:
                order = sorted(letters, key="RGBAXYZV".index)
                found[name] = np.stack([letters[letter] for letter in order], axis=-1)
    return found


def _render(scene: bpy.types.Scene, path: Path) -> None:
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True, scene=scene.name)
    if not path.is_file():
        raise RuntimeError(f"Blender rendered nothing into {path.name}")
