# SPDX-License-Identifier: GPL-3.0-or-later
"""What an artist says of the picture's masks, in runs: measured, solved, gone back on, replayed, shown, by command."""

from __future__ import annotations

import base64
import io
import json
import re

import cv2
import numpy as np
import pytest
from folders import begun, tried
from PIL import Image
from restage import cli
from restage.agent import begin, compare_pictures, decisions, journal, mask_hints, measure, numbers, picture
from restage.agent.brief import Brief, BriefObject
from restage.agent.mask_hints import HintError, MaskHint
from restage.agent.record import RecordError, RunFolder
from restage.agent.report import page
from restage.agent.roles import AttemptViews
from restage.agent.settings import AgentSettings, Asked
from restage.worker.protocol import StageScript
from runs import execute, resume
from scripted import Scripted

IGNORED = MaskHint(kind="ignore", box=(0.0, 0.0, 0.5, 1.0))
OTHER = MaskHint(kind="is", object="Box", box=(0.6, 0.5, 0.7, 0.6))


def test_nothing_is_measured_where_the_picture_is_ignored():
    generator = np.random.default_rng(5)
    picture_ = generator.random((64, 64, 3), np.float32)
    views = AttemptViews(beauty=picture_.copy(), ids=np.zeros((64, 64), np.int32), id_names={1: "Box"})
    views.beauty[:, :32] = 1 - views.beauty[:, :32]
    views.ids[20:40, 10:50] = 1
    mask = np.zeros((64, 64), bool)
    mask[20:40, 32:50] = True
    ignored = np.zeros((64, 64), bool)
    ignored[:, :32] = True
    plain = measure.measure("lighting", picture_, {"Box": mask}, views)
    found = measure.measure("lighting", picture_, {"Box": mask}, views, ignored=ignored)
    assert plain.psnr < 20 and plain.lpips > 0.03 and plain.mean_iou < 0.5
    assert found.psnr == 99 and found.lpips < 1e-6 and found.ssim > 0.999 and found.luminance == 1
    assert found.mean_iou == 1 and found.coverage_iou == 1 and found.objects[0].box_offset == 0
    nothing = measure.measure("lighting", picture_, {}, views, ignored=np.ones((64, 64), bool))
    assert nothing.psnr == 99


def test_later_attempts_are_measured_with_the_hints_and_earlier_ones_again(pool, tmp_path, table_picture):
    first, folder = execute(pool, tmp_path / "run", table_picture, Scripted(), until="geometry")
    before = first.stage("geometry").attempts[0].measurements
    assert before.hints == ""
    decisions.hint(RunFolder.open(folder.path), [OTHER])
    opened = RunFolder.open(folder.path)
    decisions.reopen(opened, "geometry")
    decisions.edit(opened, "geometry", 1, opened.script_path("geometry").read_text() + "# mine\n")
    after, _ = resume(pool, folder.path, Scripted(), until="geometry")
    said = mask_hints.digest([OTHER])
    attempts = after.stage("geometry").attempts
    assert len(attempts) == 2 and [item.measurements.hints for item in attempts] == [said, said]
    assert attempts[0].measurements.objects[0].iou < before.objects[0].iou - 0.3, "the box is said to be elsewhere"
    assert attempts[0].score == attempts[0].measurements.score < before.score
    assert attempts[1].score == pytest.approx(attempts[0].score, abs=0.02)


def test_the_final_numbers_leave_out_what_is_ignored(pool, tmp_path, table_picture):
    plain, _ = execute(pool, tmp_path / "plain", table_picture, Scripted())
    _, folder = execute(pool, tmp_path / "run", table_picture, Scripted(), until="brief")
    decisions.hint(RunFolder.open(folder.path), [IGNORED])
    record, _ = resume(pool, folder.path, Scripted())
    assert set(plain.final.objects) == {"Box", "Ball"} and set(record.final.objects) == {"Ball"}
    assert all({o.name for o in a.measurements.objects} <= {"Ball"} for s in record.stages for a in s.attempts)
    assert plain.final.psnr != pytest.approx(record.final.psnr, abs=0.01)


