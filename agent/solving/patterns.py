# SPDX-License-Identifier: GPL-3.0-or-later
"""Procedural patterns as numbers, and what they are at a place: the twin in numpy of the nodes that `pattern_text`
writes.

A pattern is a share, 0 to 1, at each place of a thing's own space; dark and light are tints mixed by it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Triple = tuple[float, float, float]
Kind = Literal["gradient", "stripes", "checker", "grain"]

SMOOTH = 0.5
"""Sharpness at which stripes are a sine."""
SHARPNESSES = (SMOOTH, 1.5, 5.0, 20.0, 80.0)
BRIGHTEST = 0.98
"""No surface gives back more of the light that falls on it."""


@dataclass(frozen=True)
class Pattern:
    """One pattern, on the surfaces of one thing."""

    thing: str
    objects: tuple[str, ...]
    """The scene's objects that make the thing."""
    kind: Kind
    waves: tuple[Triple, ...] = ()
    """In the objects' own space, each per unit of length: turns of stripes; two of them for a checker; how fast a
    gradient goes from dark to light; grains along each axis."""
    shifts: tuple[float, ...] = ()
    """Where each wave begins, turns; none for grain."""
    sharpness: float = SMOOTH
    dark: Triple = (1.0, 1.0, 1.0)
    light: Triple = (1.0, 1.0, 1.0)
    """Linear RGB: factors of the base colour, or the colours themselves."""
    replaces: bool = False
    """Whether the tints are the colour, whatever the surface was painted with."""

    under: NDArray[np.float32] | None = field(default=None, compare=False, repr=False)
    """(h, w, 3) sRGB of the whole frame: what is painted on the thing from then on; None where that stays."""

    @property
    def name(self) -> str:
        """What its parameters are called: `Table.stripes`."""
        plain = re.sub(r"[^\w .-]", "", self.thing).strip(" .")
        return f"{plain or 'Thing'}.{self.kind}"


def share(pattern: Pattern, points: Floats) -> Floats:
    """Return how light a pattern is at (n, 3) places of the thing's own space, (n,) in 0 to 1. Grain has no phase that
    a picture tells, so it has no twin: raises ValueError."""
    return shares(pattern.kind, np.array(pattern.waves), np.array(pattern.shifts), pattern.sharpness, points)


def shares(kind: Kind, waves: Floats, shifts: Floats, sharpness: float, points: Floats) -> Floats:
    """As `share`, of (m, d) waves and (m,) shifts at (n, d) points of any space."""
    if kind == "grain":
        raise ValueError("grain has no phase")
    along = points @ waves.T + shifts
    if kind == "gradient":
        return np.asarray(np.clip(along[:, 0], 0.0, 1.0))
    return np.asarray(np.clip(0.5 + sharpness * np.sin(2 * np.pi * along).prod(axis=1), 0.0, 1.0))


def tinted(pattern: Pattern, points: Floats) -> Floats:
    """Return the tint at (n, 3) places, (n, 3) linear."""
    part = share(pattern, points)[:, None]
    return np.asarray(np.array(pattern.dark) * (1 - part) + np.array(pattern.light) * part)
