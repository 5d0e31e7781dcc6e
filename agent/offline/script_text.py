# SPDX-License-Identifier: GPL-3.0-or-later
"""How the stage scripts are put together: the PARAMS literal, numbers as a person would write them, and templates."""

from __future__ import annotations

import re
from collections.abc import Sequence
from string import Template

Value = float | int | str | bool | tuple["Value", ...]


def number(value: float, places: int = 3) -> str:
    """A float with at most `places` places and at least one: 0.25, 3.0."""
    text = f"{value:.{places}f}".rstrip("0")
    text = text + "0" if text.endswith(".") else text
    return "0.0" if text in {"-0.0", "0.0"} else text


def literal(value: Value, places: int = 3) -> str:
    """A value as Python source."""
    if isinstance(value, bool | int):
        return repr(value)
    if isinstance(value, float):
        return number(value, places)
    if isinstance(value, str):
        return quoted(value)
    inner = ", ".join(literal(item, places) for item in value)
    return f"({inner},)" if len(value) == 1 else f"({inner})"


def quoted(text: str) -> str:
    """A string in double quotes."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'


class Params:
    """The PARAMS literal under construction: keys in the order they are added, comments with their units."""

    def __init__(self) -> None:
        """Start empty."""
        self.rows: list[tuple[str, str, str]] = []

    def add(self, key: str, value: Value, comment: str = "", places: int = 3) -> None:
        """Add a value; the comment gives its unit."""
        self.rows.append((quoted(key), literal(value, places), comment))

    def text(self) -> str:
        """The whole assignment as source."""
        if not self.rows:
            return "PARAMS = {}"
        lines = []
        for key, value, comment in self.rows:
            line = f"    {key}: {value},"
            lines.append(f"{line}  # {comment}" if comment else line)
        return "PARAMS = {\n" + "\n".join(lines) + "\n}"


def names(items: Sequence[str], indent: int = 4) -> str:
    """Lines of a tuple of names, one a line."""
    pad = " " * indent
    return "".join(f"{pad}{quoted(item)},\n" for item in items)


def wrapped(items: Sequence[str], indent: int) -> str:
    """Lines of as many items as fit, each with a comma behind it."""
    lines, line = [], ""
    for item in items:
        if len(line) + len(item) > 100:
            lines.append(line)
            line = ""
        line += item + ", "
    lines.append(line)
    return "".join(" " * indent + text.rstrip() + "\n" for text in lines if text)


def listed(items: Sequence[str]) -> str:
    """A few names in a sentence, short enough for one line."""
    return ", ".join(items[:4]) + (f" and {len(items) - 4} more" if len(items) > 4 else "")


def fill(template: str, **values: str) -> str:
    """Fill a `string.Template`; leading newlines and trailing blanks are dropped, and blank lines beyond two."""
    text = Template(template).substitute(values)
    text = "\n".join(line.rstrip() for line in text.strip().splitlines()) + "\n"
    return re.sub(r"\n{4,}", "\n\n\n", text)
