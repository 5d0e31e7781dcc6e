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

    Beside it is what of each picture surfaces mirror, by Cycles' glossy passes.
    Colours are multiplied by coverage (`alpha`): the backdrop that the camera sees of the world does not count.
    """
    scene = bpy.context.scene
    lamps = [item for item in scene.objects if item.type == "LIGHT" and not item.hide_render]
    names: list[str] = []
    pictures: list[np.ndarray] = []
    glosses: list[np.ndarray] = []
    with shot.copied(scene) as copy:
        shot.set_size(copy, shot.frame_size(scene, request.pixels))
        copy.cycles.samples = request.samples
        copy.render.film_transparent = True
        copy.render.use_persistent_data = True
        layer = copy.view_layers[0]
        layer.use_pass_glossy_color = layer.use_pass_glossy_direct = layer.use_pass_glossy_indirect = True
        world, copy.world = copy.world, None

        def render(lit: bpy.types.Object | None) -> tuple[np.ndarray, np.ndarray]:
            """Return the picture with its alpha, and what of it is mirrored."""
            changes: list[tuple[Any, str, Any]] = [(lamp, "hide_render", lamp is not lit) for lamp in lamps]
            with shot.temporarily(changes):
                found = shot.to_arrays(copy, scratch / "light.exr")
            return found["Combined"], found["GlossCol"] * (found["GlossDir"] + found["GlossInd"])

        def add(name: str, picture: np.ndarray, gloss: np.ndarray) -> None:
            names.append(name)
            pictures.append(picture)
            glosses.append(gloss)

        if request.only:
            for lamp in lamps:
                if lamp.name in request.only:
                    picture, gloss = render(lamp)
                    add(lamp.name, picture[..., :3], gloss)
            alpha = np.ones(shot.frame_size(scene, request.pixels)[::-1], np.float32)
        else:
            dark, dark_gloss = render(None)
            alpha, glow = dark[..., 3], dark[..., :3]

            def add_lit(name: str, lamp: bpy.types.Object | None) -> None:
                picture, gloss = render(lamp)
                add(name, picture[..., :3] - glow, gloss - dark_gloss)

            for lamp in lamps:
                add_lit(lamp.name, lamp)
            if world is not None:
                copy.world = world
                add_lit(WORLD, None)
            if float(glow.max(initial=0.0)) > 1e-4:
                add(EMISSION, glow, dark_gloss)
    for file, found in (("light_basis.npy", pictures), ("light_gloss.npy", glosses)):
        stack = np.stack(found) if found else np.zeros((0, *alpha.shape, 3), np.float32)
        np.save(scratch / file, np.maximum(stack, 0.0).astype(np.float32))
    np.save(scratch / "light_alpha.npy", alpha.astype(np.float32))
    return LightBasis(tuple(names), "light_basis.npy", "light_alpha.npy", "light_gloss.npy")
