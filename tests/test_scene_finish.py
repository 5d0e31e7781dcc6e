# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of a result: kept, marked, exported, saved as a program, discarded."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

bpy = pytest.importorskip("bpy")

import restage  # noqa: E402
from panel import chosen, live, silent, stopped, tick_until, with_agent  # noqa: E402
from restage.scene import export, tags  # noqa: E402
from scripted import Scripted  # noqa: E402

pytestmark = pytest.mark.bpy


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run in one go, under review in no stage; made once, looked at by several tests."""
    import cv2
    import numpy as np

    folder = tmp_path_factory.mktemp("finish")
    picture = folder / "table.png"
    cv2.imwrite(str(picture), np.full((120, 160, 3), 150, np.uint8))
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    restage.register()
    patch = pytest.MonkeyPatch()
    with_agent(patch, Scripted())
    addon = bpy.context.preferences.addons.new()
    addon.module = "restage"
    addon.preferences.runs_folder = str(folder / "runs")
    now = chosen()
    now.picture, now.resolution, now.samples, now.solve, now.mode = str(picture), 64, 1, False, "AUTO"
    assert bpy.ops.restage.reconstruct() == {"FINISHED"}
    stopped()
    assert live().status == "DONE", live().error
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "file.blend"))
    yield folder
    patch.undo()
    bpy.context.preferences.addons.remove(addon)
    restage.unregister()


@pytest.fixture
def opened(finished):
    """The file of that run, opened anew."""
    bpy.ops.wm.open_mainfile(filepath=str(finished / "file.blend"))
    tick_until(lambda: len(live().cards) == 5)
    return finished


def test_the_program_runs_in_a_blender_without_restage(opened, tmp_path):
    target = tmp_path / "program.py"
    assert bpy.ops.restage.save_program(filepath=str(tmp_path / "program")) == {"FINISHED"}
    assert target.read_text() == (Path(chosen().folder) / "scene.py").read_text()
    code = f"import bpy, runpy; runpy.run_path({str(target)!r}); print(sorted(o.name for o in bpy.data.objects))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "'Ball', 'Box'" in done.stdout, done.stdout + done.stderr
    with pytest.raises(RuntimeError, match="can't be written"):
        bpy.ops.restage.save_program(filepath="/proc/nowhere/program.py")


def test_exports_hold_the_result_and_what_the_artist_did_to_it(opened, tmp_path):
    bpy.data.objects["Box"].location.x = 1.25
    before = set(bpy.data.objects.keys())
    for kind in (".glb", ".usdc", ".blend"):
        assert bpy.ops.restage.export(filepath=str(tmp_path / "out"), kind=kind) == {"FINISHED"}
        assert (tmp_path / f"out{kind}").stat().st_size > 500
    with bpy.data.libraries.load(str(tmp_path / "out.blend")) as (source, _):
        assert {"Box", "Ball", "Floor"} <= set(source.objects) and "Cube" not in source.objects
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    bpy.ops.import_scene.gltf(filepath=str(tmp_path / "out.glb"))
    assert bpy.data.objects["Box"].location.x == pytest.approx(1.25, abs=1e-4)
    assert "Cube" in before and "Cube" not in bpy.data.objects


def test_a_place_that_can_t_be_written_is_one_sentence(opened):
    with pytest.raises(RuntimeError, match="can't be written"):
        bpy.ops.restage.export(filepath="/proc/nowhere/out.blend", kind=".blend")
    with pytest.raises(export.ExportError):
        export.write(chosen().run, Path("/proc/nowhere/out.glb"), ".glb")


def test_kept_as_an_asset_and_undone(opened):
    run, folder = chosen().run, chosen().folder
    bpy.ops.ed.undo_push(message="before")
    assert bpy.ops.restage.keep(as_asset=True) == {"FINISHED"}
    bpy.ops.ed.undo_push(message="kept")
    kept = next(item for item in bpy.data.collections if item.asset_data is not None)
    assert "Box" in kept.all_objects and tags.of_run(run) == []
    assert (chosen().run, chosen().folder, len(live().cards)) == ("", "", 0)
    bpy.ops.ed.undo()
    assert (chosen().run, chosen().folder, len(live().cards)) == (run, folder, 5)
    assert not any(item.asset_data for item in bpy.data.collections)
    bpy.ops.ed.redo()
    assert chosen().run == "" and len(live().cards) == 0


def test_a_run_whose_collection_the_artist_removed_can_be_shown_again_or_discarded(opened):
    bpy.data.collections.remove(tags.sandbox_collection(chosen().run))
    assert not bpy.ops.restage.keep.poll() and not bpy.ops.restage.export.poll()
    assert bpy.ops.restage.choose_attempt(stage="lighting", attempt=live().cards["lighting"].standing) == {"FINISHED"}
    assert bpy.ops.restage.keep.poll()
    bpy.data.collections.remove(tags.sandbox_collection(chosen().run))
    run = chosen().run
    assert bpy.ops.restage.discard() == {"FINISHED"}
    assert chosen().run == "" and tags.of_run(run) == []


def test_a_report_that_was_not_written_is_when_it_is_asked_for(opened, monkeypatch):
    report, pages = Path(chosen().folder) / "report.html", []
    monkeypatch.setattr("webbrowser.open", lambda url, *_: pages.append(url))
    kept = report.read_bytes()
    report.unlink()
    try:
        assert bpy.ops.restage.open_report() == {"FINISHED"}
        assert not pages, "the main thread does not wait for it"
        tick_until(lambda: pages)
        assert pages == [report.as_uri()] and b"PSNR" in report.read_bytes()
    finally:
        report.write_bytes(kept)


def test_what_can_not_be_pressed_with_a_run_says_why_too(opened):
    area = next(area for area in bpy.context.screen.areas if area.type == "VIEW_3D")
    elsewhere = next(area for area in bpy.context.screen.areas if area.type != "VIEW_3D")
    assert not bpy.ops.restage.look.poll()
    with bpy.context.temp_override(area=area):
        assert bpy.ops.restage.look.poll(), "there is something to look at"

    def silent_everywhere():
        found = silent()
        for one in (area, elsewhere):
            with bpy.context.temp_override(area=one):
                found += silent()
        return found

    assert silent_everywhere() == []
    for status in ("RUNNING", "STOPPING"):
        live().status = status
        assert silent_everywhere() == [], status
    live().status = "NONE"
    bpy.context.view_layer.objects.active = next(item for item in bpy.data.objects if item.type == "MESH")
    bpy.ops.object.mode_set(mode="EDIT")
    assert silent_everywhere() == []
    bpy.ops.object.mode_set(mode="OBJECT")
    bpy.data.objects.remove(next(i for i in bpy.data.objects if i.type == "CAMERA" and i.get(tags.RUN)))
    assert silent_everywhere() == []
    bpy.data.collections.remove(tags.sandbox_collection(chosen().run))
    assert silent_everywhere() == []
