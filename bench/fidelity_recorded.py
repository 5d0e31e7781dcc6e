# SPDX-License-Identifier: GPL-3.0-or-later
"""What solving adds to the recorded runs of a vision-language model: one call, staged, and staged and solved."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

from restage.bench import running, staged
from restage.bench.offline_page import num, table
from restage.bench.similarity import Similarity, load

PSNR, LPIPS = 5.0, 0.4
"""The targets: dB gained over one call, share of LPIPS that is gone; medians."""
WAYS = ("one", "staged", "solved")


def rows(recordings: Path, keep: Path, similarity: Similarity) -> list[dict[str, Any]]:
    """Replay every recording, solve the numbers of the staged ones, and compare all with the picture."""
    found = []
    for name in staged.PICTURES:
        row: dict[str, Any] = {"picture": name}
        for way in ("one", "staged"):
            recording, folder = recordings / f"{name}_{way}", keep / f"{name}_{way}"
            if not (folder / "report.html").is_file():
                staged.replay(recording, folder)
            row[way] = _compared(recording, folder, similarity)
        folder = keep / f"{name}_solved"
        if not (folder / "report.html").is_file():
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(keep / f"{name}_staged", folder)
            began, waiting = time.monotonic(), running.load()
            _solve(folder)
            row |= {"seconds": round(time.monotonic() - began, 1), "load": waiting}
        row["solve_seconds"] = running.read(folder).record.get("solve_seconds")
        row["solved"] = _compared(recordings / f"{name}_staged", folder, similarity)
        found.append(row)
        print(f"{name}: " + ", ".join(f"{way} {row[way]['psnr']:.1f} dB" for way in WAYS), flush=True)
    return found


def _solve(folder: Path) -> None:
    # Its report is what says that it is done, here as for a replay.
    (folder / "report.html").unlink()
    env = {**os.environ, "RESTAGE_PYTHON": os.environ.get("RESTAGE_PYTHON", sys.executable)}
    line = [str(running.ROOT / "restage"), "--solve", str(folder)]
    done = subprocess.run(line, capture_output=True, text=True, env=env, check=False)
    if done.returncode:
        raise RuntimeError(f"{folder.name}: exit {done.returncode}. {done.stderr.strip().splitlines()[-1:]}")


def _compared(recording: Path, folder: Path, similarity: Similarity) -> dict[str, float]:
    longest = running.read(folder).record["resolution"]
    numbers = similarity.compare(load(recording / "picture.png", longest), load(folder / "render.png"))
    return {key: round(value, 4) for key, value in numbers.items()}


def targets(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what must be reached, what is, and whether that is enough."""

    def middle(way: str, key: str) -> float | None:
        values = [row[way][key] for row in found if key in row[way]]
        return median(values) if len(values) == len(found) else None

    gained = (middle("solved", "psnr") or 0.0) - (middle("one", "psnr") or 0.0)
    one, solved = middle("one", "lpips"), middle("solved", "lpips")
    gone = None if one is None or solved is None else 1 - solved / one
    worst = min(row["solved"]["psnr"] - row["one"]["psnr"] for row in found)
    worst_lpips = None if gone is None else max(row["solved"]["lpips"] - row["one"]["lpips"] for row in found)
    return [
        {
            "what": "Recorded runs, staged and solved over one call: median PSNR",
            "target": f"at least {PSNR:g} dB more",
            "reached": f"{gained:+.1f} dB",
            "met": gained >= PSNR,
        },
        {
            "what": "The same: median LPIPS",
            "target": f"at least {LPIPS:.0%} less",
            "reached": "not measured" if gone is None else f"{gone:.0%} less",
            "met": None if gone is None else gone >= LPIPS,
        },
        {
            "what": "The same: the picture that gains least",
            "target": "none worse than its one call",
            "reached": f"{worst:+.1f} dB" + ("" if worst_lpips is None else f", LPIPS {worst_lpips:+.3f} at worst"),
            "met": worst >= 0 and (worst_lpips is None or worst_lpips <= 0),
        },
    ]


def page(found: list[dict[str, Any]]) -> str:
    """Return the part of the page about them."""
    lines = [
        [
            row["picture"],
            *(f"{row[way]['psnr']:.1f} / {row[way]['ssim']:.3f} / {num(row[way].get('lpips'), 3)}" for way in WAYS),
            num(row.get("solve_seconds"), 0),
        ]
        for row in found
    ]
    heads = ["PSNR / SSIM / LPIPS", "one call", "staged", "staged, numbers solved", "s solving"]
    return (
        table(heads, lines)
        + "\n\nRecorded with `--no-solve` (tests/data/recordings/README.md says how, and what that is "
        "worth), replayed, and then solved with `./restage --solve`. Runs solve as they go, so a verifier sees solved "
        "numbers; here it saw the model's own."
    )
