# SPDX-License-Identifier: GPL-3.0-or-later
"""Which light is missing: suns over the sky and lamps about the things, each rendered alone; the one that would bring
the picture nearest, all lights and colours that there are following it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..roles import LightPictures
from ..unique_name import unique
from . import damped, regions, shade_pictures
from .found_light import FoundLight
from .knobs import WORLD
from .lamps import EMISSION
from .residuals import Residuals, Seen
from .shade_pictures import Rendered
from .tone import Tone

Array = NDArray[np.float64]

PIXELS, SAMPLES = 96, 8
MOST_PIXELS = 400
"""Of one surface, that are compared."""
TURNS = 8
HIGH = (0.45, 0.95)
"""How high suns stand, radians."""
SOFT = 0.2
"""Radians across: between a bare sun and a veiled one, so that it shows which way it shines."""
AWAY = 3.0
"""Of lamps, in the things' reach."""
LEAST_SHARE = 0.5
"""Of the error left, that a light must promise to take away. Few lights are better than many, and one more also makes
up for lamps that stand wrong: in scenes with all their lights, lamps off by a seventh of their distance, it promised
0.18 to 0.36; for a key light left out, 0.7."""
LEAST = 1e-4
"""And of the squared error as shown."""
NAMES = {"SUN": "Found Sun", "AREA": "Found Lamp"}
DARK = 0.15
"""Share of its power below which a lamp that is there is not what the picture has."""
LEAST_WEIGHT = 0.05
_FAINT = 1e-3
_STOPPING = damped.Stopping(40, share=1e-4, short=1)
_KEPT = 1e-5
"""Cost of changing lights and colours, per squared logarithm."""


@dataclass(frozen=True)
class Missing:
    """The light that promises most."""

    light: FoundLight
    share: float
    """Of the error left, that it takes away."""


def candidates(middle: Array, reach: float, taken: Collection[str]) -> list[FoundLight]:
    """Return lights to try about things in the `middle` (3,) that reach so far, metres, none named as one of `taken`.
    Each lights the middle about as much as the others do."""
    ways = [(np.array([0.0, 0.0, 1.0]), "SUN"), (np.array([0.0, 0.0, 1.0]), "AREA")]
    for high in HIGH:
        for turn in range(TURNS):
            angle = 2 * np.pi * turn / TURNS
            ways.append((np.array([np.cos(angle) * np.cos(high), np.sin(angle) * np.cos(high), np.sin(high)]), "SUN"))
    for turn in range(0, TURNS, 2):
        angle = 2 * np.pi * (turn + 1) / TURNS
        ways.append((np.array([np.cos(angle), np.sin(angle), 1.0]) / np.sqrt(2), "AREA"))
    found: list[FoundLight] = []
    for up, kind in ways:
        name = unique(NAMES[kind], {*taken, *(light.name for light in found)})
        away = AWAY * reach
        x, y, z = (float(value) for value in middle + away * up)
        u, v, w = (float(value) for value in -up)
        sun = kind == "SUN"
        power = 1.0 if sun else float(np.pi * away**2)
        found.append(FoundLight(name, kind, power, (x, y, z), (u, v, w), SOFT if sun else reach))  # type: ignore[arg-type]
    return found


