# SPDX-License-Identifier: GPL-3.0-or-later
"""Paintings as they stand in a materials script: three literals, by the names of the objects they lie on."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from .paintings import LETTERS, Painting

BOXES, PALETTES, PAINTINGS = NAMES = ("BOXES", "PALETTES", "PAINTINGS")


def block(paintings: Mapping[str, Painting]) -> str:
    """Return the literals, with LETTERS before them and a word of what they are."""
    return (
        "# Paintings of what the picture shows, one letter a texel, and the linear colours of the letters.\n"
        "# A box is what a painting covers of the picture, as fractions of the frame: left, top, right, bottom.\n"
        f"LETTERS = {_quoted(LETTERS)}\n" + "".join(f"{text}\n" for text in _literals(paintings).values())
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
            name: Painting([(r, g, b) for r, g, b in values[PALETTES][name]], rows, values[BOXES][name])
            for name, rows in values[PAINTINGS].items()
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
    lines = script.encode().splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    data = script.encode()
    texts = _literals(paintings)
    for name, node in sorted(nodes.items(), key=lambda item: -item[1].lineno):
        start = starts[node.lineno - 1] + node.col_offset
        end = starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)
        data = data[:start] + texts[name].partition(" = ")[2].encode() + data[end:]
    return data.decode()


def _nodes(script: str) -> dict[str, ast.expr]:
    found = {}
    for statement in ast.parse(script).body:
        target = statement.targets[0] if isinstance(statement, ast.Assign) else None
        if isinstance(statement, ast.Assign) and isinstance(target, ast.Name) and target.id in NAMES:
            found[target.id] = statement.value
    return found


def _whole(painting: Painting) -> bool:
    known = set(LETTERS[: len(painting.palette)])
    rows = painting.rows
    return bool(rows) and len(painting.box) == 4 and all(set(r) <= known and len(r) == len(rows[0]) > 0 for r in rows)


def _literals(paintings: Mapping[str, Painting]) -> dict[str, str]:
    boxes = palettes = rows = ""
    for name, painting in paintings.items():
        colours = [_numbers(colour, 4) for colour in painting.palette]
        lines = [", ".join(colours[at : at + 4]) for at in range(0, len(colours), 4)]
        boxes += f"    {_quoted(name)}: {_numbers(painting.box, 5)},\n"
        palettes += f"    {_quoted(name)}: [\n" + "".join(f"        {line},\n" for line in lines) + "    ],\n"
        rows += f"    {_quoted(name)}: [\n" + "".join(f'        "{row}",\n' for row in painting.rows) + "    ],\n"
    return {name: f"{name} = {{\n{text}}}" for name, text in ((BOXES, boxes), (PALETTES, palettes), (PAINTINGS, rows))}


def _numbers(values: tuple[float, ...], digits: int) -> str:
    return "(" + ", ".join(f"{round(value, digits):g}" for value in values) + ")"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'
