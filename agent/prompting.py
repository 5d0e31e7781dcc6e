# SPDX-License-Identifier: GPL-3.0-or-later
"""The prompt files: read, and filled with what is known at run time."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from string import Template

FOLDER = Path(__file__).resolve().parent.parent / "prompts"


@cache
def text_of(name: str) -> str:
    """Return a prompt file's text as it stands. Raises FileNotFoundError for one that does not exist."""
    return (FOLDER / f"{name}.md").read_text(encoding="utf-8").strip() + "\n"


def placeholders(name: str) -> frozenset[str]:
    """Return the names a prompt file wants filled (`$name`)."""
    return frozenset(Template(text_of(name)).get_identifiers())


def fill(name: str, **values: object) -> str:
    """Return a prompt with its placeholders filled; a line whose placeholder is empty leaves no gap.

    Raises KeyError when a placeholder has no value.
    """
    text = Template(text_of(name)).substitute({key: str(value) for key, value in values.items()})
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def fenced(text: str, language: str = "") -> str:
    """Return text in a fence that is longer than any run of backticks in it."""
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"
