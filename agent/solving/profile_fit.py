# SPDX-License-Identifier: GPL-3.0-or-later
"""How to turn drawing lists so that things reach as far as their outlines: damped Gauss-Newton on a linear model."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from . import damped, shape_model, splat
from .contours import Contour
from .shape_model import Array, Floats, ShapeModel
from .splat import Mask

STOPPING = damped.Stopping(steps=30, share=3e-4, short=2)
_HUBER = 10.0
_CONTACT = 0.02
"""Of a thing's height: how exactly its foot stays where it is."""
_EVEN = 1.0
"""How much neighbours of a list may go different ways, of how wrong each may be."""
_ALONG = 0.2
"""The same for a row that slides along its list, which changes little that can be seen."""
_TURNS = 0.2
"""Share of a stretch between neighbours that stays: they never come to lie in each other's place."""
_HINGE = 0.02


class Fit:
    """The least-squares problem of one model."""

    def __init__(
        self,
        model: ShapeModel,
        outlines: Mapping[str, tuple[Contour, Mask]],
        aspect: float,
        size: tuple[int, int],
        gone: Array | None = None,
    ) -> None:
        """`outlines` are the masks' and where they are open, by thing; `aspect` is the frame's height over its width,
        `size` (width, height) the pixels at which what is inside a thing is told from its rim; `gone` is how far the
        knobs are already from where they would stay if nothing were seen."""
        self.names = list(outlines)
        self._model, self._outlines, self._aspect, self._size = model, outlines, aspect, size
        self._spread = np.array([knob.spread for knob in model.knobs])
        self._gone = np.zeros(len(self._spread)) if gone is None else gone
        self._feet = {name: float(model.points[name][:, 2].min()) for name in self.names}
        self._heights = {name: max(float(np.ptp(model.points[name][:, 2])), 1e-3) for name in self.names}
        self._even = np.concatenate([_second_differences(model) / self._spread / _EVEN, _slides(model)])
        self._stretches = _stretches(model)

    def off(self, points: Mapping[str, Floats]) -> dict[str, float]:
        """Return how far things as given are from their outlines, percent of the frame's width, on average."""
        found = {}
        for name in self.names:
            miss = self._misses(name, points[name])[0]
            found[name] = float(np.abs(miss).mean())
        return found

    def solve(self, check: Callable[[], None], deadline: float) -> Array:
        """Return by how much to turn each knob."""

        def at(x: Array) -> tuple[float, damped.Slopes]:
            misses, slopes = self._system(x)
            loss = float(damped.huber(misses, _HUBER).sum())
            return loss, lambda: damped.of_misses(misses, slopes, _HUBER)

        start = np.zeros(len(self._spread))
        return damped.solve(at, start, self._spread, STOPPING, check, deadline)[0]

    def _system(self, x: Array) -> tuple[Array, Array]:
        """Return the misses with the knobs turned by `x`, in units of how exactly each is known, and their slopes."""
        rows, slopes = [], []
        points = self._model.moved(x)
        for name in self.names:
            miss, which = self._misses(name, points[name])
            exact = self._outlines[name][0].exact
            rows.append(miss / exact)
            slopes.append(self._slopes(name, points[name], which) / exact[:, None])
            lowest = int(points[name][:, 2].argmin())
            scale = self._heights[name] * _CONTACT
            rows.append(np.array([(float(points[name][lowest, 2]) - self._feet[name]) / scale]))
            slopes.append(self._model.slopes[name][:, lowest, 2][None].astype(np.float64) / scale)
        away = x + self._gone
        rows.append(self._even @ away)
        slopes.append(self._even)
        rows.append(away / self._spread)
        slopes.append(np.diag(1 / self._spread))
        for first, second, way in self._stretches:
            left = 1.0 + float(way @ (second - first) @ x)
            rows.append(np.array([min(0.0, left - _TURNS) / _HINGE]))
            slopes.append((way @ (second - first))[None] / _HINGE * (left < _TURNS))
        return np.concatenate(rows), np.concatenate(slopes)

    def _misses(self, name: str, points: Floats) -> tuple[Array, NDArray[np.int64]]:
        """Return by how much a thing reaches beyond each place of its outline, percent of the frame's width, and which
        point it is; -1 and nothing where it does not matter."""
        contour, hidden = self._outlines[name]
        flat = self._flat(points)
        rim = np.flatnonzero(self._rim(points))
        miss, which = contour.reach(flat[rim])
        which = np.where(which >= 0, rim[which] if len(rim) else -1, -1)
        # Behind something else a thing may go on, but it can't end before its mask does.
        silent = hidden & (miss > 0)
        return np.where(silent, 0.0, miss), np.where(silent, -1, which)

    def _flat(self, points: Floats) -> Array:
        flat = shape_model.in_frame(points, self._model.projection).astype(np.float64)
        return np.stack([(flat[:, 0] * 0.5 + 0.5) * 100, (0.5 - flat[:, 1] * 0.5) * 100 * self._aspect], axis=1)

    def _rim(self, points: Floats) -> NDArray[np.bool_]:
        """Which points lie near where the thing ends in the picture; no other can be outermost."""
        layer = splat.layer(points, self._model.projection, self._size)
        inner = splat.shrunk(layer.mask, 2)
        flat = self._flat(points)
        width, height = self._size
        column = np.floor(flat[:, 0] / 100 * width).astype(int)
        row = np.floor(flat[:, 1] / 100 * width).astype(int)
        inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
        found = np.zeros(len(points), np.bool_)
        found[inside] = ~inner[row[inside], column[inside]]
        return found

    def _slopes(self, name: str, points: Floats, which: NDArray[np.int64]) -> Array:
        """How misses change with each knob, (places, knobs)."""
        contour = self._outlines[name][0]
        found = np.zeros((len(which), len(self._spread)))
        there = np.flatnonzero(which >= 0)
        if not len(there):
            return found
        at = which[there]
        projection = self._model.projection.astype(np.float64)
        clip = points[at].astype(np.float64) @ projection[:, :3].T + projection[:, 3]
        w = np.maximum(clip[:, 3], 1e-3)
        out = contour.out[there] * np.array([50.0, -50.0 * self._aspect])
        # Of x / w and y / w by the world's axes.
        by = [(projection[axis, :3] - (clip[:, axis] / w)[:, None] * projection[3, :3]) / w[:, None] for axis in (0, 1)]
        direction = out[:, :1] * by[0] + out[:, 1:] * by[1]
        found[there] = np.einsum("knd,nd->nk", self._model.slopes[name][:, at].astype(np.float64), direction)
        return found


