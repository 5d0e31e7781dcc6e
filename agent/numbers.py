# SPDX-License-Identifier: GPL-3.0-or-later
"""The numbers of a run's scripts: solved, kept in the run folder, and taken from a recording when one is played again.

How far a search comes depends on the machine's speed, so a replay can't solve anew and be the same run.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..worker.protocol import StageScript
from . import files, leaving
from .enough import Either
from .perceptual import Judge
from .polish import polish
from .ports import WorkerPort
from .record import RecordError, RunFolder
from .roles import Attempt, Cancelled, Context, Numbers
from .solve import solve_stage
from .solving.gauge import Paints

FILE = "solved.json"
SECONDS = {"geometry": 10.0, "materials": 3.0, "composition": 3.0, "lighting": 6.0, "program": 22.0}
"""For a stage's first attempt; a search that begins where the last one ended gets half."""
POLISH_SECONDS = 28.0
"""For the last touch on a whole program."""
PATTERN_SECONDS, FITTED_PATTERN_SECONDS = 9.0, 12.0
"""For patterns, after that; the second where the agent has fitted its stages itself, which are not solved then. With
the seconds of the stages a solve stays within a minute."""


class Solvers:
    """Solves against renders, each stage for a few seconds."""

    def __init__(
        self, patience: float = 1.0, polish_s: float = POLISH_SECONDS, pattern_s: float = PATTERN_SECONDS
    ) -> None:
        """One for a run: what it learns of the picture is used again. `patience` multiplies the time there is, for
        measurements on a machine that does other things as well; `polish_s` is what a whole program
        gets, and `pattern_s` its patterns."""
        self._patience, self._polish_s, self._pattern_s = patience, polish_s, pattern_s
        self._judge: tuple[str, Judge] | None = None
        self._paints = Paints()

    def solve_stage(self, context: Context, attempt: Attempt, worker: WorkerPort) -> str | None:
        """As `roles.Numbers`."""
        seconds = self._patience * SECONDS.get(attempt.stage, 0.0) * (1.0 if context.round == 1 else 0.5)
        if not seconds:
            return None
        judge = self._of(context)
        return solve_stage(context, attempt, worker, judge, seconds, context.cancel, context.tell, self._paints)

    def solve_program(self, context: Context, program: Sequence[StageScript], worker: WorkerPort) -> dict[str, str]:
        """As `roles.Numbers`."""
        try:
            found = polish(
                context.picture.unit,
                context.masks,
                program,
                worker,
                self._of(context),
                self._polish_s * self._patience,
                Either(context.cancel, context.enough),
                context.tell,
                context.seed,
                context.doubtful,
                context.ignored,
                self._paints,
                self._pattern_s * self._patience,
            )
        except Cancelled:
            context.check_cancel()
            return {}
        return found.scripts if found else {}

    def _of(self, context: Context) -> Judge:
        if self._judge is None or self._judge[0] != context.picture.sha256:
            self._judge = context.picture.sha256, Judge(context.picture.unit)
        return self._judge[1]


def solvers_for(fits: bool) -> Solvers:
    """Return solvers for a run, with the time that its agent leaves them: `fits` as `roles.Agent`'s."""
    return Solvers(pattern_s=FITTED_PATTERN_SECONDS) if fits else Solvers()


class SolvedItem(BaseModel):
    """What became of one script, or of one program."""

    model_config = ConfigDict(extra="forbid")

    stage: str
    """Empty for a whole program."""
    before: str
    """SHA-256 of the scripts as they were, and of what the artist had said of the picture's masks."""
    after: dict[str, str] = Field(default_factory=dict)
    """The better scripts, by stage; none when nothing was found."""


class SolvedItems(BaseModel):
    """`solved.json`."""

    model_config = ConfigDict(extra="forbid")

    items: list[SolvedItem] = Field(default_factory=list)
    seconds: float = 0.0


def load(folder: Path) -> SolvedItems:
    """Return what was solved in a run folder or recording; empty when nothing was. Raises RecordError."""
    try:
        return SolvedItems.model_validate_json((folder / FILE).read_bytes())
    except FileNotFoundError:
        return SolvedItems()
    except (OSError, ValidationError) as error:
        raise RecordError(f"{folder / FILE} is damaged or can't be read.") from error


class KeptNumbers:
    """Numbers that are kept in the run folder; what is there already is not solved again."""

    def __init__(self, folder: RunFolder, solver: Numbers | None, recording: Path | None = None) -> None:
        """With a `recording` its numbers are used, and `solver` only where it has none. Raises RecordError."""
        self._folder = folder
        self._solver = solver
        self._kept = load(folder.path)
        self._recorded = load(recording) if recording else SolvedItems()

    def solve_stage(self, context: Context, attempt: Attempt, worker: WorkerPort) -> str | None:
        """As `roles.Numbers`; may raise OSError, as it writes."""
        before = _hash([StageScript(attempt.stage, attempt.script)], context.hints)
        known = self._find(attempt.stage, before)
        if known is None:
            began = time.monotonic()
            found = self._solved(context, attempt, worker)
            known = {attempt.stage: found} if found else {}
            self._keep(SolvedItem(stage=attempt.stage, before=before, after=known), time.monotonic() - began)
        return known.get(attempt.stage)

    def solve_program(self, context: Context, program: Sequence[StageScript], worker: WorkerPort) -> dict[str, str]:
        """As `roles.Numbers`; may raise OSError, as it writes."""
        before = _hash(program, context.hints)
        known = self._find("", before)
        if known is None:
            began = time.monotonic()
            known = self._solved_program(context, program, worker)
            self._keep(SolvedItem(stage="", before=before, after=known), time.monotonic() - began)
        return known

    def _solved(self, context: Context, attempt: Attempt, worker: WorkerPort) -> str | None:
        solver, unheard = self._solver, _unheard(context)
        if solver is None:
            return None
        return leaving.run(lambda: solver.solve_stage(unheard, attempt, worker), context.cancel)

    def _solved_program(self, context: Context, program: Sequence[StageScript], worker: WorkerPort) -> dict[str, str]:
        solver, unheard = self._solver, _unheard(context)
        if solver is None:
            return {}
        return leaving.run(lambda: solver.solve_program(unheard, program, worker), context.cancel)

    def _find(self, stage: str, before: str) -> dict[str, str] | None:
        for items in (self._kept, self._recorded):
            for item in items.items:
                if (item.stage, item.before) == (stage, before):
                    if items is self._recorded:
                        self._keep(item, 0.0)
                    return item.after
        return None

    def _keep(self, item: SolvedItem, seconds: float) -> None:
        self._kept.items.append(item)
        self._kept.seconds = round(self._kept.seconds + seconds, 3)
        files.write_text(self._folder.path / FILE, self._kept.model_dump_json(indent=1))
        self._folder.record.solve_seconds = self._kept.seconds


def _unheard(context: Context) -> Context:
    """The context for a search that may be left: what it tells after a cancel nobody hears."""
    return replace(context, tell=leaving.quiet(context.tell, context.cancel))


def _hash(scripts: Sequence[StageScript], hints: str) -> str:
    parts = [f"{script.stage}\0{script.text}" for script in scripts] + ([hints] if hints else [])
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
