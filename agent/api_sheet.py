# SPDX-License-Identifier: GPL-3.0-or-later
"""What a model is told of the running Blender's Python API: the sheet of its version, and what RNA says of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from . import prompting

SHEETS: tuple[tuple[int, int], ...] = ((4, 2), (4, 5), (5, 0), (5, 2))
"""Versions that have a sheet of their own; a version between two has the older one's."""
MAX_FACTS = 3000
MAX_VALUES = 40
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
    version = version_of(facts)
    parts = [
        f"# The Python API of Blender {version[0]}.{version[1]}, which runs your scripts",
        prompting.text_of(sheet_name(version)).strip(),
        prompting.text_of(COMMON).strip(),
    ]
    if told := _facts(facts):
        parts += ["What this Blender says of itself:", told]
    return "\n\n".join(parts) + "\n"


def lines_about(facts: Mapping[str, Any], text: str, most: int = 3) -> list[str]:
    """Return the sheet's lines about identifiers that a text (an error, a line of code) mentions, likeliest first."""
    mentioned = {word.casefold() for word in re.findall(r"[A-Za-z_][A-Za-z0-9_]+", text)}
    scored: list[tuple[int, int, str]] = []
    for line in sheet(facts).splitlines():
        if not line.startswith("- "):
            continue
        code = " ".join(re.findall(r"`([^`]+)`", line))
        named = {word.casefold() for word in re.findall(r"[A-Za-z_]\w+", code)}
        hits = (named & mentioned) - _EVERYWHERE
        if hits:
            # A long identifier is a rare one, and says more than `new`.
            scored.append((-sum(len(word) for word in hits), len(scored), line))
    return [line for _, _, line in sorted(scored)[:most]]


_COMMON_WORDS = """
    bpy data ops context object objects mesh meshes new node nodes material materials node_tree inputs outputs name
    value default_value default links location type scene self none true false color colour the attribute
    """
_EVERYWHERE = frozenset(_COMMON_WORDS.split())


def _facts(facts: Mapping[str, Any]) -> str:
    lines = []
    for name, value in facts.items():
        if name in ("version", "version_string"):
            continue
        text = _short(value)
        if text:
            lines.append(f"- {name.replace('_', ' ')}: {text}")
    told = "\n".join(lines)
    return told if len(told) <= MAX_FACTS else told[:MAX_FACTS].rsplit("\n", 1)[0]


def _short(value: Any) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {_short(item)}" if _short(item) else str(key) for key, item in value.items())
    if isinstance(value, (list, tuple)):
        parts = [str(item) for item in value[:MAX_VALUES]]
        return ", ".join(parts) + (" …" if len(value) > MAX_VALUES else "")
    return str(value)
