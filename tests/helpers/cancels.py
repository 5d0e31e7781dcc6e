# SPDX-License-Identifier: GPL-3.0-or-later
"""Every state a run can be cancelled in, each really waiting: on a model's reply, a looping script, a long render, or
on OpenCV, which looks at no event."""

from __future__ import annotations

import hashlib
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import Event

import cv2
import numpy as np
from restage.agent import finish, numbers, run
from restage.agent.brief import Brief, BriefObject
from restage.agent.listener import Silent
from restage.agent.offline.agent import OfflineGenerator
from restage.agent.providers.base import Message, Request, Text, Turn
from restage.agent.providers.errors import CapReached
from restage.agent.providers.handoff import Handoff
from restage.agent.roles import Usage
from restage.agent.settings import AgentSettings
from restage.worker.protocol import LookRequest
from runs import OPTIONS, start
from scripted import GEOMETRY, Scripted

ENDLESS = '"""Loops."""\nwhile True:\n    pass\n'
BROKEN = '"""Fails."""\nraise RuntimeError("no")\n'
NUDGED = GEOMETRY.replace('"ball.radius": 0.15', '"ball.radius": 0.1501')
LONG = 4096


@dataclass(frozen=True)
class State:
    """Where a run stands when it is cancelled."""

    name: str
    doing: str
    """How its progress begins there."""
    stage: str = "geometry"
    round: int = 1
    scripts: dict[str, list[str]] | None = None
    attempt_samples: int = 1
    samples: int = 2
    knows: bool = True
    """Whether what is waited for says itself when it is reached (`Stuck.here`)."""
    large: bool = False
    """Whether the picture is a large one with much in it."""


STATES = (
    State("looking at the picture", "looking at the picture", "setup"),
    State("writing", "writing the script"),
    State("repairing", "repairing the script", scripts={"geometry": [BROKEN]}),
    State("segmenting a large picture", "looking at the picture", "setup", large=True),
    State("cutting outlines out of a large picture", "looking at the picture", "setup", large=True),
    State("running a script that loops", "running", scripts={"geometry": [ENDLESS]}, knows=False),
    State("rendering an attempt", "running", "materials", attempt_samples=LONG, knows=False),
    State("measuring an attempt", "running", "materials"),
    State("solving a stage's numbers", "solving numbers"),
    State("judging", "judging"),
    State("having a look", "judging", "composition"),
    State("comparing", "comparing", round=2, scripts={"geometry": [GEOMETRY, NUDGED]}),
    State("solving colours and lights together", "solving colours and lights together", "lighting"),
    State("rendering the final picture", "rendering the final picture", "lighting", 0, samples=LONG, knows=False),
    State(
        "rendering what there is at the cap", "rendering the final picture", "lighting", 0, samples=LONG, knows=False
    ),
    State("measuring the final picture", "rendering the final picture", "lighting", 0),
    State("writing the report", "rendering the final picture", "lighting", 0),
)


class Stuck(Scripted):
    """Waits for a reply that never comes, in one state."""

    def __init__(self, state, folder, cancel):
        super().__init__(state.scripts)
        self.state, self.provider, self.cancel = state, Handoff(folder / "handoff"), cancel
        self.here = Event()

    def wait(self):
        self.here.set()
        request = Request(Turn("test"), "", (Message("user", (Text("Anybody?"),)),))
        self.provider.ask(request, self.cancel)

    def compute(self):
        """Nothing but OpenCV, in calls as long as those of a mask, for as long as there is somebody to wait for it."""
        self.here.set()
        noise = np.random.default_rng(1).integers(0, 256, (260, 260, 3), np.uint8)
        while True:
            marks = np.full(noise.shape[:2], cv2.GC_PR_BGD, np.uint8)
            marks[50:210, 50:210] = cv2.GC_PR_FGD
            cv2.grabCut(noise, marks, None, np.zeros((1, 65)), np.zeros((1, 65)), 4, cv2.GC_INIT_WITH_MASK)

    def brief(self, picture, seed, cancel, tell=None):
        if self.state.name == "looking at the picture":
            self.wait()
        if self.state.name == "segmenting a large picture":
            self.here.set()
            return OfflineGenerator().brief(picture, seed, cancel)
        if self.state.name == "cutting outlines out of a large picture":
            self.here.set()
            boxes = {f"Thing {n}": (0.1 * n, 0.1, 0.1 * n + 0.4, 0.9) for n in range(6)}
            things = [BriefObject(name=name, box=box) for name, box in boxes.items()]
            # Masks of the same brief are kept, so one of its own for each run.
            return Brief(caption=str(self.provider.folder), objects=things), Usage()
        return super().brief(picture, seed, cancel)

    def solve_stage(self, context, attempt, worker):
        if self.state.name == "solving a stage's numbers" and attempt.stage == self.state.stage:
            self.compute()

    def solve_program(self, context, program, worker):
        if self.state.name == "solving colours and lights together":
            self.compute()
        return {}

    def write(self, context):
        if self.state.name == "writing" and context.stage.name == self.state.stage:
            self.wait()
        if self.state.name == "rendering what there is at the cap" and context.stage.name == "materials":
            raise CapReached("Enough.")
        return super().write(context)

    def repair(self, context, draft, failed):
        self.wait()

    def judge(self, context, attempt, looker):
        if self.state.name == "judging" and context.stage.name == self.state.stage:
            self.wait()
        if self.state.name == "having a look" and context.stage.name == self.state.stage:
            self.here.set()
            looker.look(LookRequest(shading="beauty", pixels=1024, samples=LONG))
        return super().judge(context, attempt, looker)

    def prefer(self, context, one, two):
        if self.state.name == "comparing":
            self.wait()
        return super().prefer(context, one, two)


