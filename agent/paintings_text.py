# SPDX-License-Identifier: GPL-3.0-or-later
"""Paintings as they stand in a materials script: literals by the names of the objects they lie on."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping

from .offsets import cut, line_starts, span
from .paintings import LETTERS, Painting

BOXES, SHADES, TINTS, LIGHT_ROWS, TINT_ROWS = NAMES = ("BOXES", "SHADES", "TINTS", "LIGHT_ROWS", "TINT_ROWS")


def block(paintings: Mapping[str, Painting]) -> str:
    """Return the literals, with LETTERS before them and a word of what they are."""
    return (
        "# Paintings of what the picture shows: a letter a texel of how light it is, from one shade to the other\n"
        "# (sRGB), and a letter each two by two texels of its tint (linear RGB, all equally light).\n"
        "# A box is what a painting covers of the picture, as fractions of the frame: left, top, right, bottom.\n"
        f"LETTERS = {json.dumps(LETTERS)}\n" + "".join(f"{text}\n" for text in _literals(paintings).values())
    )


def read(script: str) -> dict[str, Painting]:
    """Return a script's paintings; none where it has none, or some that an artist changed into something else."""
    try:
        values = {name: ast.literal_eval(node) for name, node in _nodes(script).items()}
    except (SyntaxError, ValueError):
        return {}
    if len(values) < len(NAMES):
        return {}
    try:
        found = {
            name: Painting(
                rows,
                values[SHADES][name],
                values[TINT_ROWS][name],
                [(r, g, b) for r, g, b in values[TINTS][name]],
                values[BOXES][name],
            )
            for name, rows in values[LIGHT_ROWS].items()
        }
    except (AttributeError, KeyError, TypeError, ValueError):
        return {}
    return found if all(_whole(painting) for painting in found.values()) else {}


def put(script: str, paintings: Mapping[str, Painting]) -> str:
    """Return the script with other paintings of the same objects, all else as it was. Raises ValueError when it has
    none."""
    nodes = _nodes(script)
    if len(nodes) < len(NAMES):
        raise ValueError("the script has no paintings")
    starts, texts = line_starts(script), _literals(paintings)
    return cut(script, [(*span(node, starts), texts[name].partition(" = ")[2]) for name, node in nodes.items()])


def _nodes(script: str) -> dict[str, ast.expr]:
    found = {}
    for statement in ast.parse(script).body:
        target = statement.targets[0] if isinstance(statement, ast.Assign) else None
        if isinstance(statement, ast.Assign) and isinstance(target, ast.Name) and target.id in NAMES:
            found[target.id] = statement.value
    return found


def _whole(painting: Painting) -> bool:
    light, tint = painting.light, painting.tint
    return (
        len(painting.box) == 4
        and len(painting.shades) == 2
        and _even(light, LETTERS)
        and _even(tint, LETTERS[: len(painting.tints)])
        and len(tint) == (len(light) + 1) // 2
        and len(tint[0]) == (len(light[0]) + 1) // 2
    )


def _even(rows: list[str], letters: str) -> bool:
    return bool(rows) and all(set(row) <= set(letters) and len(row) == len(rows[0]) > 0 for row in rows)


def _literals(paintings: Mapping[str, Painting]) -> dict[str, str]:
    texts = dict.fromkeys(NAMES, "")
    for name, painting in paintings.items():
        key = f"    {json.dumps(name, ensure_ascii=False)}: "
        colours = [_numbers(colour, 3) for colour in painting.tints]
        lines = [", ".join(colours[at : at + 4]) for at in range(0, len(colours), 4)]
        texts[BOXES] += f"{key}{_numbers(painting.box, 5)},\n"
        texts[SHADES] += f"{key}{_numbers(painting.shades, 4)},\n"
        texts[TINTS] += f"{key}[\n" + "".join(f"        {line},\n" for line in lines) + "    ],\n"
        for where, rows in ((LIGHT_ROWS, painting.light), (TINT_ROWS, painting.tint)):
            texts[where] += f"{key}[\n" + "".join(f'        "{row}",\n' for row in rows) + "    ],\n"
    return {name: f"{name} = {{\n{text}}}" for name, text in texts.items()}


def _numbers(values: tuple[float, ...], digits: int) -> str:
    return "(" + ", ".join(f"{round(value, digits):g}" for value in values) + ")"
