# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure the offline agent through the command itself: `python bench/offline.py [--eval FOLDER] [--only ID]`.

Runs `./restage` on every picture of the evaluation folder, one at a time, and writes docs/bench/offline.md, .json and
.jpg. It can be stopped and started again: runs kept in --keep are not made twice. Renders of novel views take Blender
processes of their own. Use the environment's Python: .venv/bin/python.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from restage.bench import evalset, figures, machine, novel, offline_page, offline_sheet, running, summary
from restage.bench.similarity import Similarity, fit, load


def main() -> int:
    """Run, measure, write; return 0 when every picture ended with a scene."""
    options = _options()
    if not options.eval.is_dir():
        print(f"There is no {options.eval}: name the evaluation folder with --eval.", file=sys.stderr)
        return 2
    cv2.setNumThreads(1)
    similarity = Similarity(options.eval)
    if similarity.missing:
        print(similarity.missing, file=sys.stderr)
    rows: list[dict[str, Any]] = []
    turned: list[dict[str, Any]] = []
    not_turned: list[str] = []
    shown: list[tuple[str, Path, Path]] = []
    items = list(evalset.items(options.eval, frozenset(filter(None, options.sets.split(","))), options.only))
    for number, item in enumerate(items, 1):
        folder = options.keep / item.set / item.id
        outcome = running.run(item.picture, folder, options.resolution)
        left = running.read(folder)
        row = measure(item, folder, left, outcome, similarity, options.resolution)
        rows.append(row)
        print(f"[{number}/{len(items)}] {_line(row)}", flush=True)
        if options.novel and left.ids is not None:
            try:
                turned += novel.measure(item, folder, left, options.keep / "novel" / item.id, similarity)
            except novel.NotRendered as error:
                not_turned.append(str(error))
                print(error, file=sys.stderr)
        if item.showable and (folder / "render.png").is_file():
            shown.append((item.key, item.picture, folder / "render.png"))
    data = {
        "date": time.strftime("%Y-%m-%d"),
        "resolution": options.resolution,
        "missing": similarity.missing,
        "versions": machine.versions([row["made_with"] for row in rows]),
        "machine": machine.describe(),
        "figures": summary.summarise(rows, turned),
        "pictures": rows,
        "novel_views": turned,
        "novel_views_failed": not_turned,
    }
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "offline.json").write_text(json.dumps(data, indent=1), encoding="utf-8")
    sheet = offline_sheet.write(shown, options.out / "offline.jpg")
    (options.out / "offline.md").write_text(offline_page.page(data, sheet), encoding="utf-8")
    print(f"Wrote {options.out / 'offline.md'}")
    return 0 if all(row["scene"] for row in rows) else 1


def measure(
    item: evalset.Item, folder: Path, left: running.Left, outcome: running.Outcome, similarity: Similarity, longest: int
) -> dict[str, Any]:
    """Return everything measured of one picture's run, as it goes into offline.json."""
    record = left.record
    row: dict[str, Any] = {
        "set": item.set,
        "id": item.id,
        "group": item.group,
        "exit": outcome.exit,
        "scene": outcome.exit == 0 and "scene.blend" not in left.missing,
        "missing": left.missing,
        "last_words": outcome.last_words,
        "seconds": outcome.seconds,
        "load": outcome.load,
        "peak_memory_mb": max(outcome.peak_memory_mb, float(record.get("peak_memory_mb", 0.0))),
        "confidence": record.get("confidence"),
        "reasons": record.get("reasons", []),
        "objects": len(left.brief_objects),
        "attempts": sum(len(stage["attempts"]) for stage in record.get("stages", [])),
        "made_with": {"commit": outcome.commit, **{k: record.get(k, "") for k in ("restage", "blender", "python")}},
    }
    reference = load(item.picture, longest)
    render = load(folder / "render.png") if "render.png" not in left.missing else None
    if render is not None:
        row["ours"] = _rounded(similarity.compare(reference, render))
    size = (left.ids.shape[1], left.ids.shape[0]) if left.ids is not None else reference.shape[1::-1]
    masks, true = left.masks(), evalset.true_masks(item, size)
    if true and item.group == "single":
        whole = np.any(list(masks.values()), axis=0) if masks else np.zeros(size[::-1], bool)
        row["mask_iou"] = round(figures.iou(whole, np.any(list(true.values()), axis=0)), 4)
    elif true:
        table = figures.objects(true, masks, evalset.true_depths(item, true), left.depths())
        row["table"] = {**vars(table), "ious": [round(value, 4) for value in table.ious]}
    if item.set == "nerf_synthetic":
        row["seig"] = _seig(item, render, masks, similarity, longest)
    row["mean_colour_psnr"] = round(similarity.compare(reference, figures.mean_colour(reference))["psnr"], 2)
    return row


def _seig(
    item: evalset.Item, render: Any, masks: dict[str, Any], similarity: Similarity, longest: int
) -> dict[str, dict[str, dict[str, float]]]:
    """Compare ours and the trivial answers on white and on black.

    On black, ours is the same render with every pixel that shows none of its objects made black.
    """
    rows: dict[str, dict[str, dict[str, float]]] = {}
    for name, backdrop in (("white", 1.0), ("black", 0.0)):
        path = item.picture if name == "white" else item.folder / item.files["image_black"]
        reference = load(path, longest)
        size = (reference.shape[1], reference.shape[0])
        mask = evalset.true_masks(item, size)["object"]
        answers = {
            "blank": figures.blank(reference, backdrop),
            "mean colour": figures.mean_colour(reference),
            "flat silhouette": figures.flat_silhouette(reference, mask, backdrop),
        }
        if render is not None:
            ours = fit(render, size)
            if name == "black" and masks:
                seen = np.any(list(masks.values()), axis=0).astype(np.float32)
                ours = figures.on_backdrop(ours, cv2.resize(seen, size, interpolation=cv2.INTER_LINEAR), backdrop)
            answers["ours"] = ours
        rows[name] = {key: _rounded(similarity.compare(reference, answer)) for key, answer in answers.items()}
    return rows


def _options() -> argparse.Namespace:
    root = running.ROOT
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--eval", type=Path, default=root / "../shared/eval", metavar="FOLDER")
    parser.add_argument("--sets", default="", metavar="A,B", help="only these sets")
    parser.add_argument("--only", default="", metavar="ID", help="only this picture: ID or SET/ID")
    parser.add_argument("--out", type=Path, default=root / "docs" / "bench", metavar="FOLDER")
    parser.add_argument("--keep", type=Path, default=root / "runs" / "bench", metavar="FOLDER", help="the run folders")
    parser.add_argument("--resolution", type=int, default=512, metavar="PX")
    parser.add_argument("--no-novel", dest="novel", action="store_false", help="leave the novel views out")
    options = parser.parse_args()
    for name in ("eval", "out", "keep"):
        setattr(options, name, getattr(options, name).resolve())
    return options


def _rounded(numbers: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in numbers.items()}


def _line(row: dict[str, Any]) -> str:
    if not row["scene"]:
        return f"{row['set']}/{row['id']}: exit {row['exit']}, no scene. {row['last_words']}"
    psnr = f"{row['ours']['psnr']:.1f} dB" if "ours" in row else "no render"
    return f"{row['set']}/{row['id']}: {psnr}, {row['seconds']:.0f} s, {row['peak_memory_mb']:.0f} MB"


if __name__ == "__main__":
    sys.exit(main())
