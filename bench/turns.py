# SPDX-License-Identifier: GPL-3.0-or-later
"""The geometry of looking from elsewhere: how one camera's turn about a thing becomes another's. numpy and OpenCV only.

Cameras are 4 x 4 camera-to-world matrices as Blender has them: x right, y up, looking along -z. Picture points are
fractions of the frame, (0, 0) top left, y down.
"""

from __future__ import annotations

from math import acos, cos, degrees, radians, sin

import numpy as np
from numpy.typing import ArrayLike, NDArray

Matrix = NDArray[np.float64]
LEAST_AREA = 1e-4
"""Share of the frame under which a flat card seen from its edge counts as not seen."""


def orbit(camera: ArrayLike, centre: ArrayLike, turn: float) -> Matrix:
    """Return the camera after a turn of `turn` degrees about the vertical through `centre`."""
    c, s = cos(radians(turn)), sin(radians(turn))
    about = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    before = np.asarray(camera, np.float64)
    after = np.eye(4)
    after[:3, :3] = about @ before[:3, :3]
    after[:3, 3] = np.asarray(centre) + about @ (before[:3, 3] - np.asarray(centre))
    return after


def relative(one: ArrayLike, two: ArrayLike) -> Matrix:
    """Return the rotation (3 x 3) from one camera's axes to another's, in the first camera's coordinates."""
    return np.asarray(one, np.float64)[:3, :3].T @ np.asarray(two, np.float64)[:3, :3]


def swing(camera: ArrayLike, pivot: ArrayLike, rotation: ArrayLike) -> Matrix:
    """Return the camera after swinging about `pivot` (world) by `rotation` (3 x 3, in the camera's coordinates).

    The pivot keeps its place in the picture and its distance, so what stands there is seen equally large.
    """
    before = np.asarray(camera, np.float64)
    axes = before[:3, :3]
    after = np.eye(4)
    after[:3, :3] = axes @ np.asarray(rotation)
    after[:3, 3] = np.asarray(pivot) + axes @ np.asarray(rotation) @ axes.T @ (before[:3, 3] - np.asarray(pivot))
    return after


def angle(one: ArrayLike, two: ArrayLike, centre: ArrayLike) -> float:
    """Return the angle in degrees between the directions in which two cameras see `centre`."""
    ways = [np.asarray(camera, np.float64)[:3, 3] - np.asarray(centre) for camera in (one, two)]
    cosine = float(ways[0] @ ways[1] / (np.linalg.norm(ways[0]) * np.linalg.norm(ways[1])))
    return degrees(acos(min(1.0, max(-1.0, cosine))))


def project(camera: ArrayLike, focal: float, aspect: float, points: ArrayLike) -> tuple[Matrix, Matrix]:
    """Return picture points (n, 2) and depths (n,) of world points (n, 3). `focal` is in widths of the frame."""
    view = np.linalg.inv(np.asarray(camera, np.float64))
    local = np.atleast_2d(np.asarray(points, np.float64)) @ view[:3, :3].T + view[:3, 3]
    depth = -local[:, 2]
    across = 0.5 + focal * local[:, 0] / depth
    down = 0.5 - focal * aspect * local[:, 1] / depth
    return np.stack([across, down], axis=1), depth


def lift(camera: ArrayLike, focal: float, aspect: float, points: ArrayLike, depth: float) -> Matrix:
    """Return the world points (n, 3) seen at picture points (n, 2), `depth` along the camera's axis."""
    p = np.atleast_2d(np.asarray(points, np.float64))
    local = np.stack([(p[:, 0] - 0.5) / focal, (0.5 - p[:, 1]) / (focal * aspect), -np.ones(len(p))], axis=1) * depth
    pose = np.asarray(camera, np.float64)
    return np.asarray(local @ pose[:3, :3].T + pose[:3, 3])


def card(
    one: ArrayLike,
    two: ArrayLike,
    focal: float,
    aspect: float,
    pivot: ArrayLike,
    box: tuple[float, float, float, float],
) -> tuple[Matrix, Matrix] | None:
    """Return where the corners of a flat card are in the first and in the second camera's picture, (4, 2) each.

    The card faces the first camera at the distance of `pivot` and fills `box` (x0, y0, x1, y1) of its picture. None
    where the second camera sees it from the edge or from too near.
    """
    _, depth = project(one, focal, aspect, pivot)
    x0, y0, x1, y1 = box
    before = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
    after, distance = project(two, focal, aspect, lift(one, focal, aspect, before, float(depth[0])))
    if (distance < 1e-3 * float(depth[0])).any() or _area(after) < LEAST_AREA:
        return None
    return before, after


def _area(corners: Matrix) -> float:
    x, y = corners.T
    return float(abs(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1))) / 2)
