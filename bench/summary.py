# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmark's figures out of its rows: per group, against the targets, and beside SEIG's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from restage.bench.figures import Objects, mean, middle, together

Row = dict[str, Any]

TARGETS: tuple[tuple[str, str, str, str, float], ...] = (
    # group, figure, what it is, unit, least (or most, where the figure's name begins with `most_`)
    ("single", "psnr", "One object, plain backdrop: median PSNR", "dB", 20.0),
    ("single", "mask_iou", "One object, plain backdrop: median mask IoU", "", 0.90),
    ("clevr", "f1", "CLEVR: object F1 at mask IoU 0.5", "", 0.80),
    ("clevr", "matched_iou", "CLEVR: median IoU of the matched masks", "", 0.75),
    ("clevr", "order", "CLEVR: near/far order of pairs right", "%", 85.0),
    ("all", "scenes", "Pictures that ended with a scene", "%", 100.0),
    ("all", "most_seconds", "Median time of a run", "s", 60.0),
    ("all", "most_memory_mb", "Worker's peak memory, the highest of all runs", "MB", 1536.0),
)
NOVEL = ("psnr", "lpips", "iou", "depth_off")
SEIG = {"psnr": 13.58, "ssim": 0.6881, "lpips": 0.3493}
"""Published for NeRF-Synthetic (arXiv 2606.02580); backdrop, resolution and choice of views are not."""


def summarise(rows: Sequence[Row], turned: Sequence[Row]) -> dict[str, Any]:
    """Return the figures of every group, the targets with met or not, the table beside SEIG, and the novel views."""
    groups = {name: group([row for row in rows if row["group"] == name]) for name in
              ("single", "clevr", "clevr_plain", "prims", "other")}  # fmt: skip
    groups["all"] = group(rows)
    return {
        "targets": targets(groups),
        "groups": {name: value for name, value in groups.items() if value},
        "seig": beside_seig([row["seig"] for row in rows if "seig" in row]),
        "novel_views": novel(turned),
    }


def group(rows: Sequence[Row]) -> dict[str, Any]:
    """Return the figures of a group of pictures, {} of none.

    A picture without a scene counts with 0 dB and mask IoU 0.
    """
    if not rows:
        return {}
    tables = [Objects(**row["table"]) for row in rows if "table" in row]
    out: dict[str, Any] = {
        "pictures": len(rows),
        "psnr": middle([_of(row, "psnr", 0.0) for row in rows]),
        "ssim": middle([_of(row, "ssim", 0.0) for row in rows]),
        "lpips": middle([_of(row, "lpips", None) for row in rows]),
        "lab_emd": middle([_of(row, "lab_emd", None) for row in rows]),
        "edge_f1": middle([_of(row, "edge_f1", None) for row in rows]),
        "mask_iou": middle([row.get("mask_iou") for row in rows]),
        "masks": sum("mask_iou" in row for row in rows),
        "confidence": middle([row["confidence"] for row in rows]),
        "scenes": 100.0 * sum(row["scene"] for row in rows) / len(rows),
        "complete": sum(not row["missing"] for row in rows),
        "most_seconds": middle([row["seconds"] for row in rows]),
        "load": middle([row.get("load") for row in rows]),
        "slowest_seconds": max(row["seconds"] for row in rows),
        "most_memory_mb": max(row["peak_memory_mb"] for row in rows),
        "mean_colour_psnr": middle([row.get("mean_colour_psnr") for row in rows]),
    }
    if tables:
        table = together(tables)
        out |= {
            "f1": table.f1,
            "matched": len(table.ious),
            "found": table.found,
            "true": table.true,
            "matched_iou": middle(table.ious),
            "order": 100.0 * table.pairs_right / table.pairs if table.pairs else None,
            "pairs_right": table.pairs_right,
            "pairs": table.pairs,
        }
    return out


def targets(groups: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the targets with the figure reached; `met` is None where nothing was measured."""
    out = []
    for name, figure, what, unit, bound in TARGETS:
        most = figure.startswith("most_")
        value = groups.get(name, {}).get(figure)
        met = None if value is None else bool(value <= bound if most else value >= bound)
        out.append({"what": what, "unit": unit, "most": most, "target": bound, "reached": value, "met": met})
    return out


def beside_seig(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return backdrop -> answer -> mean psnr, ssim and lpips over the NeRF-Synthetic pictures."""
    if not rows:
        return {}
    out: dict[str, Any] = {"published": SEIG, "pictures": len(rows)}
    for backdrop in ("white", "black"):
        out[backdrop] = {
            answer: {key: mean([row[backdrop].get(answer, {}).get(key) for row in rows]) for key in SEIG}
            for answer in ("ours", "blank", "mean colour", "flat silhouette")
        }
    return out


def novel(turned: Sequence[Row]) -> dict[str, Any]:
    """Return kind of view -> answer -> median psnr, lpips, silhouette IoU and percent off the true depth; per kind also
    in how many views ours has the higher IoU than each card."""
    kinds = {
        "the picture's own view": [row for row in turned if row["turn"] < 1],
        "turned by 30°": [row for row in turned if 1 <= row["turn"] <= 31],
        "turned further (lego)": [row for row in turned if row["turn"] > 31],
    }
    return {
        kind: {
            "views": len(rows),
            "better": {
                card: sum(row["ours"]["iou"] > row[card]["iou"] for row in rows) for card in ("card", "own_card")
            },
            **{
                answer: {key: middle([row[answer].get(key) for row in rows]) for key in NOVEL}
                for answer in ("ours", "card", "own_card", "blank")
            },
        }
        for kind, rows in kinds.items()
        if rows
    }


def _of(row: Row, key: str, absent: float | None) -> float | None:
    value = row.get("ours", {}).get(key, absent)
    return None if value is None else float(value)
