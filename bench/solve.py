# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure how fast the solvers are: `python bench/solve.py [--pictures GLOB ...]`.

On known scenes (bench/known_scenes.py) and known shapes (bench/known_profiles.py), disturbed, with exact masks:
variants of a script per second, and how long each solver takes to the last of its gain and to 95 % of it: places,
profiles, colours, light, and all together; and patterns on a known scene that is flat without them
(bench/known_patterns.py). Writes docs/bench/solve.md and .json.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from pathlib import Path
from statistics import median
from threading import Event
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from restage.agent import lift, script_numbers, solve
from restage.agent.numbers import PATTERN_SECONDS, SECONDS
from restage.agent.polish import polish
from restage.agent.solving import pattern_text, series, texture
from restage.agent.solving.placement import Placement
from restage.agent.solving.probe import Probe
from restage.agent.solving.profile import Profiles
from restage.agent.stages import BY_NAME
from restage.agent.views import load_views
from restage.bench import fidelity_known, known_patterns, known_profiles, known_scenes, known_scripts, machine, running
from restage.bench.known_solving import Solving, cpu
from restage.bench.offline_page import table
from restage.worker import binary
from restage.worker.client import Worker
from restage.worker.pool import Limits, WorkerPool
from restage.worker.protocol import Job, StageScript, ViewRequest

VARIANTS = 40
SHARE = 0.95
PICTURES = ("prims_five", "prims_mirror", "CLEVR_new_000001")
DISTURBANCES = 5
"""Of each known shape; solvers' times are those of the first."""
SOLVERS = {
    "places": "places and sizes",
    "profile": "profile",
    "materials": "colours",
    "lighting": "light",
    "polish": "everything together",
    "texture": "patterns",
}

Trace = list[tuple[str, float, float]]


def main() -> int:
    """Measure, write."""
    options = _options()
    cv2.setNumThreads(1)
    waiting, found = running.load(), []
    with WorkerPool(binary.find(), Limits()) as pool:
        for name in known_profiles.SHAPES:
            found.append(_shape(name, pool, options.patience))
            print(found[-1], flush=True)
        found.append(_patterned(pool, options.patience))
        print(found[-1], flush=True)
        for known in (k for pattern in options.pictures for k in known_scenes.known(options.eval, pattern)):
            found.append(_row(known, pool, options.patience))
            print(found[-1], flush=True)
    if len(found) == len(known_profiles.SHAPES) + 1:
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
    """Measure every solver on a known scene but that of profiles, which it has none of."""
    solving = Solving(known, pool)
    texts = known_scripts.scripts(known_scenes.disturbed(known.scene, fidelity_known.SEED))
    setup, geometry = (StageScript(stage, texts[stage]) for stage in ("setup", "geometry"))
    row: dict[str, Any] = {"id": known.item.id, "numbers": len(script_numbers.find(geometry.text))}
    with pool.open() as worker:
        probe = Probe(worker, (setup,), "geometry", Event())
        row |= _variants(probe, geometry.text, worker)
        placement = Placement(probe, solving.masks, known.scene.frame)
        began, used = time.process_time(), _used(worker)
        found = placement.solve(geometry.text, 14.0 * patience)
        row["places"] = _told(placement.trace)
        row["places_cpu_s"] = round(time.process_time() - began + _used(worker) - used, 1)
    texts["geometry"] = found[0] if found else geometry.text
    accepted = [setup, StageScript("geometry", texts["geometry"])]
    for stage in ("materials", "lighting"):
        context, attempt = solving.attempt(stage, texts[stage], tuple(accepted))
        with pool.open() as worker:
            began, used = time.monotonic(), time.process_time()
            better = solve.solve_stage(context, attempt, worker, budget_s=SECONDS[stage] * patience)
            took = time.monotonic() - began
            row[f"{stage}_cpu_s"] = round(time.process_time() - used + _used(worker), 1)
        before = attempt.measurements.score
        after = solving.attempt(stage, better, tuple(accepted))[1].measurements.score if better else before
        # All of the gain comes at once, at the end.
        row[stage] = _told([("as it was", 0.0, before), ("as it was", took, before), (stage, took, after)])
        accepted.append(StageScript(stage, texts[stage]))
    with pool.open() as worker:
        began = time.process_time()
        scripts = [StageScript(stage, text) for stage, text in texts.items()]
        polished = polish(solving.picture.unit, solving.masks, scripts, worker, budget_s=20.0 * patience)
        row["polish"] = _told(list(polished.trace)) if polished else None
        row["polish_cpu_s"] = round(time.process_time() - began + _used(worker), 1)
    return row


def _shape(name: str, pool: WorkerPool, patience: float) -> dict[str, Any]:
    """Measure the solver of profiles on a known shape."""
    shape = known_profiles.SHAPES[name]
    setup = StageScript("setup", known_profiles.SETUP)
    row: dict[str, Any] = {"id": name, "shape": []}
    for turn in range(DISTURBANCES):
        bad = shape.disturbed(fidelity_known.SEED + turn)
        with pool.open() as worker:
            masks = _masks(name, setup, shape.script, worker)
            probe = Probe(worker, (setup,), "geometry", Event())
            if not turn:
                row |= {"numbers": len(script_numbers.find(bad)), **_variants(probe, bad, worker)}
            began, used = time.process_time(), _used(worker)
            profiles = Profiles(probe, masks, known_profiles.FRAME)
            lists = series.drawing(probe, bad, list(masks), known_profiles.FRAME)
            found = profiles.solve(bad, lists, 10.0 * patience)
            row["shape"].append([shape.off(bad), shape.off(found[0] if found else bad)])
            if not turn:
                row["profile"] = _told(profiles.trace)
                row["profile_cpu_s"] = round(time.process_time() - began + _used(worker) - used, 1)
    return row


