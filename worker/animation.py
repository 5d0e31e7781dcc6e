# SPDX-License-Identifier: GPL-3.0-or-later
"""What animates a datablock, as a value."""

from __future__ import annotations

import hashlib
from typing import Any

import bpy
import numpy as np

from . import compat, rna

_POINT = (("co", 2), ("handle_left", 2), ("handle_right", 2))
_DIGITS = 4


def printed(owner: Any) -> tuple[Any, ...] | None:
    """Return what animates a datablock, as a value that compares by content; None for nothing, or for no datablock."""
    data = getattr(owner, "animation_data", None)
    if data is None or data.action is None:
        return None
    every = sorted((_curve(curve) for curve in compat.action_curves(data.action)), key=repr)
    return (data.action.session_uid, compat.slot_of(data), tuple(every))


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
