# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmark's Blender processes: attempts warm and cold, and renders from elsewhere."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from restage.bench import novel, standby, turns
from restage.worker.protocol import StageScript
from scripted import GEOMETRY, SETUP

SCRIPTS = [StageScript("setup", SETUP), StageScript("geometry", GEOMETRY)]


@pytest.fixture(scope="module")
def cold(binary, tmp_path_factory):
    """Two attempts in processes of their own, and the folder with what they saved."""
    folder = tmp_path_factory.mktemp("cold") / "run"
    return standby.cold(binary, SCRIPTS, folder, whole=True), folder


def test_attempts_are_timed_by_step(binary, cold):
    attempts = standby.standby(binary, SCRIPTS, think=0.0)
    assert [attempt["stage"] for attempt in attempts] == ["setup", "geometry"]
    assert {"start", "replay", "run", "measure", "write", "close"} <= attempts[1]["seconds"].keys()
    assert attempts[1]["idle_mb"] > 50
    assert {"import", "open", "replay", "run", "save"} <= cold[0][1]["seconds"].keys()
    for attempt in (*attempts, *cold[0]):
        assert 0 < attempt["cost"] < attempt["wall"]


def test_a_script_that_fails_in_a_cold_process_stops_the_benchmark(binary, tmp_path):
    with pytest.raises(SystemExit, match="setup script failed in a cold process"):
        standby.cold(binary, [StageScript("setup", "1 / 0")], tmp_path / "run", whole=False)


def test_the_body_is_seen_from_elsewhere_without_its_floor(cold, tmp_path):
    camera = turns.orbit(np.eye(4), (0, 0, 0), 0)
    views = tuple(novel.View(str(turn), abs(turn), turns.orbit(camera, (0, 0, 0), turn)) for turn in (0, 40))
    about = novel.Subject(camera, 1.4, (160, 120), np.array((0.0, 0.0, -2.0)), views)
    # A turn in the camera's own coordinates: here about the axis it looks along, which rolls the picture.
    ours = novel._render_ours(about, cold[1] / "1.blend", ["Box"], Path(tmp_path))
    seen = [picture[..., 3] > 0.5 for picture in ours]
    assert all(0.005 < mask.mean() < 0.2 for mask in seen), "only the box, not the floor"
    assert abs(seen[0].sum() / seen[1].sum() - 1) < 0.05, "as large as before"
    assert not np.array_equal(seen[0], seen[1])
    again = (tmp_path / "ours_0.png").stat().st_mtime_ns
    novel._render_ours(about, cold[1] / "1.blend", ["Box"], Path(tmp_path))
    assert (tmp_path / "ours_0.png").stat().st_mtime_ns == again, "kept renders are not made twice"
    os.utime(cold[1] / "1.blend")
    novel._render_ours(about, cold[1] / "1.blend", ["Box"], Path(tmp_path))
    assert (tmp_path / "ours_0.png").stat().st_mtime_ns > again, "but those of a new scene are"


def test_what_blender_can_not_open_is_said(tmp_path):
    about = novel.Subject(np.eye(4), 1.4, (16, 12), np.zeros(3) - 2, (novel.View("0", 0.0, np.eye(4)),))
    with pytest.raises(novel.NotRendered, match="ours views of"):
        novel._render_ours(about, tmp_path / "none.blend", ["Box"], tmp_path)
