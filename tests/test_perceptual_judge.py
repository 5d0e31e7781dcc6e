# SPDX-License-Identifier: GPL-3.0-or-later
"""The perceptual judge agrees with the reference implementation, and ranks what is plainly nearer as nearer."""

from __future__ import annotations

import importlib.util
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from restage.agent.perceptual import Judge, edge_f1, lab_distance, lpips

ROOT = Path(__file__).resolve().parent.parent
METRICS = next((p for p in (ROOT / "shared/eval", Path("/work/shared/eval")) if (p / "metrics.py").is_file()), None)


def photograph(width=160, height=120):
    with Image.open(ROOT / "examples" / "coffee.jpg") as image:
        return np.asarray(image.convert("RGB").resize((width, height)), np.float32) / np.float32(255)


def changed(picture):
    blurred = np.asarray(cv2.GaussianBlur(picture, (0, 0), 2.0), np.float32)
    return {"blurred": blurred, "shifted": np.roll(picture, 9, 1), "darker": picture * np.float32(0.6)}


# Figures of /work/shared/eval/metrics.py (LPIPS v0.1 in numpy, which agrees with the torch one).
PUBLISHED = {"blurred": (0.3447, 1.499, 0.919), "shifted": (0.2398, 0.0, 0.393), "darker": (0.042, 13.036, 0.996)}


@pytest.mark.parametrize("name", PUBLISHED)
def test_it_gives_the_published_figures(name):
    picture = photograph()
    other = changed(picture)[name]
    wanted = PUBLISHED[name]
    # JPEG decoders and resizing differ in the last bit between versions of Pillow.
    assert lpips(picture, other) == pytest.approx(wanted[0], abs=2e-3)
    assert lab_distance(picture, other) == pytest.approx(wanted[1], abs=0.05)
    assert edge_f1(picture, other) == pytest.approx(wanted[2], abs=0.02)


@pytest.mark.skipif(METRICS is None, reason="the evaluation folder is not here")
@pytest.mark.parametrize("upright", [False, True])
def test_it_agrees_with_the_evaluation_folders_own(upright):
    pytest.importorskip("scipy")
    spec = importlib.util.spec_from_file_location("restage_test_metrics", METRICS / "metrics.py")
    metrics = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = metrics
    spec.loader.exec_module(metrics)
    picture = photograph()
    if upright:
        picture = np.ascontiguousarray(picture.transpose(1, 0, 2))
    for other in changed(picture).values():
        assert lpips(picture, other) == pytest.approx(metrics.lpips_alex(picture, other), abs=1e-3)
        assert lab_distance(picture, other) == pytest.approx(metrics.lab_emd(picture, other), abs=1e-3)
        assert edge_f1(picture, other) == pytest.approx(metrics.edge_f1(picture, other), abs=1e-3)


def test_equal_pictures_are_equal_and_worse_ones_farther():
    picture = photograph()
    assert lpips(picture, picture) == 0 and lab_distance(picture, picture) == 0 and edge_f1(picture, picture) > 0.999
    judge = Judge(picture)
    noise = np.random.default_rng(3).normal(0, 1, picture.shape).astype(np.float32)
    distances = [judge.lpips(np.clip(picture + amount * noise, 0, 1)) for amount in (0.0, 0.02, 0.06, 0.2)]
    assert distances == sorted(distances) and distances[0] == 0 and distances[-1] > 0.3


def test_a_judge_says_what_the_function_says_whatever_the_size_of_the_attempt():
    picture, other = photograph(), photograph()[:, ::-1]
    assert Judge(picture).lpips(other) == pytest.approx(lpips(picture, other), abs=1e-6)
    judge = Judge(photograph(640, 480), longest=128)
    small = np.asarray(cv2.resize(photograph(640, 480), (96, 72), interpolation=cv2.INTER_AREA), np.float32)
    assert judge.lpips(small) < 0.01
    assert judge.lpips(small[:, ::-1]) > 0.1
    assert judge.lpips(photograph(640, 480)) < 1e-6


def test_what_is_too_small_or_not_alike_in_size_is_said():
    picture = photograph()
    with pytest.raises(ValueError, match="one size"):
        lpips(picture, picture[:-1])
    with pytest.raises(ValueError, match="too small"):
        lpips(picture[:30], picture[:30])
    with pytest.raises(ValueError, match="one size"):
        edge_f1(picture, picture[:-1])
    assert Judge(picture).lpips(picture[:20, :20]) is None
    assert lpips(picture[:31, :31], picture[:31, :31]) == 0


def test_threads_may_ask_at_once():
    picture = photograph(96, 64)
    others = [picture * np.float32(factor) for factor in (0.2, 0.4, 0.6, 0.8)]
    alone = [lpips(picture, other) for other in others]
    judge = Judge(picture)
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(judge.lpips, others * 3))
    assert together == pytest.approx(alone * 3, abs=1e-6)


def test_a_map_says_where_pictures_differ_and_its_mean_how_much():
    picture = photograph(200, 150)
    other = picture.copy()
    other[90:130, 20:70] = other[90:130, 20:70][::-1]
    judge = Judge(picture)
    distances = judge.map(other)
    assert distances.shape == (150, 200) and float(distances.mean()) == pytest.approx(judge.lpips(other), rel=1e-4)
    near = np.zeros(distances.shape, bool)
    near[80:140, 10:80] = True
    assert distances[near].mean() > 8 * distances[~near].mean()
    assert float(judge.map(picture).max()) == 0.0
