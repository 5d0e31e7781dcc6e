# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure what solving numbers is worth: `python bench/fidelity.py [--parts known,offline,recorded] [--pictures GLOB]`.

Writes docs/bench/fidelity.md and .json. Parts not asked for keep the figures of the last time. `known`: scenes of which
every number is known, disturbed and solved. `offline`: the built-in agent with and without solving, on every picture;
runs that are kept are not made again. `recorded`: recorded runs of a model, solved.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import cv2
from restage.bench import fidelity_known, fidelity_offline, fidelity_recorded, machine, running
from restage.bench.offline_page import table
from restage.bench.similarity import Similarity

PARTS = {
    "known": ("Known scenes, disturbed", fidelity_known),
    "offline": ("The built-in agent, with and without", fidelity_offline),
    "recorded": ("Recorded runs of a model", fidelity_recorded),
}


def main() -> int:
    """Measure, write; return 0 when every target of the parts asked for is met."""
    options = _options()
    wanted = [name for name in options.parts.split(",") if name]
    if unknown := set(wanted) - set(PARTS):
        print(f"There is no part called {', '.join(sorted(unknown))}: {', '.join(PARTS)}.", file=sys.stderr)
        return 2
    if not options.eval.is_dir():
        print(f"There is no {options.eval}: name the evaluation folder with --eval.", file=sys.stderr)
        return 2
    cv2.setNumThreads(1)
    similarity = Similarity(options.eval)
    if similarity.missing:
        print(similarity.missing, file=sys.stderr)
    path = options.out / "fidelity.json"
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    data.setdefault("parts", {})
    for name in wanted:
        found = _rows(name, options, similarity)
        if not found:
            print(f"{name}: no picture fits.", file=sys.stderr)
            continue
        data["parts"][name] = {
            "date": time.strftime("%Y-%m-%d"),
            "commit": ", ".join(sorted({row["commit"] for row in found if "commit" in row})) or running.commit(),
            "machine": machine.describe(),
            "some": {"known": options.pictures != "*", "offline": options.every > 1}.get(name, False),
            "targets": PARTS[name][1].targets(found),
            "rows": found,
        }
        options.out.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(data, indent=1, ensure_ascii=False), encoding="utf-8")
        (options.out / "fidelity.md").write_text(page(data), encoding="utf-8")
    met = [target["met"] for name in wanted for target in data["parts"].get(name, {}).get("targets", [])]
    return 0 if all(value is not False for value in met) else 1


def _rows(name: str, options: argparse.Namespace, similarity: Similarity) -> list[dict[str, Any]]:
    keep = options.keep / name
    if name == "known":
        return fidelity_known.rows(options.eval, keep, similarity, options.pictures, options.patience)
    if name == "offline":
        return fidelity_offline.rows(options.eval, options.keep.parent, options.resolution, similarity, options.every)
    return fidelity_recorded.rows(options.recordings, keep, similarity)


def page(data: dict[str, Any]) -> str:
    """Return docs/bench/fidelity.md."""
    parts = [
        "# Numbers solved",
        "What solving a script's numbers against the picture is worth. Made by `python bench/fidelity.py`; the same "
        "figures are in [fidelity.json](fidelity.json).",
    ]
    met = {True: "met", False: "**not met**", None: "-"}
    lines = [
        [item["what"], item["target"], item["reached"], met[item["met"]]]
        for name in PARTS
        for item in data["parts"].get(name, {}).get("targets", [])
    ]
    parts.append("## Targets\n\n" + table(["", "target", "reached", ""], lines))
    for name, (title, module) in PARTS.items():
        part = data["parts"].get(name)
        if part is None:
            parts.append(f"## {title}\n\nNot measured yet.")
            continue
        box = part["machine"]
        made = f"{part['date']}, commit {part['commit'] or 'unknown'}, {box['cpu']}, {box['cores']} cores, no GPU."
        if part["some"]:
            made += " **Some of the pictures only.**"
        if loads := [row["load"] for row in part["rows"] if row.get("load")]:
            made += f" Before a picture, {min(loads):g} to {max(loads):g} processes wanted a core."
        parts.append(f"## {title}\n\n{made}\n\n{module.page(part['rows'])}")
    return "\n\n".join(parts) + "\n"


def _options() -> argparse.Namespace:
    root = running.ROOT
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", default="known,offline,recorded", metavar="NAMES")
    parser.add_argument("--pictures", default="*", metavar="GLOB", help="of the known scenes, by id")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="of the built-in agent's pictures each Nth")
    parser.add_argument(
        "--patience", type=float, default=1.0, metavar="N", help="times the time of solvers; known only"
    )
    parser.add_argument("--eval", type=Path, default=root / "../shared/eval", metavar="FOLDER")
    parser.add_argument("--recordings", type=Path, default=root / "tests" / "data" / "recordings", metavar="FOLDER")
    parser.add_argument("--resolution", type=int, default=512, help="of the built-in agent's runs")
    parser.add_argument("--out", type=Path, default=root / "docs" / "bench", metavar="FOLDER")
    parser.add_argument("--keep", type=Path, default=root / "runs" / "fidelity", metavar="FOLDER")
    options = parser.parse_args()
    for name in ("eval", "recordings", "out", "keep"):
        setattr(options, name, getattr(options, name).resolve())
    return options


if __name__ == "__main__":
    sys.exit(main())
