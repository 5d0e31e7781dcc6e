# SPDX-License-Identifier: GPL-3.0-or-later
"""What a model is told of the running Blender's Python API: the sheet of its version, and what RNA says of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from . import prompting

SHEETS: tuple[tuple[int, int], ...] = ((4, 2), (4, 5), (5, 0), (5, 2))
"""Versions that have a sheet of their own; a version between two has the older one's."""
SHOWN = ("render_engines", "sky_types", "boolean_solvers", "view_transforms", "node_inputs", "primitives")
"""Facts worth the room in every request; the others are looked up when a script fails on what they are about."""
OF_STAGE: dict[str, tuple[str, ...]] = {
    "setup": ("render_engines", "view_transforms"),
    "geometry": ("boolean_solvers", "primitives"),
    "materials": ("node_inputs",),
    "lighting": ("sky_types", "view_transforms"),
}
"""What a stage may have use for; composition sets poses and needs none of it."""
LOOKED_UP = ("modifiers", "lights")
MAX_FACTS = 6000
MAX_LINE = 1200
COMMON = "api_common"


def sheet_name(version: tuple[int, int]) -> str:
    """Name of the sheet that fits a version; the oldest for anything before it."""
    fitting = [known for known in SHEETS if known <= version] or [SHEETS[0]]
    return f"api_{fitting[-1][0]}.{fitting[-1][1]}"


def version_of(facts: Mapping[str, Any]) -> tuple[int, int]:
    """Major and minor version out of the facts; the newest known one when they do not say."""
    said = facts.get("version")
    if isinstance(said, (list, tuple)) and len(said) >= 2 and all(isinstance(part, int) for part in said[:2]):
        return int(said[0]), int(said[1])
    if match := re.match(r"(\d+)\.(\d+)", str(said or facts.get("version_string") or "")):
        return int(match.group(1)), int(match.group(2))
    return SHEETS[-1]


def sheet(facts: Mapping[str, Any]) -> str:
    """Return the whole sheet for the running Blender, as Markdown."""
    told = _facts(facts, SHOWN)
    return common(facts) + ("\n" + _itself(told) if told else "")


def of_stage(facts: Mapping[str, Any], stage: str) -> str:
    """Return what the running Blender says of itself as far as a stage needs it; empty when that is nothing."""
    told = _facts(facts, OF_STAGE.get(stage, ()))
    return _itself(told).strip() if told else ""


def common(facts: Mapping[str, Any]) -> str:
    """Return the part of the sheet that is the same in all stages of a run."""
    version = version_of(facts)
    parts = [
        f"# The Python API of Blender {version[0]}.{version[1]}, which runs your scripts",
        prompting.text_of(sheet_name(version)).strip(),
        prompting.text_of(COMMON).strip(),
    ]
    return "\n\n".join(parts) + "\n"


def lines_about(facts: Mapping[str, Any], text: str, most: int = 3) -> list[str]:
    """Return the sheet's lines about identifiers that a text (an error, a line of code) mentions, likeliest first."""
    mentioned = _tokens(text)
    scored: list[tuple[int, int, str]] = []
    looked_up = _facts(facts, LOOKED_UP)
    for line in [*sheet(facts).splitlines(), *looked_up]:
        if not line.startswith("- "):
            continue
        code = line if line in looked_up else " ".join(re.findall(r"`([^`]+)`", line))
        hits = (_tokens(code) & mentioned) - _EVERYWHERE
        if hits:
            # A long identifier is a rare one, and says more than `new`.
            scored.append((-sum(len(word) for word in hits), len(scored), line))
    return [line for _, _, line in sorted(scored)[:most]]


def _itself(told: list[str]) -> str:
    return "What this Blender says of itself:\n\n" + "\n".join(told) + "\n"


def _tokens(text: str) -> set[str]:
    """Identifiers, and strings as wholes: `Level` is not about `"Specular IOR Level"`."""
    strings = re.findall(r"[\"']([A-Za-z][A-Za-z0-9_ ]*)[\"']", text)
    rest = re.sub(r"[\"'][A-Za-z][A-Za-z0-9_ ]*[\"']", " ", text)
    return {word.casefold() for word in [*strings, *re.findall(r"[A-Za-z_]\w+", rest)]}


_COMMON_WORDS = """
    bpy data ops context object objects mesh meshes new node nodes material materials node_tree inputs outputs name
    value default_value default links location type scene self none true false color colour the attribute
    """
_EVERYWHERE = frozenset(_COMMON_WORDS.split())


def _facts(facts: Mapping[str, Any], names: Iterable[str]) -> list[str]:
    """Lines about the facts of these names, as many as there is room for."""
    lines: list[str] = []
    for name in names:
        value = facts.get(name)
        if isinstance(value, Mapping):
            lines += [f"- `{key}`: {_listed(item)}" for key, item in value.items()]
        elif value:
            lines.append(f"- {name.replace('_', ' ')}: {_listed(value)}")
    kept, room = [], MAX_FACTS
    for line in lines:
        line = line if len(line) <= MAX_LINE else line[:MAX_LINE].rsplit(",", 1)[0] + " …"
        room -= len(line)
        if room < 0:
            break
        kept.append(line)
    return kept


def _listed(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(f"`{item}`" if re.fullmatch(r"[A-Z][A-Za-z0-9_]*", str(item)) else str(item) for item in value)
    return str(value)
