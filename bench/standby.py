# SPDX-License-Identifier: GPL-3.0-or-later
"""What an attempt costs besides rendering and evaluation: `python bench/standby.py [--run DIR] [--repeats N]`.

The same five stage scripts, one after another with a pause as if a model were thinking: (a) by our pool of workers,
where the next one warms up and replays the accepted scripts meanwhile; (b) by a new Blender process per script, which
is what VIGA does. The cost is the wall clock the loop waits, less the script's own run and our checks,
measurements and renders. Starting, emptying, replaying, opening, saving and ending are cost.
Writes docs/bench/standby.md and .json.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from restage.agent.stages import STAGES
from restage.bench import machine, running, standby_page
from restage.worker import binary as binaries
from restage.worker.binary import BlenderBinary
from restage.worker.pool import Limits, WorkerPool
from restage.worker.prelude import PRELUDE
from restage.worker.protocol import Job, StageScript, ViewRequest

NOT_COST = ("run", "check", "measure", "beauty")
"""Steps of `JobResult.seconds` that are the attempt itself: the script, and looking at what it made."""
THINK_SECONDS = 2.0
PICTURE = running.ROOT / "examples" / "hotdog.png"
COLD = Path(__file__).with_name("cold.py")


def main() -> int:
    """Measure and write the page."""
    options = _options()
    binary = binaries.find(None)
    load = running.load()
    with tempfile.TemporaryDirectory(prefix="restage-bench-") as scratch:
        folder = options.run or _make_run(Path(scratch) / "run")
        scripts = read_scripts(folder)
        rows: list[dict[str, Any]] = []
        for repeat in range(options.repeats):
            # Turn about, so that whatever else the machine does falls on all alike.
            for kind, attempts in (
                ("standby", standby(binary, scripts, options.think)),
                ("cold", cold(binary, scripts, Path(scratch) / f"whole{repeat}", whole=True)),
                ("cold, new script only", cold(binary, scripts, Path(scratch) / f"new{repeat}", whole=False)),
            ):
                rows += [{"kind": kind, "repeat": repeat, **attempt} for attempt in attempts]
                print(f"{kind} {repeat + 1}: {sum(a['cost'] for a in attempts):.2f} s for five attempts", flush=True)
    data = {
        "date": time.strftime("%Y-%m-%d"),
        "repeats": options.repeats,
        "think_seconds": options.think,
        "blender": ".".join(map(str, binary.version)),
        "kind": binary.kind,
        "commit": running.commit(),
        "machine": machine.describe(),
        "load": load,
        "scripts": {script.stage: len(script.text.splitlines()) for script in scripts},
        "figures": figures(rows),
        "attempts": rows,
    }
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "standby.json").write_text(json.dumps(data, indent=1), encoding="utf-8")
    (options.out / "standby.md").write_text(standby_page.page(data), encoding="utf-8")
    print(f"{data['figures']['ratio']:.1f} times less waiting; wrote {options.out / 'standby.md'}")
    return 0


def cost(wall: float, seconds: dict[str, float]) -> float:
    """Return what of `wall` seconds was neither the script nor looking at its result."""
    return wall - sum(seconds.get(step, 0.0) for step in NOT_COST)


def figures(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return medians per kind, per attempt and per run of five, and how many times less the standby waits."""
    out: dict[str, Any] = {}
    for kind in dict.fromkeys(row["kind"] for row in rows):
        mine = [row for row in rows if row["kind"] == kind]
        runs = [sum(row["cost"] for row in mine if row["repeat"] == r) for r in {row["repeat"] for row in mine}]
        steps = dict.fromkeys(step for row in mine for step in row["seconds"])
        out[kind] = {
            "attempt": median(row["cost"] for row in mine),
            "first_attempt": median(row["cost"] for row in mine if row["stage"] == STAGES[0].name),
            "run": median(runs),
            "steps": {step: median(row["seconds"].get(step, 0.0) for row in mine) for step in steps},
        }
    out["ratio"] = out["cold"]["attempt"] / out["standby"]["attempt"]
    out["run_ratio"] = out["cold"]["run"] / out["standby"]["run"]
    idle = [row["idle_mb"] for row in rows if row.get("idle_mb")]
    out["idle_mb"] = median(idle) if idle else None
    return out


