# SPDX-License-Identifier: GPL-3.0-or-later
"""How long the artist's window stands still: `python bench/ui.py [--picture FILE] [--suite trixie|sid]`. Needs root.

A whole offline run in a real window (Debian's Blender under Xvfb, software GL). Two measures: the longest time between
two ticks of a timer, which is what an artist feels, whoever took it (Restage, Blender's own drawing, or other work of
the machine); and every call that Restage makes on the main thread, by what it is for. Before the run the same window is
watched doing nothing, for comparison. Writes docs/bench/ui.md and ui.json.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from restage.bench import machine, running

sys.path.insert(0, str(running.ROOT / "tests" / "ui"))
from window import Window, build, provision

IDLE_SECONDS = 20.0
LIMIT = 0.1
EXCEPT = ("append an attempt", "draw an attempt with the viewport", "run: attempt", "run: viewport", "run: stage_done")
"""What may take longer: putting an attempt into the file, alone or within what the run tells, and drawing it."""


def main() -> int:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--picture", type=Path, default=running.ROOT / "examples" / "shapes.png")
    parser.add_argument("--suite", default="trixie", choices=("trixie", "sid"))
    options = parser.parse_args()
    load = running.load()
    with tempfile.TemporaryDirectory() as folder:
        inside = Path(__file__).with_name("ui_inside.py")
        window = Window(provision(options.suite), build(Path(folder)), options.picture, inside)
    try:
        measured = measure(window)
    finally:
        window.close()
    data = {
        "date": time.strftime("%Y-%m-%d"),
        "picture": options.picture.name,
        "blender": measured.pop("blender"),
        "load": load,
        "machine": machine.describe(),
        **measured,
    }
    target = running.ROOT / "docs" / "bench"
    (target / "ui.json").write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    (target / "ui.md").write_text(page(data), encoding="utf-8")
    print(target / "ui.md")
    return 0


def measure(window: Window) -> dict[str, Any]:
    """Watch an idle window, then a run in it."""
    window.do("prepare")
    window.do("hide")
    window.do("solid")
    window.open_tab("Restage")
    # What a run needs is imported once the tab is looked at.
    time.sleep(IDLE_SECONDS)
    window.do("py:pass")
    time.sleep(IDLE_SECONDS)
    idle = window.state()["longest_gap"]
    began = time.monotonic()
    window.do("reconstruct")
    pressed = window.state()["longest_gap"]
    window.wait(lambda: window.state()["stage"] == "geometry", 300)
    # Some things are slow the first time: shaders, and Blender's own caches.
    first = window.state()["longest_gap"]
    window.do("py:pass")
    state = window.settled(900)
    decided = _decide(window)
    calls = json.loads((window.folder / "calls.json").read_text())
    window.do("py:(folder / 'version').write_text(bpy.app.version_string)")
    return {
        "status": state["status"],
        "seconds": round(time.monotonic() - began, 1),
        "idle_gap": idle,
        "pressed_gap": pressed,
        "first_gap": first,
        "run_gap": state["longest_gap"],
        "decided_gaps": decided,
        "blender": (window.folder / "version").read_text(),
        "calls": {
            name: {"count": len(taken), "median": median(taken), "longest": max(taken)}
            for name, taken in sorted(calls.items(), key=lambda item: -max(item[1]))
        },
    }


def _decide(window: Window) -> dict[str, float]:
    """Press what an artist presses after a run; return the longest gap of each."""
    found: dict[str, float] = {}

    def press(what: str, word: str, until: float = 0.0) -> None:
        window.do(word)
        state = window.settled(until) if until else window.fresh()
        found[what] = max(found.get(what, 0.0), float(state["longest_gap"]))

    press("an older attempt is chosen", "op:choose_attempt stage='geometry', attempt=1")
    for word in ("undo", "redo", "undo"):
        press("undo, redo", word)
    press("a stage is reopened", "op:reopen stage='geometry'")
    window.do("py:bpy.context.scene.restage.note = 'larger'")
    press("redone with a line of words", "op:redo", 300)
    press("its script is opened", "op:show_script stage='geometry'")
    for mode in ("OVERLAY", "HEAT", "OUTLINES"):
        window.do(f"op:compare mode={mode!r}")
        time.sleep(2)
        press("comparing", f"op:compare mode={mode!r}")
    press("accepted, and the later stages replayed", "op:accept", 300)
    press("kept", "keep")
    time.sleep(2)  # calls.json is written once a second
    return found


def page(data: dict[str, Any]) -> str:
    """The page, as Markdown."""
    rows = "\n".join(
        f"| {name} | {entry['count']} | {1000 * entry['median']:.1f} | {1000 * entry['longest']:.1f} |"
        for name, entry in data["calls"].items()
    )
    decided = "\n".join(f"| {what} | {gap:.2f} |" for what, gap in data["decided_gaps"].items())
    longer = [name for name, entry in data["calls"].items() if entry["longest"] > LIMIT and not name.startswith(EXCEPT)]
    kept = "Nothing else took longer" if not longer else f"Longer as well: {', '.join(longer)}"
    cpu = data["machine"]
    return f"""<!-- SPDX-License-Identifier: GPL-3.0-or-later -->
# How long the window stands still

*Made by `bench/ui.py` on {data["date"]}: {data["picture"]}, the built-in agent, Blender {data["blender"]} under Xvfb
with software GL, {cpu["cores"]} cores of {cpu["cpu"]}, load before it {data["load"]:.1f}. The run ended
{data["status"]} after {data["seconds"]:.0f} s; its workers share the cores with the window.*

The longest time between two ticks of a 50 ms timer is what an artist feels, whoever took it:

| while | s |
| --- | --- |
| the window is idle, the tab open | {data["idle_gap"]:.2f} |
| *Reconstruct from Image* is pressed | {data["pressed_gap"]:.2f} |
| the first stage | {data["first_gap"]:.2f} |
| the rest of the run | {data["run_gap"]:.2f} |
{decided}

What is longer than our own calls below is Blender's: it draws new objects (in software here, with shaders to compile
the first time), keeps an undo step, opens an area.

What Restage itself does on the main thread, in milliseconds. An append and the viewport's picture of a new attempt may
take longer than {1000 * LIMIT:.0f} ms. {kept}.

| call | times | median | longest |
| --- | --- | --- | --- |
{rows}
"""


if __name__ == "__main__":
    sys.exit(main())
