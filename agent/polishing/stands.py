# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole program as it stands while it is polished: run, rendered and measured, and run again with other scripts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Event

import numpy as np
from numpy.typing import NDArray

from ...worker.protocol import Job, JobResult, StageScript, ViewRequest
from .. import measure, parts, script_numbers
from ..measurements import Measurements
from ..perceptual import Judge
from ..ports import WorkerPort
from ..roles import AttemptViews, Cancelled
from ..stages import BY_NAME
from ..views import load_views

Program = tuple[StageScript, ...]
Mask = NDArray[np.bool_]

PIXELS = 256
SAMPLES = 16


@dataclass(frozen=True)
class Stands:
    """A program that ran, and how near it comes."""

    scripts: Program
    result: JobResult
    views: AttemptViews
    numbers: Measurements

    def materials(self) -> int | None:
        """Return the place of the script that makes the materials."""
        return self.place_of("materials")

    def place_of(self, stage: str) -> int | None:
        """Return the place of the script that does a stage's work."""
        return next((p for p, script in enumerate(self.scripts) if script.stage in (stage, "program")), None)

    def with_text(self, place: int, text: str) -> Program:
        """Return the program with another script in a place."""
        script = StageScript(self.scripts[place].stage, text)
        return (*self.scripts[:place], script, *self.scripts[place + 1 :])


@dataclass
class Bench:
    """What every step works with: the picture, and a worker that holds the scene of the program run last."""

    picture: NDArray[np.float32]
    """(h, w, 3) sRGB, 0 to 1."""
    masks: Mapping[str, Mask]
    worker: WorkerPort
    judge: Judge
    cancel: Event
    tell: Callable[[str], None]
    seed: int = 0
    ignored: Mask | None = None
    _owners: dict[str, dict[int, str]] = field(default_factory=dict)

    def check(self) -> None:
        """Raise Cancelled once nobody wants it any more."""
        if self.cancel.is_set():
            raise Cancelled

    def tried(self, program: Program) -> Stands | None:
        """Run and measure a program; None when it does not run. Raises Cancelled, as all that runs one."""
        self.tell("rendering the whole program")
        views = ViewRequest(measure_px=PIXELS, beauty_px=PIXELS, beauty_samples=SAMPLES)
        return self.seen(program, views, self.judge)

    def again(self, stands: Stands) -> Stands:
        """Have the worker hold what stands, which solving light looks at through it."""
        return self.tried(stands.scripts) or stands

    def seen(self, program: Program, request: ViewRequest, judge: Judge) -> Stands | None:
        """Run a program, with views of one's own, and measure it by a judge of their size; None when it does not
        run."""
        result = self.run(program, request)
        if result.status != "ok":
            return None
        views = load_views(self.worker, result)
        parts.merge(views, self.masks.keys())
        sanity = tuple(result.sanity)
        numbers = measure.measure("lighting", self.picture, self.masks, views, sanity, judge, self.ignored)
        return Stands(program, result, views, numbers)

    def run(self, program: Program, views: ViewRequest) -> JobResult:
        """Run a program's last script on those before it."""
        *before, last = program
        may = tuple(sorted(BY_NAME[last.stage].may_change))
        result = self.worker.run(Job(tuple(before), last, may, views, seed=self.seed), self.cancel)
        self.check()
        return result

    def own(self, script: StageScript, owners: Mapping[int, str]) -> None:
        """Remember by its place among the script's numbers whose a number is; `owners` have it by where it starts."""
        mine = self._owners.setdefault(script.stage, {})
        for index, number in enumerate(script_numbers.find(script.text)):
            if number.start in owners:
                mine[index] = owners[number.start]

    def own_all(self, stage: str, owners: Mapping[int, str]) -> None:
        """Remember whose the numbers of a stage's script are, by their places among them, and nothing else of it."""
        self._owners[stage] = dict(owners)

    def owners_of(self, stage: str) -> dict[int, str]:
        """Return whose the numbers of a stage's script are, as far as that is known."""
        return self._owners.get(stage, {})
