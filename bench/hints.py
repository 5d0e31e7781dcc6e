# SPDX-License-Identifier: GPL-3.0-or-later
"""How much a hint mends: `python bench/hints.py [EVAL_FOLDER] [--most N]`, on the pictures whose true
masks are known.

An artist is played: of each object whose mask overlaps the true one by less than 0.9, one box *this is it* about the
thickest part of what the mask lacks (where it lacks nothing much, of what it has), and one *not it* about the thickest
part of what it has too much. Masks come from boxes that are read off wrongly (by 15 % of their size, as a model may)
and from the offline segmenter's outlines with the two largest regions swapped in part. Writes the mean IoU of those
objects before and after, and how many got worse, to docs/bench/hints.md and .json.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from restage.agent import masks, picture
from restage.agent.brief import Brief, BriefObject
from restage.agent.mask_hints import MaskHint
from restage.agent.measure import mask_iou
from restage.bench import evalset, machine, running
from restage.bench.offline_page import table

Mask = NDArray[np.bool_]
WRONG = 0.9
OFF = 0.15
SETS = frozenset({"clevr", "gt_scenes", "gt_scenes_blend"})
SEEN = 200
"""Pixels of an object, below which it is not asked about."""
LEAST = 12
"""Pixels of a part that an artist would see."""


def inner_box(mask: Mask) -> tuple[float, float, float, float] | None:
    """Return the box in fractions about the thickest part of a mask; None where it is too thin to be seen."""
    depth = cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    y, x = np.unravel_index(int(depth.argmax()), depth.shape)
    half = float(depth.max()) * 0.6
    if np.count_nonzero(mask) < LEAST or half < 1.5:
        return None
    h, w = mask.shape
    return max(0.0, (x - half) / w), max(0.0, (y - half) / h), min(1.0, (x + half) / w), min(1.0, (y + half) / h)


def said_of(name: str, found: Mask, true: Mask) -> list[MaskHint]:
    """Return what an artist would say of a mask."""
    lacking = inner_box(true & ~found) or inner_box(true)
    too_much = inner_box(found & ~true)
    hints = [MaskHint(kind="is", object=name, box=lacking)] if lacking else []
    return hints + ([MaskHint(kind="not", object=name, box=too_much)] if too_much else [])


def box_of(mask: Mask, generator: np.random.Generator) -> tuple[float, float, float, float]:
    """Return the box of a mask with each edge off by up to `OFF` of its size."""
    ys, xs = np.nonzero(mask)
    h, w = mask.shape
    ends = np.array([xs.min() / w, ys.min() / h, (xs.max() + 1) / w, (ys.max() + 1) / h])
    wide, tall = ends[2] - ends[0], ends[3] - ends[1]
    x0, y0, x1, y1 = np.clip(ends + generator.uniform(-OFF, OFF, 4) * (wide, tall, wide, tall), 0, 1)
    return float(x0), float(y0), float(x1), float(y1)


def swapped(true: list[Mask]) -> list[Mask]:
    """Return masks of which the second largest has the upper half of the largest, as a segmenter may have it."""
    order = sorted(range(len(true)), key=lambda place: -int(true[place].sum()))
    out = [mask.copy() for mask in true]
    ys = np.nonzero(true[order[0]])[0]
    half = true[order[0]].copy()
    half[int(np.median(ys)) :] = False
    out[order[0]] &= ~half
    out[order[1]] |= half
    return out


def tried(rgb: NDArray[np.uint8], brief: Brief, true: dict[str, Mask]) -> list[tuple[float, float]]:
    """Return IoU before and after hints, of the masks that are wrong."""
    before = {name: found.mask for name, found in masks.refined_masks(rgb, brief).items()}
    wrong = [name for name in true if mask_iou(before[name], true[name]) < WRONG]
    hints = [hint for name in wrong for hint in said_of(name, before[name], true[name])]
    if not hints:
        return []
    after = masks.refined_masks(rgb, brief, hints=hints)
    none = np.zeros(rgb.shape[:2], bool)
    pairs = ((before[name], after[name].mask if name in after else none, true[name]) for name in wrong)
    return [(mask_iou(one, truth), mask_iou(two, truth)) for one, two, truth in pairs]


def main() -> int:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("eval_folder", nargs="?", default=str(Path(__file__).parents[2] / "shared" / "eval"))
    parser.add_argument("--most", type=int, default=1000, help="pictures")
    options = parser.parse_args()
    generator = np.random.default_rng(1)
    rows: dict[str, list[tuple[float, float]]] = {"boxes read off wrongly": [], "outlines traced wrongly": []}
    pictures = 0
    for item in evalset.items(Path(options.eval_folder), SETS):
        shown = picture.load(item.picture, 512)
        known = {name: mask for name, mask in evalset.true_masks(item, shown.size).items() if mask.sum() > SEEN}
        if len(known) < 2 or pictures == options.most:
            continue
        pictures += 1
        boxes = Brief(objects=[BriefObject(name=name, box=box_of(mask, generator)) for name, mask in known.items()])
        rows["boxes read off wrongly"] += tried(shown.rgb, boxes, known)
        pairs = zip(known, swapped(list(known.values())), strict=True)
        outlined = [BriefObject(name=n, box=box_of(m, generator), outlines=masks.mask_outlines(m)) for n, m in pairs]
        rows["outlines traced wrongly"] += tried(shown.rgb, Brief(objects=outlined, outlines_traced=True), known)
    data: dict[str, Any] = {
        "date": time.strftime("%Y-%m-%d"),
        "commit": running.commit(),
        "machine": machine.describe(),
        "pictures": pictures,
        "starts": {name: _summary(found) for name, found in rows.items() if found},
    }
    out = running.ROOT / "docs" / "bench"
    (out / "hints.json").write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    (out / "hints.md").write_text(page(data), encoding="utf-8")
    print(out / "hints.md")
    return 0


def _summary(found: list[tuple[float, float]]) -> dict[str, float]:
    before, after = np.array(found).T
    worse = int((after < before - 0.01).sum())
    return {
        "objects": len(found),
        "before": round(float(before.mean()), 4),
        "after": round(float(after.mean()), 4),
        "worse": worse,
    }


def page(data: dict[str, Any]) -> str:
    """Return docs/bench/hints.md."""
    lines = [
        [name, str(row["objects"]), f"{row['before']:.3f}", f"{row['after']:.3f}", str(row["worse"])]
        for name, row in data["starts"].items()
    ]
    box = data["machine"]
    return (
        "# What correcting a mask mends\n\n"
        f"{data['date']}, commit {data['commit'] or 'unknown'}, {box['cpu']}, {box['cores']} cores. Made by `python "
        f"bench/hints.py`: {data['pictures']} pictures with known masks; objects whose mask overlaps the true one by "
        f"less than {WRONG:g}. An artist is played, who gives at most two boxes an object: *this is it* about the "
        "thickest part that the mask lacks, *not it* about the thickest it has too much. Without hints, the trivial "
        "answer, masks stay as before.\n\n"
        + table(["masks from", "objects", "mean IoU before", "after", "worse"], lines)
        + "\n\nBoxes are off by up to "
        f"{OFF:.0%} of their size an edge; of the outlines the second largest has half of the largest. *Worse*: by "
        "more than 0.01.\n"
    )


if __name__ == "__main__":
    raise SystemExit(main())
