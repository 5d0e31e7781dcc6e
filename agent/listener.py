# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is told what a run is doing: the terminal, or the artist's panel through the bridge."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True)
class Progress:
    """Where the run is."""

    stage: str
    stage_number: int
    stage_count: int
    round: int
    rounds: int
    doing: str
    """What it is doing, in a few words: `writing the script`, `running and rendering`."""
    score: float | None
    """The best score of this stage so far."""
    elapsed: float
    """Seconds since the run began."""
    tokens: int = 0
    """In and out, of the whole run so far; 0 without a model."""
    cost_usd: float = 0.0


@dataclass(frozen=True)
class AttemptShown:
    """An attempt that has something to show. The files are in the run folder and stay."""

    stage: str
    number: int
    round: int
    status: str
    message: str
    score: float
    best: bool
    """Whether it is the best of its stage so far."""
    script: str
    blend: Path | None
    """One collection, for the artist's side."""
    settings: dict[str, Any]
    """Camera, world, frame and view settings, as JobResult.settings."""
    render: Path | None
    names: tuple[str, ...] = ()
    """Of the objects, as the scripts call them."""
    state: int = 0
    """The journal's state that a file that shows this attempt is in."""
    passing: bool = False
    """Only on the way to something else: there is nothing to look at yet."""


@dataclass(frozen=True)
class StageDone:
    """A stage ended with an accepted script, or with one that waits for the artist."""

    stage: str
    script: str
    score: float
    attempt: int
    """0 when none could be used."""
    review: bool = False
    """Whether the artist has still to accept it."""
    state: int = 0
    """As in AttemptShown."""


class Listener(Protocol):
    """Told from the run's thread; must return quickly and never raise."""

    def progress(self, progress: Progress) -> None:
        """The run moved on."""
        ...

    def attempt(self, shown: AttemptShown) -> None:
        """An attempt was recorded."""
        ...

    def stage_done(self, done: StageDone) -> None:
        """A stage's script was accepted, or is there to be."""
        ...

    def log(self, text: str) -> None:
        """One line worth reading."""
        ...


class Silent:
    """Tells nobody."""

    def progress(self, progress: Progress) -> None:
        """Nothing."""

    def attempt(self, shown: AttemptShown) -> None:
        """Nothing."""

    def stage_done(self, done: StageDone) -> None:
        """Nothing."""

    def log(self, text: str) -> None:
        """Nothing."""
