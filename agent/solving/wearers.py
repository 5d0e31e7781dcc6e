# SPDX-License-Identifier: GPL-3.0-or-later
"""Things that may wear a pattern: where they are seen, the pixels' places in their own space, what to offer them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Mapping
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from ...worker.protocol import JobResult, ObjectInfo
from .. import colour_space
from ..measure import fit_mask
from ..roles import AttemptViews
from ..sight.unproject import View
from . import grain, pattern_fit, regions, underpaint
from .pattern_fit import Found, Seen
from .patterns import SHARPNESSES, Pattern, Triple

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

SMALLEST = 600
"""Pixels of a thing, well inside, at the size of `texture.PIXELS`."""
MOST = 12
PAINTED = 0.15
"""Relative spread of a surface's own colour from which it is painted on."""
WRONG = 8e-4
"""Misfit, mean squared difference of roots of light, below which there is nothing for a wave to explain."""
EXPLAINED = 0.4
"""Of the misfit that one tint leaves, that a wave must explain."""
EXPLAINED_PAINTED, PAINTED_SLACK = 0.7, 2.0
"""And where it is to stand for what is painted on, which it may be farther from the picture than by that factor."""
EXPLAINED_BY_GRADIENT, OTHER_HUE = 0.6, 1.25
"""A gradient may be wrong light as well, but for one that goes up in one channel and down in another, each by that."""
_OUTSIDE = 0.02
_BLUR = 6.0
_FINER = 0.6
_MORE, _LESS = 1.6, 0.5


@dataclass(frozen=True)
class Wearer:
    """One thing of the scene, as a view shows it."""

    thing: str
    objects: tuple[str, ...]
    covers: Mask
    """(h, w): where it is seen."""
    where: Mask
    """(h, w): where the picture shows it too, well inside."""
    own: Floats
    """(h, w, 3): places in its objects' own space."""
    far: Floats
    albedo: Floats
    """(h, w, 3) linear."""
    copied: int
    """Materials that a pattern would copy, as others wear them."""
    repaintable: bool = False
    """Whether what is painted on it stands in the script."""

    @property
    def painted(self) -> bool:
        """Whether its surface has many colours already."""
        colours = self.albedo[self.where]
        return bool(np.mean(colours.std(axis=0)) > PAINTED * max(float(colours.mean()), 1e-3))


def wearers(
    picture: NDArray[np.float32],
    masks: Mapping[str, Mask],
    views: AttemptViews,
    result: JobResult,
    ignored: Mask | None = None,
    paintings: Collection[str] = (),
) -> list[Wearer]:
    """Return the things large enough to wear a pattern, largest first. `picture` is of the views' size; `paintings` are
    the objects whose paintings stand in the script."""
    if views.ids is None or views.depth is None or views.albedo is None or result.camera is None:
        return []
    try:
        points = View(result.camera).points(np.asarray(views.depth, np.float64))
    except ValueError:
        return []
    height, width = views.ids.shape
    agree = regions.agreeing(views, masks, (width, height))
    if ignored is not None:
        agree &= ~fit_mask(ignored, width, height)
    ids, names = (views.ids, views.id_names) if views.part_ids is None else (views.part_ids, views.part_names)
    found = []
    for key, thing in views.id_names.items():
        covers = views.ids == key
        where = covers & agree & (picture.max(axis=2) < 0.995)
        parts = {part: info for part in np.unique(ids[where]).tolist() if (info := _info(result, names.get(part, "")))}
        own, where = _own(points, ids, where, parts)
        if int(where.sum()) < SMALLEST:
            continue
        objects = tuple(info.name for info in parts.values())
        worn = {name for info in parts.values() for name in info.materials}
        others = {name for info in result.inventory if info.name not in objects for name in info.materials}
        depth, albedo = (np.asarray(each, np.float64) for each in (views.depth, views.albedo))
        repaintable = len(objects) == 1 and objects[0] in paintings
        found.append(Wearer(thing, objects, covers, where, own, depth, albedo, len(worn & others), repaintable))
    return sorted(found, key=lambda wearer: -int(wearer.where.sum()))[:MOST]


def _info(result: JobResult, name: str) -> ObjectInfo | None:
    """Return what the inventory says of an object that can wear a pattern."""
    info = next((info for info in result.inventory if info.name == name), None)
    return info if info is not None and info.materials and len(info.matrix_world) == 16 else None


def _own(points: Floats, ids: NDArray[np.int32], where: Mask, parts: Mapping[int, ObjectInfo]) -> tuple[Floats, Mask]:
    """Return the pixels' places in their objects' own space, and where those are to be trusted."""
    own, trusted = np.zeros_like(points), np.zeros_like(where)
    for part, info in parts.items():
        at = where & (ids == part)
        matrix = np.array(info.matrix_world).reshape(4, 4)
        if abs(np.linalg.det(matrix[:3, :3])) < 1e-12:
            continue
        low, high = np.array(info.world_min), np.array(info.world_max)
        slack = _OUTSIDE * float(np.max(high - low)) + 1e-3
        # What an instance shows is elsewhere than its object.
        inside = ((points[at] > low - slack) & (points[at] < high + slack)).all(axis=1)
        if inside.mean() < 0.9:
            continue
        own[at] = (points[at] - matrix[:3, 3]) @ np.linalg.inv(matrix[:3, :3]).T
        trusted |= at
    return own, trusted


