# SPDX-License-Identifier: GPL-3.0-or-later
"""Where everything is: the camera, and a solid for every region. Found together, because each explains the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import radians, tan

import numpy as np
from numpy.typing import NDArray

from . import fit
from .camera import Camera, standing
from .outline import rings
from .solids import Kind, Solid

Mask = NDArray[np.bool_]

PRIMITIVES: tuple[Kind, ...] = ("sphere", "cylinder", "cone", "box")
PITCHES = (8.0, 15.0, 22.0, 29.0, 38.0, 50.0)
"""Degrees tried."""
FOVS = (35.0, 50.0, 62.0)
USUAL = {"floor": (50.0, 27.0), "scene": (55.0, 15.0), "plain": (40.0, 10.0), "transparent": (40.0, 10.0)}
"""Field of view along the longer side and pitch, degrees, where the picture says nothing."""
MOST_WITNESSES = 6
"""Regions asked about the camera."""
ENOUGH = {"floor": 0.86, "scene": 0.90, "plain": 0.965, "transparent": 0.965}
"""Overlap from which a primitive is believed; before a plain backdrop the outline is all there is to go by."""


@dataclass(frozen=True)
class Layout:
    """A camera and one solid per region, in the regions' order."""

    camera: Camera
    solids: list[Solid]
    evidence: float
    """Mean overlap of primitives with the regions at this camera: how far the camera can be believed."""


def lay_out(
    masks: Sequence[Mask],
    aspect: float,
    backdrop: str,
    seed: int = 0,
    check_cancel: Callable[[], None] = lambda: None,
) -> Layout:
    """Find camera and solids for the regions (h, w each) of a frame of this width over height."""
    targets = [fit.Target(mask, nearer(masks, i)) for i, mask in enumerate(masks)]
    camera, evidence = find_camera(targets, aspect, backdrop, seed, check_cancel)
    solids = []
    for i, target in enumerate(targets):
        check_cancel()
        solid = fit.fit(target, camera, PRIMITIVES, 220, seed + i)
        if solid.iou < ENOUGH[backdrop]:
            solid = free_body(masks[i], camera)
        solids.append(solid)
    return Layout(camera, solids, evidence)


def nearer(masks: Sequence[Mask], index: int) -> Mask:
    """What may hide a region: all regions whose foot is lower in the picture."""
    hidden = np.zeros_like(masks[index])
    foot = _foot(masks[index])
    for i, mask in enumerate(masks):
        if i != index and _foot(mask) > foot:
            hidden |= mask
    return hidden


def _foot(mask: Mask) -> int:
    return int(np.nonzero(mask.any(axis=1))[0].max())


def horizontal(fov_long: float, aspect: float) -> float:
    """Horizontal field of view in radians of a field of view along the frame's longer side in degrees."""
    half = tan(radians(fov_long) / 2)
    return 2 * float(np.arctan(half if aspect >= 1 else half * aspect))


def find_camera(
    targets: Sequence[fit.Target], aspect: float, backdrop: str, seed: int, check_cancel: Callable[[], None]
) -> tuple[Camera, float]:
    """The camera at which simple solids fit the regions best, and their mean overlap there."""
    usual_fov, usual_pitch = USUAL[backdrop]
    feet = sorted(target.box[3] for target in targets) or [0.7]
    middle = feet[len(feet) // 2]
    witnesses = sorted(targets, key=lambda t: -(t.box[2] - t.box[0]) * (t.box[3] - t.box[1]))[:MOST_WITNESSES]
    kinds: tuple[Kind, ...] = ("sphere", "cylinder", "box")

    def believed(fov: float, pitch: float) -> tuple[float, float]:
        check_cancel()
        camera = standing(horizontal(fov, aspect), radians(pitch), aspect, middle)
        if any(camera.rays([(0.5, foot)])[0][2] > -0.05 for foot in feet):
            return -1.0, 0.0
        overlaps = [fit.fit(target, camera, kinds, 60, seed).iou for target in witnesses]
        # Overlaps near 1 tell cameras apart; a region that no primitive fits tells nothing.
        score = float(np.mean([max(overlap, 0.8) for overlap in overlaps])) if overlaps else 0.0
        prior = 0.004 * ((pitch - usual_pitch) / 10) ** 2 + 0.002 * ((fov - usual_fov) / 10) ** 2
        return score - prior, float(np.mean(overlaps)) if overlaps else 0.0

    tried = {(usual_fov, pitch): believed(usual_fov, pitch) for pitch in {*PITCHES, usual_pitch}}
    best = max(tried, key=lambda key: tried[key][0])
    if backdrop in {"floor", "scene"} and len(targets) > 1:
        for fov in FOVS:
            for pitch in (best[1] - 4, best[1], best[1] + 4):
                tried.setdefault((fov, pitch), believed(fov, pitch))
    else:
        for pitch in (best[1] - 3, best[1] + 3):
            tried.setdefault((best[0], pitch), believed(best[0], pitch))
    best = max(tried, key=lambda key: tried[key][0])
    evidence = tried[best][1]
    if evidence < 0.9 and backdrop in {"plain", "transparent"}:
        best = usual_fov, usual_pitch if len(targets) < 3 else 25.0
    return standing(horizontal(best[0], aspect), radians(best[1]), aspect, middle), evidence


def free_body(mask: Mask, camera: Camera) -> Solid:
    """A body inflated from the outline of a mask, standing upright where its foot meets the ground."""
    polygons = rings(mask)
    points = np.array([point for ring in polygons for point in ring])
    foot = float(points[:, 1].max())
    base = points[points[:, 1] > foot - 0.03]
    middle = float(points[:, 0].min() + points[:, 0].max()) / 2
    near = camera.on_ground([(float(base[:, 0].mean()), foot)])[0]
    upright = on_plane(camera, points, float(near[1]))
    width = float(np.ptp(upright[:, 0]))
    height = float(np.ptp(upright[:, 2]))
    centre = on_plane(camera, [(middle, foot)], float(near[1]))[0]
    return Solid("inflated", (float(centre[0]), float(near[1])), (width, width / 2, height), 0.0, 1.0, polygons)


def on_plane(camera: Camera, points: object, y: float) -> NDArray[np.float64]:
    """Where the rays through picture points (n, 2) meet the upright plane at `y`, (n, 3)."""
    eye = np.asarray(camera.position)
    rays = camera.rays(np.asarray(points, np.float64))
    return eye + rays * ((y - eye[1]) / np.maximum(rays[:, 1], 1e-3))[:, None]
