# SPDX-License-Identifier: GPL-3.0-or-later
"""One attempt inside the worker, from the empty scene to its measurements (design, section 6)."""

from __future__ import annotations

import contextlib
import sys
import time
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from . import (
    budgets,
    camera_info,
    execute,
    fingerprint,
    guard,
    guard_runtime,
    inventory,
    permissions,
    png,
    result,
    sanity,
    share,
    shim,
    shot,
    views,
)
from .evaluate import Body
from .protocol import Job, JobResult, SanityFinding, StageScript, Views


class Stopped(Exception):
    """The attempt ends here with this status."""

    def __init__(self, status: str, message: str, line: int = 0) -> None:
        """Keep the status, the one sentence, and the candidate's line."""
        super().__init__(message)
        self.status, self.message, self.line = status, message, line


@dataclass(frozen=True)
class Base:
    """What stands in the worker before a job: accepted scripts that have been replayed already."""

    accepted: tuple[StageScript, ...]
    guard: bool

    def begins(self, job: Job) -> bool:
        """Whether a job's scene begins with this one."""
        return self.guard == job.guard and job.accepted[: len(self.accepted)] == self.accepted


def prepare(accepted: tuple[StageScript, ...], guard: bool, base: Base | None) -> Base:
    """Replay accepted scripts on the empty scene, or what `base` lacks of them on it, and return what now stands.

    Raises whatever a job would stop for.
    """
    nothing = Job(accepted, StageScript("", ""), (), guard=guard)
    attempt = _Attempt(nothing, Path(), lambda _step: None, base)
    attempt.replay()
    return Base(accepted, guard)


def build(job: Job, scratch: Path, progress: Callable[[str], None], base: Base | None = None) -> dict[str, Body]:
    """Bring a job's scene to where its views would be rendered, on the empty scene or on `base`; return its bodies.

    What the candidate may change is not looked at. Raises Stopped.
    """
    attempt = _Attempt(job, scratch, progress, base)
    with attempt.step("replay"):
        attempt.replay()
    with attempt.step("run"):
        attempt._script(job.candidate, replayed=False)
    with attempt.step("check"):
        attempt._repair()
        attempt._evaluate()
    return attempt.bodies


def run(job: Job, scratch: Path, progress: Callable[[str], None], base: Base | None = None) -> JobResult:
    """Run a job on the empty scene, or on `base` where one stands that it begins with.

    Whatever the scripts do becomes a status, only our own errors are raised.
    """
    attempt = _Attempt(job, scratch, progress, base)
    status, message, line = "ok", "", 0
    try:
        attempt.build()
    except Stopped as stop:
        status, message, line = stop.status, stop.message, stop.line
    found: dict[str, Any] = attempt.found
    return JobResult(
        status=status,  # type: ignore[arg-type]
        message=message,
        line=line,
        output=attempt.output.text(),
        notes=tuple(attempt.notes),
        seconds=attempt.seconds,
        peak_memory_mb=_peak_memory_mb(),
        blender=bpy.app.version_string,
        **found,
    )


