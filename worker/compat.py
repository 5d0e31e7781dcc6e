# SPDX-License-Identifier: GPL-3.0-or-later
"""The one place in `worker/` that knows what differs between Blender 4.2 and 5.2, and between their builds.

It is the twin of `scene/compat.py`: the worker imports nothing of `scene/`, so that what runs next to a stage script
stays small. What is there is asked for before a version is.
"""

from __future__ import annotations

from typing import Any

import bpy

PASS_NAMES = {
    "Combined": ("Combined",),
    "Depth": ("Depth",),
    "Normal": ("Normal",),
    "DiffCol": ("DiffCol", "Diffuse Color"),
    "GlossCol": ("GlossCol", "Glossy Color"),
    "GlossDir": ("GlossDir", "Glossy Direct"),
    "GlossInd": ("GlossInd", "Glossy Indirect"),
    "IndexOB": ("IndexOB", "Object Index"),
    "IndexMA": ("IndexMA", "Material Index"),
}
"""What Cycles' passes are called in the files Blender writes: the names were changed; either is looked for."""


def uses_nodes(material: bpy.types.Material) -> bool:
    """Whether a material's nodes are what shows. From 5.0 on they always are, and reading `use_nodes` warns."""
    return material.node_tree is not None and (bpy.app.version >= (5, 0, 0) or material.use_nodes)


def outdated(prop: bpy.types.Property) -> bool:
    """Whether a property only stands for one that replaced it, or for nothing: since 5.0 reading one warns."""
    return bool(getattr(prop, "is_deprecated", False))


def action_curves(action: bpy.types.Action) -> list[bpy.types.FCurve]:
    """Return all curves of an action, those of every slot: a plain action in 4.2, a layered one since 4.4."""
    # `fcurves` went in 5.0, and in 4.4 and 4.5 it lists the first slot's only.
    if getattr(action, "layers", None):
        bags = [bag for layer in action.layers for strip in layer.strips for bag in strip.channelbags]
        return [curve for bag in bags for curve in bag.fcurves]
    return list(getattr(action, "fcurves", ()))


def slot_of(data: bpy.types.AnimData) -> int:
    """Return which slot of its action animates the owner: 0 before slots came in 4.4."""
    return int(getattr(data, "action_slot_handle", 0))


def write_png(image: bpy.types.ImageFormatSettings) -> None:
    """Have a render write a PNG. From 5.0 on the kind of medium comes first, and limits the formats."""
    _set_if_there(image, media_type="IMAGE")
    image.file_format = "PNG"


def write_passes(image: bpy.types.ImageFormatSettings) -> None:
    """Have a render write all its passes into one EXR, channel beside channel in one part."""
    _set_if_there(image, media_type="MULTI_LAYER_IMAGE")
    image.file_format = "OPEN_EXR_MULTILAYER"
    _set_if_there(image, use_exr_interleave=True)


def denoise_on_cpu(cycles: Any, carefully: bool) -> None:
    """Set how well OpenImageDenoise works, and that it works on the CPU, as far as this Blender lets one choose."""
    cycles.denoising_prefilter = "ACCURATE" if carefully else "FAST"
    _set_if_there(cycles, denoising_quality="HIGH" if carefully else "FAST", denoising_use_gpu=False)


def without_osl(cycles: Any) -> None:
    """Keep Cycles to its own shading where Open Shading Language is a setting of the scene."""
    _set_if_there(cycles, shading_system=False)


def _set_if_there(owner: Any, **values: Any) -> None:
    for name, value in values.items():
        if hasattr(owner, name):
            setattr(owner, name, value)


def can_denoise() -> bool:
    """Say whether this build of Blender has OpenImageDenoise (Debian's 4.3 has not, and errors out)."""
    import _cycles

    return bool(getattr(_cycles, "with_openimagedenoise", False))