def standby(binary: BlenderBinary, scripts: Sequence[StageScript], think: float) -> list[dict[str, Any]]:
    """Run every script as the loop does, by a pool that warms the next worker during the pause."""
    may_change = {stage.name: tuple(sorted(stage.may_change)) for stage in STAGES}
    attempts = []
    with WorkerPool(binary, Limits()) as pool:
        pool.warm()
        for number, script in enumerate(scripts):
            pool.prepare(tuple(scripts[:number]))  # as the loop does when a stage begins
            time.sleep(think)
            job = Job(tuple(scripts[:number]), script, may_change[script.stage], ViewRequest(measure_px=256))
            began = time.perf_counter()
            worker = pool.open()
            result = worker.run(job)
            looked = time.perf_counter()
            worker.close()
            ended = time.perf_counter()
            if result.status != "ok":
                raise SystemExit(f"The {script.stage} script failed in the worker: {result.message}")
            seconds = {**result.seconds, "close": ended - looked}
            attempts.append({"stage": script.stage, "wall": ended - began, "seconds": seconds,
                             "cost": cost(ended - began, result.seconds)})  # fmt: skip
        time.sleep(think)
        waiting = pool.open()
        attempts[-1]["idle_mb"] = running.status_mb(waiting.wait_ready().pid, "VmRSS")
    return attempts


def cold(binary: BlenderBinary, scripts: Sequence[StageScript], folder: Path, whole: bool) -> list[dict[str, Any]]:
    """Run every script in a process of its own on the file the last one saved.

    `whole` runs the complete program so far each time, as VIGA does; else only the new script, which is the least a
    cold process could do.
    """
    folder.mkdir()
    attempts, last = [], ""
    for number, script in enumerate(scripts):
        spec, saved = folder / "spec.json", str(folder / f"{number}.blend")
        spec.write_text(
            json.dumps({
                "open": last, "save": saved, "whole": whole or not number, "prelude": PRELUDE,
                "before": [text.text for text in scripts[:number]] if whole else [], "script": script.text,
            }),
            encoding="utf-8",
        )  # fmt: skip
        line = [binary.path, "-P", str(COLD), str(spec)]
        if binary.kind == "blender":
            line = [binary.path, "--background", "--factory-startup", "--python", str(COLD), "--", str(spec)]
        began = time.perf_counter()
        done = subprocess.run(line, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        wall = time.perf_counter() - began
        last = saved
        found = [text for text in done.stdout.splitlines() if text.startswith('{"import"')]
        if not found or not Path(saved).is_file():
            raise SystemExit(
                f"The {script.stage} script failed in a cold process: {(done.stderr or done.stdout)[-400:]}"
            )
        seconds = json.loads(found[-1])
        seconds["start and end"] = wall - sum(seconds.values())
        attempts.append({"stage": script.stage, "wall": wall, "seconds": seconds, "cost": cost(wall, seconds)})
    return attempts


def read_scripts(folder: Path) -> list[StageScript]:
    """Return the accepted scripts of a run folder in order. Raises SystemExit when there are none."""
    paths = [folder / "stages" / stage.file_name for stage in STAGES]
    if missing := [path.name for path in paths if not path.is_file()]:
        raise SystemExit(f"{folder} holds no finished run: {', '.join(missing)} missing.")
    return [
        StageScript(stage.name, path.read_text(encoding="utf-8")) for stage, path in zip(STAGES, paths, strict=True)
    ]


def _make_run(folder: Path) -> Path:
    print(f"Making a run of {PICTURE.name} for its scripts…", flush=True)
    outcome = running.run(PICTURE, folder, 512)
    if outcome.exit:
        raise SystemExit(f"The run of {PICTURE.name} ended with exit {outcome.exit}: {outcome.last_words}")
    return folder


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--run", type=Path, metavar="DIR", help="a finished run whose scripts to use (default: make one)"
    )
    parser.add_argument("--repeats", type=int, default=5, metavar="N")
    parser.add_argument("--think", type=float, default=THINK_SECONDS, metavar="S", help="pause before each attempt")
    parser.add_argument("--out", type=Path, default=running.ROOT / "docs" / "bench", metavar="FOLDER")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
