# SPDX-License-Identifier: GPL-3.0-or-later
"""The curves of an action, in Blender 4.2's plain actions and in the layered ones since 4.4, and what they say."""

from __future__ import annotations

import hashlib
from typing import Any

import bpy
import numpy as np

from . import rna

_POINT = (("co", 2), ("handle_left", 2), ("handle_right", 2))
_DIGITS = 4


def curves(action: bpy.types.Action) -> list[bpy.types.FCurve]:
    """Return all curves of an action, those of every slot."""
    # `fcurves` went in 5.0, and in 4.4 and 4.5 it lists the first slot's only.
    if getattr(action, "layers", None):
        bags = [bag for layer in action.layers for strip in layer.strips for bag in strip.channelbags]
        return [curve for bag in bags for curve in bag.fcurves]
    return list(getattr(action, "fcurves", ()))


def printed(owner: Any) -> tuple[Any, ...] | None:
    """Return what animates a datablock, as a value that compares by content; None for nothing, or for no datablock."""
    data = getattr(owner, "animation_data", None)
    if data is None or data.action is None:
        return None
    every = sorted((_curve(curve) for curve in curves(data.action)), key=repr)
    return (data.action.session_uid, getattr(data, "action_slot_handle", 0), tuple(every))


def _curve(curve: bpy.types.FCurve) -> tuple[Any, ...]:
    points = hashlib.sha256()
    for name, width in _POINT:
        values = np.empty(len(curve.keyframe_points) * width, np.float32)
        curve.keyframe_points.foreach_get(name, values)
        # The sum turns a rounded -0.0 into 0.0, which compares the same but hashes otherwise.
        points.update((values.round(_DIGITS) + 0.0).tobytes())
    kinds = tuple((point.interpolation, point.easing) for point in curve.keyframe_points)
    modifiers = repr([(modifier.type, rna.values(modifier)) for modifier in curve.modifiers])
    return curve.data_path, curve.array_index, curve.extrapolation, curve.mute, kinds, points.hexdigest(), modifiers
