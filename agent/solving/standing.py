# SPDX-License-Identifier: GPL-3.0-or-later
"""What things stand on, and how high that is when it moves or grows itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Extent = tuple[float, float]
"""Lowest and highest Z, metres."""

_NEAR = 0.6
"""Of a thing's height: a level nearer to its foot is what it stands on."""
_UNDER = 0.5
"""Of a thing's width: what lies within that of its middle may be under it."""


@dataclass(frozen=True)
class Support:
    """Where a thing's foot belongs."""

    level: float
    """Metres, as things stood."""
    other: str = ""
    """The thing that it stands on; empty for the ground and for what hangs where it is."""
    share: float = 1.0
    """How far up that thing, of its height."""
    stands: bool = True
    """False for what hangs in the air: its level is no more than where it was."""

    def height(self, extent: Callable[[str], Extent]) -> float:
        """Return the level now, `extent` that of the other thing."""
        if not self.other:
            return self.level
        low, high = extent(self.other)
        return low + self.share * (high - low)


def supports(points: Mapping[str, Floats]) -> dict[str, Support]:
    """Return what each thing stands on, points (n, 3) by thing: the ground or a thing under it when one is near."""
    return {name: _support(name, points) for name in points}


def extent_of(points: Floats) -> Extent:
    """Return the lowest and the highest Z of points (n, 3)."""
    return float(points[:, 2].min()), float(points[:, 2].max())


def order(found: Mapping[str, Support]) -> list[str]:
    """Return the things so that each comes after what it stands on."""
    done: list[str] = []
    left = list(found)
    while left:
        free = [name for name in left if found[name].other not in left or found[name].other == name]
        # Two that stand on each other are as good in any order.
        done += free or left
        left = [name for name in left if name not in done]
    return done


def _support(name: str, points: Mapping[str, Floats]) -> Support:
    mine = points[name]
    bottom, top = extent_of(mine)
    height = max(top - bottom, 1e-3)
    low, high = mine[:, :2].min(axis=0), mine[:, :2].max(axis=0)
    middle = np.median(mine[:, :2], axis=0)
    found = [Support(0.0)]
    for other, cloud in points.items():
        if other == name or not ((cloud[:, :2].min(axis=0) <= middle) & (middle <= cloud[:, :2].max(axis=0))).all():
            continue
        near = np.abs(cloud[:, :2] - (low + high) / 2) <= _UNDER * (high - low) / 2
        under = near.all(axis=1) & (cloud[:, 2] <= bottom + _NEAR * height)
        their = extent_of(cloud)
        # A flat top that is seen edge-on may have no sample under the thing.
        level = float(cloud[under, 2].max()) if under.any() else their[1]
        found.append(Support(level, other, (level - their[0]) / max(their[1] - their[0], 1e-6)))
    nearest = min(found, key=lambda support: abs(support.level - bottom))
    return nearest if abs(nearest.level - bottom) < _NEAR * height else Support(bottom, stands=False)
