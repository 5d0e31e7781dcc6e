# SPDX-License-Identifier: GPL-3.0-or-later
"""Samples on an object's surface that stay at the same places of it while its numbers change."""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np
from mathutils.kdtree import KDTree

from ..evaluate import Body

_LEAST = 64
_BEHIND = 0.15
"""Weight of what is seen edge-on or from behind, for it may turn into view."""
_CORNERS = 1500
"""The most vertices that are samples themselves."""
_APART = 0.7
"""Percent of the frame between samples along an edge: a thing often ends in the picture at one."""
_ON_EDGES = 1500
"""The most samples of that kind."""
_ELSEWHERE = 0.01
"""Of an object's box: vertices farther apart are not the same one."""
_WAY = np.array((1.0, 0.7548776662, 0.5698402910))


@dataclass(frozen=True)
class Picks:
    """Where on the surface: triangle of each sample and its barycentric coordinates (n, 3); and the topology."""

    triangles: np.ndarray
    weights: np.ndarray
    corners: np.ndarray
    edges: np.ndarray
    places: np.ndarray
    """Where the vertices are in the object's own box, 0 to 1, (n, 3)."""


def pick(body: Body, projection: np.ndarray, density: float) -> Picks:
    """Choose samples, about `density` per 10,000th of the frame's area that a triangle covers when projected."""
    clip = np.concatenate([body.points, np.ones((len(body.points), 1))], axis=1) @ projection.T
    # What lies behind the camera has no place in the frame; a floor may reach there.
    w = np.where(clip[:, 3] > 1e-3, clip[:, 3], np.nan)
    flat = clip[:, :2] / w[:, None]
    a, b, c = (flat[body.triangles[:, i]] for i in range(3))
    # The frame is 2 by 2 in clip space.
    area = np.abs((b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])) / 8
    area = np.clip(np.nan_to_num(area, nan=0.0), 0.0, 1.0)
    p, q, r = (body.points[body.triangles[:, i]] for i in range(3))
    real = np.linalg.norm(np.cross(q - p, r - p), axis=1)
    share = area + _BEHIND * area.sum() * real / max(float(real.sum()), 1e-12)
    wanted = share * density * 1e4
    count = max(_LEAST, round(float(wanted.sum())))
    # The same numbers every time, so that equal scripts get equal samples.
    random = np.random.default_rng(7)
    total = float(wanted.sum())
    steps = np.cumsum(wanted) / total if total > 0 else np.linspace(0, 1, len(wanted))
    # Stratified: one sample per equal share of the area.
    at = (np.arange(count) + random.random(count)) / count
    chosen = np.minimum(np.searchsorted(steps, at), len(wanted) - 1)
    u, v = np.sqrt(random.random(count)), random.random(count)
    weights = np.stack([1 - u, u * (1 - v), u * v], axis=1)
    # Corners are where a thing ends in the picture, and a sample falls on one only by chance.
    corners, first = np.unique(body.triangles, return_index=True)
    first = first[:: max(1, -(-len(corners) // _CORNERS))]
    chosen = np.concatenate([chosen, first // 3])
    weights = np.concatenate([weights, np.eye(3)[first % 3]])
    on_edges, their = _along_edges(body, flat)
    chosen, weights = np.concatenate([chosen, on_edges]), np.concatenate([weights, their])
    return Picks(chosen, weights, body.triangles, body.edges, _places(body))


def _along_edges(body: Body, flat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return samples along edges that are long in the picture: a triangle each and barycentric coordinates in it."""
    sides = np.array(((0, 1), (1, 2), (2, 0)))
    ends = body.triangles[:, sides].reshape(-1, 2)
    real = np.sort(body.edges.reshape(-1, 2), axis=1) @ (len(flat), 1)
    keys, first = np.unique(np.sort(ends, axis=1) @ (len(flat), 1), return_index=True)
    first = first[np.isin(keys, real)]
    a, b = flat[ends[first]].transpose(1, 0, 2)
    length = np.nan_to_num(np.linalg.norm(b - a, axis=1) * 50, nan=0.0)
    counts = np.minimum(length / _APART, 60)
    counts = (counts * min(1.0, _ON_EDGES / max(float(counts.sum()), 1e-9))).astype(int)
    which = np.repeat(first, counts)
    step = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts) + 1
    share = step / np.repeat(counts + 1, counts)
    weights = np.zeros((len(which), 3))
    rows = np.arange(len(which))
    weights[rows, sides[which % 3, 0]] = 1 - share
    weights[rows, sides[which % 3, 1]] = share
    return which // 3, weights


def points(body: Body, picks: Picks) -> np.ndarray | None:
    """World points of the samples (n, 3); None when the object's faces are no longer the same."""
    if len(body.points) != len(picks.places) or body.edges.shape != picks.edges.shape:
        return None
    vertices = body.points
    if not np.array_equal(body.edges, picks.edges):
        # Some primitives come out in another order each time; then vertices are told by where they are.
        order = _order(picks.places, _places(body))
        if order is None:
            return None
        vertices = vertices[order]
    # How a quad is cut in two may change with its shape; the samples stay on the corners they were chosen by.
    corners = vertices[picks.corners[picks.triangles]]
    return np.einsum("nk,nkd->nd", picks.weights, corners)


def _places(body: Body) -> np.ndarray:
    item = bpy.context.scene.objects[body.name]
    matrix = np.array(item.matrix_world, np.float64)
    own = body.points - matrix[:3, 3]
    if abs(np.linalg.det(matrix[:3, :3])) > 1e-12:
        own = own @ np.linalg.inv(matrix[:3, :3]).T
    low, size = own.min(axis=0), np.ptp(own, axis=0)
    return (own - low) / np.where(size > 1e-9, size, 1.0)


def _order(wanted: np.ndarray, found: np.ndarray) -> np.ndarray | None:
    """Return which of the found vertices each wanted one is; None when some are not where they were."""
    if len(wanted) == len(found):
        # Seen along one way that no two of them share, vertices that are the same come in the same order.
        one, two = (np.argsort(places @ _WAY) for places in (wanted, found))
        if np.abs(wanted[one] - found[two]).max() < _ELSEWHERE:
            order = np.empty(len(wanted), np.int64)
            order[one] = two
            return order
    tree = KDTree(len(found))
    for index, place in enumerate(found):
        tree.insert(place, index)
    tree.balance()
    order = np.empty(len(wanted), np.int64)
    for index, place in enumerate(wanted):
        _, nearest, distance = tree.find(place)
        if distance > _ELSEWHERE:
            return None
        order[index] = nearest
    return order if len(np.unique(order)) == len(order) else None
