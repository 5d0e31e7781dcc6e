# SPDX-License-Identifier: GPL-3.0-or-later
"""Where everything is: the camera, and a solid for every region. Found together, because each explains the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import radians, tan

import numpy as np
from numpy.typing import NDArray

from . import fit, footing, lathe, torus
from .camera import Camera, on_plane, stand_at, standing
from .outline import rings
from .solids import Kind, Solid

Mask = NDArray[np.bool_]

PRIMITIVES: tuple[Kind, ...] = ("sphere", "cylinder", "cone", "box")
PITCHES = (12.0, 20.0, 37.0, 50.0)
"""Degrees tried."""
FOVS = (40.0, 62.0)
"""Degrees tried besides the usual one, along the longer side."""
USUAL = {"floor": (50.0, 27.0), "scene": (55.0, 15.0), "plain": (40.0, 10.0), "transparent": (40.0, 10.0)}
"""Field of view along the longer side and pitch, degrees, where the picture says nothing."""
ALONE = 40.0, 18.0
"""The same of a thing by itself that stands on several feet: the pitch is what they are weighed against."""
FACES = 0.3
"""What of its thickness a body on mere feet has before them: they are the corners of the faces seen, as of a cart."""
BELIEVED = 0.9
"""Mean overlap of primitives from which they tell the camera."""
TURNED = {"floor": 0.93, "scene": 0.93, "plain": 0.95, "transparent": 0.95}
"""Overlap from which a body of revolution is believed."""
FARTHER = 1.5
"""Distance from the eye, times the nearest body's, from which a body is not believed to stand on the ground."""
MOST_WITNESSES = 6
"""Regions asked about the camera."""
ENOUGH = {"floor": 0.86, "scene": 0.90, "plain": 0.98, "transparent": 0.98}
"""Overlap from which a primitive is believed; before a plain backdrop the outline is all there is to go by."""

ENOUGH_ALONE = 0.96
"""The same of a picture's only thing, of which nothing can be hidden."""


@dataclass(frozen=True)
class Layout:
    """A camera and one solid per region, in the regions' order."""

    camera: Camera
    solids: list[Solid]
    evidence: float
    """Mean overlap of primitives with the regions at this camera: how far the camera can be believed."""
    planes: list[float | None]
    """Y of the upright plane a region's free body hangs in; None when it stands on the ground."""


def lay_out(
    masks: Sequence[Mask],
    aspect: float,
    backdrop: str,
    seed: int = 0,
    check_cancel: Callable[[], None] = lambda: None,
    settled: Camera | None = None,
    lines: tuple[float, float] | None = None,
) -> Layout:
    """Find camera and solids for the regions (h, w each) of a frame of this width over height. Where another camera is
    `settled` by now, as it is written in the setup script, the solids are fitted to that one. `lines` is the view along
    the longer side and the pitch (degrees) that straight lines tell, if any."""
    targets = [fit.Target(mask, nearer(masks, i)) for i, mask in enumerate(masks)]
    camera, evidence = find_camera(targets, aspect, backdrop, seed, check_cancel, lines)
    if evidence < BELIEVED and masks and (len(masks) == 1 or backdrop in {"plain", "transparent"}):
        camera = _camera_of_one(masks[0], aspect, camera)
    if settled and not _same(camera, settled):
        camera = settled
    floor = backdrop in {"floor", "scene"}
    planes: list[float | None] = [None] * len(masks) if floor else hanging_at(masks, camera)
    solids = []
    for i, target in enumerate(targets):
        check_cancel()
        hole = torus.hole_of(masks[i], np.logical_or.reduce([np.zeros_like(masks[i]), *masks[:i], *masks[i + 1 :]]))
        if hole is None:
            solid = fit.fit(target, camera, PRIMITIVES, 220, seed + i)
        else:
            solid = torus.ring(target, hole, camera, seed + i)
        enough = max(ENOUGH[backdrop], ENOUGH_ALONE) if len(masks) == 1 else ENOUGH[backdrop]
        if solid.iou < enough or planes[i] is not None:
            solid = free_body(masks[i], camera, TURNED[backdrop], len(masks), planes[i])
        solids.append(solid)
    return Layout(camera, solids, evidence, planes)


def _camera_of_one(mask: Mask, aspect: float, otherwise: Camera) -> Camera:
    """The camera that sees a thing by itself stand square on its feet, or round about its axis."""
    fov, usual = horizontal(ALONE[0], aspect), ALONE[1]
    pitch = footing.pitch_of(mask, fov, usual) or lathe.pitch_of(mask, fov, usual)
    if pitch is None:
        return otherwise
    foot = (_foot(mask) + 1) / len(mask)
    return standing(fov, radians(pitch), aspect, foot)