class CancelsThere(Silent):
    """Cancels a moment after the run has come to the state."""

    def __init__(self, state, agent, cancel):
        self.state, self.agent, self.cancel = state, agent, cancel
        self.cancelled_at = 0.0
        self.begun = False

    def progress(self, progress):
        there = progress.stage == self.state.stage and progress.round in (self.state.round, 0)
        if not self.begun and there and progress.doing.startswith(self.state.doing):
            self.begun = True
            threading.Thread(target=self.cancel_soon, daemon=True).start()

    def cancel_soon(self):
        if self.state.knows:
            self.agent.here.wait(60)
        time.sleep(0.4)
        self.cancelled_at = time.monotonic()
        self.cancel.set()


class Judge(finish.Judge):
    """Measures for ever."""

    compute = None

    def lpips(self, picture):
        self.compute()


@contextmanager
def endless(state, agent, made):
    """What computes at the end of a run, or after each attempt, replaced by what never ends by itself."""
    kept = finish.Judge, finish.page
    Judge.compute = staticmethod(agent.compute)
    if state.name == "measuring an attempt":
        made.trials.judge = Judge(made.picture.unit)
    if state.name == "measuring the final picture":
        finish.Judge = Judge
    if state.name == "writing the report":
        finish.page = lambda folder: agent.compute()
    try:
        yield
    finally:
        finish.Judge, finish.page = kept


def crowd(path):
    """A picture with so much in it that looking at it takes seconds."""
    random = np.random.default_rng(3)
    canvas = random.integers(60, 200, (960, 1280, 3), np.uint8)
    for _ in range(60):
        x, y, colour = random.integers(1280), random.integers(960), random.integers(0, 256, 3)
        cv2.circle(canvas, (int(x), int(y)), int(random.integers(20, 160)), colour.tolist(), cv2.FILLED)
    cv2.imwrite(str(path), canvas)
    return path


def held(folder):
    """What a run folder holds, to the byte and the moment it was written."""
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def cancel_in(state, pool, folder, path):
    """Run to the state, cancel there, and return the record and the seconds from the cancel to the end. What was left
    may still compute then."""
    cancel = Event()
    agent = Stuck(state, folder, cancel)
    listener = CancelsThere(state, agent, cancel)
    path, longest = (crowd(folder.parent / "crowd.png"), 1280) if state.large else (path, 160)
    loaded, run_folder = start(folder, path, longest, settings=AgentSettings(rounds=(1, 2, 1, 1, 1)))
    options = replace(OPTIONS, settings=run_folder.record.settings, samples=state.samples)
    if state.attempt_samples > 1:
        options = replace(options, attempt_px=1024, attempt_samples=state.attempt_samples)
    if state.samples > 2:
        options = replace(options, resolution=1024)
    kept = numbers.KeptNumbers(run_folder, agent)
    made = run.Run(loaded, run_folder, replace(agent.agent(), numbers=kept), pool, options, listener)
    with endless(state, agent, made):
        record = made.execute(cancel)
    return record, time.monotonic() - listener.cancelled_at, listener.begun
