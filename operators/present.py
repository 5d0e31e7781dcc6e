# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows a run in Blender: the panel's numbers, the sandbox collection, the scripts. Main thread only.

What is changed in the artist's file from here is changed outside any operator, so each change ends with exactly one
undo step; without it the artist's next undo would take back more than one thing.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import bpy
import numpy as np
from numpy.typing import NDArray

from .. import properties
from ..agent.cards import RunCards
from ..agent.listener import AttemptShown, Progress, StageDone
from ..agent.stages import BY_NAME
from ..scene import compat, edits, looking, sandbox, scripts, viewport
from . import briefs, follow, params, trouble, view
from .run_thread import ByHand, Ended

UNDONE = "The run was stopped, because what began it was undone. Redo that and press Go On to have it continue."
_log = logging.getLogger(__name__)


class Presenter:
    """Shows one run. Keeps names, paths and numbers, never a `bpy` object."""

    def __init__(self, run: str, scene: str, folder: Path, show_attempts: bool, state: int = 0) -> None:
        """Show the run `run`, kept in `folder`, in the scene of that name now, which is in `state`."""
        self.run = run
        self.scene = scene
        self.folder = folder
        self.status = "RUNNING"
        self.state = state
        self.undone = False
        """Whether the artist has taken back what began the run: then nothing of it is shown any more."""
        self._show_attempts = show_attempts
        self._attempts: dict[tuple[str, int], AttemptShown] = {}
        self._shown: Path | None = None
        self._waiting: AttemptShown | None = None
        self._unsaved = ""
        """The undo step that waits for object mode, by its message."""

    def _scene(self) -> bpy.types.Scene | None:
        return properties.scene_of(self.run, self.scene)

    def begin(self) -> None:
        """Put the panel at the start of the run."""
        live = self._live()
        live.status, live.stage, live.doing, live.message = "RUNNING", "", "starting", ""
        live.score, live.factor, live.elapsed = -1.0, 0.0, 0.0
        live.tokens, live.cost_usd = 0, 0.0
        trouble.clear()
        self.by_hand(None)
        self.remember()

    def stopping(self) -> None:
        """Say that the run was cancelled."""
        self.status = self._live().status = "STOPPING"
        compat.redraw()

    def remember(self) -> None:
        """Write into the scene which run it shows; again after an undo, which knows nothing of a run going on."""
        scene = self._scene()
        if scene is not None:
            scene.restage.run, scene.restage.folder, scene.restage.status = self.run, str(self.folder), self.status
            scene.restage.state = self.state

    def progress(self, progress: Progress) -> None:
        """Write the run's place into the panel."""
        if self.undone:
            return
        live = self._live()
        if live.stage != progress.stage:
            _mark_running(live, progress.stage)
        live.stage, live.doing = progress.stage, progress.doing
        live.stage_number, live.stage_count = progress.stage_number, progress.stage_count
        live.round, live.rounds = progress.round, progress.rounds
        live.score = -1.0 if progress.score is None else progress.score
        live.elapsed = progress.elapsed
        live.tokens, live.cost_usd = min(progress.tokens, 2**31 - 1), progress.cost_usd
        within = max(0, progress.round - 1) / max(1, progress.rounds)
        live.factor = min(1.0, (progress.stage_number - 1 + within) / max(1, progress.stage_count))
        compat.redraw()

    def attempt(self, shown: AttemptShown, known: RunCards) -> None:
        """Show an attempt, or say why there is nothing to show."""
        if self.undone:
            return
        live = self._live()
        live.message = f"{shown.stage} {shown.number}: " + (shown.message or f"score {shown.score:.2f}")
        if shown.blend is not None and not shown.passing:
            self._attempts[shown.stage, shown.number] = shown
            if self._show_attempts or shown.best:
                self._put(shown)
        self._cards(known)

    def stage_done(self, done: StageDone, known: RunCards) -> None:
        """Show the stage's standing attempt again if another came after it, and write its script."""
        if self.undone:
            return
        self.state = done.state
        best = self._attempts.get((done.stage, done.attempt))
        scene = self._scene()
        if done.review and scene is not None:
            view.fill_points(scene, known, done.stage, done.attempt)
        if best is not None and best.blend != self._shown:
            self._put(replace(best, state=done.state))
        else:
            changed = self._write_scripts()
            self.remember()
            if changed:
                self._push_undo(f"Restage: {done.stage} {'to review' if done.review else 'accepted'}")
        self._cards(known, going_on=False)

    def _cards(self, known: RunCards, going_on: bool = True) -> None:
        """Show the cards; `going_on` while the stage of which the run told last is not settled."""
        scene = self._scene()
        if scene is not None:
            view.show(known, scene)
            if going_on:
                _mark_running(self._live(), self._live().stage)

    def _write_scripts(self, shown: dict[str, str] | None = None) -> bool:
        """Bring the texts of the run's scripts up to what is accepted and shown; return whether anything was new."""
        found = {path.name: path.read_text(encoding="utf-8") for path in sorted(self.folder.glob("stages/*.py"))}
        return scripts.update(self.run, {**found, **(shown or {})})

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
        trouble.tell(str(error) or type(error).__name__)

    def ended(self, ended: Ended, known: RunCards | None) -> None:
        """Show how the run ended."""
        live = self._live()
        self.by_hand(None)
        live.doing = ""
        if self.undone:
            live.status = "NONE"
            follow.follow()
            live.message = UNDONE
            return
        self.status = live.status = ended.status
        live.message = ended.message
        if ended.status == "FAILED":
            trouble.tell(ended.message, ended.details)
        live.factor = 1.0 if ended.status == "DONE" else live.factor
        changed = self._write_scripts()
        if ended.status in {"DONE", "CAPPED"} and (program := self.folder / "scene.py").is_file():
            changed |= scripts.update(self.run, {"scene.py": program.read_text(encoding="utf-8")})
        if ended.status == "PAUSED":
            self._write_brief()
            changed = True
        if known is not None:
            self.state = known.state
        self.remember()
        scene = self._scene()
        if scene is not None:
            scene.restage.summary = ended.message
        if changed:
            # Texts were made; values of a scene alone are safe without a step of their own.
            self._push_undo(f"Restage: {ended.status.lower()}")
        if known is not None and scene is not None:
            view.show(known, scene)
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
        try:
            scene = self._scene()
            put(self.run, shown, scene.name if scene is not None else "")
        except sandbox.SandboxError as error:
            trouble.tell(f"{shown.stage} {shown.number} can't be shown: {error}")
            return
        self._shown = shown.blend
        self.state = shown.state or self.state
        self._write_scripts({BY_NAME[shown.stage].file_name: shown.script})
        self.remember()
        self._push_undo(f"Restage: {shown.stage}, attempt {shown.number}")
        view.shown_again(self._scene() or bpy.context.scene)

    def _push_undo(self, message: str) -> None:
        """Make an undo step; later, while the artist is in another mode, whose steps hold that mode's data only."""
        self._unsaved = message
        if compat.in_object_mode():
            self._unsaved = ""
            compat.push_undo(message)

    @staticmethod
    def _live() -> bpy.types.PropertyGroup:
        return bpy.context.window_manager.restage


def put(run: str, shown: AttemptShown, scene: str) -> None:
    """Put an attempt's result into the sandbox collection, in place of what is there. Raises SandboxError."""
    if shown.blend is None:
        raise sandbox.SandboxError("its result is no longer in the run folder.")
    sandbox.replace(run, shown.blend, shown.settings, scene)
    sandbox.mark_shown(run, shown.stage, shown.number)
    edits.remember(run, shown.names)
    looking.go_on(run)


def _mark_running(live: bpy.types.PropertyGroup, stage: str) -> None:
    """Have the card of the stage that is worked on say so, and come into focus with its parameters."""
    for card in live.cards:
        if card.name == stage:
            card.status = "running"
        elif card.status == "running":
            card.status = "waiting"
    if stage in live.cards:
        live.focus = stage
        params.fill(live)
