# SPDX-License-Identifier: GPL-3.0-or-later
"""How bright surfaces are on the whole, which a picture does not say: bright paint under weak lamps is the same picture
as dark paint under strong ones.

Of the two a script knows the paint better: a surface reflects between nothing and everything, a lamp's power may be
anything. So what all surfaces have in common is put down to the light. One that changed by much more than the others
was wrong, or is mirror or glass, and says nothing of the rest; a large one counts no more than a small one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

USUAL = 0.2
"""Natural logarithm of how far a surface's brightness is usually off."""
_SAME = 0.01
_SHOWN = 0.45
"""About the exponent by which light is shown: a channel counts as much as is seen of it."""


@dataclass(frozen=True)
class Gauge:
    """The brightness of the surfaces that numbers give a colour, as the logarithm of a factor. All lengths are the
    same but the numbers'."""

    changes: Array
    """(surfaces, numbers): derivative of each one's brightness by the logarithms of the numbers."""
    already: Array
    """(surfaces,) how much brighter each is than it was in the first place, with the numbers as they are."""

    @classmethod
    def of(cls, effect: Array, base: Array, first: Array) -> Gauge:
        """Return the gauge of surfaces.

        `effect` (numbers, surfaces, 3) is the derivative of the logarithm of each channel by that of each number;
        `base` and `first` (surfaces, 3) are linear base colours, as they are and as they were in the first place.
        """
        counts = np.abs(effect).max(axis=(0, 2), initial=0.0) > 0.05
        share = np.maximum(base[counts], 1e-4) ** _SHOWN
        share /= share.sum(axis=1, keepdims=True)
        ratio = np.log(np.maximum(base[counts], 1e-4) / np.maximum(first[counts], 1e-4))
        return cls(np.einsum("nmc,mc->mn", effect[:, counts], share), (ratio * share).sum(axis=1))

    def common(self, t: Array) -> tuple[float, Array]:
        """Return how much brighter surfaces are on the whole (Huber's mean) with the numbers' logarithms changed by
        `t`, and its derivative by them."""
        if not len(self.already):
            return 0.0, np.zeros(len(t))
        each = self.already + self.changes @ t
        value = float(np.median(each))
        usual = np.abs(each - value) < USUAL
        for _ in range(30):
            usual = np.abs(each - value) < USUAL
            step = float(np.clip(each - value, -USUAL, USUAL).sum()) / max(1, int(usual.sum()))
            value += step
            if abs(step) < 1e-9:
                break
        return value, self.changes[usual if usual.any() else slice(None)].mean(axis=0)


class Paints:
    """What whoever wrote a run's scripts gave its materials for colours, before solvers changed them."""

    def __init__(self) -> None:
        """One for a run."""
        self._known: dict[str, list[Array]] = {}

    def first(self, colours: Mapping[str, Array]) -> dict[str, Array]:
        """Return the linear base colours that `colours`, by material, were in the first place. A colour that solvers
        did not find was written since, and is its own first."""
        for name, colour in colours.items():
            if not any(np.allclose(colour, one, rtol=_SAME, atol=1e-4) for one in self._known.get(name, [])):
                self._known[name] = [colour]
        return {name: self._known[name][0] for name in colours}

    def found(self, colours: Mapping[str, Array]) -> None:
        """Remember what solvers found, whether it is kept or not. Materials that `first` was not asked for are left
        out."""
        for name, colour in colours.items():
            if name in self._known:
                self._known[name].append(colour)