def offers(
    wearer: Wearer,
    picture: NDArray[np.float32],
    render: NDArray[np.float32],
    late: Callable[[], bool],
    tints: bool = True,
    searched: bool = True,
) -> Generator[Pattern, float, None]:
    """Yield patterns to try, each in view of what the last was worth, which is sent.

    `picture` and `render` are (h, w, 3) sRGB of the wearer's size; after `late` nothing is searched for any more.
    Without `tints` only what stands for the base colour is offered, without `searched` only grain.
    """
    best = 0.0
    waves = _waves(wearer, picture, render) if searched and (tints or wearer.painted) and not late() else []
    for found in waves:
        best = max(best, (yield _laid(wearer, _pattern(wearer, found), picture, render)))
    if waves and best > 0 and waves[0].sharpness in SHARPNESSES[:-1] and waves[0].kind != "gradient":
        # What blurs a picture's edges makes them look soft.
        sharper = SHARPNESSES[SHARPNESSES.index(waves[0].sharpness) + 1]
        yield _laid(wearer, replace(_pattern(wearer, waves[0]), sharpness=sharper), picture, render)
    if best > 0 or not tints or late():
        return
    lacking = grain.missing(picture, render, wearer.own, wearer.where)
    if lacking is None:
        return
    along = lacking.axis is None
    best = yield _grained(wearer, lacking, _FINER, along, 1.0)
    if best <= 0:
        yield _grained(wearer, lacking, _FINER, along, _LESS)
        return
    more = 1.0
    if (gained := (yield _grained(wearer, lacking, _FINER, along, _MORE))) > best:
        best, more = gained, _MORE
    size = 1.0 if (yield _grained(wearer, lacking, 1.0, along, more)) > best else _FINER
    if not along:
        yield _grained(wearer, lacking, size, True, more)


def _waves(wearer: Wearer, picture: NDArray[np.float32], render: NDArray[np.float32]) -> list[Found]:
    """Return the waves with strong evidence, best first."""
    if len(wearer.objects) > 1:
        return []
    at = wearer.where
    wanted, shown = (colour_space.to_linear(each) for each in (picture, render))
    lit = shown
    if wearer.painted:
        # The light alone, evened out: where paint is dark little is known of it.
        blurred = [cv2.GaussianBlur(each * at[..., None], (0, 0), _BLUR) for each in (shown, wearer.albedo)]
        lit = blurred[0] / np.maximum(blurred[1], 1e-4)
    seen = Seen(wearer.own[at], wearer.far[at], wanted[at], np.maximum(lit[at], 1e-4))
    left = pattern_fit.flat(seen)
    most = (1 - EXPLAINED) * left
    if wearer.painted:
        # A painting shows each place's own shade too, if less sharply: renders tell which of the two is nearer.
        slack = np.inf if wearer.repaintable else PAINTED_SLACK * pattern_fit.misfit(wanted[at], shown[at])
        most = min((1 - EXPLAINED_PAINTED) * left, slack)
    if left < WRONG:
        return []
    found = [one for one in pattern_fit.waves(seen, np.random.default_rng(0)) if one.misfit < most]
    straight = None if wearer.painted else pattern_fit.gradient(seen)
    if straight is not None and straight.misfit < (1 - EXPLAINED_BY_GRADIENT) * left:
        ratio = straight.light / np.maximum(straight.dark, 1e-3)
        if ratio.max() > OTHER_HUE and ratio.min() < 1 / OTHER_HUE:
            found.append(straight)
    return sorted(found, key=lambda one: one.misfit)


def _pattern(wearer: Wearer, found: Found) -> Pattern:
    waves = tuple(_triple(wave) for wave in found.waves)
    shifts = tuple(float(shift) for shift in found.shifts)
    dark, light = _triple(found.dark), _triple(found.light)
    made = Pattern(wearer.thing, wearer.objects, found.kind, waves, shifts, found.sharpness, dark, light)
    if not wearer.painted:
        return made
    most = pattern_fit.COLOURS[1]
    return replace(made, replaces=True, dark=_most(dark, most), light=_most(light, most))


def _laid(wearer: Wearer, pattern: Pattern, picture: NDArray[np.float32], render: NDArray[np.float32]) -> Pattern:
    """Return a pattern as it is to lie on a thing: on what stays painted there, where that can be told apart."""
    if not (pattern.replaces and wearer.repaintable):
        return pattern
    wanted, shown = (colour_space.to_linear(each) for each in (picture, render))
    return underpaint.under(pattern, wearer.own, wearer.where, wearer.albedo, wanted, shown)


def _grained(wearer: Wearer, lacking: grain.Grain, size: float, round_ones: bool, more: float) -> Pattern:
    contrast = min(lacking.contrast * more, grain.CONTRASTS[1])
    dark, light = (1 - contrast,) * 3, (1 + contrast,) * 3
    waves = (lacking.waves(size, round_ones),)
    return Pattern(wearer.thing, wearer.objects, "grain", waves, dark=dark, light=light)


def _triple(values: Floats) -> Triple:
    x, y, z = (float(value) for value in values)
    return x, y, z


def _most(colour: Triple, most: float) -> Triple:
    r, g, b = (min(channel, most) for channel in colour)
    return r, g, b
