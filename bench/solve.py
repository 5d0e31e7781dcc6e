# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure how fast the solvers are: `python bench/solve.py [--pictures GLOB]`.

On known scenes, disturbed (bench/known_scenes.py), with exact masks: variants of a script per second, and how long each
solver takes to the last of its gain and to 95 % of it. Writes docs/bench/solve.md and .json.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from pathlib import Path
from threading import Event
from typing import Any

import cv2
from restage.agent import lift, script_numbers
from restage.agent.polish import polish
from restage.agent.solving.placement import Placement
from restage.agent.solving.probe import Probe
from restage.bench import fidelity_known, known_scenes, known_scripts, machine, running
from restage.bench.known_solving import Solving, cpu
from restage.bench.offline_page import table
from restage.worker import binary
from restage.worker.pool import Limits, WorkerPool
from restage.worker.protocol import StageScript

VARIANTS = 40
SHARE = 0.95

Trace = list[tuple[str, float, float]]


def main() -> int:
    """Measure, write."""
    options = _options()
    cv2.setNumThreads(1)
    waiting, found = running.load(), []
    with WorkerPool(binary.find(), Limits()) as pool:
        for known in known_scenes.known(options.eval, options.pictures):
            row = _row(known, pool, options.patience)
            found.append(row)
            print(row, flush=True)
    if not found:
        print("No known scene fits.", file=sys.stderr)
        return 2
    data = {
        "date": time.strftime("%Y-%m-%d"),
        "commit": running.commit(),
        "machine": machine.describe(),
        "load": waiting,
        "patience": options.patience,
        "rows": found,
    }
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "solve.json").write_text(json.dumps(data, indent=1), encoding="utf-8")
    (options.out / "solve.md").write_text(page(data), encoding="utf-8")
    return 0


def _row(known: known_scenes.Known, pool: WorkerPool, patience: float) -> dict[str, Any]:
    solving = Solving(known, pool)
    texts = known_scripts.scripts(known_scenes.disturbed(known.scene, fidelity_known.SEED))
    setup, geometry = (StageScript(stage, texts[stage]) for stage in ("setup", "geometry"))
    row: dict[str, Any] = {"id": known.item.id, "numbers": len(script_numbers.find(geometry.text))}
    with pool.open() as worker:
        probe = Probe(worker, (setup,), "geometry", Event())
        probe.run([geometry.text])
        number = script_numbers.find(geometry.text)[0]
        variants = [lift.with_values(geometry.text, {number: number.value + 0.01 * i}) for i in range(VARIANTS)]
        pid = worker.ready.pid if worker.ready else 0
        began, used = time.monotonic(), cpu(pid)
        probe.run(variants)
        row["variants_per_s"] = round(VARIANTS / (time.monotonic() - began), 1)
        row["variants_per_cpu_s"] = round(VARIANTS / max(cpu(pid) - used, 1e-3), 1)
        placement = Placement(probe, solving.masks, known.scene.frame)
        began, used = time.process_time(), cpu(pid)
        found = placement.solve(geometry.text, 14.0 * patience)
        row["places"] = _told(placement.trace)
        row["places_cpu_s"] = round(time.process_time() - began + cpu(pid) - used, 1)
    texts["geometry"] = found[0] if found else geometry.text
    with pool.open() as worker:
        began = time.process_time()
        scripts = [StageScript(stage, text) for stage, text in texts.items()]
        polished = polish(solving.picture.unit, solving.masks, scripts, worker, budget_s=20.0 * patience)
        row["polish"] = _told(list(polished.trace)) if polished else None
        row["polish_cpu_s"] = round(time.process_time() - began + (cpu(worker.ready.pid) if worker.ready else 0.0), 1)
    return row


def _told(trace: Trace) -> dict[str, Any] | None:
    """Return a trace's steps, seconds to its end, and to SHARE of what it gained, joined straight between steps."""
    if len(trace) < 2:
        return None
    first, last = trace[0][2], trace[-1][2]
    wanted = first + SHARE * (last - first)
    reached = trace[-1][1]
    for (_, then, before), (_, now, after) in itertools.pairwise(trace):
        if before != after and (after - wanted) * (last - first) >= 0:
            reached = then + (now - then) * (wanted - before) / (after - before)
            break
    return {
        "steps": [[what, round(seconds, 2), round(value, 4)] for what, seconds, value in trace],
        "seconds": round(trace[-1][1], 2),
        "seconds_to_share": round(reached, 2),
    }


def page(data: dict[str, Any]) -> str:
    """Return docs/bench/solve.md."""
    lines = []
    for row in data["rows"]:
        for what, key in (("places and sizes", "places"), ("everything together", "polish")):
            found = row[key]
            lines.append(
                [
                    f"{row['id']}, {what}",
                    "-" if found is None else f"{found['steps'][0][2]:.3f} → {found['steps'][-1][2]:.3f}",
                    "-" if found is None else f"{found['seconds_to_share']:.1f}",
                    "-" if found is None else f"{found['seconds']:.1f}",
                    f"{row[key + '_cpu_s']:.1f}",
                ]
            )
    speeds = [
        [row["id"], str(row["numbers"]), f"{row['variants_per_s']:.1f}", f"{row['variants_per_cpu_s']:.1f}"]
        for row in data["rows"]
    ]
    box = data["machine"]
    return (
        "\n\n".join(
            [
                "# How fast numbers are solved",
                f"{data['date']}, commit {data['commit'] or 'unknown'}, {box['cpu']}, {box['cores']} cores, no GPU. "
                f"{data['load']:g} processes wanted a core before it began"
                + ("." if data["patience"] == 1 else f"; solvers were given {data['patience']:g} times their time.")
                + " Made by `python bench/solve.py`; every step is in [solve.json](solve.json). Known, disturbed, with "
                "exact masks, as in [fidelity.md](fidelity.md).",
                "## Variants of a script\n\nA geometry script run with another number, points taken, nothing "
                "rendered.\n\n" + table(["", "numbers", "a second", "a processor's second"], speeds),
                "## Solvers\n\n*Places and sizes*: what overlap and outlines lack (less is better). *Everything "
                "together*: the score (more is better).\n\n"
                + table(["", "from → to", f"s to {SHARE:.0%} of the gain", "s to the end", "processor s"], lines),
            ]
        )
        + "\n"
    )


def _options() -> argparse.Namespace:
    root = running.ROOT
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", default="prims_*", metavar="GLOB", help="of the known scenes, by id")
    parser.add_argument("--patience", type=float, default=1.0, metavar="N", help="times the time of solvers")
    parser.add_argument("--eval", type=Path, default=root / "../shared/eval", metavar="FOLDER")
    parser.add_argument("--out", type=Path, default=root / "docs" / "bench", metavar="FOLDER")
    options = parser.parse_args()
    options.eval, options.out = options.eval.resolve(), options.out.resolve()
    return options


if __name__ == "__main__":
    sys.exit(main())
