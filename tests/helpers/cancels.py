# SPDX-License-Identifier: GPL-3.0-or-later
"""Every state a run can be cancelled in, each really waiting: on a model's reply, a looping script, a long render."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace
from threading import Event

from restage.agent import run
from restage.agent.listener import Silent
from restage.agent.providers.base import Message, Request, Text, Turn
from restage.agent.providers.handoff import Handoff
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


STATES = (
    State("looking at the picture", "looking at the picture", "setup"),
    State("writing", "writing the script"),
    State("repairing", "repairing the script", scripts={"geometry": [BROKEN]}),
    State("running a script that loops", "running", scripts={"geometry": [ENDLESS]}),
    State("rendering an attempt", "running", "materials", attempt_samples=LONG),
    State("judging", "judging"),
    State("having a look", "judging", "composition"),
    State("comparing", "comparing", round=2, scripts={"geometry": [GEOMETRY, NUDGED]}),
    State("rendering the final picture", "rendering the final picture", "lighting", 0, samples=LONG),
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

    def brief(self, picture, seed, cancel, tell=None):
        if self.state.name == "looking at the picture":
            self.wait()
        return super().brief(picture, seed, cancel)

    def write(self, context):
        if self.state.name == "writing" and context.stage.name == self.state.stage:
            self.wait()
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
        if self.state.doing not in ("running", "rendering the final picture"):
            self.agent.here.wait(30)
        time.sleep(0.4)
        self.cancelled_at = time.monotonic()
        self.cancel.set()


def cancel_in(state, pool, folder, path):
    """Run to the state, cancel there, and return the record and the seconds from the cancel to the end."""
    cancel = Event()
    agent = Stuck(state, folder, cancel)
    listener = CancelsThere(state, agent, cancel)
    loaded, run_folder = start(folder, path, settings=AgentSettings(rounds=(1, 2, 1, 1, 1)))
    options = replace(OPTIONS, settings=run_folder.record.settings, samples=state.samples)
    if state.attempt_samples > 1:
        options = replace(options, attempt_px=1024, attempt_samples=state.attempt_samples)
    if state.samples > 2:
        options = replace(options, resolution=1024)
    made = run.Run(loaded, run_folder, agent.agent(), pool, options, listener)
    record = made.execute(cancel)
    return record, time.monotonic() - listener.cancelled_at, listener.begun
