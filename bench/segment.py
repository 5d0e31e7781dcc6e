# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure the offline segmenter: `python bench/segment.py [EVAL_FOLDER] [--each]` prints a table, one row per set.

Sets of one object: IoU of all regions together with the true mask, and how often it is exactly one region. Sets of
several: objects matched greedily at mask IoU 0.5, their F1, and the median IoU of the matched.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import numpy as np
from clevr_truth import truth_masks
from numpy.typing import NDArray
from restage.agent import picture
from restage.agent.offline.segment import segment

Mask = NDArray[np.bool_]
BEHIND = {
    "floor",
    "backdrop",
    "wall",
    "back wall",
    "left wall",
    "right wall",
    "ceiling",
    "rug",
    "wooden table",
    "desk top",
}
SINGLE = ("nerf_synthetic", "object_cutouts", "triposr_examples", "held_single", "gt_scenes product")


@dataclass
class Row:
    """What one set came to."""

    ious: list[float] = field(default_factory=list)
    hits: int = 0
    found: int = 0
    true: int = 0
    one: int = 0
    pictures: int = 0
    seconds: list[float] = field(default_factory=list)


def cases(root: Path) -> Iterator[tuple[str, str, Path, dict[str, Any], dict[str, Any]]]:
    """Yield set, name, picture, item for everything with a mask of some kind."""
    for manifest in sorted(root.glob("*/manifest.json")):
        for item in json.loads(manifest.read_text())["items"]:
            files, folder = item["files"], manifest.parent
            name = folder.name
            if name == "gt_scenes":
                name += " " + item["id"].split("_")[0]
            for key in ("image", "image_black", "rgba"):
                if key in files:
                    yield name, f"{item['id']} {key}", folder / files[key], item, files


def truth(path: Path, item: dict[str, Any], files: dict[str, Any], size: tuple[int, int]) -> list[Mask]:
    """Return the true masks at a size, empty when the set has none."""
    if "mask" in files:
        return [_resize(cv2.imread(str(path.parent / files["mask"]), 0) > 127, size)]
    if "ids" in files:
        ids = cv2.imread(str(path.parent / files["ids"]), cv2.IMREAD_UNCHANGED)
        ids = ids if ids.ndim == 2 else ids[..., 0]
        names = item["ground_truth"]["objects"]
        return [_resize(ids == i + 1, size) for i, n in enumerate(names) if n not in BEHIND]
    if "camera_to_world" in item["ground_truth"].get("camera", {}) and "scene" in files:
        return [mask for mask, _ in truth_masks(item, size)]
    return []


def iou(one: Mask, two: Mask) -> float:
    """Intersection over union."""
    union = np.count_nonzero(one | two)
    return np.count_nonzero(one & two) / union if union else 1.0


def match(found: list[Mask], true: list[Mask]) -> list[tuple[int, int, float]]:
    """Pair masks greedily, best IoU first, from 0.5 up."""
    pairs = sorted(((iou(a, b), i, j) for i, a in enumerate(found) for j, b in enumerate(true)), reverse=True)
    taken: list[tuple[int, int, float]] = []
    for value, i, j in pairs:
        if value >= 0.5 and all(i != a and j != b for a, b, _ in taken):
            taken.append((i, j, value))
    return taken


def measure(row: Row, found: list[Mask], true: list[Mask], single: bool) -> str:
    """Add one picture to its set's row and describe it."""
    row.pictures += 1
    if single:
        value = iou(np.any(found, axis=0), np.any(true, axis=0)) if found else 0.0
        row.ious.append(value)
        row.one += len(found) == 1
        return f"IoU {value:.3f}, {len(found)} regions"
    least = 2e-4 * true[0].size
    visible = [mask for mask in true if np.count_nonzero(mask) >= least]
    pairs = match(found, visible)
    row.hits += len(pairs)
    row.found += len(found)
    row.true += len(visible)
    row.ious.extend(value for _, _, value in pairs)
    missed = [
        round(max((iou(m, v) for m in found), default=0), 2)
        for j, v in enumerate(visible)
        if j not in {p[1] for p in pairs}
    ]
    matched = [round(value, 2) for _, _, value in pairs]
    return f"{len(pairs)} of {len(visible)} found, {len(found)} regions, IoU {matched}, missed {missed}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).parents[1] / "../shared/eval")
    parser.add_argument("--each", action="store_true", help="a line per picture as well")
    parser.add_argument("--only", default="", help="only sets whose name has this in it")
    options = parser.parse_args()
    cv2.setNumThreads(2)
    rows: dict[str, Row] = {}
    for name, label, path, item, files in cases(options.folder):
        if options.only not in name:
            continue
        loaded = picture.load(path)
        start = time.perf_counter()
        result = segment(loaded)
        seconds = time.perf_counter() - start
        true = truth(path, item, files, loaded.size)
        if not true:
            continue
        row = rows.setdefault(name, Row())
        row.seconds.append(seconds)
        text = measure(row, [r.mask for r in result.regions], true, name.startswith(SINGLE))
        if options.each:
            print(f"  {name} {label}: {result.backdrop}, {text}, {seconds:.2f} s")
    print(f"{'set':<22}{'pictures':>9}{'IoU median':>12}{'IoU least':>11}{'one region':>12}{'F1':>7}{'seconds':>9}")
    for name, row in rows.items():
        worth = f"{2 * row.hits / max(1, row.found + row.true):.2f}" if row.true else "-"
        one = f"{row.one}/{row.pictures}" if not row.true else "-"
        low, middle = (min(row.ious), median(row.ious)) if row.ious else (0.0, 0.0)
        print(f"{name:<22}{row.pictures:>9}{middle:>12.3f}{low:>11.3f}{one:>12}{worth:>7}{median(row.seconds):>9.2f}")


def _resize(mask: Mask, size: tuple[int, int]) -> Mask:
    return np.asarray(cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.5, bool)


if __name__ == "__main__":
    main()
