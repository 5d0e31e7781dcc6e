# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/bench/offline.md out of what offline.json holds: targets first, every picture last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

GROUPS = {
    "single": "One object, plain backdrop",
    "clevr": "CLEVR with truth",
    "clevr_plain": "CLEVR without truth",
    "prims": "Primitives with truth",
    "other": "Everything else",
}
BUSY = 1.6
"""Load before a run, left over from the run before included, from which the times are not fair."""
ANSWERS = {"ours": "Restage", "card": "flat card, true mask", "own_card": "flat card, our masks", "blank": "blank"}

CREDITS = (
    "Left the picture, right our render. Only pictures whose licence allows it: CC0 (NeRF-Synthetic chair by 1DInc, "
    "hotdog by erickfree, materials by elbrujodelatribu; coffee by Rachel Michetti; our own renders of CC0 models) and "
    "CC BY 4.0 (CLEVR: Johnson, Hariharan, van der Maaten, Fei-Fei, Zitnick, Girshick, 2017; brought down in size)."
)


def page(data: dict[str, Any], sheet: str) -> str:
    """Return the page as Markdown. `sheet` is the contact sheet's file name, empty without one."""
    figures = data["figures"]
    parts = [
        _head(data),
        "## Targets\n\n" + _targets(figures["targets"]) + busy(figures["groups"]["all"]["load"]),
        "## By kind of picture\n\n" + _groups(figures["groups"]),
        _objects(figures["groups"]),
        _novel(figures["novel_views"], data["novel_views"], data["novel_views_failed"]),
        _seig(figures["seig"]),
        _failures(data["pictures"]),
        "## Every picture\n\n" + _pictures(data["pictures"]),
        _sheet(sheet),
    ]
    return "\n\n".join(part.strip() for part in parts if part) + "\n"


def _head(data: dict[str, Any]) -> str:
    made, box = data["versions"], data["machine"]
    text = (
        "# The offline agent, measured\n\n"
        f"{data['date']}, {len(data['pictures'])} pictures, {data['resolution']} px. Restage {made['restage']} "
        f"(commit {made['commit'] or 'unknown'}), Blender {made['blender']}, Python {made['python']}, "
        f"numpy {made['numpy']}, OpenCV {made['opencv']}. {box['cpu']}, {box['cores']} cores, {box['ram_gb']:g} GB, "
        "no GPU. Made by `python bench/offline.py`, one run of `./restage IMAGE -o DIR` after another; the same "
        "figures, and more, are in [offline.json](offline.json).\n\n"
        "PSNR, SSIM, LPIPS-Alex, Lab-EMD and edge F1 compare the final render with the picture on white, at the "
        "picture's size but at most the run's. A picture that ended without a scene counts with 0 dB and mask IoU 0. "
        "Masks are exact, from object ids, against the true ones; our floor, walls and backdrop are no objects."
    )
    return text + (f"\n\n**{data['missing']}**" if data["missing"] else "")


def _targets(rows: Sequence[dict[str, Any]]) -> str:
    lines = []
    for row in rows:
        digits = 2 if row["target"] < 2 else 1 if row["target"] < 100 else 0
        bound = f"{'at most' if row['most'] else 'at least'} {row['target']:.{digits}f} {row['unit']}".strip()
        reached = "not measured" if row["reached"] is None else f"{row['reached']:.{max(digits, 1)}f} {row['unit']}"
        met = {True: "met", False: "**not met**", None: "-"}[row["met"]]
        lines.append([row["what"], bound, reached.strip(), met])
    return table(["", "target", "reached", ""], lines)


def busy(load: float | None) -> str:
    """Return a paragraph of warning when other work kept the machine busy, else nothing."""
    if not load or load <= BUSY:
        return ""
    return f"\n\nThe machine was busy with other work ({load:.1f} processes wanting a core before): times are too long."


