# SPDX-License-Identifier: GPL-3.0-or-later
"""Solve the numbers of a known scene's scripts, stage by stage and then together, as the loop does."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

import numpy as np
from numpy.typing import NDArray
from restage.agent import measure, parts, picture
from restage.agent.brief import Brief, BriefObject
from restage.agent.numbers import Solvers
from restage.agent.roles import Attempt, Context
from restage.agent.select import by_score
from restage.agent.stages import BY_NAME
from restage.agent.trial import frame
from restage.agent.views import load_views
from restage.bench.known_scenes import Known
from restage.worker.client import Worker
from restage.worker.pool import WorkerPool
from restage.worker.protocol import Job, StageScript, ViewRequest

LONGEST = 512
ATTEMPT_PX, ATTEMPT_SAMPLES, FINAL_SAMPLES = 256, 16, 32
LIT = ("materials", "lighting")


@dataclass
class SolvedScene:
    """What solving made of the scripts, and what it cost."""

    scripts: dict[str, str]
    seconds: float = 0.0
    """Wall clock of the solvers alone; the attempts between them are the loop's in any case."""
    cpu_seconds: float = 0.0
    """Of this process and the solvers' workers, their start included."""
    by_stage: dict[str, float] = field(default_factory=dict)


class Solving:
    """One known picture, and a pool of workers."""

    def __init__(self, known: Known, pool: WorkerPool, patience: float = 1.0) -> None:
        """The masks given to the solvers are the exact ones. `patience` multiplies the solvers' time."""
        self.patience = patience
        self.known = known
        self.pool = pool
        self.picture = picture.load(known.item.picture, LONGEST)
        self.masks = known.masks

    def solve(self, scripts: dict[str, str]) -> SolvedScene:
        """Solve each stage on the stages before it, then all together."""
        solvers, out, accepted = Solvers(self.patience), SolvedScene(dict(scripts)), []
        context: Context | None = None
        for stage, text in scripts.items():
            context, attempt = self.attempt(stage, text, tuple(accepted))
            with self._measured(out, stage) as worker:
                found = solvers.solve_stage(context, attempt, worker)
            if found is not None:
                again = self.attempt(stage, found, tuple(accepted))[1]
                if by_score([attempt, again]) is again:
                    out.scripts[stage] = found
            accepted.append(StageScript(stage, out.scripts[stage]))
        assert context is not None
        with self._measured(out, "program") as worker:
            out.scripts |= solvers.solve_program(context, accepted, worker)
        return out

    @contextmanager
    def _measured(self, out: SolvedScene, stage: str) -> Iterator[Worker]:
        """A worker for one solver, whose time is put down."""
        with self.pool.open() as worker:
            began, used = time.monotonic(), time.process_time()
            yield worker
            out.by_stage[stage] = time.monotonic() - began
            out.seconds += out.by_stage[stage]
            out.cpu_seconds += time.process_time() - used + (cpu(worker.ready.pid) if worker.ready else 0.0)

    def render(self, scripts: dict[str, str]) -> NDArray[np.float32]:
        """Return the scripts' picture, (h, w, 3) sRGB, at the size of the true one."""
        *before, last = (StageScript(stage, text) for stage, text in scripts.items())
        longest = max(self.picture.size)
        job = Job(
            tuple(before), last, tuple(BY_NAME[last.stage].may_change), ViewRequest(256, 0, longest, FINAL_SAMPLES)
        )
        with self.pool.open() as worker:
            result = worker.run(job)
            if result.status != "ok":
                raise RuntimeError(f"{self.known.item.key}: {result.message}")
            beauty = load_views(worker, result).beauty
        assert beauty is not None
        return beauty

    def attempt(self, stage: str, text: str, accepted: tuple[StageScript, ...]) -> tuple[Context, Attempt]:
        """Return an attempt with a stage's script on those before, and the context it is made in."""
        job = Job(
            accepted,
            StageScript(stage, text),
            tuple(sorted(BY_NAME[stage].may_change)),
            ViewRequest(measure_px=256, beauty_px=ATTEMPT_PX if stage in LIT else 0, beauty_samples=ATTEMPT_SAMPLES),
        )
        with self.pool.open() as worker:
            result = worker.run(job)
            if result.status != "ok":
                raise RuntimeError(f"{self.known.item.key}, {stage}: {result.message}")
            views = load_views(worker, result)
        parts.merge(views, self.masks.keys())
        numbers = measure.measure(stage, self.picture.unit, self.masks, views, tuple(result.sanity))
        context = Context(
            picture=self.picture,
            brief=Brief(objects=[BriefObject(name=name, box=(0, 0, 1, 1)) for name in self.masks]),
            masks=self.masks,
            stage=BY_NAME[stage],
            round=1,
            accepted=accepted,
            attempts=[],
            best=None,
            base=None,
            frame=frame(self.picture, LONGEST),
            samples=ATTEMPT_SAMPLES,
            seed=0,
            cancel=Event(),
        )
        return context, Attempt(stage, 1, 1, text, "", result, views, numbers)


def cpu(pid: int) -> float:
    """Return the processor seconds a process has used so far; 0 where the system does not say."""
    try:
        found = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0
    # User's and system's time, in ticks.
    return (int(found[11]) + int(found[12])) / os.sysconf("SC_CLK_TCK")
