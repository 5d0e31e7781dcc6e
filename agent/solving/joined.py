# SPDX-License-Identifier: GPL-3.0-or-later
"""Several stages' scripts as one text, so that their numbers can be solved together: the camera's of one stage with the
sizes and places of another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .. import script_numbers
from ..script_numbers import Number

_BETWEEN = "\n\n# The next stage's script begins here.\n\n"


def join(texts: Sequence[str]) -> str:
    """Return the texts as one that does what they do one after the other. Each keeps its own PARAMS until the next."""
    return _BETWEEN.join(texts)


def split(text: str) -> list[str]:
    """Return the texts that `join` was given, whatever became of their numbers meanwhile."""
    return text.split(_BETWEEN)


def find(text: str) -> list[Number]:
    """Return the numbers of all the texts, as `script_numbers.find` does of one, their offsets in the joined text."""
    found: list[Number] = []
    at = 0
    for part in split(text):
        for number in script_numbers.find(part):
            start, end = number.group
            found.append(replace(number, start=number.start + at, end=number.end + at, group=(start + at, end + at)))
        at += len(part.encode()) + len(_BETWEEN.encode())
    return found
