# SPDX-License-Identifier: GPL-3.0-or-later
"""Summaries, targets and the written pages, on made rows."""

from __future__ import annotations

import json

import numpy as np
from PIL import Image
from restage.bench import offline_page, offline_sheet, standby, standby_page, summary


def row(group="single", psnr=24.0, seconds=30.0, **more):
    base = {
        "set": "made", "id": "pear", "group": group, "exit": 0, "scene": True, "missing": [], "last_words": "",
        "seconds": seconds, "peak_memory_mb": 400.0, "confidence": 0.8, "reasons": [], "objects": 1, "attempts": 6,
        "load": 0.5, "ours": {"psnr": psnr, "ssim": 0.9, "lpips": 0.1}, "mean_colour_psnr": 12.0,
    }  # fmt: skip
    return {**base, **more}


FAILED = row(scene=False, exit=1, missing=["scene.blend", "render.png"], last_words="restage: broke", mask_iou=0.0)
del FAILED["ours"]
TABLE = {"true": 4, "found": 4, "ious": [0.9, 0.8, 0.7], "pairs_right": 2, "pairs": 3}
ANSWER = {"psnr": 15.0, "lpips": 0.2, "iou": 0.7}
TURNED = [{"set": "made", "id": "pear", "view": "+30", "turn": 30.0, "ours": {**ANSWER, "iou": 0.8},
           "card": ANSWER, "own_card": {**ANSWER, "iou": 0.9}, "blank": ANSWER}]  # fmt: skip


def met(rows):
    return {entry["what"]: entry["met"] for entry in summary.summarise(rows, [])["targets"]}


def test_targets_are_met_or_not_or_not_measured():
    good = met([row(mask_iou=0.95), row("clevr", table=TABLE)])
    assert good["One object, plain backdrop: median PSNR"] is True
    assert good["CLEVR: object F1 at mask IoU 0.5"] is False, "3 of 4 matched is 0.75"
    assert good["CLEVR: median IoU of the matched masks"] is True
    assert good["CLEVR: near/far order of pairs right"] is False
    assert met([row()])["CLEVR: object F1 at mask IoU 0.5"] is None
    assert met([row(seconds=61.0)])["Median time of a run"] is False


def test_a_picture_without_a_scene_counts_with_nothing():
    group = summary.group([row(psnr=24.0, mask_iou=0.95), FAILED, FAILED])
    assert group["psnr"] == 0.0 and group["mask_iou"] == 0.0 and group["complete"] == 1
    assert met([row(), FAILED])["Pictures that ended with a scene"] is False


def test_the_page_names_targets_failures_and_every_picture():
    side = {"ours": {"psnr": 23.0, "ssim": 0.9, "lpips": 0.1}, "blank": {"psnr": 10.0, "ssim": 0.5, "lpips": 0.6}}
    rows = [row(mask_iou=0.95, seig={"white": side, "black": side}), row("prims", table=TABLE), FAILED]
    made = ("restage", "commit", "blender", "python", "numpy", "opencv")
    data = {
        "date": "2030-01-01", "resolution": 512, "missing": "No metrics here.", "pictures": rows, "novel_views": TURNED,
        "novel_views_failed": ["ours views of pear: not rendered."],
        "versions": dict.fromkeys(made, "9"), "machine": {"cpu": "Some", "cores": 2, "ram_gb": 8.0},
        "figures": json.loads(json.dumps(summary.summarise(rows, TURNED))),
    }  # fmt: skip
    text = offline_page.page(data, "offline.jpg")
    assert text.index("## Targets") < text.index("## Beside SEIG") < text.index("## Every picture")
    assert "No metrics here." in text and "13.58" in text and "restage: broke" in text and "(offline.jpg)" in text
    assert "| 3 of 4, ours 4 | 2/3 |" in text and "flat card" in text and "ours views of pear" in text
    assert (
        "turned by 30°: 1 and 0 of 1" in text
        and "| made/pear | +30 | 0.80 | 0.70 | 0.90 | 15.0 | 15.0 | - | - |" in text
    )
    widths = {line.count("|") for line in text.split("## Every picture")[1].splitlines() if line.startswith("|")}
    assert len(widths) == 1, "every line of a table has as many cells"


def test_the_contact_sheet_is_small_and_shows_both(tmp_path):
    red, blue = np.full((40, 60, 3), (255, 0, 0), np.uint8), np.full((80, 120, 3), (0, 0, 255), np.uint8)
    Image.fromarray(red).save(tmp_path / "a.png")
    Image.fromarray(blue).save(tmp_path / "b.png")
    name = offline_sheet.write([("pear", tmp_path / "a.png", tmp_path / "b.png")] * 4, tmp_path / "sheet.jpg")
    with Image.open(tmp_path / name) as sheet:
        wide = offline_sheet.TALL * 3 // 2
        left, right = (sheet.getpixel((offline_sheet.GAP + x, 60)) for x in (wide // 2, wide + wide // 2))
    assert left[0] > 200 > 60 > left[2] and right[2] > 200 > 60 > right[0]
    assert offline_sheet.write([], tmp_path / "none.jpg") == "" and not (tmp_path / "none.jpg").exists()


def test_the_cost_of_an_attempt_leaves_out_the_attempt_itself():
    seconds = {"start": 0.5, "replay": 0.1, "run": 1.0, "check": 0.2, "measure": 0.3, "beauty": 2.0, "write": 0.1}
    assert abs(standby.cost(5.0, seconds) - 1.5) < 1e-9
    rows = [
        {"kind": kind, "repeat": repeat, "stage": stage, "cost": cost, "seconds": {"start": cost}, "idle_mb": 100.0}
        for kind, cost in (("standby", 0.1), ("cold", 2.0), ("cold, new script only", 1.0))
        for repeat in range(3)
        for stage in ("setup", "geometry")
    ]
    figures = standby.figures(rows)
    assert abs(figures["ratio"] - 20) < 1e-6 and abs(figures["cold"]["run"] - 4) < 1e-6 and figures["idle_mb"] == 100
    data = {
        "figures": figures, "machine": {"cpu": "Some", "cores": 2, "ram_gb": 8.0}, "date": "2030-01-01", "commit": "",
        "blender": "9", "kind": "bpy", "load": 5.0, "scripts": {"setup": 10}, "repeats": 3, "think_seconds": 2.0,
    }  # fmt: skip
    text = standby_page.page(data)
    assert (
        "**20.0 times less waiting per attempt** (target: at least 5, met)" in text
        and "100 MB" in text
        and "busy" in text
    )
