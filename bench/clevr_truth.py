# SPDX-License-Identifier: GPL-3.0-or-later
"""True object masks of CLEVR pictures, by casting a ray per pixel at the shapes their scene files list.

CLEVR's generator scales unit shapes by 0.7 (large) or 0.35 (small): a sphere of that radius, a cylinder of that radius
and half height, a cube of that half side with rounded edges (BEVEL, found by laying outlines over pictures). Its
`rotation` is written to Blender as radians although it was drawn as degrees, and so it is read here. (The division of
cubes by sqrt(2) in the generator never runs: it tests for the name `Cube`, the shape is named `SmoothCube_v2`.)
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

RADIUS = {"large": 0.7, "small": 0.35}
BEVEL = 0.15
"""Radius of a cube's rounded edges, as a share of its half side."""
FAR = np.inf
MARCH_STEPS = 48


def items(folder: Path) -> list[dict[str, Any]]:
    """Return the items of a CLEVR folder's manifest.json that have a camera and an object list."""
    manifest = json.loads((folder / "manifest.json").read_text())
    return [item for item in manifest["items"] if item["ground_truth"].get("camera", {}).get("camera_to_world")]


def truth_masks(item: dict[str, Any], size: tuple[int, int] | None = None) -> list[tuple[NDArray[np.bool_], str]]:
    """Return one (mask, name) per listed object, in the order of the list, hidden parts left out.

    `size` is width and height of the masks, the picture's own when None. A wholly hidden object has an empty mask.
    """
    nearest, owner = _cast(item, size)
    objects = item["ground_truth"]["objects"]
    return [((owner == i) & np.isfinite(nearest), _name(o)) for i, o in enumerate(objects)]


def truth_depth(item: dict[str, Any], size: tuple[int, int] | None = None) -> NDArray[np.float64]:
    """Return the distance along the optical axis (scene units) of the nearest object per pixel, inf where none is."""
    return _cast(item, size)[0]


def _name(entry: dict[str, Any]) -> str:
    return " ".join(entry[key] for key in ("size", "color", "material", "shape"))


def _cast(item: dict[str, Any], size: tuple[int, int] | None) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    camera = item["ground_truth"]["camera"]
    width, height = size or (camera["width"], camera["height"])
    scale = camera["width"] / width
    to_world = np.array(camera["camera_to_world"], float)
    x, y = np.meshgrid((np.arange(width) + 0.5) * scale, (np.arange(height) + 0.5) * camera["height"] / height)
    focal = camera["focal_px"]
    local = np.stack([(x - camera["width"] / 2) / focal, (camera["height"] / 2 - y) / focal, -np.ones_like(x)], -1)
    rays = local @ to_world[:3, :3].T
    eye = to_world[:3, 3]
    nearest = np.full((height, width), FAR)
    owner = np.full((height, width), -1, np.int64)
    for index, entry in enumerate(item["ground_truth"]["objects"]):
        depth = _hit(entry, eye, rays)
        closer = depth < nearest
        nearest[closer] = depth[closer]
        owner[closer] = index
    return nearest, owner


def _hit(entry: dict[str, Any], eye: NDArray[np.float64], rays: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ray parameter of the first hit with one shape, inf where it is missed."""
    radius = RADIUS[entry["size"]]
    turn = entry["rotation"]
    cos, sin = np.cos(turn), np.sin(turn)
    unrotate = np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]])
    start = unrotate @ ((eye - np.array(entry["3d_coords"])) / radius)
    way = rays @ unrotate.T / radius
    if entry["shape"] == "sphere":
        near, _ = _quadratic(way, start, 3)
        return near
    if entry["shape"] == "cube":
        return _march(way, start, _interval(*_slabs(way, start, (0, 1, 2))))
    round_near, round_far = _quadratic(way, start, 2)
    flat_near, flat_far = _slabs(way, start, (2,))
    return _interval(np.maximum(round_near, flat_near), np.minimum(round_far, flat_far))


def _interval(near: NDArray[np.float64], far: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where((near <= far) & (near > 0), near, FAR)


def _march(way: NDArray[np.float64], start: NDArray[np.float64], sharp: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sphere tracing of the rounded unit cube from where the ray enters the sharp one."""
    result = np.full(sharp.shape, FAR)
    rows, columns = np.nonzero(np.isfinite(sharp))
    rays, along = way[rows, columns], sharp[rows, columns]
    speed = np.linalg.norm(rays, axis=1)
    distance = np.zeros_like(along)
    for _ in range(MARCH_STEPS):
        excess = np.abs(start + rays * along[:, None]) - (1 - BEVEL)
        distance = np.linalg.norm(np.maximum(excess, 0), axis=1) + np.minimum(excess.max(axis=1), 0) - BEVEL
        along = along + distance / speed
    result[rows, columns] = np.where(distance < 1e-3, along, FAR)
    return result


def _quadratic(
    way: NDArray[np.float64], start: NDArray[np.float64], axes: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Entry and exit of the unit sphere (3 axes) or the endless unit cylinder (2)."""
    w, s = way[..., :axes], start[:axes]
    a = (w * w).sum(-1)
    b = (w * s).sum(-1)
    c = float(s @ s) - 1
    inside = b * b - a * c
    root = np.sqrt(np.maximum(inside, 0))
    return np.where(inside >= 0, (-b - root) / a, FAR), np.where(inside >= 0, (-b + root) / a, -FAR)


def _slabs(
    way: NDArray[np.float64], start: NDArray[np.float64], axes: tuple[int, ...]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Entry and exit of the unit cube's slabs along the given axes (Kay and Kajiya)."""
    near = np.full(way.shape[:2], -FAR)
    far = np.full(way.shape[:2], FAR)
    for axis in axes:
        speed = np.where(np.abs(way[..., axis]) < 1e-12, 1e-12, way[..., axis])
        one, two = (-1 - start[axis]) / speed, (1 - start[axis]) / speed
        near = np.maximum(near, np.minimum(one, two))
        far = np.minimum(far, np.maximum(one, two))
    return near, far