def _groups(groups: dict[str, dict[str, Any]]) -> str:
    lines = []
    for name, title in GROUPS.items():
        if name in groups:
            row = groups[name]
            lines.append([
                title, str(row["pictures"]), num(row["psnr"], 1), num(row["mean_colour_psnr"], 1), num(row["ssim"], 3),
                num(row["lpips"], 3), num(row["lab_emd"], 1), num(row["edge_f1"], 2), num(row["mask_iou"], 3),
                num(row["confidence"], 2), num(row["most_seconds"], 0), num(row["slowest_seconds"], 0),
                f"{row['scenes'] / 100 * row['pictures']:.0f}", str(row["complete"]),
            ])  # fmt: skip
    heads = ["medians", "pictures", "PSNR", "mean colour's PSNR", "SSIM", "LPIPS", "Lab-EMD", "edge F1", "mask IoU",
             "sure", "seconds", "slowest", "scenes", "all files"]  # fmt: skip
    masks = groups.get("single", {}).get("masks")
    note = f"Mask IoU: all our objects together against the true mask, where there is one ({masks}). " if masks else ""
    return (
        table(heads, lines)
        + "\n\n"
        + note
        + "*Mean colour's PSNR* is what a picture of nothing but the mean colour gets. *Sure*: the agent's own "
        "confidence, 0 to 1. *All files*: pictures with every promised file in the run folder."
    )


def _objects(groups: dict[str, dict[str, Any]]) -> str:
    rows = [(GROUPS[name], groups[name]) for name in GROUPS if "f1" in groups.get(name, {})]
    if not rows:
        return ""
    lines = [
        [title, str(row["true"]), str(row["found"]), str(row["matched"]), num(row["f1"], 3), num(row["matched_iou"], 3),
         f"{row['pairs_right']} of {row['pairs']}" + (f" ({row['order']:.0f} %)" if row["pairs"] else "")]
        for title, row in rows
    ]  # fmt: skip
    return (
        "## Objects\n\n"
        + table(["", "true", "ours", "matched", "F1", "median IoU of matched", "near/far pairs right"], lines)
        + "\n\nMatched: mask IoU of at least 0.5. Pairs: of matched objects whose true depths differ by more than 2 %. "
        "True CLEVR masks are cast from the scene files (`bench/clevr_truth.py`)."
    )


def _novel(kinds: dict[str, dict[str, Any]], views: Sequence[dict[str, Any]], failed: Sequence[str]) -> str:
    if not kinds and not failed:
        return ""
    lines, won = [], []
    for kind, row in kinds.items():
        for answer, name in ANSWERS.items():
            cells = [num(row[answer][key], d) for key, d in (("psnr", 1), ("lpips", 3), ("iou", 3), ("depth_off", 1))]
            lines.append([f"{kind} ({row['views']})" if answer == "ours" else "", name, *cells])
        better = row["better"]
        won.append(f"{kind}: {better['card']} and {better['own_card']} of {row['views']}")
    return (
        "## Seen from elsewhere\n\n"
        + table(["view (how many)", "", "PSNR", "LPIPS", "silhouette IoU", "depth off by %"], lines)
        + "\n\nMedians. Our camera makes the turn the true one makes, about our object, at our own distance and "
        "field of view; both are rendered without floor and walls, on white. *Flat card*: the picture cut out and put "
        "on a plane facing the first camera: what a billboard would get from the side. Cut by the *true mask* it is "
        "perfect from the front, and starts from what nobody told us; cut by *our masks* it is a billboard by the same "
        "segmenter, so that what ours gains or loses against it is depth alone. *Depth off*: the visible surface in "
        "the picture's own view against the true depth, median over the things' pixels after one common scale. PSNR "
        "on white mostly counts background; silhouette IoU says more. The back of a thing can't be known from its "
        "front.\n\nViews in which ours has the higher silhouette IoU than the card of the true mask, and than that of "
        f"our masks: {'; '.join(won)}.\n\n" + _views(views) + "".join(f"\n\n{text}" for text in failed)
    )


