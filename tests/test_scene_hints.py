# SPDX-License-Identifier: GPL-3.0-or-later
"""The picture's masks corrected by the panel's operators, with undo and redo. Real workers, no window."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

import restage  # noqa: E402
from panel import card, chosen, live, stopped, tick_until, with_agent  # noqa: E402
from restage.agent import mask_hints  # noqa: E402
from restage.agent.record import RunFolder  # noqa: E402
from restage.operators import compare as comparing  # noqa: E402
from restage.scene import compare, hinting  # noqa: E402
from scripted import Scripted  # noqa: E402

pytestmark = pytest.mark.bpy


@pytest.fixture
def begun(tmp_path, table_picture, monkeypatch):
    """A run in step mode that waits at its first stage."""
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    restage.register()
    with_agent(monkeypatch, Scripted())
    addon = bpy.context.preferences.addons.new()
    addon.module = "restage"
    addon.preferences.runs_folder = str(tmp_path / "runs")
    now = chosen()
    now.picture, now.resolution, now.samples, now.solve = str(table_picture), 96, 2, False
    bpy.ops.ed.undo_push(message="start")
    assert bpy.ops.restage.reconstruct() == {"FINISHED"}
    stopped()
    bpy.ops.ed.undo_push(message="the first stage")
    yield now
    compare.forget()
    bpy.context.preferences.addons.remove(addon)
    restage.unregister()


def on_disk():
    return RunFolder.open(Path(chosen().folder)).load_hints()


def agree():
    """Panel, scene and run folder tell the same."""
    folder = RunFolder.open(Path(chosen().folder))
    assert folder.record.state == chosen().state == live().cards_state
    said = folder.load_hints()
    assert (live().mask_hints, live().masks_of) == (len(said), mask_hints.digest(said))


def test_hints_are_decisions_that_undo_and_redo_walk(begun):
    assert [item.name for item in live().mask_objects] == ["Box", "Ball"] and live().mask_object == "Box"
    assert not bpy.ops.restage.clear_hints.poll() and live().compare == "NONE"
    assert bpy.ops.restage.hint(kind="not", box=(0.2, 0.4, 0.25, 0.5)) == {"FINISHED"}
    bpy.ops.ed.undo_push(message="as the window does after an operator")
    agree()
    stroke = json.dumps([[0.6, 0.5], [0.65, 0.55]])
    assert bpy.ops.restage.hint(kind="is", object="Ball", points=stroke, radius=0.05) == {"FINISHED"}
    bpy.ops.ed.undo_push(message="as the window does after an operator")
    agree()
    said = on_disk()
    assert [(hint.kind, hint.object) for hint in said] == [("not", "Box"), ("is", "Ball")]
    assert said[0].box == pytest.approx((0.2, 0.4, 0.25, 0.5)) and said[1].stroke.radius == pytest.approx(0.05)
    assert "this is Ball".capitalize() in live().message
    shown = live().shown_stage, live().shown_attempt
    bpy.ops.ed.undo()
    assert on_disk() == said[:1] and (live().shown_stage, live().shown_attempt) == shown
    agree()
    bpy.ops.ed.undo()
    assert on_disk() == [] and live().mask_hints == 0
    agree()
    bpy.ops.ed.redo()
    bpy.ops.ed.redo()
    assert on_disk() == said
    agree()
    assert bpy.ops.restage.clear_hints() == {"FINISHED"} and on_disk() == []
    agree()


def test_the_next_attempt_heeds_them(begun):
    assert bpy.ops.restage.hint(kind="ignore", box=(0.0, 0.0, 0.5, 1.0)) == {"FINISHED"}
    assert bpy.ops.restage.accept() == {"FINISHED"}
    stopped()
    record = RunFolder.open(Path(chosen().folder)).record
    attempt = record.stage("geometry").attempts[-1]
    assert attempt.measurements.hints == live().masks_of != ""
    assert [item.name for item in attempt.measurements.objects] == ["Ball"]
    assert card("geometry").status == "review"
    agree()


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"kind": "is", "object": "Mug", "box": (0.1, 0.1, 0.2, 0.2)}, "Choose the object"),
        ({"kind": "is", "object": "Box", "box": (0.3, 0.1, 0.2, 0.2)}, "left and top"),
        ({"kind": "ignore"}, "left and top"),
        ({"kind": "ignore", "points": "[[2, 2]]"}, "can't be used"),
        ({"kind": "ignore", "points": "[["}, "can't be read"),
    ],
)
def test_what_says_nothing_is_told_in_the_panel(begun, given, why):
    state = chosen().state
    with pytest.raises(RuntimeError, match=why):
        bpy.ops.restage.hint(**given)
    assert live().error and why in live().error and chosen().state == state and on_disk() == []


def test_without_a_run_there_is_nothing_to_correct():
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    restage.register()
    try:
        assert not bpy.ops.restage.hint.poll() and not bpy.ops.restage.clear_hints.poll()
    finally:
        restage.unregister()


def test_masks_are_drawn_anew_off_the_main_thread(begun):
    live().compare = "MASKS"
    first = compare.key_of(live())
    comparing._make(first)
    tick_until(lambda: first in compare._pictures)
    before = compare._pictures[first]
    assert bpy.ops.restage.hint(kind="ignore", box=(0.5, 0.0, 1.0, 1.0)) == {"FINISHED"}
    second = compare.key_of(live())
    assert second != first and compare._before(second) == first, "what was there is drawn until the new ones are"
    assert second not in compare._pictures
    comparing._make(second)
    tick_until(lambda: second in compare._pictures)
    after = compare._pictures[second]
    assert after.shape == before.shape == (768, 1024, 4)
    assert np.abs(after.astype(int) - before)[256:576, 544:832].max() > 60
    assert compare._before(f"elsewhere|{live().masks_of}|masks") == ""


def test_a_drag_is_where_it_is_in_the_picture():
    frame = (100.0, 50.0, 500.0, 350.0)
    assert hinting.fractions(frame, 100, 350) == (0.0, 0.0) and hinting.fractions(frame, 500, 50) == (1.0, 1.0)
    assert hinting.fractions(frame, 200, 275) == (0.25, 0.25) and hinting.fractions(frame, 0, 900) == (0.0, 0.0)
    drag = hinting.Drag("is", frame, 0)
    for place in ((400, 100), (300, 200), (200, 275)):
        drag.add(*place)
    assert drag.box() == (0.25, 0.25, 0.75, pytest.approx(5 / 6)) and len(drag.points) == 2
    stroke = hinting.Drag("is", frame, 0, brush=0.1)
    for place in ((200, 200), (200, 200), (300, 200), (300, 250)):
        stroke.add(*place)
    assert len(stroke.points) == 3
