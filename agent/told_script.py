# SPDX-License-Identifier: GPL-3.0-or-later
"""A script as it is told to a model: rows of data, such as a painting's, are left out; they cost and tell nothing."""

from __future__ import annotations

import re

from .prompting import fenced

_ROW = re.compile(r'\s*"[^"\\]{16,}",')
KEPT = 2
"""Rows of a block that are told."""
MOST = 8
"""A longer block of rows is cut."""


def told(script: str) -> str:
    """Return the script in a fence, long blocks of strings cut to their first rows."""
    lines: list[str] = []
    block: list[str] = []
    for line in [*script.splitlines(), ""]:
        if _ROW.fullmatch(line):
            block.append(line)
            continue
        if len(block) > MOST:
            pad = block[0][: len(block[0]) - len(block[0].lstrip())]
            left_out = f"{pad}# {len(block) - KEPT} more rows, not shown here; they are in the script."
            block = [*block[:KEPT], left_out]
        lines += [*block, line]
        block = []
    return fenced("\n".join(lines[:-1]) + ("\n" if script.endswith("\n") else ""), "python")
