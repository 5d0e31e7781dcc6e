# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the stage script in a generator's reply: one whole script, or search/replace edits to the one it was shown."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from . import edits

_FENCE = re.compile(r"^\s*(`{3,}|~{3,})\s*([A-Za-z0-9_+-]*)[^`]*$")
MAX_NOTE = 400


class NoScript(ValueError):
    """A reply holds nothing that can be run; the text says why, for the model."""


@dataclass(frozen=True)
class Found:
    """A script and what it took to get at it."""

    script: str
    note: str = ""
    """The model's own sentences, and what was done about an untidy reply."""


@dataclass(frozen=True)
class _Fence:
    language: str
    body: str
    closed: bool


def read(text: str, base: str = "", cut: bool = False) -> Found:
    """Return the reply's script. `base` is what edits are applied to; `cut` says the reply ended at the length limit.

    Raises NoScript.
    """
    if not text.strip():
        raise NoScript("The reply is empty.")
    fences = _fences(text)
    whole = [fence for fence in fences if _is_script(fence.body)]
    problem = ""
    try:
        found = edits.find(text)
        if found and not base:
            problem = "There is no earlier script that edits could be applied to."
        elif found:
            return Found(_ended(edits.apply(base, found)), _note(text, f"{len(found)} edits."))
    except edits.EditError as error:
        problem = f"{error} No edit was applied." if not cut else "The reply ended in the middle of an edit."
    closed = [fence for fence in whole if fence.closed]
    if closed:
        several = f"The last of {len(closed)} scripts in the reply." if len(closed) > 1 else ""
        if problem:
            several = "The whole script of the reply, as its edits did not fit."
        return Found(_ended(closed[-1].body), _note(text, several))
    if problem:
        raise NoScript(problem)
    return _open_or_bare(text, fences, whole, cut)


def _open_or_bare(text: str, fences: list[_Fence], whole: list[_Fence], cut: bool) -> Found:
    if whole and not cut and _parses(whole[-1].body):
        return Found(_ended(whole[-1].body), _note(text, "The closing fence was missing."))
    if cut or any(not fence.closed for fence in fences):
        raise NoScript("The reply ends in the middle of the script. Write a shorter one, with loops for what repeats.")
    if not fences and _parses(text) and _is_script(text):
        return Found(_ended(text), "The script came without a fence.")
    if fences:
        raise NoScript("None of the code blocks is a whole stage script (with `import bpy`), and there are no edits.")
    raise NoScript("There is no script in the reply, only text.")


def _fences(text: str) -> list[_Fence]:
    found: list[_Fence] = []
    mark, language = "", ""
    body: list[str] = []
    for line in text.splitlines():
        match = _FENCE.match(line)
        if not mark and match:
            mark, language, body = match.group(1), match.group(2).lower(), []
        elif mark and line.strip().startswith(mark) and not line.strip().strip(mark[0]):
            found.append(_Fence(language, "\n".join(body), True))
            mark = ""
        elif mark:
            body.append(line)
    if mark:
        found.append(_Fence(language, "\n".join(body), False))
    return found


def _is_script(body: str) -> bool:
    return re.search(r"^\s*(import|from)\s+bpy\b", body, re.MULTILINE) is not None and edits.SEARCH not in body


def _parses(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _ended(script: str) -> str:
    return script.strip("\n").rstrip() + "\n"


def _note(text: str, done: str) -> str:
    """The first sentences before the code, and what was done."""
    lines = []
    for line in text.splitlines():
        if _FENCE.match(line) or line.lstrip().startswith("<<<<<"):
            break
        lines.append(line.strip())
    said = " ".join(part for part in lines if part)
    if len(said) > MAX_NOTE:
        said = said[:MAX_NOTE].rsplit(" ", 1)[0] + " …"
    return " ".join(part for part in (said, done) if part)