def choose(tried: Sequence[FoundLight], alone: LightPictures, scene: Rendered, view: Tone) -> Missing | None:
    """Return the light of those `tried` that promises most, with the power it promises it at; None when none does.

    `alone` has the scene's own lights and those.
    """
    mine = {light.name: light for light in tried}
    own = [i for i, name in enumerate(alone.names) if name not in mine]
    new = [i for i, name in enumerate(alone.names) if name in mine]
    if not own or not new:
        return None
    size = alone.coverage.shape[1], alone.coverage.shape[0]
    agree = regions.agreeing(scene.views, scene.masks, size)
    covered = (alone.coverage > shade_pictures.COVERED) & shade_pictures.counted(scene, size)
    shows, things = regions.by_thing(scene.views, agree & covered)
    if not (shows >= 0).any():
        return None
    kept, stands_for = regions.sample(shows, covered & (shows >= 0), MOST_PIXELS)
    # What surfaces mirror says less of what lights them than what they scatter.
    shine = alone.gloss[own].sum(axis=(0, -1)) / np.maximum(alone.pictures[own].sum(axis=(0, -1)), 1e-6)
    weight = regions.evened(shows) * stands_for * np.clip(1 - shine, LEAST_WEIGHT, 1)
    pictures = np.concatenate([alone.pictures[own], alone.pictures[new]])
    wanted = shade_pictures.fitted(scene.picture, size)
    seen = Seen(pictures[:, kept].astype(np.float64), wanted[kept].astype(np.float64), shows[kept], weight[kept])
    first = _settled(replace(seen, basis=seen.basis[: len(own)]), view, len(things))
    if _dark(first[: len(own), 0], [alone.names[i] for i in own]):
        return None
    gains = np.concatenate([first[: len(own)], np.full((len(new), 3), _FAINT), first[len(own) :]])
    residuals = Residuals(seen, view, len(gains))
    mix = residuals.mix(gains, np.zeros(0))
    gradient, curvature = residuals.slopes(mix)
    chain = _chain(len(pictures), len(things))
    g, h = chain @ gradient, chain @ curvature @ chain.T
    rest = [*range(len(own)), *range(len(pictures), len(g))]
    known = h[np.ix_(rest, rest)] + _KEPT * np.eye(len(rest))
    best: Missing | None = None
    for place, index in enumerate(new, len(own)):
        # What is left of it when all else has made up for what it can.
        cross = h[place, rest]
        follow = np.linalg.solve(known, np.stack([cross, g[rest]], axis=1))
        slope, bend = float(g[place] - cross @ follow[:, 1]), float(h[place, place] - cross @ follow[:, 0])
        if slope >= 0 or bend <= 0:
            continue
        light = mine[alone.names[index]]
        others = first[: len(own), 0] * np.exp(-follow[: len(own), 1] + follow[: len(own), 0] * slope / bend)
        if _dark(others, [alone.names[i] for i in own]):
            continue
        # Slopes are half the loss's.
        share = (slope**2 / bend) / max(mix.loss, 1e-12)
        if share > LEAST_SHARE and share * mix.loss > LEAST and (best is None or share > best.share):
            best = Missing(replace(light, power=light.power * _FAINT * (1 - slope / bend)), share)
    return best


def _dark(gains: Array, names: Sequence[str]) -> bool:
    """Whether a lamp is left with next to nothing: then it stands or points wrong, and is to be moved instead."""
    return any(gain < DARK for gain, name in zip(gains, names, strict=True) if name not in (WORLD, EMISSION))


def _settled(seen: Seen, view: Tone, things: int) -> Array:
    """Return gains (lights and things, 3) that bring the lights there are nearest to the picture."""
    lights = len(seen.basis)
    residuals, chain = Residuals(seen, view, lights + things), _chain(lights, things)

    def at(t: Array) -> tuple[float, damped.Slopes]:
        mix = residuals.mix(np.exp(t @ chain).reshape(-1, 3), np.zeros(0))

        def slopes() -> tuple[Array, Array]:
            gradient, curvature = residuals.slopes(mix)
            return chain @ gradient + _KEPT * t, chain @ curvature @ chain.T + _KEPT * np.eye(len(t))

        return mix.loss + _KEPT * float(t @ t), slopes

    t, _ = damped.solve(at, np.zeros(len(chain)), 0.8, _STOPPING, low=-4.0, high=4.0)
    return np.asarray(np.exp(t @ chain).reshape(-1, 3))


def _chain(lights: int, things: int) -> Array:
    """Lights keep their colour; things have one."""
    powers = np.kron(np.eye(lights), np.ones((1, 3)))
    return np.block(
        [[powers, np.zeros((lights, 3 * things))], [np.zeros((3 * things, 3 * lights)), np.eye(3 * things)]]
    )
