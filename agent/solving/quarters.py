# SPDX-License-Identifier: GPL-3.0-or-later
"""Which way things face: a search from where a script says ends at the nearest answer, and the right one may be a
quarter or half a turn away. Each is tried, aligned for itself, and taken when it is clearly better."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from .align import Alignment
from .linear import Model
from .outlines import Reach
from .search import Search

GOOD = 0.93
"""Overlap from which there is no question."""
CLEAR = 0.06
"""By how much less a thing's loss must be: boxes and balls look alike from several sides."""
_UPRIGHT = 0.95
_STEPS = 12


def turned(
    model: Model,
    search: Search,
    reaches: Mapping[str, Reach],
    aspect: float,
    check: Callable[[], None] = lambda: None,
    deadline: float = float("inf"),
) -> np.ndarray | None:
    """Return the change of the model's numbers that turns things which clearly face another way, each put under its
    mask again; None when all face as they should. `check` raises when the run is cancelled."""
    still = np.zeros(len(model.numbers))
    losses = search.losses(still)
    change = still.copy()
    for name, heading in _headings(model).items():
        if name not in reaches or search.last_ious.get(name, 1.0) > GOOD:
            continue
        alone = replace(
            model, points={name: model.points[name]}, slopes={name: model.slopes[name]}, camera={}, zooms={}
        )
        level = {name: replace(search.supports[name], other="")}
        alignment = Alignment(alone, reaches, level, aspect)
        own = [index for index, names in enumerate(model.affects) if names == {name}]
        rate = float(np.linalg.norm(model.turns[heading].axis))
        found = []
        for quarter in range(4):
            check()
            start = still.copy()
            start[heading] = quarter * np.pi / 2 / rate
            trial = still.copy()
            trial[own] = alignment.solve_from(start, check, deadline, _STEPS)[own]
            trial = np.where(change != 0, change, search.settled(trial))
            loss = search.losses(trial)[name]
            miss = alignment.miss({name: model.moved(name, trial)}, model.projection)
            found.append((loss, miss, trial))
        as_it_faces, best = found[0], min(found, key=lambda one: one[0])
        before = min(as_it_faces[0], losses[name])
        if best is not as_it_faces and best[0] < before - CLEAR and best[1] < as_it_faces[1]:
            change = best[2]
    return change if change.any() else None


def _headings(model: Model) -> dict[str, int]:
    """Return the number that turns each thing about an upright axis."""
    found: dict[str, int] = {}
    for index, turn in model.turns.items():
        (name,) = model.affects[index]
        if abs(float(turn.axis[2])) > _UPRIGHT * float(np.linalg.norm(turn.axis)):
            found.setdefault(name, index)
    return found
