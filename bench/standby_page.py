# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/bench/standby.md out of what standby.json holds."""

from __future__ import annotations

from typing import Any

from restage.bench.offline_page import busy, table

TARGET = 5.0
KINDS = {
    "standby": "Restage: standby worker, accepted scripts replayed while the model thinks",
    "cold": "cold process per script: open the last file, run the whole program so far, save",
    "cold, new script only": "the least a cold process could do: open the last file, run only the new script, save",
}


def page(data: dict[str, Any]) -> str:
    """Return the page as Markdown."""
    figures, box = data["figures"], data["machine"]
    rows = [
        [
            text,
            f"{figures[kind]['attempt']:.3f}",
            f"{figures[kind]['first_attempt']:.3f}",
            f"{figures[kind]['run']:.2f}",
        ]
        for kind, text in KINDS.items()
    ]
    steps = [
        f"- {kind}: " + ", ".join(f"{name} {seconds * 1000:.0f} ms" for name, seconds in figures[kind]["steps"].items())
        for kind in KINDS
    ]
    met = "met" if figures["ratio"] >= TARGET else "**not met**"
    idle = f"The standby worker holds {figures['idle_mb']:.0f} MB while it waits. " if figures["idle_mb"] else ""
    least = figures["cold, new script only"]["attempt"] / figures["standby"]["attempt"]
    return "\n\n".join([
        "# What an attempt costs besides rendering and evaluation",
        f"{data['date']}, commit {data['commit'] or 'unknown'}, Blender {data['blender']} ({_kind(data['kind'])}), "
        f"{box['cpu']}, {box['cores']} cores, {box['ram_gb']:g} GB. The same five stage scripts of one offline run "
        f"({', '.join(f'{stage} {lines} lines' for stage, lines in data['scripts'].items())}), {data['repeats']} "
        f"times each, turn about, medians; a pause of {data['think_seconds']:g} s before every attempt stands for "
        "the model's thinking. Made by `python bench/standby.py`.",
        table(["seconds of waiting", "an attempt", "the first", "all five"], rows),
        f"**{figures['ratio']:.1f} times less waiting per attempt** (target: at least {TARGET:g}, {met}); "
        f"{figures['run_ratio']:.1f} times over the run; {least:.1f} times less than the least a cold process could "
        "do." + busy(data["load"]),
        "The cost is the wall clock the loop waits for the attempt, less the new script's own run and our checks, "
        "measurements and renders, which any way of doing it has to pay. Starting, emptying, replaying the accepted "
        "scripts, opening, saving (ours writes the collection for the artist's side) and ending the process are cost. "
        "The cold process is what VIGA does per execution (`tools/blender/exec.py`), without the sandbox that ours "
        "starts under, and without its renders. " + idle + "Where the model answers faster than a Blender starts, the "
        "rest of the start is waited for: the *start* below says how long.",
        "Medians of the steps (run, check and measure are not cost):",
        "\n".join(steps),
    ]) + "\n"  # fmt: skip


def _kind(kind: str) -> str:
    return "bpy wheel" if kind == "bpy" else "the program"
