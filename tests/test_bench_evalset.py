# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading an evaluation folder, and the run folders measured against it, on made ones."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import cv2
import numpy as np
import pytest
from restage.bench import evalset, running, similarity


@pytest.fixture
def folder(tmp_path):
    """Two sets: a scene of primitives with truth, and a cut-out."""
    prims = tmp_path / "gt_scenes"
    prims.mkdir()
    ids = np.zeros((40, 60), np.uint8)
    ids[20:], ids[10:30, 5:20], ids[12:32, 30:50] = 1, 2, 3
    cv2.imwrite(str(prims / "ids.png"), ids)
    depth = np.select([ids == 2, ids == 3], [0.5, 0.25], 1.0) * 65535
    cv2.imwrite(str(prims / "depth.png"), depth.astype(np.uint16))
    labels = ("floor", "red cube", "blue ball")
    scene = {"objects": [{"id": i, "label": n} for i, n in enumerate(labels, 1)], "depth": {"max_m": 8.0}}
    (prims / "scene.json").write_text(json.dumps(scene))
    files = {"image": "a.png", "ids": "ids.png", "depth": "depth.png", "scene": "scene.json"}
    entries = [
        {"id": "prims_a", "files": files, "licence": "CC0 models", "ground_truth": {"objects": list(labels)}},
        {"id": "product_b", "files": files, "licence": "CC0", "ground_truth": {}},
        {"id": "table_c", "files": files, "licence": "CC0", "ground_truth": {}},
    ]
    (prims / "manifest.json").write_text(json.dumps({"items": entries}))
    single = tmp_path / "object_cutouts"
    single.mkdir()
    cv2.imwrite(str(single / "mask.png"), np.where(ids == 2, 255, 0).astype(np.uint8))
    entry = {"id": "ginger", "files": {"image": "g.png", "mask": "mask.png"}, "licence": "CC-BY-NC"}
    (single / "manifest.json").write_text(json.dumps({"items": [entry]}))
    return tmp_path


def test_pictures_are_sorted_into_groups(folder):
    groups = {item.key: item.group for item in evalset.items(folder)}
    assert groups == {
        "gt_scenes/prims_a": "prims",
        "gt_scenes/product_b": "single",
        "gt_scenes/table_c": "other",
        "object_cutouts/ginger": "single",
    }
    assert [item.id for item in evalset.items(folder, frozenset({"object_cutouts"}))] == ["ginger"]
    assert [item.id for item in evalset.items(folder, only="gt_scenes/table_c")] == ["table_c"]
    assert [item.id for item in evalset.items(folder) if not item.showable] == ["ginger"]


def test_truth_leaves_surroundings_out(folder):
    prims = next(evalset.items(folder, only="prims_a"))
    masks = evalset.true_masks(prims, (30, 20))
    assert list(masks) == ["2 red cube", "3 blue ball"] and masks["2 red cube"].shape == (20, 30)
    assert evalset.true_depths(prims, masks) == pytest.approx({"2 red cube": 4.0, "3 blue ball": 2.0}, abs=1e-3)
    ginger = next(evalset.items(folder, only="ginger"))
    assert np.count_nonzero(evalset.true_masks(ginger, (60, 40))["object"]) == 300


def test_a_run_folder_is_read_whatever_is_missing(tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    assert set(running.read(run).missing) == {*running.PROMISED, "attempts/"}
    record = {"final": {"ids": {"1": "Floor", "2": "Pear"}, "depth_m": {"Floor": 3.0, "Pear": 2.0}}}
    (run / "run.json").write_text(json.dumps(record))
    (run / "brief.json").write_text(json.dumps({"objects": [{"name": "Pear"}]}))
    cv2.imwrite(str(run / "ids.png"), np.array([[1, 1], [2, 300]], np.uint16))
    left = running.read(run)
    assert left.masks().keys() == {"Pear"} and left.masks()["Pear"].tolist() == [[False, False], [True, False]]
    assert left.ids[1, 1] == 300 and left.depths()["Pear"] == 2.0 and "scene.blend" in left.missing


def test_a_picture_done_before_is_not_run_again(tmp_path):
    note = {"exit": 0, "seconds": 12.5, "peak_memory_mb": 300.0, "commit": "abc"}
    (tmp_path / "pear.json").write_text(json.dumps(note))
    assert running.run(tmp_path / "no such picture.png", tmp_path / "pear", 512).seconds == 12.5


def test_a_wrong_picture_is_noted_with_its_reason(tmp_path, monkeypatch):
    monkeypatch.setenv("RESTAGE_PYTHON", sys.executable)
    outcome = running.run(tmp_path / "no such picture.png", tmp_path / "out" / "none", 64)
    assert outcome.exit == 2 and "no such picture" in outcome.last_words
    assert running.run(tmp_path / "no such picture.png", tmp_path / "out" / "none", 64) == outcome


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="reads /proc")  # noqa: PTH112 - a plain path
def test_children_are_found_and_their_memory_read():
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'])"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE) as process:
        while not (found := running.children(process.pid)):
            assert process.poll() is None
        assert running.status_mb(found[0], "VmHWM") > 0.1 and process.pid in running.children(os.getpid())
        process.stdin.close()
    assert running.status_mb(process.pid, "VmHWM") == 0.0


def test_pictures_are_compared_on_white_at_the_references_size(tmp_path):
    rgba = np.zeros((40, 80, 4), np.uint8)
    rgba[10:30, 20:60] = (0, 0, 255, 255)
    cv2.imwrite(str(tmp_path / "a.png"), rgba)
    picture = similarity.load(tmp_path / "a.png", 40)
    assert picture.shape == (20, 40, 3) and picture[0, 0] == pytest.approx([1, 1, 1])
    assert picture[10, 20] == pytest.approx([1, 0, 0])
    without = similarity.Similarity(tmp_path)
    assert "LPIPS" in without.missing
    same = without.compare(picture, similarity.load(tmp_path / "a.png"))
    assert same["psnr"] > 25 and same["ssim"] > 0.95 and set(same) == {"psnr", "ssim"}
