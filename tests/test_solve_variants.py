# SPDX-License-Identifier: GPL-3.0-or-later
"""The worker runs variants of a script and says what each makes."""

from __future__ import annotations

import queue
import threading
import time

import numpy as np
import pytest
from jobs import LIGHTING, MATERIALS, attempt, script
from restage.agent.solving import probe
from restage.worker.pool import start_one
from restage.worker.protocol import LightBasisRequest, Solved, SolveRequest, encode

pytestmark = pytest.mark.bpy

CUBE = """
import bpy
PARAMS = {"cube.location": (0.0, 0.0, 1.0), "cube.size": 2.0, "cube.cuts": 0}
bpy.ops.mesh.primitive_cube_add(size=PARAMS["cube.size"], location=PARAMS["cube.location"])
bpy.context.object.name = "Cube"
if PARAMS["cube.cuts"]:
    modifier = bpy.context.object.modifiers.new("Subsurf", "SUBSURF")
    modifier.levels = PARAMS["cube.cuts"]
"""


def test_samples_follow_the_surface_of_each_variant(pool):
    texts = (
        CUBE,
        CUBE.replace("(0.0, 0.0, 1.0)", "(0.5, 0.0, 1.0)"),
        CUBE.replace('"cube.size": 2.0', '"cube.size": 3.0'),
        CUBE.replace('"cube.cuts": 0', '"cube.cuts": 1'),
        CUBE + "\nraise ValueError('no')\n",
    )
    with pool.open() as worker:
        request = SolveRequest((script("setup"),), "geometry", texts, ("Cube",), samples=4.0)
        solved = worker.ask(request)
        assert [variant.ok for variant in solved.variants] == [True, True, True, True, False]
        assert "ValueError: no" in solved.variants[4].message
        with np.load(worker.file(solved.points)) as arrays:
            points = {name: arrays[name] for name in arrays.files}
    assert set(points) == {"0/Cube", "1/Cube", "2/Cube"}, "another topology has no such points"
    base = points["0/Cube"]
    assert len(base) > 200 and np.abs(np.abs(base - (0, 0, 1)).max(axis=1) - 1).max() < 1e-5
    assert np.allclose(points["1/Cube"], base + np.array((0.5, 0, 0)), atol=1e-5)
    assert np.allclose(points["2/Cube"], (base - (0, 0, 1)) * 1.5 + (0, 0, 1), atol=1e-5)
    assert solved.variants[2].bounds["Cube"] == pytest.approx((-1.5, -1.5, -0.5, 1.5, 1.5, 2.5))
    # Seen by the camera of the standard setup: the cube's middle lies in the middle of the frame.
    clip = np.array(solved.variants[0].projection).reshape(4, 4) @ (0, 0, 1, 1)
    assert clip[3] == pytest.approx(6, abs=1e-4) and abs(clip[0]) < 1e-5 and abs(clip[1]) < 1e-5


def test_numbers_of_lights_materials_and_the_world(pool):
    brighter = LIGHTING.replace("energy = 400", "energy = 800").replace("(0.3, 0.35, 0.4, 1)", "(0.6, 0.35, 0.4, 1)")
    accepted = tuple(script(name) for name in ("setup", "geometry", "materials"))
    with pool.open() as worker:
        solved = worker.ask(SolveRequest(accepted, "lighting", (LIGHTING, brighter)))
        first, second = (variant.numbers for variant in solved.variants)
        assert first["light/Key"] == pytest.approx((400, 400, 400)) and second["light/Key"][0] == pytest.approx(800)
        assert first["background/Background"] == pytest.approx((0.3, 0.35, 0.4))
        assert second["background/Background"][0] == pytest.approx(0.6)
        assert first["base/Cube"] == pytest.approx((0.9, 0.3, 0.1)) and first["surface/Cube"] == pytest.approx((0.5, 1))
        # The scene of the last variant can be looked at like that of a job, and a job can follow.
        basis = worker.ask(LightBasisRequest(pixels=32, samples=2))
        assert basis.names == ("Key", "World")
        assert attempt(worker, "materials", MATERIALS, ("setup", "geometry")).status == "ok"


def test_time_runs_out_and_refused_scripts_are_refused(pool):
    with pool.open() as worker:
        accepted = (script("setup"),)
        few = worker.ask(SolveRequest(accepted, "geometry", (CUBE,) * 50, seconds=1e-6))
        assert len(few.variants) == 1 and few.variants[0].ok
        refused = worker.ask(SolveRequest(accepted, "geometry", ("import os\nos.system('true')\n",)))
        assert not refused.variants[0].ok and refused.variants[0].message


class Full(queue.Queue):
    """Tells when something was put into it that had no room."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.found_full = threading.Event()

    def put(self, item, block=True, timeout=None):
        try:
            super().put(item, block=False)
        except queue.Full:
            self.found_full.set()
            if not block:
                raise
            super().put(item, block, timeout)


def test_a_worker_that_says_more_than_is_heard_waits(binary, monkeypatch):
    """As when Blender draws for seconds, and holds all Python meanwhile."""
    with start_one(binary) as worker:
        worker.wait_ready()
        worker._messages = waiting = Full(worker._messages.maxsize)
        allowed, stood_still = worker._step_seconds, []

        def step_seconds(step, request):
            if not stood_still:
                stood_still.append(waiting.found_full.wait(100))
            return allowed(step, request)

        monkeypatch.setattr(worker, "_step_seconds", step_seconds)
        solved = worker.ask(SolveRequest((script("setup"),), "geometry", (CUBE,) * (probe.BATCH + 1)))
        assert stood_still == [True], "the answer came before there was no room"
        assert isinstance(solved, Solved) and len(solved.variants) == probe.BATCH + 1, solved
        assert worker.alive


def test_a_worker_that_is_not_heard_is_closed_at_once(binary):
    with start_one(binary) as worker:
        worker.wait_ready()
        worker._messages = waiting = Full(1)
        worker._sender.send(encode(SolveRequest((script("setup"),), "geometry", (CUBE,))), time.monotonic() + 30)
        assert waiting.found_full.wait(30)
        worker.close()
        for thread in worker._readers:
            thread.join(30)
            assert not thread.is_alive()