def test_a_hint_is_a_state_that_can_be_gone_back_to(tmp_path):
    folder = begun(tmp_path / "run")
    folder.save_brief(Brief(objects=[BriefObject(name="Box", box=(0.2, 0.2, 0.6, 0.6))]))
    number = tried(folder, "setup")
    before = folder.record.state
    first = decisions.hint(folder, [IGNORED], "setup", number)
    second = decisions.hint(folder, [OTHER], "setup", number)
    assert folder.load_hints() == [IGNORED, OTHER] and len({before, first, second}) == 3
    cleared = decisions.hint(folder, [], "setup", number)
    assert folder.load_hints() == [] and not (folder.path / mask_hints.FILE).exists()
    for state, wanted in (
        (first, [IGNORED]),
        (second, [IGNORED, OTHER]),
        (before, []),
        (cleared, []),
        (second, [IGNORED, OTHER]),
    ):
        journal.go_to(folder, state)
        assert folder.load_hints() == wanted and folder.record.state == state
    assert journal.at(folder.path, second).attempt == number, "the file goes on showing what it showed"
    with pytest.raises(RecordError, match="no Cup in the brief"):
        decisions.hint(folder, [MaskHint(kind="not", object="Cup", box=(0.0, 0.0, 0.5, 0.5))])
    assert folder.load_hints() == [IGNORED, OTHER]


def test_the_first_decision_of_a_run_can_be_gone_back_on(tmp_path):
    folder = begun(tmp_path / "run")
    after = decisions.hint(folder, [IGNORED])
    journal.go_to(folder, 0)
    assert folder.load_hints() == []
    journal.go_to(folder, after)
    assert folder.load_hints() == [IGNORED]


def test_numbers_solved_before_a_hint_are_solved_again():
    scripts = [StageScript("geometry", "a = 1\n")]
    assert numbers._hash(scripts, "") != numbers._hash(scripts, mask_hints.digest([IGNORED]))


def test_a_replay_has_the_hints_of_its_recording(tmp_path):
    recording = begun(tmp_path / "recording")
    mask_hints.save(recording.path, [IGNORED])
    loaded = picture.load(recording.path / "picture.png")
    settings = AgentSettings(generator=Asked(provider="replay"), replay=str(recording.path))
    made = begin.begin(tmp_path / "again", loaded, settings, 0, 96, 2)
    assert made.load_hints() == [IGNORED]
    assert begin.begin(tmp_path / "new", loaded, AgentSettings(), 0, 96, 2).load_hints() == []
    (recording.path / mask_hints.FILE).write_text("{")
    with pytest.raises(RecordError, match="damaged"):
        begin.begin(tmp_path / "third", loaded, settings, 0, 96, 2)


@pytest.fixture
def stopped(tmp_path, table_picture):
    """A run that was stopped after the brief."""
    from runs import start

    _, folder = start(tmp_path / "run", table_picture)
    folder.save_brief(Scripted().brief(None, 0, None)[0])
    return folder


def embedded(text, alt):
    """A picture of the page, by how its description begins."""
    found = re.search(rf'<img alt="{alt}[^"]*" src="data:image/jpeg;base64,([^"]+)"', text)
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(found.group(1)))).convert("RGB"), np.int16)


def test_the_report_shows_masks_and_hints(stopped):
    text = page(stopped)
    shown = embedded(text, "the picture with its masks")
    original = np.asarray(Image.open(stopped.path / "picture.png").convert("RGB"), np.int16)
    assert shown.shape == (576, 768, 3)
    original = cv2.resize(original, (768, 576))
    changed = np.abs(shown - original).sum(-1) > 36
    assert changed[230:270, 490:540].mean() > 0.9 and changed[:140].mean() < 0.05
    rows = re.findall(r"<td>(Box|Ball)</td><td class=\"num\">(\d+)%</td>", text)
    assert [name for name, _ in rows] == ["Box", "Ball"] and all(int(trust) > 40 for _, trust in rows)
    assert "What the artist said" not in text
    decisions.hint(stopped, [MaskHint(kind="ignore", box=(0.0, 0.0, 1.0, 0.2)), OTHER])
    said = page(stopped)
    assert "ignore this" in said and "this is Box" in said
    hinted = embedded(said, "the picture with its masks")
    assert (np.abs(hinted - original).sum(-1) > 60)[10:100].mean() > 0.15, "hatched"
    decisions.hint(stopped, [])
    decisions.hint(stopped, [IGNORED])
    assert "left out" in page(stopped)


