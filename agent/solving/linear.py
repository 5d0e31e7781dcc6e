# SPDX-License-Identifier: GPL-3.0-or-later
"""How a script's numbers move things, found by running it once with each number turned a little: things are then moved
without running anything. Exact for places and sizes, near enough for small turns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from .. import lift, parts, script_numbers
from ..script_numbers import Number
from . import camera_motion, rotation, splat
from .probe import Made, Probe

Floats = NDArray[np.float32]

MOST_NUMBERS = 140
"""Beyond it the numbers of PARAMS go first, then those that come first in the text."""
STEP = 0.02
LEAST_STEP = 0.01
_MOVES = 1e-5
"""Of the frame, for one step; less is rounding."""
_OWN_WAY = 0.1
"""Share of a number's effect that no earlier number has."""
_NOT_RIGID = 0.03
_WORTH = 0.003
"""Of the frame: a number that moves nothing that far when it changes by a third is left alone."""


@dataclass(frozen=True)
class Turn:
    """A rotation about an axis through `pivot`: `axis` is its direction times the radians per unit of the number."""

    axis: Floats
    pivot: Floats

    def applied(self, points: Floats, by: float) -> Floats:
        """Return points (n, 3) turned by `by` units."""
        turn = rotation.about(self.pivot.astype(np.float64), self.axis.astype(np.float64) * by).astype(np.float32)
        return np.asarray(points @ turn[:3, :3].T + turn[:3, 3], np.float32)


@dataclass
class Model:
    """What each number moves, about the script as it stood."""

    script: str
    numbers: list[Number]
    values: NDArray[np.float64]
    unit: NDArray[np.float64]
    """Change of each number that moves what it moves by 1 % of the frame."""
    affects: list[frozenset[str]]
    """Brief objects that each number moves; all of them for one that moves the camera."""
    shifts: list[bool]
    """Whether a number moves things without changing them; then it may take any value."""
    points: dict[str, Floats]
    """By brief object, world, from far to near."""
    slopes: dict[str, dict[int, Floats]]
    """By brief object and number: how its points move per unit of the number."""
    projection: Floats
    camera: dict[int, Floats]
    """By number: how the projection changes per unit of the number."""
    zooms: dict[int, float] = field(default_factory=dict)
    """Of those, the ones that only scale the picture about its middle, as a focal length does: by what share a unit."""
    pans: dict[int, NDArray[np.float64]] = field(default_factory=dict)
    """Of those, the ones that turn the camera where it stands: see `camera_motion.turns`."""
    turns: dict[int, Turn] = field(default_factory=dict)
    """Numbers that turn one object as a whole."""

    def moved(self, name: str, change: NDArray[np.float64]) -> Floats:
        """Return an object's points with the numbers changed by `change`, one for each."""
        points = self.points[name]
        slopes = {index: slope for index, slope in self.slopes[name].items() if change[index]}
        # As an object is made: its shape first, then turned, then put in place.
        for index, slope in slopes.items():
            if not self.shifts[index] and index not in self.turns:
                points = points + slope * np.float32(change[index])
        for index in slopes:
            if index in self.turns:
                points = self.turns[index].applied(points, float(change[index]))
        for index, slope in slopes.items():
            if self.shifts[index]:
                points = points + slope[0] * np.float32(change[index])
        return points

    def seen_through(self, change: NDArray[np.float64]) -> Floats:
        """Return the projection with the numbers changed by `change`."""
        projection, zoom, by = self.projection, 1.0, np.zeros(3)
        for index, slope in self.camera.items():
            if change[index] and index in self.zooms:
                zoom += self.zooms[index] * float(change[index])
            elif change[index] and index in self.pans:
                by += self.pans[index] * change[index]
            elif change[index]:
                projection = projection + slope * np.float32(change[index])
        if by.any():
            projection = camera_motion.turning(self.projection, by) @ projection
        if zoom != 1.0:
            # After the camera's turn, which a sum of both would not be.
            projection = projection * np.array([[zoom], [zoom], [1], [1]], np.float32)
        return projection

    def thinned(self, stride: int) -> Model:
        """Return the model with one of `stride` points."""
        return replace(
            self,
            points={name: points[::stride] for name, points in self.points.items()},
            slopes={
                name: {index: slope[::stride] for index, slope in slopes.items()}
                for name, slopes in self.slopes.items()
            },
        )

    def text(self, change: NDArray[np.float64]) -> str:
        """Return the script with the numbers changed, where they stand."""
        return lift.with_values(self.script, self.new_values(change))

    def new_values(self, change: NDArray[np.float64]) -> dict[Number, float]:
        """Return the changed numbers, rounded to what they are worth: a hundredth of a percent of the frame."""
        found = {}
        for number, value, unit, by in zip(self.numbers, self.values, self.unit, change, strict=True):
            if by:
                digits = int(np.clip(np.ceil(-np.log10(unit * 0.01)), -3, 6))
                found[number] = round(float(value + by), digits)
        return found