def _patterned(pool: WorkerPool, patience: float) -> dict[str, Any]:
    """Measure the solver of patterns on a scene whose patterns are known."""
    setup, geometry = (StageScript("setup", known_patterns.SETUP), StageScript("geometry", known_patterns.GEOMETRY))
    flat = StageScript("materials", known_patterns.MATERIALS)
    truth = StageScript("materials", pattern_text.written(flat.text, known_patterns.PATTERNS))
    with pool.open() as worker:
        change = tuple(BY_NAME["materials"].may_change)
        result = worker.run(Job((setup, geometry), truth, change, ViewRequest(512, 0, 512, 64)))
        views = load_views(worker, result)
        if views.ids is None or views.beauty is None:
            raise RuntimeError(f"patterns: {result.message}")
        masks = {name: views.ids == key for key, name in views.id_names.items() if name in known_patterns.THINGS}
        row: dict[str, Any] = {"id": "patterns", "numbers": len(script_numbers.find(flat.text))}
        row |= _variants(Probe(worker, (setup, geometry), "materials", Event()), flat.text, worker)
        began, used = time.process_time(), _used(worker)
        start = time.monotonic()
        made = texture.solve((setup, geometry, flat), views.beauty, masks, worker, start + PATTERN_SECONDS * patience)
        took = time.monotonic() - start
        row["texture_cpu_s"] = round(time.process_time() - began + _used(worker) - used, 1)
        # All of the gain comes at once, at the end.
        row["texture"] = (
            _told([("as it was", 0.0, made.before), ("as it was", took, made.before), ("patterns", took, made.after)])
            if made
            else None
        )
    return row


def _masks(name: str, setup: StageScript, script: str, worker: Worker) -> dict[str, NDArray[np.bool_]]:
    """Return the exact mask of a known shape, by its thing's name."""
    change = tuple(BY_NAME["geometry"].may_change)
    result = worker.run(Job((setup,), StageScript("geometry", script), change, ViewRequest(measure_px=320)))
    views = load_views(worker, result)
    if views.ids is None:
        raise RuntimeError(f"{name}: {result.message}")
    return {thing: views.ids == key for key, thing in views.id_names.items() if thing.lower() == name}


def _variants(probe: Probe, text: str, worker: Worker) -> dict[str, float]:
    """Return how many variants of a script run in a second, and in a second of the worker's processor."""
    probe.run([text])
    number = script_numbers.find(text)[0]
    variants = [lift.with_values(text, {number: number.value + 0.01 * i}) for i in range(VARIANTS)]
    began, used = time.monotonic(), _used(worker)
    probe.run(variants)
    return {
        "variants_per_s": round(VARIANTS / (time.monotonic() - began), 1),
        "variants_per_cpu_s": round(VARIANTS / max(_used(worker) - used, 1e-3), 1),
    }


def _used(worker: Worker) -> float:
    return cpu(worker.ready.pid) if worker.ready else 0.0


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
        for key, what in SOLVERS.items():
            if key not in row:
                continue
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
    shapes = []
    for row in (row for row in data["rows"] if "shape" in row):
        before, after = (median(column) for column in zip(*row["shape"], strict=True))
        shares = [b / a for a, b in row["shape"]]
        shapes.append(
            [row["id"], f"{1e3 * before:.0f} → {1e3 * after:.1f}", f"{median(shares):.0%}", f"{max(shares):.0%}"]
        )
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
                "## Solvers\n\n*Places and sizes*: what overlap and outlines lack (less is better). *Profile*: how "
                "far outlines are off, percent of the frame's width (less is better). *Colours*, *light* and "
                "*everything together*: the score (more is better); the first two gain all at their end. *Patterns*: "
                "LPIPS at 512 pixels (less is better), all at the end.\n\n"
                + table(["", "from → to", f"s to {SHARE:.0%} of the gain", "s to the end", "processor s"], lines),
                f"## Shapes\n\nHow far the shape itself, as the script's list draws it, lies from the known one, "
                f"millimetres on average along it, of things two to three metres large; {DISTURBANCES} disturbances "
                "of each, medians.\n\n" + table(["", "from → to", "error left", "at worst"], shapes),
            ]
        )
        + "\n"
    )


def _options() -> argparse.Namespace:
    root = running.ROOT
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", nargs="+", default=PICTURES, metavar="GLOB", help="of the known scenes, by id")
    parser.add_argument("--patience", type=float, default=1.0, metavar="N", help="times the time of solvers")
    parser.add_argument("--eval", type=Path, default=root / "../shared/eval", metavar="FOLDER")
    parser.add_argument("--out", type=Path, default=root / "docs" / "bench", metavar="FOLDER")
    options = parser.parse_args()
    options.eval, options.out = options.eval.resolve(), options.out.resolve()
    return options


if __name__ == "__main__":
    sys.exit(main())
