# SPDX-License-Identifier: GPL-3.0-or-later
"""How long Blender stands still when the artist does something else in the middle of a run, state by state.

For bench/isolation.py. Opening another file, disabling the add-on and quitting all wait for the same: that the run's
thread has ended. *Cancel* waits for nothing; what is measured there is how long it takes until the run is no more.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from restage.agent import begin, picture
from restage.agent.assemble import Assembled
from restage.agent.settings import AgentSettings
from restage.bench import running
from restage.operators import run_thread
from restage.worker.binary import BlenderBinary
from restage.worker.pool import Limits

sys.path.insert(0, str(running.ROOT / "tests" / "helpers"))
import cancels
import runs

_SETTLE_SECONDS = 0.4
_GIVE_UP_SECONDS = 120.0


class _Nobody:
    """Shows a run to nobody, but remembers where it is."""

    def __init__(self, state: cancels.State) -> None:
        self._state = state
        self.there = False

    def progress(self, progress: Any) -> None:
        state = self._state
        here = progress.stage == state.stage and progress.round in (state.round, 0)
        self.there = self.there or (here and progress.doing.startswith(state.doing))

    def tick(self) -> bool:
        return False

    def __getattr__(self, _name: str) -> Any:
        return lambda *_: None


def waits(binary: BlenderBinary, folder: Path, path: Path) -> dict[str, dict[str, float]]:
    """Return, by state, the milliseconds that ending a run takes: waited for, and after a cancel."""
    found: dict[str, dict[str, float]] = {}
    # What solvers make somebody wait for is measured by bench/cancel.py.
    for state in (one for one in cancels.STATES if not one.name.startswith("solving")):
        found[state.name] = {
            how: _measure(binary, folder / f"{state.name} {how}", path, state, how)
            for how in ("another file", "cancel")
        }
        print(state.name, found[state.name], flush=True)
    return found


def _measure(binary: BlenderBinary, folder: Path, path: Path, state: cancels.State, how: str) -> float:
    source = picture.load(path, 160)
    settings = AgentSettings(rounds=(1, 2, 1, 1, 1))
    made = begin.begin(folder, source, settings, 0, 96, 2)
    options = replace(runs.OPTIONS, settings=settings, samples=state.samples)
    if state.attempt_samples > 1:
        options = replace(options, attempt_px=1024, attempt_samples=state.attempt_samples)
    if state.samples > 2:
        options = replace(options, resolution=1024)
    agents: list[cancels.Stuck] = []

    def assemble(_log: Any) -> Assembled:
        # The thread that calls this; `begin` below may not have returned it yet.
        going_on = run_thread.current()
        assert going_on is not None
        agents.append(cancels.Stuck(state, folder, going_on.cancelled))
        return Assembled(agents[0].agent())

    show = _Nobody(state)
    request = run_thread.Request(
        "bench", "Scene", lambda: source, made, assemble, options, binary, Limits(), viewport_pictures=False
    )
    thread = run_thread.begin(request, show)
    end = time.monotonic() + _GIVE_UP_SECONDS
    while not _there(show, agents, state):
        if time.monotonic() > end or not thread.alive():
            raise SystemExit(f"the run never came to: {state.name}")
        thread.bridge.drain()
        time.sleep(0.01)
    time.sleep(_SETTLE_SECONDS)
    began = time.perf_counter()
    if how == "cancel":
        thread.cancel()
        while thread.alive():
            thread.bridge.drain()
            time.sleep(0.001)
    else:
        run_thread.abandon()
    took = 1000 * (time.perf_counter() - began)
    thread.abandon()
    return took


def _there(show: _Nobody, agents: list[cancels.Stuck], state: cancels.State) -> bool:
    if not show.there:
        return False
    return state.doing in ("running", "rendering the final picture") or bool(agents and agents[0].here.is_set())
