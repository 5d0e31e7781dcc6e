# SPDX-License-Identifier: GPL-3.0-or-later
"""Light and colour of an attempt: ask for what is needed, solve, and say which numbers of which scripts change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...worker.protocol import LightBasisRequest
from .. import lift
from ..perceptual import Judge
from ..roles import LightPictures, Looker
from . import lamps, mirrors, regions, residuals, shade, shade_pictures
from .gauge import Paints
from .knobs import Effects, Knobs, find, levels
from .probe import Made, Probe
from .shade_pictures import Rendered
from .write_back import significant

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

SAMPLES = 12
MOST_PIXELS = 4000
"""Of one surface, that are compared."""
WORTH = 0.995
"""Share of the squared error that must not be left for a solution to be tried."""
SIZES_WORTH = 0.88
"""Share of what is left without other sizes of lamps that must not be left with them."""
DOUBTFUL = 0.2
"""Weight of a pixel where render and picture show different things."""
_AS_IT_IS = "the light as it is"
_VETO = 0.02
_MUCH_NEARER = 0.5
"""Share of the squared error."""
LEAST_STEP = 0.02
"""A lamp that would go less far stays."""


@dataclass(frozen=True)
class Source:
    """A script whose numbers may change."""

    script: str
    probe: Probe
    lights: bool
    materials: bool


@dataclass(frozen=True)
class ShadedScripts:
    """The scripts with other numbers, changed where they stand, in the order of the sources."""

    texts: list[str]
    owners: list[dict[int, str]]
    """By start of a number in its source's text: which light or material it belongs to."""
    before: float
    after: float
    """Mean squared error as shown, of the sum of the lights."""


def solve(
    sources: Sequence[Source],
    looker: Looker,
    scene: Rendered,
    judge: Judge | None = None,
    tell: Callable[[str], None] = lambda _: None,
    turn: float = 0.0,
    paints: Paints | None = None,
    effects: Effects | None = None,
) -> ShadedScripts | None:
    """Return the scripts with the light and the colours that come nearest to the picture; None when no others do.

    The looker's worker must hold the scene. The judge has a veto over the sum of the lights. With `turn`, radians,
    lamps are moved as well, by about twice that at most. `paints` are what the run's materials were in the
    first place: their brightness on the whole is kept where the picture does not say otherwise. What `effects` knows of
    numbers is not looked at again.
    """
    with_light = any(source.lights for source in sources)
    names: tuple[str, ...] = (_AS_IT_IS,)
    if with_light:
        tell("rendering each light alone")
        request = LightBasisRequest(pixels=shade_pictures.PIXELS, samples=SAMPLES)
        alone = looker.light_basis(request)
        if not alone.names:
            return None
        names = alone.names
    else:
        made_up = shade_pictures.one_light(scene)
        if made_up is None:
            return None
        nothing = np.zeros_like(made_up[0])
        alone = LightPictures(names, *made_up, nothing, nothing)
    coverage = alone.coverage
    tell("solving the light" if with_light else "solving the colours")
    size = coverage.shape[1], coverage.shape[0]
    covered = coverage > shade_pictures.COVERED
    counted = shade_pictures.counted(scene, size)
    agree = regions.agreeing(scene.views, scene.masks, size) & covered & counted
    found = _knobs(sources, names, effects)
    if found is None:
        return None
    knobs, owners, made = found
    materials = knobs.groups[len(names) :]
    colours = {name: made.numbers[f"base/{name}"] for name in materials}
    shows, worn = regions.by_material(scene.views, scene.inventory, colours, materials, agree)
    if not with_light:
        # What a mirror shows is the light and the things around it, not a colour.
        shows[np.isin(shows, mirrors.shiny(made, materials))] = -1
    in_part = (shows < 0) & np.isin(worn, _painted(knobs))
    knobs, owners = _useful(knobs, owners, shows)
    if not knobs.numbers:
        return None
    view, layers, used = shade_pictures.layers(scene, names, alone.pictures, coverage, made, with_light)
    used = used & counted
    if view is None or not used.any():
        return None
    wanted = shade_pictures.fitted(scene.picture, size)
    weight = np.where(agree | ~covered, 1.0, DOUBTFUL)
    if not agree.any():
        weight = np.ones_like(weight)
    if (shows >= 0).any():
        # What may get another colour, by an amount that can't be told there, is no witness of the light.
        weight = np.where(in_part, 0.0, weight) * regions.evened(shows)
    if with_light:
        weight = weight * mirrors.trust(alone, worn, made, materials)
    kept, stands_for = regions.sample(shows, used, MOST_PIXELS)
    weight = weight * stands_for
    plain = np.minimum(mirrors.colourless(alone, worn, made, materials), layers)
    seen = residuals.Seen(
        layers[:, kept], wanted[kept].astype(np.float64), shows[kept], weight[kept], plain=plain[:, kept]
    )
    moves: list[tuple[int, lamps.Move]] = []
    if with_light and turn:
        tell("moving the lamps")
        moves = _moves(sources, names, looker, alone.pictures, scene, turn, effects)
    base = levels(made, names, materials)
    first = paints.first(colours) if paints else colours
    written = np.array([first[name] for name in materials]).reshape(-1, 3)

    def solved(moves: Sequence[tuple[int, lamps.Move]]) -> shade.Shaded:
        pictures = np.stack([move.picture[kept] for _, move in moves]).astype(np.float64) if moves else seen.moves
        limits = np.array([move.limits for _, move in moves]).reshape(-1, 2)
        moving = replace(seen, moves=pictures, moved=tuple(move.light for _, move in moves), limits=limits)
        return shade.solve(knobs, moving, view, base, written, light_known=with_light)

    shaded, stay = solved(moves), [(place, move) for place, move in moves if not move.resizes]
    if len(stay) < len(moves):
        # Softer shadows make up for ones that lie wrong, so another size must explain much.
        as_large = solved(stay)
        if shaded.after > as_large.after * SIZES_WORTH:
            shaded, moves = as_large, stay
    if shaded.after > shaded.before * WORTH:
        return None
    moved = layers.copy()
    for (_, move), step in zip(moves, shaded.steps, strict=True):
        moved[move.light] += step * move.picture
    sums = [
        view.shown(residuals.lit(each, gains, len(names), worn, np.minimum(plain, each)))
        for each, gains in ((layers, np.ones_like(shaded.gains)), (np.maximum(moved, 0.0), shaded.gains))
    ]
    if judge is not None and with_light and _vetoed(judge, wanted, sums, used):
        return None
    if paints:
        gains = np.exp(np.einsum("n,nmc->mc", shaded.change, knobs.effect[:, len(names) :]))
        paints.found({name: colours[name] * gain for name, gain in zip(materials, gains, strict=True)})
    texts, starts = [], []
    for place, source in enumerate(sources):
        mine = [i for i, owner in enumerate(owners) if owner == place]
        values = {knobs.numbers[i]: significant(float(shaded.values[i])) for i in mine}
        values |= {
            move.number: significant(move.number.value + float(step) * move.step)
            for (of, move), step in zip(moves, shaded.steps, strict=True)
            if of == place and abs(step) > LEAST_STEP
        }
        texts.append(lift.with_values(source.script, {n: v for n, v in values.items() if v != significant(n.value)}))
        lamp_names = {move.number.start: names[move.light] for of, move in moves if of == place}
        starts.append(lamp_names | {knobs.numbers[i].start: knobs.owner(i) for i in mine if not knobs.added[i]})
    return ShadedScripts(texts, starts, shaded.before, shaded.after)