def hanging_at(masks: Sequence[Mask], camera: Camera) -> list[float | None]:
    """For every region the Y of the plane it hangs in, where no floor is seen: a foot that the ground would put much
    farther off than the lowest one stands on nothing, like the shade of a lamp, and is beside it; None for the rest."""
    depths = [camera.ground_at(0.5, (_foot(mask) + 1) / len(mask))[1] - camera.position[1] for mask in masks]
    nearest = min(depths, default=0.0)
    return [nearest + camera.position[1] if depth > FARTHER * nearest else None for depth in depths]


def _same(one: Camera, two: Camera) -> bool:
    """Whether two cameras differ by no more than a script's rounding."""
    return np.allclose((one.fov, one.pitch, *one.position), (two.fov, two.pitch, *two.position), atol=1e-3)


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
    targets: Sequence[fit.Target],
    aspect: float,
    backdrop: str,
    seed: int,
    check_cancel: Callable[[], None],
    lines: tuple[float, float] | None = None,
) -> tuple[Camera, float]:
    """The camera at which simple solids fit the regions best, or that which straight `lines` tell where it sees every
    foot on the ground, and their mean overlap there."""
    usual_fov, usual_pitch = USUAL[backdrop]
    feet = sorted(target.box[3] for target in targets) or [0.7]
    middle = feet[len(feet) // 2]
    witnesses = sorted(targets, key=lambda t: -(t.box[2] - t.box[0]) * (t.box[3] - t.box[1]))[:MOST_WITNESSES]
    tried: dict[tuple[float, float], tuple[float, float]] = {}

    def believed(fov: float, pitch: float) -> tuple[float, float]:
        camera = standing(horizontal(fov, aspect), radians(pitch), aspect, middle)
        if any(camera.rays([(0.5, foot)])[0][2] > -0.05 for foot in feet):
            return -1.0, 0.0
        if backdrop == "floor" and camera.horizon > -0.02:
            return -1.0, 0.0  # the floor fills the frame, so the horizon lies above it
        overlaps = [fit.quick(target, camera, seed) for target in witnesses] or [0.0]
        # Overlaps near 1 tell cameras apart; a region that no primitive fits tells nothing.
        score = float(np.mean(np.maximum(overlaps, 0.8)))
        prior = 0.004 * ((pitch - usual_pitch) / 10) ** 2 + 0.002 * ((fov - usual_fov) / 10) ** 2
        return score - prior, float(np.mean(overlaps))

    def best_of(cameras: list[tuple[float, float]]) -> tuple[float, float]:
        for fov, pitch in cameras:
            check_cancel()
            if (fov, pitch) not in tried:
                tried[fov, pitch] = believed(fov, pitch)
        return max(tried, key=lambda key: tried[key][0])

    if lines and best_of([lines]) == lines and tried[lines][0] >= 0.0:
        return standing(horizontal(lines[0], aspect), radians(lines[1]), aspect, middle), tried[lines][1]
    best = best_of([(usual_fov, pitch) for pitch in sorted({*PITCHES, usual_pitch})])
    best = best_of([(best[0], best[1] + step) for step in (-4, 4)])
    if backdrop in {"floor", "scene"} and len(targets) > 1:
        best = best_of([(FOVS[0], best[1] - 4), (FOVS[0], best[1]), (FOVS[1], best[1]), (FOVS[1], best[1] + 4)])
        best = best_of([(best[0] + fov, best[1] + pitch) for fov, pitch in ((-5, 0), (5, 0), (0, -2), (0, 2))])
    evidence = tried[best][1]
    if evidence < BELIEVED and backdrop in {"plain", "transparent"}:
        best = usual_fov, usual_pitch if len(targets) < 3 else 25.0
    return standing(horizontal(best[0], aspect), radians(best[1]), aspect, middle), evidence


def free_body(mask: Mask, camera: Camera, least_turned: float, among: int = 1, plane: float | None = None) -> Solid:
    """A body from the outline of a mask, upright where its foot meets the ground or, with `plane`, at that Y above it:
    turned on a lathe when that overlaps by `least_turned`, else inflated. `among` how many objects share what a script
    may hold."""
    if (solid := lathe.turned(mask, camera, least_turned, plane)) is not None:
        return solid
    polygons = rings(mask, max(40, min(700, 1600 // among)))
    points = np.array([point for ring in polygons for point in ring])
    foot = float(points[:, 1].max())
    base = points[points[:, 1] > foot - 0.03]
    middle = float(points[:, 0].min() + points[:, 0].max()) / 2
    depth = float(camera.on_ground([(float(base[:, 0].mean()), foot)])[0][1]) if plane is None else plane
    upright = on_plane(camera, points, depth)
    width = float(np.ptp(upright[:, 0]))
    height = float(np.ptp(upright[:, 2]))
    x, y, lift = stand_at(camera, (middle, foot), depth)
    lift = 0.0 if plane is None else lift
    # Among other things what looks like a foot may be where a neighbour hides the rest.
    legs = footing.legs_of(mask, camera) if plane is None and among == 1 else []
    ahead = FACES if legs and footing.low(mask, legs) else 1.0
    return Solid("inflated", (x, y), (width, width / 2, height), 0.0, 1.0, polygons, legs, ahead, lift=lift)