class _Attempt:
    def __init__(self, job: Job, scratch: Path, progress: Callable[[str], None], base: Base | None) -> None:
        self.job, self.scratch, self.progress, self.base = job, scratch, progress, base
        self.seconds: dict[str, float] = {}
        self.notes: list[str] = []
        self.found: dict[str, Any] = {}
        self.output = execute.Output()
        self.sanity: list[SanityFinding] = []
        self.bodies: dict[str, Body] = {}
        self.measured: views.Measured | None = None

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[None]:
        self.progress(name)
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - began

    def build(self) -> None:
        with self.step("reset"):
            self._begin()
        with self.step("replay"):
            self._replay()
            # A fingerprint evaluates the scene, so what can explode is clamped first, here and below alike.
            self._repair()
            before = fingerprint.take(bpy.context.scene)
        with self.step("run"):
            self._script(self.job.candidate, replayed=False)
        with self.step("check"):
            self.notes += self._repair()
            self._permit(before)
            self._check()
        wanted = self.job.views
        scene = bpy.context.scene
        if scene.camera is None:
            self.sanity.append(SanityFinding("no_camera", "the scene has no camera"))
        with self.step("measure"):
            self._measure(scene)
        if wanted.beauty_px and scene.camera is not None:
            with self.step("beauty"):
                self._beauty(scene)
        if self.job.write_blend:
            with self.step("write"):
                self._write(scene)
        self.found["sanity"] = tuple(self.sanity)

    def replay(self) -> None:
        """Bring the scene to where a candidate would find it."""
        self._begin()
        self._replay()

    def _begin(self) -> None:
        if self.base is None:
            execute.run_prelude()

    def _replay(self) -> None:
        for script in self.job.accepted[len(self.base.accepted) if self.base else 0 :]:
            self._script(script, replayed=True)

    def _permit(self, before: fingerprint.Fingerprint) -> None:
        stage = self.job.candidate.stage
        found = permissions.changes(before, fingerprint.take(bpy.context.scene))
        self.found["changed"] = permissions.in_words(found, stage)
        if refusal := permissions.refusal(found, self.job.may_change, stage):
            raise Stopped("forbidden", refusal)

    @staticmethod
    def _repair() -> list[str]:
        try:
            return budgets.repair(bpy.context.scene)
        except budgets.OverBudget as error:
            raise Stopped("budget", str(error)) from error

    def _evaluate(self) -> None:
        try:
            self.bodies = budgets.evaluate(bpy.context.scene)
        except budgets.OverBudget as error:
            raise Stopped("budget", str(error)) from error

    def _check(self) -> None:
        self._evaluate()
        self.sanity += sanity.of_bodies(self.bodies)

    def _measure(self, scene: bpy.types.Scene) -> None:
        wanted, made, visible = self.job.views, Views(), {}
        if wanted.measure_px and scene.camera is not None:
            self.measured = views.measure(scene, wanted.measure_px, self.scratch)
            made = views.save(self.measured, self.scratch)
            numbers, counts = np.unique(self.measured.ids, return_counts=True)
            pixels = dict(zip(numbers.tolist(), counts.tolist(), strict=True))
            visible = {name: pixels[int(number)] for number, name in self.measured.id_names.items()}
            if not visible:
                self.sanity.append(SanityFinding("empty_render", "the camera sees nothing of the scene"))
        if wanted.plan_px:
            boxes = {name: (body.low, body.high) for name, body in self.bodies.items()}
            picture, bounds = views.plan(scene, wanted.plan_px, self.scratch, boxes)
            png.write(self.scratch / "plan.png", picture)
            made = replace(made, plan="plan.png", plan_bounds=bounds)
        size = shot.frame_size(scene, wanted.measure_px or 256)
        self.found["inventory"] = inventory.take(scene, self.bodies, size, visible)
        self.found["views"] = made
        self.found["camera"] = camera_info.info(scene)
        if scene.camera is not None:
            self.sanity += sanity.of_frame(self.found["inventory"], self.bodies)

    def _beauty(self, scene: bpy.types.Scene) -> None:
        wanted = self.job.views
        path = self.scratch / "beauty.png"
        views.beauty(scene, wanted.beauty_px, wanted.beauty_samples, path, self.job.seed)
        made_by = f"{self.found['views'].made_by}; beauty {views.beauty_made_by(wanted.beauty_samples)}"
        self.found["views"] = replace(self.found["views"], beauty=path.name, made_by=made_by)
        if self.measured is not None:
            self.sanity += sanity.of_picture(*views.displayed(path, self.measured.ids > 0))

    def _write(self, scene: bpy.types.Scene) -> None:
        try:
            with share.shared(scene) as notes:
                self.found["blend"], self.found["settings"] = result.write(scene, self.scratch)
            self.notes += notes
        except result.TooLarge as error:
            raise Stopped("budget", str(error)) from error

    def _script(self, script: StageScript, replayed: bool) -> None:
        source = f"<{script.stage}>"
        before = f"the accepted {script.stage} script no longer runs: " if replayed else ""
        try:
            code, namespace = self._compiled(script.text, source, replayed)
            with contextlib.redirect_stdout(self.output):
                execute.run(code, namespace, source)
        except SyntaxError as error:
            raise Stopped("error", f"{before}SyntaxError: {error.msg}", 0 if replayed else error.lineno or 0) from error
        except guard.Refused as error:
            raise Stopped("refused", f"{before}{error.reason}.", 0 if replayed else error.line) from error
        except execute.ScriptError as error:
            status = "memory" if error.out_of_memory else "error"
            raise Stopped(status, before + error.text, 0 if replayed else error.line) from error

    def _compiled(self, text: str, source: str, replayed: bool) -> tuple[types.CodeType, dict[str, object]]:
        text, adapted = shim.adapt(text, bpy.app.version[:2])
        if adapted and not replayed:
            self.notes += adapted
            self.found["adapted"] = text
        if not self.job.guard:
            return compile(text, source, "exec"), execute.plain_namespace()
        guarded = guard.check(text, source)
        if not replayed:
            self.notes += guarded.notes
        return guarded.code, guard_runtime.namespace()


def _peak_memory_mb() -> float:
    if sys.platform == "win32":
        return 0.0
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20) if sys.platform == "darwin" else peak / (1 << 10)
