# SPDX-License-Identifier: GPL-3.0-or-later
"""Search/replace edits to a script: found in a reply, applied all or nothing (design, section 5)."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

SEARCH, DIVIDER, REPLACE = "<<<<<<< SEARCH", "=======", ">>>>>>> REPLACE"
_BEGIN = re.compile(r"^\s*<{5,9} ?SEARCH\s*$")
_MIDDLE = re.compile(r"^\s*={5,9}\s*$")
_END = re.compile(r"^\s*>{5,9} ?REPLACE\s*$")


class EditError(ValueError):
    """An edit cannot be applied; the text says which and why, for the model."""


@dataclass(frozen=True)
class Edit:
    """Replace `search` by `replace`; whole lines, as the reply has them."""

    search: str
    replace: str


def find(text: str) -> list[Edit]:
    """Return the edits in a reply, fenced or not; empty when there are none.

    Raises EditError when a block begins and does not end.
    """
    edits: list[Edit] = []
    search: list[str] | None = None
    replace: list[str] | None = None
    for line in text.splitlines():
        if _BEGIN.match(line):
            if search is not None:
                raise EditError(f"Edit {len(edits) + 1} is not finished with {REPLACE} before the next one begins.")
            search = []
        elif search is not None and replace is None and _MIDDLE.match(line):
            replace = []
        elif search is not None and replace is not None and _END.match(line):
            edits.append(Edit("\n".join(search), "\n".join(replace)))
            search = replace = None
        elif replace is not None:
            replace.append(line)
        elif search is not None:
            search.append(line)
    if search is not None:
        raise EditError(f"Edit {len(edits) + 1} is not finished: {DIVIDER if replace is None else REPLACE} is missing.")
    return edits


def apply(script: str, edits: Sequence[Edit]) -> str:
    """Return the script with all edits applied one after the other. Raises EditError, and then none was."""
    for number, edit in enumerate(edits, 1):
        script = _applied(script, edit, f"Edit {number} of {len(edits)}")
    return script


def _applied(script: str, edit: Edit, which: str) -> str:
    if not edit.search.strip():
        raise EditError(f"{which} has an empty SEARCH part: it must quote the lines to replace.")
    lines = script.split("\n")
    wanted = edit.search.split("\n")
    places = _places(lines, wanted, str)
    if not places:
        wanted = _without_blank_ends(wanted)
        places = _places(lines, wanted, _without_space)
    if len(places) > 1:
        at = ", ".join(str(place + 1) for place in places[:6])
        raise EditError(f"{which} fits {len(places)} places (lines {at}): quote more lines around it.\n{_quoted(edit)}")
    if not places:
        raise EditError(
            f"{which} fits nowhere: SEARCH must be lines of the script.\n{_quoted(edit)}{_near(lines, edit)}"
        )
    start = places[0]
    new = edit.replace.split("\n") if edit.replace else []
    shift = _indent(lines[start : start + len(wanted)]) - _indent(wanted)
    return "\n".join([*lines[:start], *_shifted(new, shift), *lines[start + len(wanted) :]])


def _places(lines: list[str], wanted: list[str], seen_as: Callable[[str], str]) -> list[int]:
    """Return the 0-based lines where `wanted` stands, lines compared as `seen_as` shows them."""
    have, want = [seen_as(line) for line in lines], [seen_as(line) for line in wanted]
    return [at for at in range(len(have) - len(want) + 1) if have[at : at + len(want)] == want]


def _without_space(line: str) -> str:
    return "".join(line.split())


def _without_blank_ends(lines: list[str]) -> list[str]:
    while lines and not lines[0].strip():
        lines = lines[1:]
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    return lines


def _indent(lines: list[str]) -> int:
    """Return the indent of the first line that is not blank."""
    return next((len(line) - len(line.lstrip()) for line in lines if line.strip()), 0)


def _shifted(lines: list[str], by: int) -> list[str]:
    if by >= 0:
        return [" " * by + line if line.strip() else line for line in lines]
    # Only as far as every line has room: how they stand to each other matters more than where.
    room = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    cut = min(-by, room)
    return [line[cut:] if line.strip() else line for line in lines]


def _quoted(edit: Edit) -> str:
    lines = edit.search.split("\n")
    shown = lines if len(lines) <= 6 else [*lines[:4], "[...]", lines[-1]]
    return "Its SEARCH part:\n" + "\n".join(f"    {line}"[:200] for line in shown)


def _near(lines: list[str], edit: Edit) -> str:
    first = next(line.strip() for line in edit.search.split("\n") if line.strip())
    found = difflib.get_close_matches(first, [line.strip() for line in lines if line.strip()], 3, 0.6)
    return (
        "\nThe script has these lines like its first:\n" + "\n".join(f"    {line}"[:200] for line in found)
        if found
        else ""
    )