def _views(views: Sequence[dict[str, Any]]) -> str:
    """The table of every view by itself."""
    shown = [answer for answer in ANSWERS if answer != "blank"]
    lines = [
        [f"{row['set']}/{row['id']}", row["view"], *(num(row[answer]["iou"], 2) for answer in shown),
         *(num(row[answer]["psnr"], 1) for answer in ("ours", "card")),
         *(num(row[answer].get("depth_off"), 1) for answer in ("ours", "card"))]
        for row in views
    ]  # fmt: skip
    heads = ["picture", "view", "IoU", "card, true mask", "card, our masks", "PSNR", "card's PSNR", "depth off by %",
             "card's"]  # fmt: skip
    return table(heads, lines)


def _seig(seig: dict[str, Any]) -> str:
    if not seig:
        return ""
    published = seig["published"]
    lines = [
        [
            "SEIG, published",
            num(published["psnr"], 2),
            num(published["ssim"], 3),
            num(published["lpips"], 3),
            *["-"] * 3,
        ]
    ]
    for answer in ("ours", "flat silhouette", "mean colour", "blank"):
        cells = [num(seig[side][answer][key], d) for side in ("white", "black")
                 for key, d in (("psnr", 2), ("ssim", 3), ("lpips", 3))]  # fmt: skip
        lines.append(["Restage, offline agent" if answer == "ours" else answer, *cells])
    heads = ["mean", *(f"{name} {side}" for side in ("on white", "on black") for name in ("PSNR", "SSIM", "LPIPS"))]
    return (
        "## Beside SEIG on NeRF-Synthetic\n\n"
        + table(heads, lines)
        + f"\n\nOurs: {seig['pictures']} of the eight scenes, test view r_0. **This is no like-for-like "
        "comparison.** SEIG's backdrop, resolution, choice of views and metric settings are not published; its one "
        "figure stands in the columns on white only because it has to stand somewhere. SEIG is a large model that "
        "names things and models whole scenes; the offline agent fits outlines and colours of one view and knows no "
        "names. What *is* comparable: both see one picture and write a Blender program, and the metrics have the "
        "same names. And PSNR alone says little here: a flat silhouette in one colour, with no shape at all, beats "
        "SEIG's published PSNR. Read LPIPS and the views from elsewhere before it. On black, our render is the same "
        "one with the pixels outside our objects blackened."
    )


def _failures(rows: Sequence[dict[str, Any]]) -> str:
    wrong = [row for row in rows if not row["scene"] or row["missing"]]
    if not wrong:
        return ""
    lines = [f"- {row['set']}/{row['id']}: exit {row['exit']}; missing {', '.join(row['missing']) or 'nothing'}. "
             f"{row['last_words']}".rstrip() for row in wrong]  # fmt: skip
    return "## What went wrong\n\n" + "\n".join(lines)


def _pictures(rows: Sequence[dict[str, Any]]) -> str:
    lines = []
    for row in rows:
        ours, found = row.get("ours", {}), row.get("table")
        if found:
            placed = f"{len(found['ious'])} of {found['true']}, ours {found['found']}"
        else:
            placed = num(row.get("mask_iou"), 3)
        pairs = f"{found['pairs_right']}/{found['pairs']}" if found else "-"
        lines.append([
            f"{row['set']}/{row['id']}", num(ours.get("psnr"), 1), num(ours.get("ssim"), 3), num(ours.get("lpips"), 3),
            num(ours.get("lab_emd"), 1), num(ours.get("edge_f1"), 2), placed, pairs, str(row["objects"]),
            num(row["confidence"], 2), num(row["seconds"], 0), num(row["peak_memory_mb"], 0),
        ])  # fmt: skip
    heads = ["picture", "PSNR", "SSIM", "LPIPS", "Lab-EMD", "edge F1", "mask IoU, or objects matched", "pairs",
             "objects", "sure", "seconds", "peak MB"]  # fmt: skip
    return table(heads, lines)


def _sheet(name: str) -> str:
    return f"## Seen\n\n![Pictures and renders]({name})\n\n{CREDITS}" if name else ""


def table(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table, first column left, the others right."""
    rule = ["---"] + ["---:"] * (len(heads) - 1)
    return "\n".join("| " + " | ".join(line) + " |" for line in [list(heads), rule, *lines])


def num(value: float | None, digits: int) -> str:
    """Return a number for a cell, a dash for none."""
    return "-" if value is None else f"{value:.{digits}f}"
