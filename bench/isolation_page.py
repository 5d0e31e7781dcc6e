# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/bench/isolation.md from what bench/isolation.py measured."""

from __future__ import annotations

from typing import Any


def page(every: dict[str, dict[str, Any]]) -> str:
    """Return the page for the results by Blender version."""
    versions = sorted(every, key=lambda name: [int(part) for part in name.split(".")])
    lines = ["# What isolation holds, and what it costs", "", "Made by `python bench/isolation.py`, once per Blender."]
    lines.append("")
    for version in versions:
        one = every[version]
        where = one["machine"]
        busy = (
            f", where {one['load']:.1f} other processes wanted a core" if isinstance(one["load"], (int, float)) else ""
        )
        lines.append(
            f"- Blender {version} ({one['kind']}): {one['date']}, commit {one['commit']}, {where['cpu']}, "
            f"{where['cores']} cores{busy}."
        )
    lines += ["", "## Effects outside the worker", "", *_effects(every, versions)]
    lines += ["", "## Cost of each layer, milliseconds", "", *_numbers(every, versions, "layers")]
    lines += ["", "## The main thread: loading and checking a result, milliseconds", ""]
    lines += _numbers(every, versions, "append")
    lines += ["", "## The session in the middle of a run, milliseconds", "", *_waits(every, versions)]
    lines += ["", "## Bad days", "", *_days(every, versions)]
    return "\n".join(lines) + "\n"


def _effects(every: dict[str, dict[str, Any]], versions: list[str]) -> list[str]:
    lines = ["| Blender | corpus | scripts | ended | effects outside |", "| --- | --- | ---: | --- | ---: |"]
    for version in versions:
        for name, found in every[version]["corpora"].items():
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


def _numbers(every: dict[str, dict[str, Any]], versions: list[str], key: str) -> list[str]:
    lines = ["| | " + " | ".join(versions) + " |", "| --- |" + " ---: |" * len(versions)]
    for name in dict.fromkeys(name for version in versions for name in every[version][key]):
        cells = [f"{every[v][key][name]:.1f}" if name in every[v][key] else "-" for v in versions]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


def _waits(every: dict[str, dict[str, Any]], versions: list[str]) -> list[str]:
    have = [version for version in versions if "waits" in every[version]]
    if not have:
        return ["Not measured yet."]
    heads = [f"{version}, {how}" for version in have for how in ("another file", "cancel")]
    lines = ["| where the run is | " + " | ".join(heads) + " |", "| --- |" + " ---: |" * len(heads)]
    for state in dict.fromkeys(state for version in have for state in every[version]["waits"]):
        cells = [f"{value:.0f}" for version in have for value in every[version]["waits"][state].values()]
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
        kills, shown, damaged = (every[version][name] for name in ("kills", "replaces", "damaged"))
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
