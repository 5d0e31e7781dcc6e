# SPDX-License-Identifier: GPL-3.0-or-later
"""Render each light of the finished scene alone: rendering is linear in light power, so powers can be solved for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np

from . import shot
from .protocol import LightBasis, LightBasisRequest

WORLD = "World"
EMISSION = "Emission"
"""Stands for all glowing surfaces together, when there are any; it is taken out of every other picture."""


def basis(request: LightBasisRequest, scratch: Path) -> LightBasis:
    """Return one linear picture per light, plus the world and glowing surfaces where there are any.

    Colours are multiplied by coverage (`alpha`): the backdrop that the camera sees of the world does not count.
    """
    scene = bpy.context.scene
    lamps = [item for item in scene.objects if item.type == "LIGHT" and not item.hide_render]
    names: list[str] = []
    pictures: list[np.ndarray] = []
    with shot.copied(scene) as copy:
        shot.set_size(copy, shot.frame_size(scene, request.pixels))
        copy.cycles.samples = request.samples
        copy.render.film_transparent = True
        copy.render.use_persistent_data = True
        world, copy.world = copy.world, None

        def render(lit: bpy.types.Object | None) -> np.ndarray:
            changes: list[tuple[Any, str, Any]] = [(lamp, "hide_render", lamp is not lit) for lamp in lamps]
            with shot.temporarily(changes):
                return shot.to_arrays(copy, scratch / "light.exr")["Combined"]

        if request.only:
            wanted = [lamp for lamp in lamps if lamp.name in request.only]
            names, pictures = [lamp.name for lamp in wanted], [render(lamp)[..., :3] for lamp in wanted]
            alpha = np.ones(shot.frame_size(scene, request.pixels)[::-1], np.float32)
        else:
            dark = render(None)
            alpha, glow = dark[..., 3], dark[..., :3]
            for lamp in lamps:
                names.append(lamp.name)
                pictures.append(render(lamp)[..., :3] - glow)
            if world is not None:
                copy.world = world
                names.append(WORLD)
                pictures.append(render(None)[..., :3] - glow)
            if float(glow.max(initial=0.0)) > 1e-4:
                names.append(EMISSION)
                pictures.append(glow)
    height, width = alpha.shape
    stack = np.stack(pictures) if pictures else np.zeros((0, height, width, 3), np.float32)
    np.save(scratch / "light_basis.npy", np.maximum(stack, 0.0).astype(np.float32))
    np.save(scratch / "light_alpha.npy", alpha.astype(np.float32))
    return LightBasis(tuple(names), "light_basis.npy", "light_alpha.npy")
