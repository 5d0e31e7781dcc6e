# SPDX-License-Identifier: GPL-3.0-or-later
"""Patterns as the last block of a stage's script: plain Blender Python, its numbers in PARAMS.

Nothing else of the script's text changes but the painting that a pattern lies on or stands for: the block is appended,
its parameters are added to PARAMS, and both go again when patterns are written anew.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Sequence
from typing import Any

from .. import lift, paintings, paintings_text, params, script_numbers
from . import pattern_snippets as snippets
from .patterns import Pattern, Triple
from .write_back import significant

BEGINS = "# Patterns seen in the picture: each colours a thing's surfaces. Their numbers are in PARAMS."
ENDS = "# End of the patterns."
_DIGITS, _TINT_DIGITS = 5, 3
_WAVES = {
    "gradient": (("rise", "how fast it goes from dark to light in a metre of its own space, along X, Y, Z"),),
    "stripes": (("turns", "stripes in a metre of its own space, along X, Y, Z"),),
    "checker": (
        ("rows", "pairs of squares in a metre of its own space, along X, Y, Z"),
        ("columns", "and across those"),
    ),
    "grain": (("grains", "grains in a metre of its own space, along X, Y, Z"),),
}
_SHIFTS = {"gradient": ("start",), "stripes": ("shift",), "checker": ("row_shift", "column_shift"), "grain": ()}
_SHARP = ("stripes", "checker")


def written(script: str, patterns: Sequence[Pattern]) -> str:
    """Return the script with these patterns as its last block, in place of those it had. Without any it has none.
    What was painted on a thing that one stands for goes, or leaves what the pattern does not explain.

    Raises ValueError when the result would not parse, ParamsError when PARAMS is no literal dict.
    """
    text = without(script)
    if not patterns:
        return text
    entries = [entry for pattern in patterns for entry in _entries(pattern)]
    text = lift.with_entries(_repainted(text, patterns), entries)
    kinds = {pattern.kind for pattern in patterns}
    text = f"{text.rstrip()}\n\n\n{BEGINS}\n{snippets.IMPORTS}\n{_table(patterns)}{snippets.functions(kinds)}{ENDS}\n"
    try:
        ast.parse(text)
    except SyntaxError as error:
        raise ValueError(f"the patterns could not be written into the script: {error.msg}") from error
    return text


def _repainted(script: str, patterns: Sequence[Pattern]) -> str:
    covered = {name for pattern in patterns if pattern.replaces for name in pattern.objects}
    anew = {name: pattern.under for pattern in patterns for name in pattern.objects if pattern.under is not None}
    painted = paintings_text.read(script)
    if not (covered | set(anew)) & set(painted):
        return script
    kept = {name: each for name, each in painted.items() if name not in covered}
    under = {name: paintings.again(each, paint) for name, each in kept.items() if (paint := anew.get(name)) is not None}
    return paintings_text.put(script, kept | under)


def has(script: str) -> bool:
    """Whether a script has a block of patterns."""
    return _span(script) is not None


def without(script: str) -> str:
    """Return the script as it was before patterns were written into it."""
    span = _span(script)
    if span is None:
        return script
    start, end = span
    names = _names(script[start:end])
    kept = script[:start].rstrip() + "\n" + script[end:].lstrip("\n")
    node = script_numbers.params_node(ast.parse(kept))
    keys = [k.value for k in node.keys if isinstance(k, ast.Constant)] if node else []
    ours = [key for key in keys if isinstance(key, str) and key.rpartition(".")[0] in names]
    return lift.without_entries(kept, ours)


def _span(script: str) -> tuple[int, int] | None:
    start = script.find(f"{BEGINS}\n")
    end = script.find(f"{ENDS}\n", start)
    return None if start < 0 or end < 0 else (start, end + len(ENDS) + 1)


def _names(block: str) -> set[str]:
    for statement in ast.parse(block).body:
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Dict):
            return {str(key.value) for key in statement.value.keys if isinstance(key, ast.Constant)}
    return set()


def _entries(pattern: Pattern) -> list[tuple[str, str, str]]:
    """The pattern's parameters: name, literal, comment."""
    found: list[tuple[str, Any, str]] = []
    for (what, comment), wave in zip(_WAVES[pattern.kind], pattern.waves, strict=True):
        largest = max(abs(value) for value in wave)
        found.append((what, tuple(_round(v if abs(v) > 1e-4 * largest else 0.0, _DIGITS) for v in wave), comment))
    shifts = zip(_SHIFTS[pattern.kind], pattern.shifts, strict=True)
    found += [(what, round(shift, 4), "where it begins, turns") for what, shift in shifts]
    if pattern.kind in _SHARP:
        found.append(("sharpness", _round(pattern.sharpness, 3), "0.5 as soft as a wave, 20 sharp"))
    what = "linear RGB" if pattern.replaces else "factors of what lies under it, linear RGB"
    found += [("dark", _tint(pattern.dark), what), ("light", _tint(pattern.light), "")]
    return [(f"{pattern.name}.{key}", params.literal(value), comment) for key, value, comment in found]


def _tint(colour: Triple) -> Triple:
    r, g, b = (_round(channel, _TINT_DIGITS) for channel in colour)
    return r, g, b


def _round(value: float, digits: int) -> float:
    return significant(value, digits) + 0.0


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _table(patterns: Sequence[Pattern]) -> str:
    rows = "".join(
        f"    {_quoted(p.name)}: ({_quoted(p.kind)}, [{', '.join(map(_quoted, p.objects))}], {p.replaces}),\n"
        for p in patterns
    )
    return (
        "\n# What kind it is, which objects wear it, and whether its colours stand for theirs or tint them.\n"
        f"PATTERNS = {{\n{rows}}}\n"
    )
