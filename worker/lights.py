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
FILES = "light_basis.npy", "light_gloss.npy", "light_around.npy"
ALPHA = "light_alpha.npy"


def basis(request: LightBasisRequest, scratch: Path) -> LightBasis:
    """Return one linear picture per light, plus the world and glowing surfaces where there are any.

    Beside it is what of each picture surfaces mirror, by Cycles' glossy passes, and what of that is other surfaces.
    Colours are multiplied by coverage (`alpha`): the backdrop that the camera sees of the world does not count.
    """
    scene = bpy.context.scene
    lamps = [item for item in scene.objects if item.type == "LIGHT" and not item.hide_render]
    names: list[str] = []
    found: list[np.ndarray] = []
    with shot.copied(scene) as copy:
        shot.set_size(copy, shot.frame_size(scene, request.pixels))
        copy.cycles.samples = request.samples
        copy.render.film_transparent = True
        copy.render.use_persistent_data = True
        layer = copy.view_layers[0]
        for part in ("color", "direct", "indirect"):
            setattr(layer, f"use_pass_glossy_{part}", not request.only)
        world, copy.world = copy.world, None

        def render(lit: bpy.types.Object | None) -> tuple[np.ndarray, np.ndarray]:
            """Return the picture and, of all lights, what it mirrors and what of that is other surfaces; and alpha."""
            changes: list[tuple[Any, str, Any]] = [(lamp, "hide_render", lamp is not lit) for lamp in lamps]
            with shot.temporarily(changes):
                passes = shot.to_arrays(copy, scratch / "light.exr")
            picture, alpha = passes["Combined"][..., :3], passes["Combined"][..., 3]
            if request.only:
                return picture[None], alpha
            around = passes["GlossCol"] * passes["GlossInd"]
            return np.stack([picture, around + passes["GlossCol"] * passes["GlossDir"], around]), alpha

        if request.only:
            wanted = [lamp for lamp in lamps if lamp.name in request.only]
            names, found = [lamp.name for lamp in wanted], [render(lamp)[0] for lamp in wanted]
            alpha = np.ones(shot.frame_size(scene, request.pixels)[::-1], np.float32)
        else:
            glow, alpha = render(None)
            for lamp in lamps:
                names.append(lamp.name)
                found.append(render(lamp)[0] - glow)
            if world is not None:
                copy.world = world
                names.append(WORLD)
                found.append(render(None)[0] - glow)
            if float(glow[0].max(initial=0.0)) > 1e-4:
                names.append(EMISSION)
                found.append(glow)
    files = FILES[:1] if request.only else FILES
    stack = np.stack(found, axis=1) if found else np.zeros((len(files), 0, *alpha.shape, 3), np.float32)
    for file, pictures in zip(files, np.maximum(stack, 0.0), strict=True):
        np.save(scratch / file, pictures.astype(np.float32))
    np.save(scratch / ALPHA, alpha.astype(np.float32))
    return LightBasis(tuple(names), files[0], ALPHA, *files[1:])
