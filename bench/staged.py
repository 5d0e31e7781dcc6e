# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure what the staged loop gains over one call of the same model: `python bench/staged.py [--eval FOLDER]`.

Plays the recorded runs of tests/data/recordings again, NAME_one in one call and NAME_staged in stages, through the
command and real Blender, and writes docs/bench/staged.md, .json and .jpg. No network and no model is needed. Mask IoU
and LPIPS need the evaluation folder.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from restage.bench import evalset, figures, machine, offline_sheet, running, staged_page
from restage.bench.similarity import Similarity, load

ROOT = running.ROOT
PICTURES = {
    "chair": "nerf_synthetic/chair",
    "clevr": "clevr/CLEVR_new_000003",
    "table": "gt_scenes/table_breakfast",
}
"""Recordings and the pictures of the evaluation folder they are of."""
WAYS = ("one", "staged")
MOSTLY = 0.5


def main() -> int:
    """Replay, measure, write; return 0 when the loop gains what it must."""
    options = _options()
    cv2.setNumThreads(1)
    similarity = Similarity(options.eval)
    rows: list[dict[str, Any]] = []
    shown: list[tuple[str, Path, Path]] = []
    for name, key in PICTURES.items():
        for way in WAYS:
            recording = options.recordings / f"{name}_{way}"
            if not recording.is_dir():
                print(f"There is no {recording}.", file=sys.stderr)
                return 2
            folder = options.keep / recording.name
            said = replay(recording, folder)
            row = {"picture": name, "key": key, "way": way, "replay": said}
            row |= measure(recording, folder, _item(options.eval, key), similarity)
            rows.append(row)
            shown.append((f"{name}, {way}", recording / "picture.png", folder / "render.png"))
            print(f"{name} {way}: {row['psnr']:.2f} dB, {row['rounds']} rounds", flush=True)
    data = {
        "date": time.strftime("%Y-%m-%d"),
        "missing": similarity.missing,
        "versions": machine.versions([row["made_with"] for row in rows]),
        "machine": machine.describe(),
        "model": sorted({row["model"] for row in rows}),
        "gains": gains(rows),
        "runs": rows,
    }
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "staged.json").write_text(json.dumps(data, indent=1), encoding="utf-8")
    sheet = offline_sheet.write(shown, options.out / "staged.jpg")
    (options.out / "staged.md").write_text(staged_page.page(data, sheet), encoding="utf-8")
    return 0 if all(target["met"] is not False for target in data["gains"]["targets"]) else 1


