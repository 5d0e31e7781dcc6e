# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure how long a cancel takes in every state of a run: `python bench/cancel.py`, into docs/bench/cancel.md, .json.

The states are those of tests/helpers/cancels.py; each is cancelled a few times, in real runs with real workers. Then
Ctrl-C in the command, to the end of its process.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "helpers"))

from cancels import STATES, cancel_in  # noqa: E402
from interrupts import interrupted, restage  # noqa: E402
from restage.agent import leaving  # noqa: E402
from restage.bench import machine  # noqa: E402
from restage.worker import binary  # noqa: E402
from restage.worker.pool import Limits, WorkerPool  # noqa: E402

TIMES = 3
OUT = ROOT / "docs" / "bench"


def main() -> int:
    """Cancel everywhere, write the page; return 0 when no cancel took a second."""
    found, before = [], os.getloadavg()
    with tempfile.TemporaryDirectory() as scratch, WorkerPool(binary.find(None), Limits()) as pool:
        picture = Path(scratch) / "table.png"
        cv2.imwrite(str(picture), np.full((120, 160, 3), 150, np.uint8))
        for state in STATES:
            seconds = []
            for number in range(TIMES):
                record, took, came = cancel_in(state, pool, Path(scratch) / f"{state.name}{number}", picture)
                if not came or record.status != "cancelled":
                    print(f"{state.name}: did not get there ({record.status})", file=sys.stderr)
                    return 1
                seconds.append(round(took, 3))
                # The next one is not to be measured beside what this one left.
                leaving.wait(120)
            found.append({"state": state.name, "longest": max(seconds), "all": seconds})
            print(f"{state.name}: {max(seconds):.2f} s", flush=True)
        commands = _commands(Path(scratch), picture)
    longest = max(item["longest"] for item in (*found, *commands))
    load = {"before": [round(value, 1) for value in before], "after": [round(value, 1) for value in os.getloadavg()]}
    data = {
        "date": time.strftime("%Y-%m-%d"),
        "machine": machine.describe(),
        "load": load,
        "longest": longest,
        "states": found,
        "commands": commands,
    }
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "cancel.json").write_text(json.dumps(data, indent=1), encoding="utf-8")
    (OUT / "cancel.md").write_text(_page(data), encoding="utf-8")
    return 0 if longest < 1 else 1


def _commands(scratch: Path, picture: Path) -> list[dict]:  # type: ignore[type-arg]
    """Interrupt the command a few times in each of what it does itself, and return the seconds."""
    small = ("--resolution", 64, "--samples", 2)
    coffee = ROOT / "examples" / "coffee.jpg"
    restage(ROOT, picture, "-o", scratch / "done", *small, "--no-solve").communicate()
    found = []
    for state, doing, words in (
        ("segmenting a photograph", "looking at the picture", lambda folder: (coffee, "-o", folder, *small)),
        (
            "waiting for a reply",
            "looking at the picture",
            lambda to: (picture, "-o", to, "--agent", "handoff", "--yes"),
        ),
        ("solving numbers", "solving", lambda to: ("--solve", shutil.copytree(scratch / "done", to))),
    ):
        seconds = []
        for number in range(TIMES):
            code, said, took = interrupted(restage(ROOT, *words(scratch / f"{doing}{state}{number}")), doing, 0.6)
            if code != 130:
                raise SystemExit(f"{state}: exit {code}: {said}")
            seconds.append(round(took, 3))
        found.append({"state": state, "longest": max(seconds), "all": seconds})
        print(f"Ctrl-C, {state}: {max(seconds):.2f} s", flush=True)
    return found


def _page(data: dict) -> str:  # type: ignore[type-arg]
    rows = _rows(data["states"])
    load = " to ".join(str(data["load"][when][1]) for when in ("before", "after"))
    box = data["machine"]
    where = f"{data['date']}, {box['cpu']}, {box['cores']} cores"
    return (
        "# How long a cancel takes\n\n"
        f"{where}, other work going on (load over five minutes {load}). Made by `python bench/cancel.py`: a real run "
        f"is cancelled in each state, {TIMES} times; the longest time from the cancel to the end of the run, its "
        "folder written. The target is under one second. Waiting for a provider over the network is in "
        "tests/test_provider_*.py.\n\n"
        f"| state | longest |\n| --- | ---: |\n{rows}\n\n"
        "Ctrl-C in the command, from the signal to the end of the process (exit 130):\n\n"
        f"| state | longest |\n| --- | ---: |\n{_rows(data['commands'])}\n"
    )


def _rows(items: list[dict]) -> str:  # type: ignore[type-arg]
    return "\n".join(f"| {item['state']} | {item['longest']:.2f} s |" for item in items)


if __name__ == "__main__":
    sys.exit(main())