def guarded(model: ShapeModel, x: Array) -> dict[int, float]:
    """Return what turning the knobs by `x` makes of the numbers, but that no radius is negative and no row comes to lie
    in or beyond its neighbour's place."""
    changes = model.changes(x)
    for item in model.lists:
        for row in item.rows:
            for index, radial in zip(row, item.radial, strict=True):
                if radial and index in changes:
                    low = min(0.0, -0.9 * model.numbers[index].value)
                    changes[index] = max(changes[index], low)
        if len(item.radial) == 1:
            continue
        values = item.values(model.numbers)
        by = np.array([[changes.get(index, 0.0) for index in row] for row in item.rows])
        for _ in range(20):
            stretch, new = np.diff(values, axis=0), np.diff(values + by, axis=0)
            size = (stretch**2).sum(axis=1)
            crossed = (size > 0) & ((stretch * new).sum(axis=1) < 0.9 * _TURNS * size)
            if not crossed.any():
                break
            by[np.append(crossed, False) | np.append(False, crossed)] *= 0.7
        changes |= {
            index: float(by[row, column])
            for row, indices in enumerate(item.rows)
            for column, index in enumerate(indices)
            if index in changes
        }
    return changes


def _second_differences(model: ShapeModel) -> Array:
    """Rows that say how unevenly the knobs of a column go, (rows, knobs), in units of the knobs."""
    rows = []
    place = {(knob.series, knob.column, knob.knot): index for index, knob in enumerate(model.knobs) if knob.series >= 0}
    for (series, column, knot), index in place.items():
        before, after = place.get((series, column, knot - 1)), place.get((series, column, knot + 1))
        if before is not None and after is not None:
            row = np.zeros(len(model.knobs))
            row[index], row[before], row[after] = 1.0, -0.5, -0.5
            rows.append(row)
    return np.array(rows).reshape(-1, len(model.knobs))


def _slides(model: ShapeModel) -> Array:
    """Rows that say how far each knot but the ends goes along its list, (rows, knobs), in units of how far it may."""
    rows = []
    for number, item in enumerate(model.lists):
        values = item.values(model.numbers)
        mine = [index for index, knob in enumerate(model.knobs) if knob.series == number]
        knots = sorted({model.knobs[index].knot for index in mine})
        if len(item.radial) == 1 or len(knots) < 3:
            continue
        at = np.linspace(0, len(values) - 1, knots[-1] + 1)
        places = np.stack([np.interp(at, np.arange(len(values)), column) for column in values.T], axis=1)
        for knot in knots[1:-1]:
            way = places[knot + 1] - places[knot - 1]
            size = float(np.linalg.norm(way))
            of = [index for index in mine if model.knobs[index].knot == knot]
            if size > 0 and of:
                row = np.zeros(len(model.knobs))
                for index in of:
                    row[index] = way[model.knobs[index].column] / size
                rows.append(row / (_ALONG * max(model.knobs[index].spread for index in of)))
    return np.array(rows).reshape(-1, len(model.knobs))


def _stretches(model: ShapeModel) -> list[tuple[Array, Array, Array]]:
    """Of each two neighbours in a list how the knobs move them, (columns, knobs) twice, and the way from one to the
    other over its squared length."""
    found = []
    for item in model.lists:
        if len(item.radial) == 1:
            continue
        values = item.values(model.numbers)
        moves = [
            np.array([[knob.shares.get(index, 0.0) for knob in model.knobs] for index in row]) for row in item.rows
        ]
        for row, way in enumerate(np.diff(values, axis=0)):
            if size := float(way @ way):
                found.append((moves[row], moves[row + 1], way / size))
    return found
