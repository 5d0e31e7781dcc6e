# SPDX-License-Identifier: GPL-3.0-or-later
"""Buttons that no other test presses: by their operators, with real workers and without a window."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

bpy = pytest.importorskip("bpy")

import restage  # noqa: E402
from panel import card, chosen, live, statuses, stopped, tick_until, with_agent  # noqa: E402
from restage.agent.record import RunFolder  # noqa: E402
from restage.agent.roles import Judgement, Usage  # noqa: E402
from restage.agent.verdict import ChecklistItem, Verdict  # noqa: E402
from restage.operators import background, pictures, run_thread  # noqa: E402
from restage.scene import edits, sandbox  # noqa: E402
from scripted import GEOMETRY, Scripted  # noqa: E402

pytestmark = pytest.mark.bpy
POINTS = [
    ChecklistItem(object="Box", property="size", observed="small", wanted="larger", severity="major"),
    ChecklistItem(object="Ball", property="place", observed="left", wanted="right", severity="minor"),
]


class Pointing(Scripted):
    """Says two things of every attempt, and approves it; solves numbers for as long as it is let, once it is asked."""

    asked = False

    def agent(self):
        return replace(super().agent(), numbers=self)

    def solve_stage(self, context, attempt, worker):
        if not self.asked:
            return None
        assert context.enough.wait(60), "nobody stopped it"
        return attempt.script.replace('"ball.radius": 0.15', '"ball.radius": 0.16')

    def solve_program(self, context, program, worker):
        return {}

    def judge(self, context, attempt, looker):
        return Judgement(Verdict(approve=True, summary="nearly", items=POINTS), Usage())


@pytest.fixture
def agent():
    return Pointing()


@pytest.fixture
def registered(tmp_path, table_picture):
    """The scene with a picture chosen, and nothing run."""
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    restage.register()
    addon = bpy.context.preferences.addons.new()
    addon.module = "restage"
    addon.preferences.runs_folder = str(tmp_path / "runs")
    now = chosen()
    now.picture, now.resolution, now.samples, now.solve = str(table_picture), 96, 2, True
    yield now
    if run_thread.current() is not None:
        bpy.ops.restage.cancel()
        stopped()
    bpy.context.preferences.addons.remove(addon)
    restage.unregister()


@pytest.fixture
def begun(registered, agent, monkeypatch):
    """A run in step mode whose geometry waits for review."""
    with_agent(monkeypatch, agent)
    assert bpy.ops.restage.reconstruct() == {"FINISHED"}
    stopped()
    assert bpy.ops.restage.accept() == {"FINISHED"}
    stopped()
    assert live().focus == "geometry" and statuses()[1] == "review"
    return registered


@pytest.fixture
def opened(tmp_path, monkeypatch):
    """What Blender has the system open: folders by a program of that name, pages by Python's own module."""
    if sys.platform != "linux":
        pytest.skip("another system opens folders otherwise")
    programs, told = tmp_path / "programs", tmp_path / "opened"
    programs.mkdir()
    told.touch()
    (programs / "xdg-open").write_text(f'#!/bin/sh\nprintf "%s\\n" "$1" >> "{told}"\n')
    (programs / "xdg-open").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr("webbrowser.open", lambda url, *_: told.write_text(told.read_text() + url + "\n"))
    return lambda: told.read_text().split()


def of_run(name):
    return next(item for item in edits.objects(chosen().run) if edits.name_of(item) == name)


def folder():
    return RunFolder.open(Path(chosen().folder))


def test_the_open_card_is_closed_and_another_opened(begun):
    assert "box.size" in live().params
    assert bpy.ops.restage.focus_stage(stage="setup") == {"FINISHED"}
    assert live().focus == "setup" and "frame" in live().params and "box.size" not in live().params
    assert bpy.ops.restage.focus_stage(stage="setup") == {"FINISHED"}
    assert live().focus == "" and not len(live().params)


def test_the_verifier_s_points_are_had_back_and_the_note_stays(begun):
    assert [point.text for point in begun.points] == ["larger", "right"]
    begun.note = "my own words"
    begun.points[0].text, begun.points[0].use = "much larger", False
    bpy.ops.restage.remove_point(place=1)
    bpy.ops.restage.add_point()
    assert bpy.ops.restage.reset_points() == {"FINISHED"}
    assert [(point.object, point.text, point.use) for point in begun.points] == [
        ("Box", "larger", True),
        ("Ball", "right", True),
    ]
    assert begun.note == "my own words"


def test_numbers_are_solved_until_that_is_stopped(begun, agent):
    agent.asked = True
    assert not bpy.ops.restage.stop_solving.poll()
    assert bpy.ops.restage.solve_numbers() == {"FINISHED"}
    assert not bpy.ops.restage.solve_numbers.poll(), "it is being done"
    tick_until(lambda: restage.properties.solving(live()))
    assert bpy.ops.restage.stop_solving.poll()
    assert bpy.ops.restage.stop_solving() == {"FINISHED"}
    stopped()
    assert live().status == "REVIEW" and statuses()[1] == "review" and card("geometry").wish == ""
    solved = folder().record.stage("geometry").attempts[1:]
    # What comes of it is an attempt, shown where it is nearer to the picture.
    assert [item.solved_from for item in solved] == [1]
    number = 2 if solved[0].score > folder().record.stage("geometry").attempts[0].score else 1
    assert sandbox.shown(begun.run) == ("geometry", number)
    assert bpy.ops.restage.focus_stage(stage="setup") == {"FINISHED"}
    assert not bpy.ops.restage.solve_numbers.poll(), "the camera's numbers are the brief's"


