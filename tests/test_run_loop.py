# SPDX-License-Identifier: GPL-3.0-or-later
"""The loop with scripts written beforehand and real workers: keep-best, repairs, permissions, cancel, resume."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from threading import Event

import pytest
from restage.agent import files, picture, run
from restage.agent.listener import Silent
from restage.agent.record import RecordError, RunFolder
from restage.agent.stages import STAGES
from runs import OPTIONS, execute, start
from scripted import COMPOSITION, GEOMETRY, LIGHTING, SCRIPTS, Scripted


@pytest.mark.bpy
def test_whole_run_leaves_the_promised_files(real_pool, tmp_path, table_picture):
    record, folder = execute(real_pool, tmp_path / "run", table_picture, Scripted())
    assert record.status == "done"
    for name in ("scene.blend", "scene.py", "scene.glb", "render.png", "report.html", "run.json", "brief.json"):
        assert (folder.path / name).stat().st_size > 0, name
    assert sorted(path.name for path in (folder.path / "stages").iterdir()) == [
        "01_setup.py", "02_geometry.py", "03_materials.py", "04_composition.py", "05_lighting.py",
    ]  # fmt: skip
    assert (folder.path / "stages" / "02_geometry.py").read_text() == GEOMETRY
    saved = json.loads((folder.path / "run.json").read_text())
    assert [stage["status"] for stage in saved["stages"]] == ["accepted"] * 5
    assert saved["final"]["psnr"] > 5 and set(saved["final"]["objects"]) == {"Box", "Ball"}
    assert saved["blender"] and saved["peak_memory_mb"] > 50 and saved["confinement"]
    geometry = folder.path / saved["stages"][1]["attempts"][0]["folder"]
    names = {path.name for path in geometry.iterdir()}
    assert {"script.py", "numbers.json", "views.npz", "clay.png", "plan.png", "overlay.png", "result.blend"} <= names
    page = (folder.path / "report.html").read_text()
    assert page.count("data:image/jpeg") >= 8 and "http" not in page.replace("http://www.w3.org", "")


def test_the_better_attempt_is_kept_not_the_last(pool, tmp_path, table_picture):
    worse = GEOMETRY.replace("(0.3, 0.0, PARAMS", "(2.5, 0.0, PARAMS").replace("(-0.3, 0.0, 0.15)", "(-2.6, 0.0, 0.15)")
    record, folder = execute(pool, tmp_path / "run", table_picture, Scripted({"geometry": [GEOMETRY, worse]}))
    stage = record.stage("geometry")
    assert [attempt.status for attempt in stage.attempts] == ["ok", "ok"]
    assert stage.attempts[0].score > stage.attempts[1].score
    assert stage.accepted == 1 and folder.script_path("geometry").read_text() == GEOMETRY


def test_a_failing_script_goes_back_with_its_reason_and_its_repair_counts(pool, tmp_path, table_picture):
    broken = GEOMETRY + "\nbpy.context.scene.objects['Teapot'].location.x = 1\n"
    scripted = Scripted({"geometry": [broken]}, repairs={"geometry": [GEOMETRY]})
    record, _ = execute(pool, tmp_path / "run", table_picture, scripted)
    first, second = record.stage("geometry").attempts
    assert first.status == "error" and "Teapot" in first.message and first.line == len(broken.splitlines())
    assert second.status == "ok" and first.round == second.round == 1
    assert ("geometry", 1, "repair: error") in scripted.seen


def test_a_stage_may_not_undo_an_earlier_one(pool, tmp_path, table_picture):
    moving = LIGHTING + '\nbpy.context.scene.objects["Box"].location.x += 0.2\n'
    record, folder = execute(pool, tmp_path / "run", table_picture, Scripted({"lighting": [moving]}))
    attempt = record.stage("lighting").attempts[0]
    assert attempt.status == "forbidden" and "Box" in attempt.message and "0.2" in attempt.message
    assert "Key Sun" not in folder.script_path("lighting").read_text()
    assert record.status == "done"


def test_a_stage_without_a_usable_script_changes_nothing_and_the_run_goes_on(pool, tmp_path, table_picture):
    hostile = "import subprocess\nsubprocess.run('ls')\n"
    record, folder = execute(pool, tmp_path / "run", table_picture, Scripted({"composition": [hostile]}))
    stage = record.stage("composition")
    assert stage.attempts[0].status == "refused" and "subprocess" in stage.attempts[0].message
    assert record.status == "done" and (folder.path / "scene.blend").exists()


class CancelAt(Silent):
    """Cancels once a stage has been accepted."""

    def __init__(self, stage, cancel):
        self.stage, self.cancel = stage, cancel

    def stage_done(self, done):
        if done.stage == self.stage:
            self.cancel.set()


def test_cancel_then_resume_goes_on_where_it_was(pool, tmp_path, table_picture):
    cancel = Event()
    record, folder = execute(pool, tmp_path / "run", table_picture, Scripted(), cancel, CancelAt("materials", cancel))
    assert record.status == "cancelled" and record.stage("materials").status == "accepted"
    assert not (folder.path / "scene.blend").exists()

    again = Scripted()
    opened = RunFolder.open(folder.path)
    loaded = picture.load(folder.path / "picture.png", 160)
    resumed = run.Run(loaded, opened, again.agent(), pool, OPTIONS, Silent()).execute(Event())
    assert resumed.status == "done" and {stage for stage, _, _ in again.seen} == {"composition", "lighting"}
    assert (folder.path / "scene.blend").exists()


KILLED = """
import os, signal
from pathlib import Path
from threading import Event
import runs, scripted
from restage.agent import run
from restage.agent.listener import Silent
from restage.worker import binary, pool as pools

