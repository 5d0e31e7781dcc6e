# SPDX-License-Identifier: GPL-3.0-or-later
"""How rough surfaces are, and whether they are metal: tried at a few values where what a surface mirrors is not what
the picture shows there.

What roughness does to a picture is no formula worth having, so each try is a render; but surfaces are far enough apart
that one render tries a value on all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...worker.protocol import ObjectInfo
from .. import colour_space, lift, script_numbers
from ..measure import fit_mask
from ..roles import AttemptViews
from ..script_numbers import Number
from . import regions
from .probe import Made, Probe
from .write_back import significant

Floats = NDArray[np.float32]
Key = tuple[str, ...]
"""The materials that one number sets."""
Renderer = Callable[[str], Floats | None]
"""A materials script's picture with all else as it is, (h, w, 3) sRGB; None once there is no time left."""

ROUGHNESS = (0.1, 0.3, 0.6, 0.9)
METAL = (0.1, 0.3, 0.6)
"""Roughness at which the other of metal and not metal is tried."""
SUSPECT = 0.03
"""Misfit, sRGB, below which a surface is taken to be right."""
GAIN = 0.85
"""What must not be left of the misfit for a value to be worth it."""
FLIP = 0.6
"""The same for metal that was none, or none that was: in light that is not right yet much looks like either."""
LEAST = 0.003
"""By how much it must be less at all."""
MOST_NUMBERS = 80
_NEAR = 0.04
_TRIED = 0.1


@dataclass(frozen=True)
class Knob:
    """A number that is the roughness or metallic of surfaces, as it stands."""

    number: Number
    what: str
    """roughness or metallic."""
    materials: Key


@dataclass(frozen=True)
class Surfaces:
    """The picture, and which pixels of it show which material well inside."""

    picture: Floats
    """(h, w, 3) sRGB."""
    shows: NDArray[np.int64]
    """(h, w) index in `names`, -1 for none."""
    names: Sequence[str]

    def misfit(self, render: Floats, materials: Sequence[str]) -> float:
        """Return how far a render is from the picture on some surfaces, sRGB, root mean square, once each has its
        colour made up for: that is for others to solve. Zero where nothing shows them."""
        total, count = 0.0, 0
        for name in materials:
            at = self.shows == list(self.names).index(name) if name in self.names else None
            if at is None or not at.any():
                continue
            wanted, light = self.picture[at].astype(np.float64), colour_space.to_linear(render[at].astype(np.float64))
            gain = np.median(colour_space.to_linear(wanted) / np.maximum(light, 1e-3), axis=0)
            shown = np.clip(colour_space.to_srgb(light * gain), 0, 1)
            total += float(((shown - wanted) ** 2).sum())
            count += 3 * len(wanted)
        return float(np.sqrt(total / count)) if count else 0.0


def surfaces_of(
    picture: Floats,
    masks: Mapping[str, NDArray[np.bool_]],
    views: AttemptViews,
    inventory: Sequence[ObjectInfo],
    made: Made | None = None,
    ignored: NDArray[np.bool_] | None = None,
) -> Surfaces:
    """Return what the picture shows of the materials that `made` has; without it, of whole things, named by their ids.

    `picture` is (h, w, 3) sRGB at the size to compare at, `masks`, `views` and `ignored` at any.
    """
    size = picture.shape[1], picture.shape[0]
    agree = regions.agreeing(views, masks, size)
    if ignored is not None:
        agree &= ~fit_mask(ignored, *size)
    if made is not None:
        colours = {k.removeprefix("base/"): v for k, v in made.numbers.items() if k.startswith("base/")}
        return Surfaces(picture, regions.by_material(views, inventory, colours, list(colours), agree)[0], list(colours))
    return Surfaces(picture, *regions.by_thing(views, agree))


