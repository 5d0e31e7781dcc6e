# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person would call wrong at a glance: floating, sunk, run into each other, out of frame, black, blown out."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from mathutils import Vector

from .evaluate import Body
from .protocol import ObjectInfo, SanityFinding

_TOUCH = 0.03
"""Gap or overlap that still counts as touching, as a share of the smaller thing's diagonal."""
_SUNK = 0.15
_FLAT = 0.02
_GROUND_FACTOR = 2.0
_MAX_TRIANGLES = 200_000
_SAMPLES = 400
_MAX_FINDINGS = 12
_UP, _DOWN = Vector((0, 0, 1)), Vector((0, 0, -1))


def of_bodies(bodies: dict[str, Body]) -> list[SanityFinding]:
    """Return what is wrong with how things stand: floating, sunk, interpenetrating. Amounts in metres."""
    ground = _ground(bodies)
    things: dict[str, list[Body]] = {}
    for body in bodies.values():
        if body is not ground and len(body.triangles) <= _MAX_TRIANGLES:
            things.setdefault(body.group, []).append(body)
    found: list[SanityFinding] = []
    floor = float(ground.high[2]) if ground else min((float(b.low[2]) for b in bodies.values()), default=0.0)
    for name, parts in things.items():
        others = [b for group, bs in things.items() if group != name for b in bs] + ([ground] if ground else [])
        found += _standing(parts, others, ground, floor)
    for (_, one), (_, two) in combinations(things.items(), 2):
        found += _collision(one, two)
    return sorted(found, key=lambda item: -item.amount)[:_MAX_FINDINGS]


def of_frame(inventory: tuple[ObjectInfo, ...], bodies: dict[str, Body]) -> list[SanityFinding]:
    """Return what is out of frame; amounts are the share of the screen box outside."""
    ground = _ground(bodies)
    found = []
    for item in inventory:
        if item.name not in bodies or (ground is not None and item.name == ground.name):
            continue
        outside = _outside(item.screen_box)
        if outside > 0.5:
            where = "behind the camera" if item.screen_box is None else f"{outside:.0%} out of frame"
            found.append(SanityFinding("out_of_frame", f"{item.name} is {where}", item.name, outside))
    return found


def of_picture(display: np.ndarray, covered: np.ndarray) -> list[SanityFinding]:
    """Judge a beauty render: `display` float (h, w, 3) 0..1 as shown, `covered` bool (h, w) where things are."""
    if not covered.any():
        return []
    bright = display[covered].max(axis=-1)
    if np.quantile(bright, 0.99) < 0.03:
        return [SanityFinding("black_render", "the render is black: no light reaches the things in it")]
    blown = float(np.mean(display[covered].min(axis=-1) > 0.99))
    if blown > 0.6:
        return [SanityFinding("blown_render", f"{blown:.0%} of the things' pixels are blown out to white", "", blown)]
    return []


def _ground(bodies: dict[str, Body]) -> Body | None:
    """Return the floor: flat, level, low, and wider than the other things."""
    flat = [b for b in bodies.values() if b.size[2] <= _FLAT * max(b.size[0], b.size[1])]
    if not flat:
        return None
    widest = max(flat, key=lambda b: float(b.size[0] * b.size[1]))
    rest = [b for b in bodies.values() if b is not widest]
    span = max((float(max(b.size[:2])) for b in rest if b not in flat), default=0.0)
    low = min((float(b.high[2]) for b in rest), default=np.inf)
    wide = max(widest.size[:2]) >= _GROUND_FACTOR * span or len(rest) < 2
    return widest if wide and float(widest.low[2]) <= low else None


