# SPDX-License-Identifier: GPL-3.0-or-later
"""Guess where the lamps are from how bright the floor is: each candidate's light on a bare floor is known in closed
form, so the few that explain the floor best are found without rendering."""

from __future__ import annotations

from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray

from .. import colour_space
from ..unique_name import unique
from .camera import Camera
from .write_lighting import WORLD, Lamp

Array = NDArray[np.float64]
Point = tuple[float, float, float]

TURNS = 8
AWAY = (0.0, 1.0, 2.0, 3.2)
"""Candidate distances on the ground from the scene's middle, in reaches."""
HIGH = (0.9, 1.5, 2.5, 4.0)
"""Candidate heights, in reaches."""
MOST = 3
LAMP_COST = 0.03
"""Part of the error a further lamp must take away."""
_UP = np.array([0.0, 0.0, 1.0])
_FACES = ((0.3, (0.0, 0.0, 1.0)), (0.3, (0.0, -1.0, 0.0)), (0.2, (-0.7, -0.7, 0.14)), (0.2, (0.7, -0.7, 0.14)))
"""Shares and normals of what the camera sees of a body, roughly."""
ALWAYS = 0.25
"""Share of the light that comes from a lamp at least, for shading and shadows."""


def guess(
    rgb: NDArray[np.float32], floor: NDArray[np.bool_], camera: Camera, albedo: Point, centre: Point, reach: float
) -> list[Lamp]:
    """World and up to three lamps that light a floor of this albedo (linear RGB) as the picture shows it.

    `rgb` (h, w, 3) sRGB, `floor` (h, w) where it is seen; `centre` and `reach` (m) of the things on it.
    """
    points, seen = _samples(rgb, floor, camera)
    spots = _candidates(camera, centre, reach)
    if len(seen) < 30:
        return _usual(centre, reach)
    level = max(1e-3, float(np.dot(albedo, colour_space.LUMINANCE)))
    wanted = colour_space.to_linear(seen) @ colour_space.LUMINANCE / level
    lit = np.stack([np.ones(len(points)), *(_light(points, spot, np.asarray(centre)) for spot in spots)], axis=1)
    # Errors count as they are seen: the slope of sRGB is steep in the dark.
    weight = np.maximum(wanted, 0.05) ** (1 / 2.4 - 1)
    kept = np.ones(len(points), bool)
    chosen: list[int] = []
    powers = np.zeros(1)
    for _ in range(2):
        chosen, powers = _choose(lit[kept] * weight[kept, None], wanted[kept] * weight[kept])
        rest = (wanted - lit[:, [0, *chosen]] @ powers) * weight
        kept = rest > np.percentile(rest, 12)  # what is darker than explained is shadow
    return _lamps([spots[i - 1] for i in chosen], powers, centre, reach)