def things(made: Made, names: Sequence[str]) -> dict[str, Floats]:
    """Return the points of each brief object, its parts together; only of objects all whose parts have points."""
    groups: dict[str, list[str]] = {}
    for item in made.bounds:
        if (owner := parts.owner(item, names)) is not None:
            groups.setdefault(owner, []).append(item)
    return {
        owner: np.concatenate([made.points[item] for item in items])
        for owner, items in groups.items()
        if all(item in made.points for item in items)
    }


def build(
    probe: Probe,
    script: str,
    names: Sequence[str],
    size: tuple[int, int],
    find: Callable[[str], list[Number]] = script_numbers.find,
) -> Model | None:
    """Run the script with every number turned that `find` finds in it. None when it does not run as it is, or shows
    none of `names`."""
    found = find(script)
    found = sorted(found, key=lambda number: not number.param)[:MOST_NUMBERS]
    steps = [max(STEP * abs(number.value), LEAST_STEP) for number in found]
    texts = [script] + [
        lift.with_values(script, {number: number.value + step}) for number, step in zip(found, steps, strict=True)
    ]
    first, *others = probe.run(texts, names, splat.samples(size))
    if not first.ok or first.projection is None:
        return None
    base = things(first, names)
    if not base:
        return None
    projection = first.projection.astype(np.float32)
    order = {name: splat.far_to_near(points, projection) for name, points in base.items()}
    model = Model(script, [], np.zeros(0), np.zeros(0), [], [], {}, {name: {} for name in base}, projection, {})
    model.points = {name: points[order[name]] for name, points in base.items()}
    values, units = [], []
    for number, step, made in zip(found, steps, others, strict=True):
        if not made.ok or made.projection is None:
            continue
        turned = things(made, names)
        # An object whose faces changed with the number has no points to follow; then the number is left alone.
        if set(turned) != set(base) or any(len(turned[name]) != len(base[name]) for name in base):
            continue
        through = made.projection.astype(np.float32)
        moves_camera = not np.allclose(through, projection, rtol=1e-6, atol=1e-7)
        ways = {name: points[order[name]] - model.points[name] for name, points in turned.items()}
        gaps = {
            name: _gap(model.points[name], projection, model.points[name] + way, through)
            for name, way in ways.items()
            if moves_camera or way.any()
        }
        gaps = {name: gap for name, gap in gaps.items() if gap > _MOVES}
        if not gaps:
            continue
        unit = 0.01 * step / max(gaps.values())
        if 0.01 * max(0.3 * abs(number.value), 0.3) / unit < _WORTH:
            continue
        if number.value == 0 and not number.param and len(gaps) > 1 and not moves_camera:
            # A nought that things share is meant: in a helper that stands them upright it would tilt them all.
            continue
        index = len(model.numbers)
        if moves_camera and (zoom := _zoom(projection, through - projection)) is not None:
            # A sensor's width says nothing that the focal length does not.
            if model.zooms:
                continue
            model.zooms[index] = zoom / step
        model.numbers.append(number)
        values.append(number.value)
        units.append(unit)
        model.affects.append(frozenset(gaps))
        model.shifts.append(all(_even(ways[name]) for name in gaps))
        if not model.shifts[-1] and len(gaps) == 1 and not moves_camera:
            (name,) = gaps
            # Half way is where a chord runs as the circle does, however long the step.
            if turn := _turn(model.points[name] + np.float32(0.5) * ways[name], ways[name] / np.float32(step)):
                model.turns[index] = turn
        for name in gaps:
            if ways[name].any():
                model.slopes[name][index] = ways[name] / np.float32(step)
        if moves_camera:
            model.camera[index] = (through - projection) / np.float32(step)
    model.values, model.unit = np.array(values), np.array(units)
    model.pans = camera_motion.turns(projection, model.camera)
    return model