def _standing(parts: list[Body], others: list[Body], ground: Body | None, floor: float) -> list[SanityFinding]:
    low = min(float(b.low[2]) for b in parts)
    high = max(float(b.high[2]) for b in parts)
    lowest = min(parts, key=lambda b: float(b.low[2]))
    tolerance = _TOUCH * max(b.diagonal for b in parts) + 1e-3
    if ground is not None and low < floor - max(_SUNK * (high - low), tolerance) and _over(lowest, ground):
        text = f"{lowest.name} is sunk {floor - low:.2f} m into {ground.name}"
        return [SanityFinding("sunk", text, lowest.name, floor - low)]
    near = [b for b in others if _boxes_meet(parts, b, tolerance)]
    if any(a.tree.overlap(b.tree) for a in parts for b in near):
        return []
    gap = _gap_below(lowest, others, tolerance)
    if gap is None:
        gap = low - floor
    if gap <= tolerance:
        return []
    text = f"{lowest.name} floats {gap:.2f} m above what is below it"
    return [SanityFinding("floating", text, lowest.name, gap)]


def _over(body: Body, ground: Body) -> bool:
    middle = (body.low + body.high) / 2
    return bool(np.all(middle[:2] >= ground.low[:2]) and np.all(middle[:2] <= ground.high[:2]))


def _boxes_meet(parts: list[Body], other: Body, margin: float) -> bool:
    return any(np.all(b.low - margin <= other.high) and np.all(other.low <= b.high + margin) for b in parts)


def _gap_below(lowest: Body, others: list[Body], tolerance: float) -> float | None:
    """Return the smallest drop from the body's lowest points to anything else, None when there is nothing below."""
    under = lowest.points[lowest.points[:, 2] <= lowest.low[2] + tolerance]
    middle = np.append((lowest.low[:2] + lowest.high[:2]) / 2, lowest.low[2])
    starts = np.concatenate([middle[None], under[:: max(1, len(under) // 16)]])
    drops = []
    for other in others:
        if (
            len(other.triangles) == 0
            or np.any(other.high[:2] < lowest.low[:2])
            or np.any(other.low[:2] > lowest.high[:2])
        ):
            continue
        for start in starts:
            # A little up, so that a thing standing exactly on its support still finds it.
            origin = Vector(start) + _UP * 2 * tolerance
            hit = other.tree.ray_cast(origin, _DOWN)
            if hit[0] is not None:
                drops.append(hit[3] - 2 * tolerance)
    return min(drops) if drops else None


def _collision(one: list[Body], two: list[Body]) -> list[SanityFinding]:
    worst: tuple[float, Body, Body] | None = None
    for a in one:
        for b in two:
            small, large = sorted((a, b), key=lambda body: body.diagonal)
            overlap = np.minimum(a.high, b.high) - np.maximum(a.low, b.low)
            tolerance = _TOUCH * small.diagonal + 1e-3
            if np.min(overlap) <= tolerance or not a.tree.overlap(b.tree):
                continue
            depth = max(_depth_inside(small, large), _depth_inside(large, small))
            if depth > tolerance and (worst is None or depth > worst[0]):
                worst = (depth, small, large)
    if worst is None:
        return []
    depth, small, large = worst
    text = f"{small.name} runs {depth:.2f} m into {large.name}"
    return [SanityFinding("interpenetrating", text, small.name, depth)]


def _depth_inside(body: Body, other: Body) -> float:
    """Return how deep the deepest sampled point of `body` lies inside `other`, 0 when none does."""
    inside = np.all((body.points >= other.low) & (body.points <= other.high), axis=1)
    points = body.points[inside]
    deepest = 0.0
    for point in points[:: max(1, len(points) // _SAMPLES)]:
        place, normal, _, distance = other.tree.find_nearest(Vector(point))
        if place is not None and distance > deepest and (Vector(point) - place).dot(normal) < 0:
            deepest = float(distance)
    return deepest


def _outside(box: tuple[float, float, float, float] | None) -> float:
    if box is None:
        return 1.0
    x0, y0, x1, y1 = box
    area = max(x1 - x0, 1e-9) * max(y1 - y0, 1e-9)
    inside = max(0.0, min(x1, 1.0) - max(x0, 0.0)) * max(0.0, min(y1, 1.0) - max(y0, 0.0))
    return 1.0 - inside / area
