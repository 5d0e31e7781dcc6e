# SPDX-License-Identifier: GPL-3.0-or-later
"""How sure the agent is of a scene, once it is seen how well the scene fits the picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

POOR = 0.5
"""Overlap (IoU) below which an object is named."""
MOST_NAMED = 3


def after(confidence: float, reasons: Sequence[str], objects: Mapping[str, float]) -> tuple[float, list[str]]:
    """Confidence (0 to 1, three places) and reasons after the final overlap (IoU) of every object is known.

    The confidence of the brief is multiplied by the mean overlap; objects under POOR get one sentence. Without objects
    only the rounding happens.
    """
    told = list(reasons)
    if not objects:
        return _bounded(confidence), told
    overlaps = [min(1.0, max(0.0, overlap)) for overlap in objects.values()]
    poor = sorted((name for name, overlap in objects.items() if overlap < POOR), key=lambda name: objects[name])
    if poor:
        told.append(_sentence(poor))
    return _bounded(confidence * sum(overlaps) / len(overlaps)), told


def _bounded(value: float) -> float:
    return round(min(1.0, max(0.0, value)), 3)


def _sentence(poor: Sequence[str]) -> str:
    if len(poor) == 1:
        return f"{poor[0]} covers its place in the picture badly, or not at all."
    named, more = list(poor[:MOST_NAMED]), len(poor) - MOST_NAMED
    last = f"{more} more" if more > 0 else named.pop()
    return f"{', '.join(named)} and {last} cover their places in the picture badly, or not at all."
