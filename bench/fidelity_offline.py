# SPDX-License-Identifier: GPL-3.0-or-later
"""What solving adds to the built-in agent, on every picture of the evaluation folder."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import Any

from restage.agent.numbers import load as numbers_of
from restage.bench import evalset, figures, running
from restage.bench.offline_page import num, table
from restage.bench.similarity import Similarity, load

NOISE = 0.003
"""LPIPS of two renders of one scene with other noise differ by about this much."""
BETTER, NERF_PSNR, NERF_LPIPS, SECONDS = 0.9, 22.0, 0.2, 60.0
"""The targets."""


def rows(root: Path, keep: Path, resolution: int, similarity: Similarity, every: int = 1) -> list[dict[str, Any]]:
    """Run every picture (each Nth with `every`) as it comes and without solving, and compare both with the picture.
    Runs made before are not made again; those as they come are `bench/offline.py`'s own."""
    found = []
    for item in list(evalset.items(root))[::every]:
        row: dict[str, Any] = {"set": item.set, "id": item.id}
        reference = load(item.picture, resolution)
        for way, name, more in (("without", "bench_plain", ("--no-solve",)), ("with", "bench", ())):
            folder = keep / name / item.set / item.id
            outcome = running.run(item.picture, folder, resolution, *more)
            left = running.read(folder)
            if outcome.exit or "render.png" in left.missing:
                continue
            numbers = similarity.compare(reference, load(folder / "render.png"))
            row[way] = {key: round(value, 4) for key, value in numbers.items()}
            row[way] |= {"seconds": outcome.seconds, "load": outcome.load}
            if way == "with":
                row["solve_seconds"] = left.record.get("solve_seconds")
                row["found"] = any(one.after for one in numbers_of(folder).items)
        colour = similarity.compare(reference, figures.mean_colour(reference))
        row["mean_colour"] = {key: round(value, 4) for key, value in colour.items()}
        found.append(row)
        print(f"{item.set}/{item.id}: without {_told(row.get('without'))}, with {_told(row.get('with'))}", flush=True)
    return found


def _told(numbers: dict[str, float] | None) -> str:
    return "nothing" if numbers is None else f"{numbers['psnr']:.1f} dB {num(numbers.get('lpips'), 3)}"


def _same(found: list[dict[str, Any]]) -> str:
    count = sum(row.get("found") is False for row in found)
    return f" (in {count} solving found nothing: the same picture)" if count else ""


def _pairs(found: list[dict[str, Any]]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    return [(row["without"], row["with"]) for row in found if "without" in row and "with" in row]


def targets(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what must be reached, what is, and whether that is enough."""
    pairs = [(a["lpips"], b["lpips"]) for a, b in _pairs(found) if "lpips" in a and "lpips" in b]
    nerf = [row["with"] for row in found if row["set"] == "nerf_synthetic" and "with" in row]
    out = []
    if pairs:
        better = sum(b < a for a, b in pairs) / len(pairs)
        worst = max(b - a for a, b in pairs)
        out += [
            {
                "what": "Built-in agent, pictures nearer with solving than without, by LPIPS",
                "target": f"at least {BETTER:.0%}",
                "reached": f"{better:.0%} of {len(pairs)}{_same(found)}",
                "met": better >= BETTER,
            },
            {
                "what": "The same: the picture that loses most",
                "target": f"no more than noise ({NOISE:g})",
                "reached": f"{worst:+.3f}",
                "met": worst <= NOISE,
            },
        ]
    if nerf:
        psnr = median(row["psnr"] for row in nerf)
        lpips = median(row["lpips"] for row in nerf) if all("lpips" in row for row in nerf) else None
        out += [
            {
                "what": "NeRF-Synthetic on white, median PSNR",
                "target": f"at least {NERF_PSNR:g} dB",
                "reached": f"{psnr:.1f} dB",
                "met": psnr >= NERF_PSNR,
            },
            {
                "what": "NeRF-Synthetic on white, median LPIPS",
                "target": f"at most {NERF_LPIPS:.2f}",
                "reached": num(lpips, 3),
                "met": None if lpips is None else lpips <= NERF_LPIPS,
            },
        ]
    solving = [row["solve_seconds"] for row in found if row.get("solve_seconds")]
    if solving:
        out.append(
            {
                "what": "Solving in a run, the slowest picture",
                "target": f"at most {SECONDS:g} s",
                "reached": f"{max(solving):.0f} s (median {median(solving):.0f} s)",
                "met": max(solving) <= SECONDS,
            }
        )
    return out


def page(found: list[dict[str, Any]]) -> str:
    """Return the part of the page about them."""
    lines = []
    for name in sorted({row["set"] for row in found}):
        group = [row for row in found if row["set"] == name]
        pairs = _pairs(group)
        if not pairs:
            continue
        cells = [name, str(len(pairs))]
        for key, digits in (("psnr", 1), ("lpips", 3)):
            both = [median(pair[place][key] for pair in pairs if key in pair[place]) for place in (0, 1)]
            cells.append(" → ".join(num(value, digits) for value in both))
        cells.append(num(median(row["mean_colour"]["psnr"] for row in group), 1))
        cells.append(f"{sum(b['lpips'] < a['lpips'] for a, b in pairs if 'lpips' in a)} of {len(pairs)}")
        cells.append(num(median([row["solve_seconds"] or 0.0 for row in group if "with" in row]), 0))
        lines.append(cells)
    heads = ["medians", "pictures", "PSNR", "LPIPS", "mean colour's PSNR", "nearer by LPIPS", "s solving"]
    every = [
        [
            f"{row['set']}/{row['id']}",
            f"{row['without']['psnr']:.1f} → {row['with']['psnr']:.1f}",
            f"{num(row['without'].get('lpips'), 3)} → {num(row['with'].get('lpips'), 3)}",
            num(row.get("solve_seconds"), 0),
        ]
        for row in found
        if "without" in row and "with" in row
    ]
    return (
        table(heads, lines)
        + "\n\nSEIG, published, on NeRF-Synthetic: 13.58 dB, LPIPS 0.349 (pictures, backdrop and resolution are not "
        "published; see [offline.md](offline.md), which also shows the pictures beside our renders, and has the views "
        "from elsewhere beside those of a flat card)."
        "\n\n### Every picture\n\n" + table(["", "PSNR", "LPIPS", "s solving"], every)
    )
