# SPDX-License-Identifier: GPL-3.0-or-later
"""Which pictures each role is shown at each stage."""

from __future__ import annotations

from ..brief import Brief
from ..picture import Picture
from ..roles import Attempt, Context
from .shown import Budget, Shown


def for_brief(picture: Picture, budget: Budget) -> list[Shown]:
    """Return what the brief is written from: the whole picture with rulers, and its quarters magnified."""
    return [Shown("The picture.", picture.rgb)][: budget.images]


def for_generator(context: Context, budget: Budget) -> list[Shown]:
    """Return what the stage's script is written from. The first pictures depend on picture and brief alone, so they
    are the same in every request of a stage."""
    return [Shown("The picture.", context.picture.rgb)][: budget.images]


def for_verifier(context: Context, attempt: Attempt, budget: Budget) -> list[Shown]:
    """Return what an attempt is judged by: the stage's own view of it beside or over the picture."""
    return [Shown("The picture.", context.picture.rgb)][: budget.images]


def for_choice(context: Context, one: Attempt, two: Attempt, budget: Budget) -> list[Shown]:
    """Return what two attempts are compared by; the order of the pictures is that of the arguments, and their labels
    call the attempts `first` and `second`."""
    return [Shown("The picture.", context.picture.rgb)][: budget.images]


def boxes_drawn(picture: Picture, brief: Brief, budget: Budget) -> list[Shown]:
    """Return the picture with the brief's boxes, outlines and names drawn over it, for the brief to be checked by."""
    return [Shown("The picture with the brief's boxes.", picture.rgb)][: budget.images]