def test_what_was_asked_for_and_not_done_is_forgotten(begun, agent):
    agent.write = lambda context: context.cancel.wait(60) and context.check_cancel()
    assert bpy.ops.restage.redo(note="larger") == {"FINISHED"}
    tick_until(lambda: live().status == "RUNNING" and live().stage == "geometry")
    assert bpy.ops.restage.cancel() == {"FINISHED"}
    stopped()
    assert card("geometry").wish == "redo" and live().status == "CANCELLED"
    assert bpy.ops.restage.drop_wish() == {"FINISHED"}
    assert card("geometry").wish == "" and folder().record.stage("geometry").wish is None
    assert live().status == begun.status == "REVIEW" and statuses()[1] == "review"


def test_what_was_changed_by_hand_is_locked_as_it_is_now(begun, agent):
    assert not bpy.ops.restage.lock_edits.poll()
    of_run("Box").location.x = 0.5
    of_run("Ball").scale = (2.0, 1.0, 1.0)
    assert bpy.ops.restage.lock_edits() == {"FINISHED"}
    stopped()
    assert not live().error and not edits.found(begun.run), live().message
    assert {item.name for item in live().locks} == {"Ball", "Box"}
    assert of_run("Box").location.x == pytest.approx(0.5) and of_run("Ball").scale.x == pytest.approx(2.0)
    agent.scripts["geometry"] = [GEOMETRY.replace("(-0.3, 0.0, 0.15)", "(-0.9, 0.0, 0.15)")]
    before = sandbox.shown(begun.run)
    assert bpy.ops.restage.redo(note="further left") == {"FINISHED"}
    stopped()
    assert sandbox.shown(begun.run) != before, live().message
    assert of_run("Box").location.x == pytest.approx(0.5) and of_run("Ball").scale.x == pytest.approx(2.0)
    agent.scripts["geometry"] = [GEOMETRY.replace('"ball.radius": 0.15', '"ball.radius": 0.25')]
    assert bpy.ops.restage.redo(note="a larger ball") == {"FINISHED"}
    stopped()
    assert "Ball" in live().message and "locked" in live().message


def test_the_folder_and_the_report_are_opened(begun, opened):
    assert bpy.ops.restage.open_folder() == {"FINISHED"}
    assert opened() == [begun.folder]
    report = Path(begun.folder) / "report.html"
    report.unlink(missing_ok=True)
    assert bpy.ops.restage.open_report() == {"FINISHED"}
    assert background.going_on("report") or report.is_file()
    tick_until(lambda: len(opened()) == 2)
    assert opened()[1] == report.as_uri() and b"<html" in report.read_bytes()
    assert bpy.ops.restage.open_report() == {"FINISHED"}
    assert len(opened()) == 3 and not live().error
    # What can't be opened says so.
    begun.folder = str(report.parent.with_name("nowhere"))
    assert bpy.ops.restage.open_report() == {"FINISHED"}
    tick_until(lambda: live().error)
    assert "report can't be written" in live().error and len(opened()) == 3
    with pytest.raises(RuntimeError, match="is gone"):
        bpy.ops.restage.open_folder()


def test_the_folder_of_a_request_by_hand_is_opened(registered, opened):
    registered.agent = "handoff"
    assert not bpy.ops.restage.open_request.poll()
    assert bpy.ops.restage.reconstruct() == {"FINISHED"}
    tick_until(lambda: live().request)
    assert bpy.ops.restage.open_request() == {"FINISHED"}
    assert opened() == [live().request] and (Path(live().request) / "request.md").is_file()


def test_a_drop_is_restage_s_while_its_tab_is_in_front():
    def dropped(kind="VIEW_3D", width=280, tab="Restage"):
        # Without a window no sidebar is drawn, and none has a tab in front.
        sidebar = SimpleNamespace(type="UI", width=width, active_panel_category=tab)
        area = SimpleNamespace(type=kind, regions=[SimpleNamespace(type="WINDOW"), sidebar])
        return pictures.RESTAGE_FH_picture.poll_drop(SimpleNamespace(area=area))

    assert dropped() is True
    assert not dropped(kind="IMAGE_EDITOR") and not dropped(width=1) and not dropped(tab="Item")
    assert not pictures.RESTAGE_FH_picture.poll_drop(SimpleNamespace(area=None))


def test_a_picture_on_the_clipboard_becomes_a_file(registered, monkeypatch):
    """The clipboard itself needs a window; what Blender makes of it is an image in the file."""

    class Paste:
        there = True

        def poll(self):
            return self.there

        def __call__(self):
            image = bpy.data.images.new("Pasted", 24, 16)
            image.pixels.foreach_set([0.2, 0.4, 0.6, 1.0] * (24 * 16))
            return {"FINISHED"}

    class Blender:
        ops = SimpleNamespace(image=SimpleNamespace(clipboard_paste=Paste()))

        def __getattr__(self, name):
            return getattr(bpy, name)

    monkeypatch.setattr(pictures, "clipboard", lambda _context: "")
    monkeypatch.setattr(pictures, "bpy", Blender())
    before = set(bpy.data.images)
    assert bpy.ops.restage.paste_picture() == {"FINISHED"}
    tick_until(lambda: live().picture_said)
    assert "24 × 16 pixels" in live().picture_said and not live().picture_bad
    path = Path(registered.picture)
    assert path.parent.name == "pictures" and path.read_bytes().startswith(b"\x89PNG")
    assert set(bpy.data.images) == before, "nothing is left in the file"
    Paste.there = False
    with pytest.raises(RuntimeError, match="neither a picture nor the name"):
        bpy.ops.restage.paste_picture()
