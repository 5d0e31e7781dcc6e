# SPDX-License-Identifier: GPL-3.0-or-later
"""The numbers of an attempt as Markdown tables. Each function returns "" when it has nothing to say."""

from __future__ import annotations

from ...worker.protocol import JobResult
from ..measurements import Measurements
from ..roles import Attempt, Context


def measured(measurements: Measurements) -> str:
    """Per object: IoU, how each edge of its box is off, colour difference; and the totals of the picture."""
    return ""


def colours(context: Context, attempt: Attempt) -> str:
    """Mean colour per object in the picture and in the view the attempt is judged by, as sRGB hex and linear RGB;
    and of the background's top, middle and bottom."""
    return ""


def unprojected(context: Context) -> str:
    """Where the brief's boxes fall in the world, in metres, through the accepted camera."""
    return ""


def inventory(result: JobResult) -> str:
    """What the scene holds: name, type, world bounds, screen box in percent, material."""
    return ""


def sanity(result: JobResult) -> str:
    """What is plainly wrong with the scene, as a list."""
    return ""
