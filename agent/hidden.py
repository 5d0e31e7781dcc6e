# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of the brief's things are partly hidden behind others, so that their boxes say nothing of their size."""

from __future__ import annotations

from .brief import Box, Brief, BriefObject

HIDES = 0.12
"""Share of a box that another, nearer thing covers, from which its own visible part is taken to be cut."""
NEARER = 0.01
"""How much lower in the frame a thing must end to be taken for the nearer one."""


def partly_hidden(item: BriefObject, brief: Brief) -> bool:
    """Whether something that ends lower in the picture, and neither bears it nor stands on it, covers part of its box.

    Boxes overlap a little also where nothing is hidden, so this is a doubt and not a finding.
    """
    return any(
        other.box[3] > item.box[3] + NEARER and _covered(item.box, other.box) > HIDES
        for other in brief.objects
        if other.name != item.name and item.stands_on != other.name and other.stands_on != item.name
    )


def _covered(box: Box, by: Box) -> float:
    wide, high = min(box[2], by[2]) - max(box[0], by[0]), min(box[3], by[3]) - max(box[1], by[1])
    area = (box[2] - box[0]) * (box[3] - box[1])
    return max(0.0, wide) * max(0.0, high) / area if area > 0 else 0.0