def _moves(
    sources: Sequence[Source],
    names: Sequence[str],
    looker: Looker,
    pictures: Floats,
    scene: Rendered,
    turn: float,
    effects: Effects | None,
) -> list[tuple[int, lamps.Move]]:
    """Return the numbers that move lamps, each with the place of its source."""
    middle, _ = shade_pictures.about(scene)
    request = LightBasisRequest(pixels=shade_pictures.PIXELS, samples=SAMPLES)
    return [
        (place, move)
        for place, source in enumerate(sources)
        if source.lights
        for move in lamps.find(source.probe, source.script, names, looker, pictures, request, middle, turn, effects)
    ]


def _knobs(
    sources: Sequence[Source], names: Sequence[str], effects: Effects | None
) -> tuple[Knobs, list[int], Made] | None:
    """Return the numbers of all scripts together, which script each is of, and what the last script makes."""
    finds = []
    for source in sources:
        lights = list(names) if source.lights else []
        first = source.probe.run([source.script])[0] if source.materials else None
        bases = [k.removeprefix("base/") for k in first.numbers if k.startswith("base/")] if first else []
        found = find(source.probe, source.script, lights, bases, effects)
        if found is None:
            return None
        finds.append(found)
    groups = list(names) + [g for knobs, _ in finds for g in knobs.groups[knobs.lights :]]
    whole = Knobs(groups, len(names))
    owners: list[int] = []
    numbers: dict[str, NDArray[np.float64]] = {}
    for place, (knobs, made) in enumerate(finds):
        numbers |= made.numbers
        effect = np.zeros((len(knobs.numbers), len(groups), 3))
        for index, group in enumerate(knobs.groups):
            effect[:, groups.index(group)] = knobs.effect[:, index]
        whole.effect = np.concatenate([whole.effect.reshape(-1, len(groups), 3), effect])
        whole.values = np.concatenate([whole.values, knobs.values])
        whole.added = np.concatenate([whole.added, knobs.added])
        whole.numbers += knobs.numbers
        owners += [place] * len(knobs.numbers)
    made = Made(True, numbers=numbers)
    return whole, owners, made


def _useful(knobs: Knobs, owners: list[int], shows: NDArray[np.int64]) -> tuple[Knobs, list[int]]:
    """Leave out the numbers of materials that the picture says nothing of."""
    seen = set(np.unique(shows[shows >= 0]).tolist())
    blind = [m for m in range(len(knobs.groups) - knobs.lights) if m not in seen]
    kept = [
        i
        for i, effect in enumerate(knobs.effect)
        if not any(np.abs(effect[knobs.lights + m]).max() > 0.05 for m in blind)
        or np.abs(effect[: knobs.lights]).max(initial=0.0) > 0.05
    ]
    return knobs.only(kept), [owners[i] for i in kept]


def _painted(knobs: Knobs) -> list[int]:
    """Return which of the materials some number gives a colour."""
    strongest = np.abs(knobs.effect[:, knobs.lights :]).max(axis=(0, 2), initial=0.0)
    return [int(m) for m in np.flatnonzero(strongest > 0.05)]


def _vetoed(judge: Judge, wanted: Floats, sums: Sequence[NDArray[np.float64]], used: Mask) -> bool:
    """Whether the judge finds the second of two sums of the lights plainly worse. They are noisy, brighter ones more,
    so one that is much nearer pixel by pixel is left to a fresh render to decide."""
    (missed, left), (before, after) = (
        [float(((shown - wanted)[used] ** 2).mean()) for shown in sums],
        [judge.lpips(np.where(used[..., None], shown, wanted).astype(np.float32)) for shown in sums],
    )
    worse = before is not None and after is not None and after > before + _VETO
    return worse and left > _MUCH_NEARER * missed