def replay(recording: Path, folder: Path) -> list[str]:
    """Play a recording again into `folder` and return what was said of divergences. Raises RuntimeError on failure."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    line = [str(ROOT / "restage"), "-o", str(folder), "--agent", "replay", "--recording", str(recording)]
    env = {**os.environ, "RESTAGE_PYTHON": os.environ.get("RESTAGE_PYTHON", sys.executable)}
    done = subprocess.run(line, capture_output=True, text=True, env=env, check=False)
    if done.returncode:
        raise RuntimeError(f"{recording.name}: exit {done.returncode}. {done.stderr.strip().splitlines()[-1:]}")
    return [line for line in done.stderr.splitlines() if "diverge" in line.lower()]


def measure(recording: Path, folder: Path, item: evalset.Item | None, similarity: Similarity) -> dict[str, Any]:
    """Return what a replayed run reached and what it had cost."""
    left = running.read(folder)
    record, then = left.record, json.loads((recording / "run.json").read_text(encoding="utf-8"))
    reference = load(recording / "picture.png", record["resolution"])
    numbers = similarity.compare(reference, load(folder / "render.png"))
    model_seconds = sum(stage.get("model_seconds", 0.0) for stage in record["stages"])
    return {
        **{name: round(value, 4) for name, value in numbers.items()},
        "mask_iou": _mask_iou(left, item),
        "mean_colour": {
            name: round(value, 4)
            for name, value in similarity.compare(reference, figures.mean_colour(reference)).items()
        },
        "attempts": sum(len(stage["attempts"]) for stage in record["stages"]),
        "failed_attempts": sum(a["status"] != "ok" for stage in record["stages"] for a in stage["attempts"]),
        "rounds": sum(max((a["round"] for a in stage["attempts"]), default=0) for stage in record["stages"]),
        "requests": len(list((recording / "conversation").glob("[0-9]*.json"))),
        "input_tokens": then["input_tokens"],
        "output_tokens": then["output_tokens"],
        "model": then["settings"]["generator"]["model"],
        "recorded_psnr": (then.get("final") or {}).get("psnr"),
        "seconds_outside_model": round(record["seconds"] - model_seconds, 1),
        "made_with": {"commit": running.commit(), **{k: record.get(k, "") for k in ("restage", "blender", "python")}},
    }


def _mask_iou(left: running.Left, item: evalset.Item | None) -> float | None:
    """Mean over the true objects of the IoU of each with all of our objects that lie mostly inside it.

    By place and not by name, for a program written in one call names things as it likes.
    """
    if item is None or left.ids is None:
        return None
    true = evalset.true_masks(item, (left.ids.shape[1], left.ids.shape[0]))
    if not true:
        return None
    ours = [left.ids == number for number in np.unique(left.ids[left.ids > 0])]
    return round(statistics.mean(figures.iou(_inside(ours, mask), mask) for mask in true.values()), 4)


def _inside(ours: list[NDArray[np.bool_]], mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    inside = [one for one in ours if (one & mask).sum() > MOSTLY * one.sum()]
    return np.logical_or.reduce(inside) if inside else np.zeros_like(mask)


def gains(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return medians of both ways and whether the loop gains what it must."""
    medians = {
        way: {name: _median([row.get(name) for row in rows if row["way"] == way]) for name in ("psnr", "ssim", "lpips")}
        for way in WAYS
    }
    one, staged = medians["one"], medians["staged"]
    pairs = [[next(r for r in rows if (r["picture"], r["way"]) == (name, way)) for way in WAYS] for name in PICTURES]
    lpips = None if one["lpips"] is None or staged["lpips"] is None else 1 - staged["lpips"] / one["lpips"]
    worst = min(two["psnr"] - first["psnr"] for first, two in pairs)
    below = None if lpips is None else max(two["lpips"] - first["lpips"] for first, two in pairs)
    gained = staged["psnr"] - one["psnr"]
    targets = [
        {"what": "median PSNR gained", "target": "at least 3 dB", "reached": f"{gained:.1f} dB", "met": gained >= 3},
        {
            "what": "median LPIPS gained",
            "target": "at least 25 %",
            "reached": "not measured" if lpips is None else f"{lpips:.0%}",
            "met": None if lpips is None else lpips >= 0.25,
        },
        {
            "what": "least gain of any picture",
            "target": "none below its own one-shot",
            "reached": f"{worst:+.1f} dB" + ("" if below is None else f", LPIPS {below:+.3f} at worst"),
            "met": worst >= 0 and (below is None or below <= 0),
        },
    ]
    return {"medians": medians, "targets": targets}


def _median(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(statistics.median(known), 4) if known else None


def _item(root: Path, key: str) -> evalset.Item | None:
    return next(evalset.items(root, only=key), None) if root.is_dir() else None


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--eval", type=Path, default=ROOT / "../shared/eval", metavar="FOLDER")
    parser.add_argument("--recordings", type=Path, default=ROOT / "tests" / "data" / "recordings", metavar="FOLDER")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "bench", metavar="FOLDER")
    parser.add_argument("--keep", type=Path, default=ROOT / "runs" / "staged", metavar="FOLDER", help="the replays")
    options = parser.parse_args()
    for name in ("eval", "recordings", "out", "keep"):
        setattr(options, name, getattr(options, name).resolve())
    return options


if __name__ == "__main__":
    sys.exit(main())
