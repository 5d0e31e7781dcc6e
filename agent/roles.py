# SPDX-License-Identifier: GPL-3.0-or-later
"""The two roles of the loop, generator and verifier, and what each is given. The offline agent and the models' agent
implement the same protocols, so the loop cannot tell them apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Event
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from ..worker.protocol import JobResult, LightBasisRequest, LookRequest, StageScript
from .brief import Brief
from .measurements import Measurements
from .picture import Picture
from .stages import Stage
from .verdict import Verdict

if TYPE_CHECKING:
    from .ports import WorkerPort


@dataclass(frozen=True)
class Usage:
    """What a turn cost; all zero for the offline agent."""

    input_tokens: int = 0
    """All of them, cached ones included."""
    output_tokens: int = 0
    cost_usd: float = 0.0
    cached_input_tokens: int = 0
    """Read from the provider's cache; part of `input_tokens`."""
    cache_write_tokens: int = 0
    """Written to the provider's cache, at a price of their own; part of `input_tokens`."""

    def __add__(self, other: Usage) -> Usage:
        """Both turns together."""
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cost_usd + other.cost_usd,
            self.cached_input_tokens + other.cached_input_tokens,
            self.cache_write_tokens + other.cache_write_tokens,
        )


class Cancelled(Exception):
    """The artist cancelled the run."""

    usage = Usage()
    """What a request had cost when it was cancelled, as far as is known."""


@dataclass(frozen=True)
class Draft:
    """A script as the generator handed it in."""

    script: str
    note: str = ""
    """What it did and why, one or two sentences; recorded with the attempt."""
    usage: Usage = Usage()
    solved_from: int | None = None
    """Number of the attempt whose script this is with its numbers solved; None for one that was written."""
    by: Literal["agent", "artist", "replay"] = "agent"
    """Whose script it is; `replay`: one that was accepted before an earlier stage changed."""


@dataclass(frozen=True)
class Judgement:
    """A verdict and what it cost."""

    verdict: Verdict
    usage: Usage = Usage()


@dataclass(frozen=True)
class Preference:
    """Which of two attempts is nearer, and what it cost to find out."""

    better: Literal["one", "two", "neither"]
    why: str = ""
    usage: Usage = Usage()


@dataclass
class AttemptViews:
    """The views of an attempt, loaded. Any may be None when it was not made."""

    ids: NDArray[np.int32] | None = None
    id_names: dict[int, str] = field(default_factory=dict)
    part_ids: NDArray[np.int32] | None = None
    """As `ids` before the parts of a thing got the thing's own number; None where nothing has parts."""
    part_names: dict[int, str] = field(default_factory=dict)
    albedo: NDArray[np.float32] | None = None
    """(h, w, 3) linear."""
    depth: NDArray[np.float32] | None = None
    normal: NDArray[np.float32] | None = None
    beauty: NDArray[np.float32] | None = None
    """(h, w, 3) sRGB, 0 to 1."""
    clay: NDArray[np.float32] | None = None
    """(h, w, 3) sRGB, 0 to 1: grey shading of the shapes."""
    plan: NDArray[np.float32] | None = None
    """(h, w, 3) sRGB, 0 to 1: from straight above, north (+Y) up."""
    plan_bounds: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    """x0, y0, x1, y1 in metres of the plan's edges."""


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
    solved_from: int | None = None
    """As in `Draft`."""
    base: str = ""
    """Which scripts of earlier stages it was built on (`program.base_of`)."""
    by: Literal["agent", "artist", "replay"] = "agent"
    """As in `Draft`."""


@dataclass(frozen=True)
class LightPictures:
    """A scene under each of its lights alone; no names when it can't be had."""

    names: tuple[str, ...]
    pictures: NDArray[np.float32]
    """(lights, h, w, 3) linear."""
    coverage: NDArray[np.float32]
    """(h, w) how much of a pixel the scene covers."""
    gloss: NDArray[np.float32]
    """(lights, h, w, 3) what of the pictures surfaces mirror."""
    around: NDArray[np.float32]
    """(lights, h, w, 3) what of that is other surfaces; the rest is lamps and the sky."""


class Looker(Protocol):
    """The attempt's own worker, still holding its scene, for measurements a role asks for."""

    def light_basis(self, request: LightBasisRequest) -> LightPictures:
        """Return the scene under each of its lights alone."""
        ...

    def look(self, request: LookRequest) -> NDArray[np.uint8] | str:
        """Return one extra look at the attempt's scene as (h, w, 3) sRGB, or one sentence why there is none."""
        ...


@dataclass
class Context:
    """What a role is given for one turn."""

    picture: Picture
    brief: Brief
    masks: dict[str, NDArray[np.bool_]]
    """The picture's mask per brief object, at the picture's size; without those of which hints leave nothing."""
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
    passing: bool = False
    """Whether what is tried now is only on the way to something else, and not worth showing."""
    refused: frozenset[str] = frozenset()
    """Scripts of the attempts the artist rejected, which are not among `attempts`."""
    cancel: Event = field(default_factory=Event)
    enough: Event = field(default_factory=Event)
    """Set when what is being solved is to end with the best so far."""
    doubtful: frozenset[str] = frozenset()
    """The objects whose mask is no better than a box."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What the running Blender says of its own API (worker.protocol.ApiFacts), plain JSON values."""
    rounds: int = 0
    """How many rounds the stage gets in this run; 0 for the usual number."""
    ignored: NDArray[np.bool_] | None = None
    """Where the artist wants nothing to be measured, at the picture's size; None for nowhere."""
    hints: str = ""
    """Which hints the masks heed (`mask_hints.digest`)."""
    candidate: int = 1
    """Which of a round's candidates this is, 1-based; the generator may vary its approach by it."""
    tell: Callable[[str], None] = lambda _doing: None
    """Say what is going on, in a few words, while a turn lasts: `waiting for the model, 12 s`."""

    def check_cancel(self) -> None:
        """Raise Cancelled when the artist has cancelled."""
        if self.cancel.is_set():
            raise Cancelled


class Generator(Protocol):
    """Writes the brief and the stage scripts."""

    def brief(
        self, picture: Picture, seed: int, cancel: Event, tell: Callable[[str], None] = lambda _doing: None
    ) -> tuple[Brief, Usage]:
        """Say what is in the picture; `tell` as in Context."""
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

    def prefer(self, context: Context, one: Attempt, two: Attempt) -> Preference:
        """Say which of two usable attempts is nearer to the picture in what the stage settles; asked only when the
        numbers don't settle it. `one` is the best so far."""
        ...


class Numbers(Protocol):
    """Solves the numbers of scripts against the picture; their words stay as they were."""

    def solve_stage(self, context: Context, attempt: Attempt, worker: WorkerPort) -> str | None:
        """Return the attempt's script with better numbers; None when there are none. `worker` is a fresh one. Raises
        Cancelled."""
        ...

    def solve_program(self, context: Context, program: Sequence[StageScript], worker: WorkerPort) -> dict[str, str]:
        """Return better scripts of a whole program by stage, as far as there are any. `context` is the last stage's.
        Raises Cancelled."""
        ...


@dataclass(frozen=True)
class Agent:
    """A generator and a verifier under one name, and what solves the numbers of their scripts."""

    name: str
    generator: Generator
    verifier: Verifier
    needs_facts: bool = False
    """Whether its generator wants to know the running Blender's API (`Context.facts`)."""
    numbers: Numbers | None = None
    """None: the scripts' numbers stay as they are written."""
    fits: bool = False
    """Whether its generator fits a stage's numbers to the picture itself: then only the finished program is solved."""
