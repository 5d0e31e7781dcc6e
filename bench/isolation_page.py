# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/bench/isolation.md from what bench/isolation.py measured."""

from __future__ import annotations

from typing import Any

TARGET_MS = 100
"""For all that Blender's main thread does at a time."""
PARTS = {
    "corpora": "effects outside",
    "layers": "layers",
    "append": "the main thread",
    "waits": "the middle of a run",
    "replaces": "attempts in one file",
    "damaged": "damaged results",
    "kills": "kills",
}


def keep(every: dict[str, dict[str, Any]], version: str, kind: str, found: dict[str, Any], some: bool) -> None:
    """Put what was found for a Blender version beside the rest.

    With `some` the parts that were not measured keep what was last found, and when.
    """
    every[version] = (every.get(version, {}) if some else {}) | {"kind": kind} | found


def page(every: dict[str, dict[str, Any]]) -> str:
    """Return the page for the results by Blender version, and of each by part: what it `found`, when it was `made`."""
    versions = sorted(every, key=lambda name: [int(part) for part in name.split(".")])
    lines = ["# What isolation holds, and what it costs", "", "Made by `python bench/isolation.py`, once per Blender."]
    lines.append("")
    for version in versions:
        lines += [f"- Blender {version} ({every[version]['kind']})", *_made(every[version])]
    lines += ["", "## Effects outside the worker", "", *_effects(every, versions)]
    lines += ["", "## Cost of each layer, milliseconds", "", *_numbers(every, versions)]
    lines += ["", "## The main thread: loading and checking a result, milliseconds", "", *_shown(every, versions)]
    lines += ["", "## The session in the middle of a run, milliseconds", "", *_waits(every, versions)]
    lines += ["", "## Bad days", "", *_days(every, versions)]
    return "\n".join(lines) + "\n"


def _made(one: dict[str, Any]) -> list[str]:
    """When, of what and on what each part was measured; those measured together in one line."""
    together: dict[str, list[str]] = {}
    for part, title in PARTS.items():
        if part not in one:
            continue
        made = one[part]["made"]
        where = f"{made['machine']['cpu']}, {made['machine']['cores']} cores"
        if isinstance(made["load"], (int, float)):
            where += f", where {made['load']:.1f} other processes wanted a core"
        together.setdefault(f"{made['date']}, commit {made['commit']}, {where}", []).append(title)
    return [f"  - {', '.join(titles)}: {made}." for made, titles in together.items()]


def _effects(every: dict[str, dict[str, Any]], versions: list[str]) -> list[str]:
    lines = ["| Blender | corpus | scripts | ended | effects outside |", "| --- | --- | ---: | --- | ---: |"]
    for version in versions:
        for name, found in every[version]["corpora"]["found"].items():
            if isinstance(found, dict):
                ends = ", ".join(f"{count} {end}" for end, count in sorted(found["ends"].items()))
                lines.append(f"| {version} | {name} | {found['scripts']} | {ends} | {found['effects outside']} |")
    lines += [
        "",
        "An effect is any change of the canary folder or of the artist's open file, anybody at the listening socket, "
        "or the planted secret in what comes back. Without the guard run those that could hurt more than their own "
        "process.",
    ]
    return lines


def _numbers(every: dict[str, dict[str, Any]], versions: list[str]) -> list[str]:
    found = {version: every[version]["layers"]["found"] for version in versions}
    lines = ["| | " + " | ".join(versions) + " |", "| --- |" + " ---: |" * len(versions)]
    for name in dict.fromkeys(name for one in found.values() for name in one):
        cells = [f"{one[name]:.1f}" if name in one else "-" for one in found.values()]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


def _shown(every: dict[str, dict[str, Any]], versions: list[str]) -> list[str]:
    found = {version: every[version]["append"]["found"] for version in versions}
    heads = [f"{version}, {how}" for version in versions for how in ("first", "in place of another")]
    lines = ["| a result of | " + " | ".join(heads) + " |", "| --- |" + " ---: |" * len(heads)]
    missed, untried = [], set()
    for name in dict.fromkeys(name for one in found.values() for name in one):
        cells = []
        for version, one in found.items():
            for how in ("first", "in place of another"):
                value = one.get(name, {}).get(how)
                cells.append("-" if value is None else f"{value:.0f}")
                if value is None and name in one:
                    untried.add(version)
                if value is not None and value > TARGET_MS:
                    missed.append(f"{version}, {name}, {how}: {value:.0f}")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    lines += [
        "",
        "*First*: the first attempt that a file shows. *In place of another*: each after it, which also hands over "
        "what the artist has selected, hidden or pointed at the one before, object by object.",
        "",
        f"The target is {TARGET_MS} ms." + (f" Missed by: {'; '.join(missed)}." if missed else ""),
    ]
    if untried:
        lines[-1] += (
            f" Not measured here yet on {', '.join(sorted(untried))}: what it takes in place of another. Tried by hand "
            "on a busy machine with 5.2, the largest results missed the target so."
        )
    return lines


def _waits(every: dict[str, dict[str, Any]], versions: list[str]) -> list[str]:
    have = [version for version in versions if "waits" in every[version]]
    if not have:
        return ["Not measured yet."]
    heads = [f"{version}, {how}" for version in have for how in ("another file", "cancel")]
    lines = ["| where the run is | " + " | ".join(heads) + " |", "| --- |" + " ---: |" * len(heads)]
    for state in dict.fromkeys(state for version in have for state in every[version]["waits"]["found"]):
        cells = [f"{value:.0f}" for version in have for value in every[version]["waits"]["found"][state].values()]
        lines.append(f"| {state} | " + " | ".join(cells) + " |")
    return [
        *lines,
        "",
        "*Another file*: how long Blender stands still until the run has ended; disabling the add-on and quitting wait "
        "for the same, and none of them for more than 1.2 s. *Cancel*: until the run has ended, while Blender goes on.",
    ]


def _days(every: dict[str, dict[str, Any]], versions: list[str]) -> list[str]:
    lines = []
    for version in versions:
        kills, shown, damaged = (every[version][name]["found"] for name in ("kills", "replaces", "damaged"))
        lines.append(
            f"- Blender {version}: a run killed {kills['kills']} times at random moments and resumed: "
            f"{kills['accepted scripts lost']} accepted scripts lost, {kills['resumes that failed']} resumes failed, "
            f"{kills['runs finished']} runs finished on the way, {kills['scratch folders left']} scratch folders left."
        )
        steps = "; ".join(
            f"after {one['after']}: {one['datablocks']} datablocks, {one['memory_mb']:.0f} MB" for one in shown["seen"]
        )
        lines.append(
            f"  - {shown['count']} attempts shown one after another in one file: {steps}; "
            f"median {shown['median_ms']:.0f} ms, worst {shown['worst_ms']:.0f} ms each."
        )
        died = ", ".join(f"{count} {name}" for name, count in damaged.items() if name != "files")
        lines.append(f"  - {damaged['files']} results damaged at random; Blender's reader crashed or hung on: {died}.")
    return lines
