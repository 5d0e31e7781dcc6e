# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the brief's camera agree with what can be measured: pitch from level circles, height from sizes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

from . import size_check
from .brief import Box, Brief
from .sight.points import places
from .sight.unproject import View

ROUNDEST, FLATTEST = 0.98, 0.03
"""Height to width ratios beyond which an ellipse says nothing: seen from straight above, or edge on."""
MOST_CHANGE = 20.0
"""Factor by which the height is changed at most; a brief that is more than this off has another fault."""


def consistent(brief: Brief, rims: Sequence[Box], frame: tuple[int, int]) -> Brief:
    """Return the brief with its camera's pitch from `rims` (boxes of level circles, fractions of the frame) where they
    tell, and with the height at which things come out as large as the brief says."""
    camera, reasons = brief.camera, list(brief.reasons)
    pitch = pitch_from(rims, camera.horizontal_fov, frame)
    if pitch is not None:
        horizon = 0.5 - math.tan(pitch) / (2 * half_height(camera.horizontal_fov, frame))
        camera = camera.model_copy(update={"pitch": pitch, "horizon": horizon})
        reasons.append(f"The camera's pitch of {math.degrees(pitch):.0f} degrees is measured on round rims.")
    factor = _size_factor(brief.model_copy(update={"camera": camera}), frame)
    if factor is not None and 1 / MOST_CHANGE < factor < MOST_CHANGE:
        camera = camera.model_copy(update={"height_m": camera.height_m / factor})
    return brief.model_copy(update={"camera": camera, "reasons": reasons})


def pitch_from(rims: Sequence[Box], fov: float, frame: tuple[int, int]) -> float | None:
    """Return the pitch (radians below the horizon) from ellipses that level circles make; None without a usable one.

    A level circle seen from an angle e above its plane is an ellipse with the ratio sin e; perspective stretches what
    lies an angle t off the camera's axis by 1 / cos t more upwards than sideways.
    """
    aspect = frame[0] / frame[1]
    found = []
    for x0, y0, x1, y1 in rims:
        ratio = (y1 - y0) / aspect / max(1e-6, x1 - x0)
        off = math.atan(((y0 + y1) - 1) * half_height(fov, frame))
        if FLATTEST < ratio < ROUNDEST:
            found.append(math.asin(ratio * math.cos(off)) - off)
    return median(found) if found else None


def half_height(fov: float, frame: tuple[int, int]) -> float:
    """Tangent of half the vertical field of view."""
    return math.tan(fov / 2) * frame[1] / frame[0]


def _size_factor(brief: Brief, frame: tuple[int, int]) -> float | None:
    view = View(size_check.estimated_camera(brief.camera, frame))
    # What stands on something stands on a height that is itself an estimate.
    factors = [
        one.width / one.item.dimensions_m[0]
        for one in places(brief, view, ())
        if one.item.dimensions_m is not None and not one.item.stands_on and one.foot is not None and one.width > 0
    ]
    return median(factors) if factors else None
