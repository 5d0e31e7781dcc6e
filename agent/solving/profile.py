# SPDX-License-Identifier: GPL-3.0-or-later
"""Shape from the outline: profiles of turned things, outlines of extruded ones, courses of tubes, as lists in PARAMS.

Each place of a mask's outline says how far the thing must reach there; the rows of the list are turned until it does,
by damped Gauss-Newton, as near as may be to what the script says and evenly along the list where the picture says
nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from .. import script_numbers
from . import contours, linear, shape_model, splat
from .contours import Contour
from .fit_measure import Targets
from .probe import Probe
from .profile_fit import Fit, guarded
from .series import Find, Series
from .shape_model import Array, Floats, ShapeModel
from .splat import Mask

LONGEST = 200
"""Pixels of the longer side at which points are enough to cover a thing."""
ROUNDS = 3
_NEARER = 0.97
_BEHIND = 0.97
"""Of a thing's distance: what is nearer than that hides it."""


@dataclass(frozen=True)
class Shaped:
    """What came of it, by thing: how far outlines are off, percent of the frame's width, before and after."""

    before: dict[str, float]
    after: dict[str, float]


class Profiles:
    """The drawing lists of one stage's script against the picture's masks."""

    def __init__(
        self,
        probe: Probe,
        masks: Mapping[str, Mask],
        frame: tuple[int, int],
        check: Callable[[], None] = lambda: None,
        find: Find = script_numbers.find,
    ) -> None:
        """`masks` by brief object at the picture's size, `frame` (width, height) whose aspect counts; `check` raises
        when the run is cancelled; `find` finds the script's numbers."""
        scale = LONGEST / max(frame)
        self.size = max(16, round(frame[0] * scale)), max(16, round(frame[1] * scale))
        shown = {name: mask for name, mask in masks.items() if mask.any()}
        self._names = list(shown)
        self._contours = contours.of_masks(shown)
        self._targets = Targets(shown, self.size) if shown else None
        self._aspect = frame[1] / frame[0]
        self._probe, self._check, self._find = probe, check, find
        self.trace: list[tuple[str, float, float]] = []
        """What was kept: its kind, seconds since the start, how far outlines were off then."""

    def solve(
        self, script: str, lists: Sequence[Series], seconds: float, tell: Callable[[str], None] = lambda _: None
    ) -> tuple[str, Shaped] | None:
        """Return the script with better lists, and how much better; None without one."""
        began = time.monotonic()
        best, first = script, None
        for turn in range(ROUNDS):
            self._check()
            if turn and time.monotonic() - began > seconds * turn / (turn + 1):
                break
            tell(f"solving profiles, round {turn + 1}")
            found = self._round(best, script, lists, began + seconds)
            if found is None:
                break
            best, shaped = found
            self.trace += [] if first else [("as it was", 0.0, sum(shaped.before.values()))]
            self.trace.append(("profile", time.monotonic() - began, sum(shaped.after.values())))
            nothing = sum(shaped.after.values()) > 0.9 * sum(shaped.before.values())
            first = Shaped(first.before if first else shaped.before, shaped.after)
            if nothing:
                break
        return (best, first) if first else None

    def _round(self, script: str, first: str, lists: Sequence[Series], deadline: float) -> tuple[str, Shaped] | None:
        """One model, one fit, one run to see what it is worth. What isn't seen stays as in the script at `first`."""
        model = shape_model.build(self._probe, script, self._names, self.size, lists, self._find)
        if model is None or self._targets is None:
            return None
        closed = {name: self._closed(model, name) for name in model.points if name in self._contours}
        fit = Fit(model, closed, self._aspect, self.size, model.turned(self._find(first)))
        if not fit.names:
            return None
        before = fit.off(model.points)
        ious = self._ious(model.points | model.others, model.projection)
        whole = fit.solve(self._check, deadline)
        for share in (1.0, 0.5, 0.2):
            changes = guarded(model, share * whole)
            text = model.text(changes)
            if text == script:
                return None
            made = self._probe.run([text], self._names, splat.samples(self.size))[0]
            if not made.ok or made.projection is None:
                continue
            points = linear.things(made, self._names)
            if set(points) != set(model.points) | set(model.others):
                continue
            after = fit.off(points)
            new = self._ious(points, model.projection)
            if sum(after.values()) < _NEARER * sum(before.values()) and _sum(new, fit.names) > _sum(ious, fit.names):
                return text, Shaped(before, after)
        return None

    def _ious(self, points: Mapping[str, Floats], projection: Floats) -> dict[str, float]:
        assert self._targets is not None
        layers = {
            name: splat.layer(cloud[splat.far_to_near(cloud, projection)], projection, self.size)
            for name, cloud in points.items()
        }
        return dict(zip(self._targets.names, self._targets.ious(self._targets.compose(layers)), strict=True))

    def _closed(self, model: ShapeModel, name: str) -> tuple[Contour, Mask]:
        """A thing's outline, and where it is open: not where what it ends at lies behind it."""
        contour = self._contours[name]
        hidden = contour.open.copy()
        others = [other for other in self._names if other != name]
        clouds = model.points | model.others
        mine = splat.layer(clouds[name], model.projection, self.size).depth
        for index in np.unique(contour.beside[contour.beside >= 0]):
            cloud = clouds.get(others[index])
            if cloud is None:
                continue
            cloud = cloud[splat.far_to_near(cloud, model.projection)]
            theirs = splat.layer(cloud, model.projection, self.size).depth
            here = contour.beside == index
            inside = self._at(mine, contour.places[here] - contour.out[here])
            outside = self._at(theirs, contour.places[here] + contour.out[here])
            hidden[here] &= ~(np.isfinite(outside) & np.isfinite(inside) & (outside > _BEHIND * inside))
        return replace(contour, free=np.where(hidden, np.inf, contour.free)), hidden

    def _at(self, depth: Floats, places: Array) -> Array:
        width, height = self.size
        columns = np.clip((places[:, 0] / 100 * width).astype(int), 0, width - 1)
        rows = np.clip((places[:, 1] / 100 * width).astype(int), 0, height - 1)
        return np.asarray(depth[rows, columns], np.float64)


def _sum(ious: Mapping[str, float], names: Sequence[str]) -> float:
    return sum(ious[name] for name in names)
