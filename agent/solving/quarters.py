# SPDX-License-Identifier: GPL-3.0-or-later
"""Which way things face: a search from where a script says ends at the nearest answer, and the right one may be a
quarter or half a turn away. Each is tried, moved under the mask, and taken when it is clearly better."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .align import Alignment
from .linear import Model
from .outlines import Reach
from .search import Search
from .standing import Support

Array = NDArray[np.float64]

GOOD = 0.93
"""Overlap from which there is no question."""
CLEAR = 0.06
"""By how much less a thing's loss must be: boxes and balls look alike from several sides."""
_UPRIGHT = 0.95
_STEPS = 12
_OTHER = np.radians(50.0)
"""A larger turn is another way to face; a smaller one any search may find."""


def turned(
    model: Model,
    search: Search,
    reaches: Mapping[str, Reach],
    aspect: float,
    check: Callable[[], None] = lambda: None,
    deadline: float = float("inf"),
) -> Array | None:
    """Return the change of the model's numbers that turns things which clearly face another way, each put under its
    mask again; None when all face as they should. `check` raises when the run is cancelled."""
    still = np.zeros(len(model.numbers))
    search.losses(still)
    ious = dict(search.last_ious)
    change = still.copy()
    for name, heading in _headings(model).items():
        if name not in reaches or ious.get(name, 1.0) > GOOD:
            continue
        shifts = [i for i, names in enumerate(model.affects) if names == {name} and model.shifts[i]]
        rate = float(np.linalg.norm(model.turns[heading].axis))
        faces: list[tuple[float, Array]] = []
        elsewhere: list[tuple[float, Array]] = []
        for own, quarter in [(shifts, 0), *(([*shifts, heading], quarter) for quarter in range(4))]:
            check()
            alignment = Alignment(_alone(model, name, own), reaches, {name: _fixed(search, name)}, aspect)
            start = still.copy()
            start[heading] = quarter * np.pi / 2 / rate
            trial = change.copy()
            trial[own] = alignment.solve_from(start, check, deadline, _STEPS)[own]
            by = (trial[heading] * rate + np.pi) % (2 * np.pi) - np.pi
            trial[heading] = by / rate
            trial = search.settled(trial)
            (elsewhere if abs(by) > _OTHER else faces).append((search.losses(trial)[name], trial))
        best = min(elsewhere, key=lambda one: one[0], default=None)
        if best is not None and best[0] < min(loss for loss, _ in faces) - CLEAR:
            change = best[1]
    return change if change.any() else None


def _alone(model: Model, name: str, own: list[int]) -> Model:
    """The model of one thing, and of some numbers."""
    return replace(
        model,
        affects=[names if index in own else frozenset() for index, names in enumerate(model.affects)],
        points={name: model.points[name]},
        slopes={name: model.slopes[name]},
        camera={},
        zooms={},
    )


def _fixed(search: Search, name: str) -> Support:
    return replace(search.supports[name], other="")


def _headings(model: Model) -> dict[str, int]:
    """Return the number that turns each thing about an upright axis."""
    found: dict[str, int] = {}
    for index, turn in model.turns.items():
        (name,) = model.affects[index]
        if abs(float(turn.axis[2])) > _UPRIGHT * float(np.linalg.norm(turn.axis)):
            found.setdefault(name, index)
    return found
