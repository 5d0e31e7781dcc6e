# SPDX-License-Identifier: GPL-3.0-or-later
"""What is in the scene: one `ObjectInfo` per object."""

from __future__ import annotations

import bpy
import numpy as np

from . import lockable
from .evaluate import Body
from .protocol import ObjectInfo

_NEAR = 1e-3


def take(
    scene: bpy.types.Scene, bodies: dict[str, Body], size: tuple[int, int], visible: dict[str, int]
) -> tuple[ObjectInfo, ...]:
    """Return the inventory. `size` is the frame in pixels (its aspect matters), `visible` pixels by object name."""
    projection = view_projection(scene, size)
    return tuple(_info(item, bodies.get(item.name), projection, visible.get(item.name, 0)) for item in scene.objects)


def view_projection(scene: bpy.types.Scene, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the scene camera's world-to-view and view-to-clip matrices (4, 4), None without a camera."""
    camera = scene.camera
    if camera is None:
        return None
    graph = bpy.context.evaluated_depsgraph_get()
    evaluated = camera.evaluated_get(graph)
    clip = evaluated.calc_matrix_camera(graph, x=size[0], y=size[1])
    view = evaluated.matrix_world.normalized().inverted()
    return np.array(view, np.float64), np.array(clip, np.float64)


def _info(
    item: bpy.types.Object, body: Body | None, projection: tuple[np.ndarray, np.ndarray] | None, visible: int
) -> ObjectInfo:
    if body is not None:
        low, high = body.low, body.high
        points, edges = body.points, body.edges
    else:
        place = np.array(item.matrix_world.translation, np.float64)
        low = high = place
        points, edges = place[None], np.empty((0, 2), np.int32)
    return ObjectInfo(
        name=item.name,
        type=item.type,
        world_min=_triple(low),
        world_max=_triple(high),
        screen_box=screen_box(points, edges, projection) if projection else None,
        materials=tuple(slot.material.name for slot in item.material_slots if slot.material),
        vertices=len(points) if body is not None else 0,
        visible_px=visible,
        light=_lamp(item) if item.type == "LIGHT" else "",
        values=lockable.of_data(item),
        surfaces=lockable.of_surfaces(item),
        steered=lockable.steered(item),
        matrix_world=tuple(float(value) for row in item.matrix_world for value in row),
    )


def _lamp(item: bpy.types.Object) -> str:
    lamp = item.data
    colour = " ".join(f"{channel:.2f}" for channel in lamp.color)
    words = [f"{lamp.type} {lamp.energy:.3g} {'W/m2' if lamp.type == 'SUN' else 'W'}", f"colour {colour} (linear)"]
    if lamp.type == "SUN":
        words.append(f"angle {lamp.angle:.3g} rad")
    elif lamp.type == "AREA":
        sides = (lamp.size, lamp.size_y) if lamp.shape in ("RECTANGLE", "ELLIPSE") else (lamp.size,)
        words.append("size " + " x ".join(f"{side:.3g}" for side in sides) + " m")
    else:
        words.append(f"radius {lamp.shadow_soft_size:.3g} m")
    if lamp.type != "POINT":
        # A lamp shines along its own -Z.
        x, y, z = (-item.matrix_world.col[2].xyz).normalized()
        words.append(f"shines along {x:.2f} {y:.2f} {z:.2f}")
    return ", ".join(words)


def screen_box(
    points: np.ndarray, edges: np.ndarray, projection: tuple[np.ndarray, np.ndarray]
) -> tuple[float, float, float, float] | None:
    """Project world points; edges that cross the camera's plane are cut there. None when wholly behind the camera."""
    to_view, to_clip = projection
    view = points @ to_view[:3, :3].T + to_view[:3, 3]
    in_front = view[:, 2] < -_NEAR
    perspective = to_clip[3, 3] == 0.0
    seen = view if not perspective else view[in_front]
    if perspective and len(edges):
        first, second = view[edges[:, 0]], view[edges[:, 1]]
        crossing = in_front[edges[:, 0]] != in_front[edges[:, 1]]
        a, b = first[crossing], second[crossing]
        share = (-_NEAR - a[:, 2]) / (b[:, 2] - a[:, 2])
        seen = np.concatenate([seen, a + share[:, None] * (b - a)])
    if not len(seen):
        return None
    clip = np.concatenate([seen, np.ones((len(seen), 1))], axis=1) @ to_clip.T
    flat = clip[:, :2] / clip[:, 3:4]
    x, y = 0.5 + 0.5 * flat[:, 0], 0.5 - 0.5 * flat[:, 1]
    return float(x.min()), float(y.min()), float(x.max()), float(y.max())


def _triple(values: np.ndarray) -> tuple[float, float, float]:
    return float(values[0]), float(values[1]), float(values[2])