class Dies(Silent):
    def progress(self, progress):
        if progress.stage == "composition" and progress.doing.startswith("running"):
            os.kill(os.getpid(), signal.SIGKILL)

with pools.WorkerPool(binary.find(None), pools.Limits()) as pool:
    runs.execute(pool, Path({folder!r}), Path({picture!r}), scripted.Scripted(), listener=Dies())
"""


def test_killed_process_leaves_a_folder_that_resumes(pool, tmp_path, table_picture, root):
    folder = tmp_path / "run"
    code = KILLED.format(folder=str(folder), picture=str(table_picture))
    env = {**os.environ, "PYTHONPATH": str(root / "tests/helpers")}
    died = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    assert died.returncode == -9, died.stderr
    opened = RunFolder.open(folder)
    assert opened.record.status == "running"
    assert [s.status for s in opened.record.stages] == ["accepted"] * 3 + ["running", "waiting"]
    loaded = picture.load(folder / "picture.png", 160)
    assert run.Run(loaded, opened, Scripted().agent(), pool, OPTIONS, Silent()).execute(Event()).status == "done"
    assert opened.script_path("composition").read_text() == COMPOSITION


def test_folders_that_are_no_run_folders(tmp_path, table_picture):
    with pytest.raises(RecordError, match=r"no run\.json"):
        RunFolder.open(tmp_path)
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(RecordError, match="damaged"):
        RunFolder.open(tmp_path)
    with pytest.raises(RecordError, match="already holds"):
        start(tmp_path, table_picture)
    with pytest.raises(RecordError, match="is a file"):
        start(table_picture, table_picture)
    (tmp_path / "run.json").rename(tmp_path / "scene.blend")
    with pytest.raises(RecordError, match=r"scene\.blend that no run made"):
        start(tmp_path, table_picture)
    assert (tmp_path / "scene.blend").read_text() == "{"


def test_a_worker_that_dies_after_it_answered_costs_an_attempt_not_the_run(pool, tmp_path, table_picture, monkeypatch):
    lost = []

    def file(self, name):
        if self.alive and not lost:
            lost.append(name)
            self._worker.close()  # the real one, whose folder goes with it
        return self._worker.file(name)

    monkeypatch.setattr("reused.Lent.file", file)
    setup = SCRIPTS["setup"][0]
    scripted = Scripted(repairs={"setup": [setup + "# again\n"]})
    record, _ = execute(pool, tmp_path / "run", table_picture, scripted)
    first, second = record.stage("setup").attempts
    assert lost and first.status == "crashed" and "ended before" in first.message
    assert second.status == "ok" and record.status == "done"


def test_who_takes_a_folder_removes_half_written_files_and_no_others(tmp_path, table_picture):
    folder = tmp_path / "run"
    start(folder, table_picture)
    with pytest.raises(KeyboardInterrupt), files.NewFolder(folder / "attempts" / "01_setup_01") as new:
        (new.path / "script.py").write_text("")
        raise KeyboardInterrupt
    assert not list((folder / "attempts").iterdir())
    (folder / ".git").mkdir()
    (folder / f"{files.PARTIAL}run.json.x").write_text("")
    (folder / "attempts" / f"{files.PARTIAL}01_setup_01.x").mkdir()
    opened = RunFolder.open(folder)
    assert len(files.partial(folder)) == len(files.partial(folder / "attempts")) == 1, "it may be a run's that goes on"
    with opened.held():
        assert (folder / ".git").is_dir() and not files.partial(folder) and not files.partial(folder / "attempts")


def test_scripts_used_here_cover_every_stage():
    assert list(SCRIPTS) == [stage.name for stage in STAGES]


def test_a_scene_without_a_camera_ends_all_the_same_and_says_so(pool, tmp_path, table_picture):
    blind = SCRIPTS["setup"][0].replace("scene.camera = camera\n", "")
    record, folder = execute(pool, tmp_path / "run", table_picture, Scripted({"setup": [blind]}))
    assert record.status == "done" and (folder.path / "scene.blend").exists()
    assert record.final.psnr is None and any("camera" in note for note in record.final.notes)
    assert not (folder.path / "render.png").exists() and (folder.path / "report.html").exists()
