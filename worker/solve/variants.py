# SPDX-License-Identifier: GPL-3.0-or-later
"""Run variants of a stage script on the same accepted scripts, without rendering, and say what each makes."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import bpy
import numpy as np

from .. import inventory, job, shot
from ..evaluate import Body
from ..protocol import Job, Solved, SolveRequest, StageScript, Variant
from . import numbers, surface


def run(request: SolveRequest, scratch: Path, progress: Callable[[str], None], reset: Callable[[], None]) -> Solved:
    """Run every variant as a job would be, permissions aside: a variant that is kept is run again as an attempt.

    `reset` empties Blender. After it the scene is the last variant's. Points of the objects asked for go into one file:
    their samples lie on the same places of the surface in every variant whose objects have the same faces.
    """
    began = time.monotonic()
    picks: dict[str, surface.Picks] = {}
    found: list[Variant] = []
    arrays: dict[str, np.ndarray] = {}
    for index, text in enumerate(request.variants):
        if request.seconds and found and time.monotonic() - began > request.seconds:
            break
        reset()
        try:
            bodies = job.build(_job(request, text), scratch, progress)
        except job.Stopped as stop:
            found.append(Variant(False, stop.message))
            continue
        scene = bpy.context.scene
        projection = _projection(scene)
        if index == 0:
            picks = _pick(request, bodies, projection)
        unmoved: list[str] = []
        for name, pick in picks.items():
            body = bodies.get(name)
            points = surface.points(body, pick) if body is not None else None
            if points is None:
                continue
            points = points.astype(np.float32)
            if index and np.array_equal(points, arrays[f"0/{name}"]):
                unmoved.append(name)
            else:
                arrays[f"{index}/{name}"] = points
        bounds = {
            name: (*map(float, bodies[name].low), *map(float, bodies[name].high)) for name in picks if name in bodies
        }
        found.append(
            Variant(
                True,
                projection=tuple(projection.ravel().tolist()) if projection is not None else (),
                numbers=numbers.take(scene),
                bounds=bounds,
                unmoved=tuple(unmoved),
            )
        )
    if arrays:
        with (scratch / "solve_points.npz").open("wb") as file:
            np.savez(file, **arrays)
    return Solved(tuple(found), "solve_points.npz" if arrays else "")


def _job(request: SolveRequest, text: str) -> Job:
    return Job(request.accepted, StageScript(request.stage, text), (), guard=request.guard)


def _pick(request: SolveRequest, bodies: dict[str, Body], projection: np.ndarray | None) -> dict[str, surface.Picks]:
    if not request.samples or projection is None:
        return {}
    wanted = [name for name in bodies if _asked(name, request.objects)]
    return {name: surface.pick(bodies[name], projection, request.samples) for name in wanted}


def _asked(name: str, objects: tuple[str, ...]) -> bool:
    return any(name == item or name.startswith(item + ".") for item in objects)


def _projection(scene: bpy.types.Scene) -> np.ndarray | None:
    """World to clip space, (4, 4)."""
    pair = inventory.view_projection(scene, shot.frame_size(scene, 1024))
    return None if pair is None else pair[1] @ pair[0]
