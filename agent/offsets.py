# SPDX-License-Identifier: GPL-3.0-or-later
"""Places in a script as its syntax tree has them: lines, and columns in UTF-8 bytes."""

from __future__ import annotations

import ast
from collections.abc import Sequence


def line_starts(script: str) -> list[int]:
    """Return at which byte each line begins, and where the last one ends."""
    starts = [0]
    for line in script.encode().splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    return starts


def span(node: ast.expr, starts: Sequence[int]) -> tuple[int, int]:
    """Return at which bytes a node of a script begins and ends."""
    assert node.end_lineno is not None and node.end_col_offset is not None
    return starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset


def cut(text: str, cuts: Sequence[tuple[int, int, str]]) -> str:
    """Return the text with other words from byte to byte, in places that do not overlap."""
    data = text.encode()
    for start, end, new in sorted(cuts, reverse=True):
        data = data[:start] + new.encode() + data[end:]
    return data.decode()