def test_the_page_stands_without_masks(stopped):
    (stopped.path / mask_hints.FILE).write_text("{")
    assert "damaged" in page(stopped) and "Scores over the rounds" in page(stopped)
    (stopped.path / mask_hints.FILE).unlink()
    (stopped.path / "brief.json").unlink()
    assert "<h2>Masks</h2>" not in page(stopped)


def test_the_viewport_gets_a_picture_with_the_masks(stopped):
    drawn = compare_pictures.make(stopped.path, "", 0, "masks")
    assert drawn.shape == (768, 1024, 4) and (drawn[..., 3] == 255).all()
    plain = cv2.resize(compare_pictures.make(stopped.path, "", 0, "picture"), (1024, 768))
    assert (np.abs(drawn[..., :3].astype(int) - plain[..., :3]).sum(-1) > 36)[310:360, 660:720].mean() > 0.9
    (stopped.path / "brief.json").write_text(Brief().model_dump_json())
    with pytest.raises(RecordError, match="names nothing"):
        compare_pictures.make(stopped.path, "", 0, "masks")


def said_by(capsys, *arguments):
    code = cli.main([str(argument) for argument in arguments])
    return code, capsys.readouterr().err


@pytest.mark.parametrize(
    ("hints", "why"),
    [
        (["Mug is 0.1 0.2 0.3 0.4"], "There is no Mug in the brief; its objects are: Box, Ball."),
        (["Ball is 0.1 0.2 0.3 1.4"], "outside the picture"),
        (["ignore 0 0 1 0.2", "Ball perhaps 0.1 0.2 0.3 0.4"], "is no hint"),
    ],
)
def test_the_command_refuses_a_bad_hint_in_one_sentence(stopped, capsys, hints, why):
    given = [word for text in hints for word in ("--hint", text)]
    code, told = said_by(capsys, "--resume", stopped.path, *given)
    assert code == 2 and why in told and told.count("\n") == 1 and stopped.load_hints() == []


def test_a_run_does_not_begin_with_hints(tmp_path, table_picture, capsys):
    code, told = said_by(capsys, table_picture, "-o", tmp_path / "new", "--hint", "ignore 0 0 1 0.2")
    assert code == 2 and "--until brief" in told and not (tmp_path / "new").exists()


def test_the_command_takes_hints_up_with_the_run(binary, tmp_path, table_picture, capsys):
    folder = tmp_path / "run"
    small = ("--resolution", 64, "--samples", 2, "--no-solve")
    code, _ = said_by(capsys, table_picture, "-o", folder, "--until", "brief", *small)
    name = json.loads((folder / "brief.json").read_text())["objects"][0]["name"]
    assert code == 0 and "<h2>Masks</h2>" in (folder / "report.html").read_text()
    lines = ("--hint", f"{name} not 0.24 0.45 0.28 0.5", "--hint", "ignore 0.0 0.0 0.1 0.1")
    code, told = said_by(capsys, "--resume", folder, "--until", "geometry", *lines)
    assert code == 0, told
    opened = RunFolder.open(folder)
    assert [hint.kind for hint in opened.load_hints()] == ["not", "ignore"]
    digest = mask_hints.digest(opened.load_hints())
    assert {a.measurements.hints for s in opened.record.stages for a in s.attempts} == {digest}
    code, _ = said_by(capsys, "--resume", folder, "--until", "geometry", "--clear-hints")
    assert code == 0 and RunFolder.open(folder).load_hints() == []


def test_damaged_hints_stop_a_run_with_a_sentence(stopped, capsys):
    (stopped.path / mask_hints.FILE).write_text('{"hints": [{"kind": "is", "object": "Box"}]}')
    with pytest.raises(HintError):
        mask_hints.load(stopped.path)
    with pytest.raises(RecordError, match=r"mask_hints.json is damaged"):
        stopped.load_hints()
