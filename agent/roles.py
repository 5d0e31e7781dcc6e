# SPDX-License-Identifier: GPL-3.0-or-later
"""The two roles of the loop, generator and verifier, and what each is given. The offline agent and the models' agent
implement the same protocols, so the loop cannot tell them apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..worker.protocol import JobResult, LightBasis, LightBasisRequest, StageScript
from .brief import Brief
from .measurements import Measurements
from .picture import Picture
from .stages import Stage
from .verdict import Verdict


class Cancelled(Exception):
    """The artist cancelled the run."""


@dataclass(frozen=True)
class Usage:
    """What a turn cost; all zero for the offline agent."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0


@dataclass(frozen=True)
class Draft:
    """A script as the generator handed it in."""

    script: str
    note: str = ""
    """What it did and why, one or two sentences; recorded with the attempt."""
    usage: Usage = Usage()


@dataclass(frozen=True)
class Judgement:
    """A verdict and what it cost."""

    verdict: Verdict
    usage: Usage = Usage()


@dataclass
class AttemptViews:
    """The views of an attempt, loaded. Any may be None when it was not made."""

    ids: NDArray[np.int32] | None = None
    id_names: dict[int, str] = field(default_factory=dict)
    albedo: NDArray[np.float32] | None = None
    """(h, w, 3) linear."""
    depth: NDArray[np.float32] | None = None
    normal: NDArray[np.float32] | None = None
    beauty: NDArray[np.float32] | None = None
    """(h, w, 3) sRGB, 0 to 1."""


@dataclass
class Attempt:
    """One script for one stage with everything that came of it. Immutable once recorded."""

    stage: str
    number: int
    round: int
    script: str
    note: str
    result: JobResult
    views: AttemptViews
    measurements: Measurements
    verdict: Verdict | None = None


class Looker(Protocol):
    """The attempt's own worker, still holding its scene, for measurements a role asks for."""

    def light_basis(self, request: LightBasisRequest) -> tuple[LightBasis, NDArray[np.float32], NDArray[np.float32]]:
        """Return the basis, its pictures (lights, h, w, 3) linear, and the coverage (h, w)."""
        ...


@dataclass
class Context:
    """What a role is given for one turn."""

    picture: Picture
    brief: Brief
    masks: dict[str, NDArray[np.bool_]]
    """The picture's mask per brief object, at the picture's size."""
    stage: Stage
    round: int
    """1-based."""
    accepted: tuple[StageScript, ...]
    attempts: Sequence[Attempt]
    """Earlier attempts of this stage, oldest first, failed ones included."""
    best: Attempt | None
    """The best of them so far."""
    base: Attempt | None
    """The accepted attempt of the previous stage: what the scene looks like before this stage's script."""
    frame: tuple[int, int]
    """Render size in pixels."""
    samples: int
    seed: int
    hint: str = ""
    """What the artist asked for in words."""
    cancel: Event = field(default_factory=Event)
    workdir: Path | None = None

    def check_cancel(self) -> None:
        """Raise Cancelled when the artist has cancelled."""
        if self.cancel.is_set():
            raise Cancelled


class Generator(Protocol):
    """Writes the brief and the stage scripts."""

    def brief(self, picture: Picture, seed: int, cancel: Event) -> tuple[Brief, Usage]:
        """Say what is in the picture."""
        ...

    def write(self, context: Context) -> Draft:
        """Write the stage's script: the first one, or the next after a checklist (`context.best.verdict`)."""
        ...

    def repair(self, context: Context, draft: Draft, failed: JobResult) -> Draft | None:
        """Mend a script that was refused or failed; None when the generator can't."""
        ...


class Verifier(Protocol):
    """Judges one stage's attempt."""

    def judge(self, context: Context, attempt: Attempt, looker: Looker) -> Judgement:
        """Approve, or say what to change."""
        ...


@dataclass(frozen=True)
class Agent:
    """A generator and a verifier under one name."""

    name: str
    generator: Generator
    verifier: Verifier