def independent(model: Model, indices: Sequence[int]) -> list[int]:
    """Return those of some numbers that move things each in its own way, earlier ones first: a size beside the three
    sizes it multiplies says nothing more, and products of the two would be far from linear."""
    chosen: list[int] = []
    basis: list[NDArray[np.float64]] = []
    for index in indices:
        ways = [model.slopes[name][index] for name in sorted(model.points) if index in model.slopes[name]]
        if index in model.camera or not ways:
            chosen.append(index)
            continue
        whole = np.zeros(sum(points.size for points in model.points.values()))
        at = 0
        for name in sorted(model.points):
            size = model.points[name].size
            if index in model.slopes[name]:
                whole[at : at + size] = model.slopes[name][index].ravel()
            at += size
        whole /= np.linalg.norm(whole)
        rest = whole - sum((whole @ way) * way for way in basis)
        left = float(np.linalg.norm(rest))
        if left > _OWN_WAY:
            chosen.append(index)
            basis.append(rest / left)
    return chosen


def _zoom(projection: Floats, slope: Floats) -> float | None:
    """Return the share that a picture grows by per unit of a number; None for one that does anything else to it."""
    rows, change = projection[:2].astype(np.float64), slope[:2].astype(np.float64)
    rate = float((rows * change).sum() / (rows * rows).sum())
    rest = max(float(np.abs(change - rate * rows).max()), float(np.abs(slope[2:]).max()))
    return rate if rest < 1e-3 * float(np.abs(change).max()) else None


def _turn(points: Floats, slope: Floats) -> Turn | None:
    """Return the rotation that a slope field is the beginning of; None when it is something else."""
    x, y, z = points.astype(np.float64).T
    zero, one = np.zeros_like(x), np.ones_like(x)
    # v = w x p + t, linear in w and t.
    rows = np.concatenate(
        [
            np.stack([zero, z, -y, one, zero, zero], 1),
            np.stack([-z, zero, x, zero, one, zero], 1),
            np.stack([y, -x, zero, zero, zero, one], 1),
        ]
    )
    wanted = slope.T.ravel().astype(np.float64)
    solution = np.linalg.lstsq(rows, wanted, rcond=None)[0]
    axis, drift = solution[:3], solution[3:]
    size = float(axis @ axis)
    if size < 1e-12 or np.linalg.norm(rows @ solution - wanted) > _NOT_RIGID * np.linalg.norm(wanted):
        return None
    # What of the drift runs along the axis would be a screw.
    if abs(float(axis @ drift)) > _NOT_RIGID * np.sqrt(size) * np.linalg.norm(slope, axis=1).max():
        return None
    return Turn(axis.astype(np.float32), (np.cross(axis, drift) / size).astype(np.float32))


def _even(way: Floats) -> bool:
    return float(np.ptp(way, axis=0).max()) <= 1e-3 * float(np.abs(way).max()) + 1e-6


def _gap(points: Floats, projection: Floats, moved: Floats, through: Floats) -> float:
    """How far points move in the picture, as a fraction of the frame: the upper quartile of them."""
    gap = np.linalg.norm(_flat(points, projection) - _flat(moved, through), axis=1) / 2
    return float(np.quantile(gap, 0.75))


def _flat(points: Floats, projection: Floats) -> Floats:
    clip = points @ projection[:, :3].T + projection[:, 3]
    return np.asarray(clip[:, :2] / np.maximum(clip[:, 3:4], 1e-3), np.float32)
