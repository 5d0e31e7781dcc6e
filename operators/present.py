# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows a run in Blender: the panel's numbers, the sandbox collection, the scripts. Main thread only.

What is changed in the artist's file from here is changed outside any operator, so each change ends with exactly one
undo step; without it the artist's next undo would take back more than one thing.
"""

from __future__ import annotations

import logging
from pathlib import Path

import bpy
import numpy as np
from numpy.typing import NDArray

from ..agent.listener import AttemptShown, Progress, StageDone
from ..agent.stages import BY_NAME
from ..scene import compat, sandbox, scripts, viewport
from . import briefs
from .run_thread import ByHand, Ended

_log = logging.getLogger(__name__)


class Presenter:
    """Shows one run. Keeps names, paths and numbers, never a `bpy` object."""

    def __init__(self, run: str, scene: str, folder: Path, show_attempts: bool) -> None:
        """Show the run `run`, kept in `folder`, in the scene of that name."""
        self.run = run
        self.scene = scene
        self.folder = folder
        self.status = "RUNNING"
        self._show_attempts = show_attempts
        self._scripts: dict[str, str] = {}
        self._attempts: dict[tuple[str, int], AttemptShown] = {}
        self._shown: Path | None = None
        self._waiting: AttemptShown | None = None
        self._unsaved = ""
        """The undo step that waits for object mode, by its message."""

    def begin(self) -> None:
        """Put the panel at the start of the run."""
        live = self._live()
        live.status, live.stage, live.doing, live.message, live.render = "RUNNING", "", "starting", "", ""
        live.score, live.factor, live.elapsed = -1.0, 0.0, 0.0
        live.tokens, live.cost_usd = 0, 0.0
        self.by_hand(None)
        self.remember()

    def stopping(self) -> None:
        """Say that the run was cancelled."""
        self.status = self._live().status = "STOPPING"
        compat.redraw()

    def remember(self) -> None:
        """Write into the scene which run it shows; again after an undo, which knows nothing of a run going on."""
        scene = bpy.data.scenes.get(self.scene)
        if scene is not None:
            scene.restage.run, scene.restage.folder, scene.restage.status = self.run, str(self.folder), self.status

    def progress(self, progress: Progress) -> None:
        """Write the run's place into the panel."""
        live = self._live()
        live.stage, live.doing = progress.stage, progress.doing
        live.stage_number, live.stage_count = progress.stage_number, progress.stage_count
        live.round, live.rounds = progress.round, progress.rounds
        live.score = -1.0 if progress.score is None else progress.score
        live.elapsed = progress.elapsed
        live.tokens, live.cost_usd = min(progress.tokens, 2**31 - 1), progress.cost_usd
        within = max(0, progress.round - 1) / max(1, progress.rounds)
        live.factor = min(1.0, (progress.stage_number - 1 + within) / max(1, progress.stage_count))
        compat.redraw()

    def attempt(self, shown: AttemptShown) -> None:
        """Show an attempt, or say why there is nothing to show."""
        live = self._live()
        live.message = f"{shown.stage} {shown.number}: " + (shown.message or f"score {shown.score:.2f}")
        if shown.render is not None:
            live.render = str(shown.render)
        if shown.blend is not None:
            self._attempts[shown.stage, shown.number] = shown
            if self._show_attempts or shown.best:
                self._put(shown)
        compat.redraw()

    def stage_done(self, done: StageDone) -> None:
        """Show the stage's accepted attempt again if another came after it, and write its script."""
        self._scripts[BY_NAME[done.stage].file_name] = done.script
        scripts.write(self.run, {BY_NAME[done.stage].file_name: done.script})
        best = self._attempts.get((done.stage, done.attempt))
        if best is not None and best.blend != self._shown:
            self._put(best)
        else:
            self._push_undo(f"Restage: {done.stage} script")

    def by_hand(self, request: ByHand | None) -> None:
        """Show the request that waits for a reply, or none."""
        live = self._live()
        live.request, live.request_title, live.request_pictures = (
            (request.folder, request.title, request.pictures) if request else ("", "", 0)
        )
        compat.redraw()

    def log(self, text: str) -> None:
        """Show a line."""
        self._live().message = text
        compat.redraw()

    def draw(self, shown: AttemptShown, size: tuple[int, int]) -> tuple[NDArray[np.uint8], str] | None:
        """Draw an attempt with the viewport; None where it isn't shown or this Blender can't."""
        if shown.blend is None or shown.blend != self._shown:
            return None
        try:
            picture = viewport.render(self.run, *size)
        except (viewport.ViewportError, sandbox.SandboxError) as error:
            # The run goes on with the worker's own picture.
            _log.info("no viewport picture: %s", error)
            return None
        return picture.rgb, picture.made_by

    def tick(self) -> bool:
        """Show what had to wait for object mode; return whether something still waits, the run's end included."""
        if compat.in_object_mode():
            if self._waiting is not None:
                self._put(self._waiting)
            if self._unsaved:
                self._push_undo(self._unsaved)
        return self._waiting is not None or bool(self._unsaved)

    def failed(self, error: BaseException) -> None:
        """Show what went wrong while showing."""
        self._live().message = str(error)
        compat.redraw()

    def ended(self, ended: Ended) -> None:
        """Show how the run ended."""
        live = self._live()
        self.status = live.status = ended.status
        live.message, live.doing = ended.message, ""
        self.by_hand(None)
        live.factor = 1.0 if ended.status == "DONE" else live.factor
        if ended.status in {"DONE", "CAPPED"}:
            render = self.folder / "render.png"
            if render.is_file():
                live.render = str(render)
        program = self.folder / "scene.py"
        if program.is_file():
            scripts.write(self.run, {"scene.py": program.read_text(encoding="utf-8")})
        if ended.status == "PAUSED":
            self._write_brief()
        self.remember()
        scene = bpy.data.scenes.get(self.scene)
        if scene is not None:
            scene.restage.summary = ended.message
        self._push_undo(f"Restage: {ended.status.lower()}")
        compat.redraw()

    def _write_brief(self) -> None:
        """Put the brief into a text, to be read and mended before the run goes on."""
        try:
            briefs.write(self.run, self.folder)
        except briefs.NoBrief as error:
            self._live().message = str(error)

    def _put(self, shown: AttemptShown) -> None:
        """Put an attempt's result into the sandbox collection; later, while the artist is in another mode."""
        if not compat.in_object_mode():
            self._waiting = shown
            return
        self._waiting = None
        assert shown.blend is not None, "only attempts with a result are put"
        try:
            sandbox.replace(self.run, shown.blend, shown.settings, self.scene)
        except sandbox.SandboxError as error:
            self.log(f"{shown.stage} {shown.number} can't be shown: {error}")
            return
        self._shown = shown.blend
        self.remember()
        self._push_undo(f"Restage: {shown.stage}, attempt {shown.number}")

    def _push_undo(self, message: str) -> None:
        """Make an undo step; later, while the artist is in another mode, whose steps hold that mode's data only."""
        self._unsaved = message
        if compat.in_object_mode():
            self._unsaved = ""
            compat.push_undo(message)

    @staticmethod
    def _live() -> bpy.types.PropertyGroup:
        return bpy.context.window_manager.restage