def _samples(rgb: NDArray[np.float32], floor: NDArray[np.bool_], camera: Camera) -> tuple[Array, Array]:
    """Floor points (n, 3) and the sRGB colours (n, 3) seen there, on a coarse grid."""
    h, w = floor.shape
    size = 48, max(2, round(48 * h / w))
    share = cv2.resize(floor.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    small = cv2.resize(rgb * floor[..., None], size, interpolation=cv2.INTER_AREA)
    ys, xs = np.nonzero(share > 0.9)
    points = np.column_stack([(xs + 0.5) / size[0], (ys + 0.5) / size[1]])
    ground = camera.on_ground(points) if len(points) else np.zeros((0, 3))
    return ground, np.asarray(small[ys, xs] / share[ys, xs, None], np.float64)


def _candidates(camera: Camera, centre: Point, reach: float) -> list[Point]:
    """Places for lamps that the camera does not see."""
    spots = []
    for away, high, turn in product(AWAY, HIGH, range(TURNS)):
        if away == 0 and turn:
            continue
        angle = 2 * np.pi * turn / TURNS
        spot = np.array(centre) + reach * np.array([away * np.cos(angle), away * np.sin(angle), high])
        seen, depth = camera.project(spot[None])
        if depth[0] > 0 and (abs(seen[0] - 0.5) < 0.62).all():
            continue
        spots.append((float(spot[0]), float(spot[1]), float(spot[2])))
    return spots


def on_object(lamps: list[Lamp], place: Point, floor: float) -> float:
    """Radiance of a white body standing at `place` (its middle), as the camera sees it, on a floor that shines `floor`.

    The camera looks along +Y, so it sees tops, fronts and half of the sides; upright faces see half sky, half floor.
    """
    total = 0.0
    for share, normal in _FACES:
        up = max(0.0, normal[2])
        for lamp in lamps:
            if lamp.name == WORLD:
                total += share * (lamp.power * (0.5 + 0.5 * up) + floor * (0.5 - 0.5 * up))
            else:
                lit = _light(np.array([place]), lamp.location, np.asarray(lamp.target), np.array(normal))
                total += share * lamp.power / np.pi**2 * float(lit[0])
    return total


def _light(points: Array, spot: Point, target: Array, normal: Array = _UP) -> Array:
    """What a lamp of pi^2 watts at `spot`, looking at `target`, adds to a white surface's radiance at the points."""
    way = points - np.asarray(spot)
    distance = np.linalg.norm(way, axis=1)
    look = target - np.asarray(spot)
    look /= np.linalg.norm(look)
    return np.asarray(np.maximum(way @ look, 0) * np.maximum(-(way @ normal), 0) / distance**4, np.float64)


def _choose(lit: Array, wanted: Array) -> tuple[list[int], Array]:
    """Greedily the columns (column 0, the world, always) that explain `wanted`, and their non-negative powers."""
    gram, side = lit.T @ lit, lit.T @ wanted
    total = float(wanted @ wanted)

    def solved(columns: list[int]) -> tuple[float, Array]:
        powers = np.linalg.lstsq(gram[np.ix_(columns, columns)], side[columns], rcond=None)[0]
        powers = np.maximum(powers, 0.0)
        square = float(powers @ gram[np.ix_(columns, columns)] @ powers)
        return total - 2 * float(powers @ side[columns]) + square, powers

    chosen: list[int] = []
    error, powers = solved([0])
    for _ in range(MOST):
        tries = [(solved([0, *chosen, i]), i) for i in range(1, lit.shape[1]) if i not in chosen]
        if not tries:
            break
        (new_error, new_powers), best = min(tries, key=lambda item: item[0][0])
        if new_error > error * (1 - LAMP_COST) or (new_powers[1:] <= 0).any():
            break
        chosen, error, powers = [*chosen, best], new_error, new_powers
    return chosen, powers


def _lamps(spots: list[Point], powers: Array, centre: Point, reach: float) -> list[Lamp]:
    lamps = [Lamp(WORLD, max(0.1, float(powers[0])))]
    for spot, power in zip(spots, powers[1:], strict=True):
        name = _name(spot, centre, reach, lamps)
        lamps.append(Lamp(name, float(power) * np.pi**2, location=spot, target=centre, size=0.7 * reach))
    if len(lamps) == 1:
        world, part = lamps[0].power, lamps[0].power * ALWAYS
        return [Lamp(WORLD, world - part), *(lamp.gained((part, part, part)) for lamp in _usual(centre, reach)[1:])]
    return lamps


def _usual(centre: Point, reach: float) -> list[Lamp]:
    """Ambient light, and two lamps of which each alone lights a facing surface to about one half."""
    lamps = [Lamp(WORLD, 0.5)]
    for name, way in (("Left Lamp", (-1.2, -1.0, 1.5)), ("Right Lamp", (1.2, -1.0, 1.5))):
        offset = reach * np.array(way)
        spot = np.array(centre) + offset
        where = float(spot[0]), float(spot[1]), float(spot[2])
        lamps.append(Lamp(name, 0.5 * np.pi**2 * float(offset @ offset), (1.0, 1.0, 1.0), where, centre, 0.7 * reach))
    return lamps


def _name(spot: Point, centre: Point, reach: float, others: list[Lamp]) -> str:
    x, y = (spot[0] - centre[0]) / reach, (spot[1] - centre[1]) / reach
    side = "Left " if x < -0.5 else "Right " if x > 0.5 else ""
    ahead = "Front " if y < -0.5 else "Back " if y > 0.5 else ""
    base = f"{ahead}{side}Lamp" if ahead or side else "Top Lamp"
    return unique(base, [lamp.name for lamp in others])
