# SPDX-License-Identifier: GPL-3.0-or-later
"""The numbers of an attempt as Markdown tables. Each function returns "" when it has nothing to say."""

from __future__ import annotations

from collections.abc import Sequence

from ...worker.protocol import JobResult, SanityFinding
from ..measurements import Measurements, ObjectMeasure
from .mean_colours import colours
from .points import unprojected

__all__ = ["colours", "inventory", "measured", "sanity", "table", "unprojected"]

MOST_ROWS = 60
SAME = 0.004
"""Edges nearer than this share of the frame are called right."""


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table, long ones cut; "" without rows."""
    if not rows:
        return ""
    lines = [head, ["---"] * len(head), *rows[:MOST_ROWS]]
    text = "\n".join(
        "| " + " | ".join(cell.replace("|", "/").replace("\n", " ") for cell in row) + " |" for row in lines
    )
    left_out = len(rows) - MOST_ROWS
    return text + (f"\n(and {left_out} more)" if left_out > 0 else "")


def measured(measurements: Measurements, places: bool = True) -> str:
    """Per object: IoU and how each edge of its box is off; and the totals of the picture. Without `places` the totals
    alone, for stages that can't move anything. Colours have a table of their own, `colours`."""
    rows: list[list[str]] = []
    for item in sorted(measurements.objects, key=lambda item: item.iou) if places else ():
        edges = [f"{100 * edge:+.1f}" for edge in item.box_edges] if item.box_edges else ["-"] * 4
        rows.append([item.name, f"{item.iou:.2f}", *edges, _said(item)])
    head = ["object", "IoU", "left", "top", "right", "bottom", "the render's box is"]
    totals = [
        f"{name} {value:.{digits}f}"
        for name, value, digits in (
            ("mean IoU", measurements.mean_iou, 3),
            ("IoU of all together", measurements.coverage_iou, 3),
            ("luminance", measurements.luminance, 3),
            ("gradients", measurements.gradient, 3),
            ("LPIPS (0 is the same)", measurements.lpips, 3),
            ("PSNR", measurements.psnr, 1),
            ("SSIM", measurements.ssim, 3),
        )
        if value is not None
    ]
    parts = []
    if rows:
        parts.append(
            "Worst first. left, top, right, bottom: how far that edge of the render's box lies right of (+) or below "
            "(+) the picture's, in percent of the frame.\n" + table(head, rows)
        )
    if totals:
        parts.append(f"Whole picture (score {measurements.score:.3f}): " + ", ".join(totals) + ".")
    return "\n\n".join(parts)


def inventory(result: JobResult) -> str:
    """What the scene holds: name, type, world bounds, screen box in percent, material; what kind of light a lamp is."""
    rows = []
    for item in result.inventory:
        if item.type in ("CAMERA", "LIGHT"):
            place = [f"{low:.2f}" for low in item.world_min]
            rows.append([item.name, item.type.lower(), "-", *place, "-", item.light or "-", "-"])
            continue
        size = [high - low for low, high in zip(item.world_min, item.world_max, strict=True)]
        box = "behind the camera" if item.screen_box is None else _on_screen(item.screen_box)
        rows.append(
            [
                item.name,
                item.type.lower(),
                " x ".join(f"{side:.3g}" for side in size),
                *(f"{low:.2f} to {high:.2f}" for low, high in zip(item.world_min, item.world_max, strict=True)),
                box,
                ", ".join(item.materials) or "-",
                str(item.visible_px) if item.visible_px else "not seen",
            ]
        )
    if not rows:
        return ""
    if light := str(result.settings.get("world_light", "")):
        rows.append(["(world)", "world", *["-"] * 5, light, "-"])
    head = ["object", "type", "size x y z, m", "x, m", "y, m", "z, m", "box on screen, %", "materials", "pixels"]
    return "Box on screen: left, top, right, bottom of the whole object, also where hidden.\n" + table(head, rows)


def sanity(findings: Sequence[SanityFinding]) -> str:
    """What is plainly wrong with the scene, as a list."""
    if not findings:
        return ""
    lines = [f"- {finding.kind.replace('_', ' ')}: {finding.message}" for finding in findings[:MOST_ROWS]]
    return "Plainly wrong, found by measuring the scene:\n" + "\n".join(lines)


def _on_screen(box: tuple[float, float, float, float]) -> str:
    """A screen box in percent; what reaches far outside the frame is only said to."""
    return " ".join(f"{100 * v:.1f}" if -1 < v < 2 else "<-100" if v < 0 else ">200" for v in box)


def _said(item: ObjectMeasure) -> str:
    """The edges' offsets in words: where it lies and how large it is."""
    if item.box_edges is None:
        return "missing (not in the render, or no mask of it in the picture)"
    left, top, right, bottom = item.box_edges
    across, down = (left + right) / 2, (top + bottom) / 2
    wider, higher = right - left, bottom - top
    words = [
        f"{100 * abs(value):.1f} {plus if value > 0 else minus}"
        for value, plus, minus in (
            (across, "too far right", "too far left"),
            (down, "too low", "too high"),
            (wider, "too wide", "too narrow"),
            (higher, "too tall", "too short"),
        )
        if abs(value) > SAME
    ]
    return ", ".join(words) or "right"