def find(probe: Probe, script: str) -> tuple[list[Knob], Made]:
    """Return the numbers of a script that are roughness or metallic of one surface or several, as they stand; and what
    the script makes."""
    numbers = [n for n in script_numbers.find(script) if 0 <= n.value <= 1][:MOST_NUMBERS]
    turned = [n.value + (_TRIED if n.value < 0.5 else -_TRIED) for n in numbers]
    texts = [lift.with_values(script, {n: value}) for n, value in zip(numbers, turned, strict=True)]
    first, *others = probe.run([script, *texts])
    found = []
    for number, value, made in zip(numbers, turned, others, strict=True):
        for place, what in enumerate(("roughness", "metallic")):
            if names := _set(first, made, place, number.value, value):
                found.append(Knob(number, what, names))
    return found, first


def suspects(surfaces: Surfaces, render: Floats) -> list[str]:
    """Return the surfaces that a render does not show as the picture does, whatever their colour."""
    return [name for name in surfaces.names if surfaces.misfit(render, [name]) > SUSPECT]


def _set(first: Made, made: Made, place: int, before: float, after: float) -> tuple[str, ...]:
    """Return the materials whose input is the number itself; none when some follow it otherwise."""
    if not (first.ok and made.ok):
        return ()
    names = []
    for key, values in first.numbers.items():
        if not key.startswith("surface/") or key not in made.numbers:
            continue
        was, now = values[place], made.numbers[key][place]
        if abs(now - was) < 1e-6:
            continue
        if abs(was - before) > 1e-5 or abs(now - after) > 1e-5:
            return ()
        names.append(key.removeprefix("surface/"))
    return tuple(names)


def solve(
    script: str, knobs: Sequence[Knob], surfaces: Surfaces, before: Floats, shown: Renderer
) -> dict[Number, float] | None:
    """Return other values for roughness and metal where those show the picture better; None when none do.

    `before` is what `shown` would say of the script as it is.
    """
    rough = {k.materials: k.number for k in knobs if k.what == "roughness"}
    metal = {k.materials: k.number for k in knobs if k.what == "metallic"}
    misfits = {key: surfaces.misfit(before, key) for key in rough}
    suspects = [key for key in rough if misfits[key] > SUSPECT]
    if not suspects:
        return None
    best: dict[Key, tuple[float, Mapping[Number, float]]] = {key: (misfits[key], {}) for key in suspects}

    def look(values: Mapping[Key, float], other: bool, tried: dict[Key, dict[float, float]]) -> None:
        """Try a roughness for each surface, all in one render, with the other of metal and not metal or as it is."""
        changes = {
            key: {rough[key]: value} | ({metal[key]: float(metal[key].value < 0.5)} if other else {})
            for key, value in values.items()
        }
        turned = {number: value for each in changes.values() for number, value in each.items()}
        picture = shown(lift.with_values(script, turned)) if turned else None
        if picture is None:
            return
        for key, value in values.items():
            misfit = tried[key][value] = surfaces.misfit(picture, key)
            if misfit < best[key][0]:
                best[key] = misfit, changes[key]

    def search(keys: Sequence[Key], values: Sequence[float], other: bool, tried: dict[Key, dict[float, float]]) -> None:
        for value in values:
            look({key: value for key in keys if all(abs(old - value) > _NEAR for old in tried[key])}, other, tried)
        for side in (-1, 1):
            # Between the best and its neighbours.
            halves = {key: _between(tried[key], side) for key in keys}
            look({key: half for key, half in halves.items() if half is not None}, other, tried)

    search(suspects, ROUGHNESS, False, {key: {rough[key].value: misfits[key]} for key in suspects})
    others = [key for key in suspects if key in metal and best[key][0] > SUSPECT]
    search(others, METAL, True, {key: {} for key in others})
    changes = {
        number: significant(value, 3)
        for key, (misfit, values) in best.items()
        if misfit < (FLIP if key in metal and metal[key] in values else GAIN) * misfits[key]
        and misfit < misfits[key] - LEAST
        for number, value in values.items()
    }
    return changes or None


def _between(tried: Mapping[float, float], side: int) -> float | None:
    """Return the value half way from the best one tried to the next lower or higher one; None when they are near."""
    if not tried:
        return None
    best = min(tried, key=lambda value: tried[value])
    beyond = [value for value in tried if (value - best) * side > 0]
    nearest = min(beyond, key=lambda value: abs(value - best), default=best)
    return None if abs(nearest - best) < 2 * _NEAR else round((best + nearest) / 2, 3)
