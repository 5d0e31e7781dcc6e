# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a script failed, in classes with advice of their own, so that a repair starts from the likeliest cause."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ..worker.protocol import JobResult
from . import api_sheet

Kind = Literal[
    "syntax",
    "api",
    "name",
    "missing object",
    "operator context",
    "refused",
    "forbidden",
    "budget",
    "timeout",
    "memory",
    "crash",
    "other",
]
HEAD = 0.7
"""Share of a cut text that is its beginning; the rest is its end, where an exception says what it is."""
MAX_MESSAGE = 3000
_GUARD_HELP = (
    (r"import (\w+)", "Work without it: bpy, bmesh, mathutils, math, random, numpy, itertools, functools, colorsys and "
     "collections are there."),
    (r"bpy\.ops", "Build with bpy.data, bmesh or from_pydata instead of that operator."),
    (r"bpy\.types", "Compare `item.type == \"MESH\"` instead of using bpy.types."),
    (r"with is available", "No `with`; call the functions directly."),
    (r"another meaning", "Choose another name for the variable: this one is a builtin or a module."),
    (r"must be called directly", "Call it where it stands, `collection.new(...)`, without keeping the method in a "
     "variable."),
    (r"attribute|name|available", "Do it another way; the rules say what a stage script may use."),
)  # fmt: skip
_ADVICE: dict[Kind, str] = {
    "syntax": "The text is not valid Python. Look at this line and the one before it.",
    "api": "That is not how this Blender's API is called. Use what the sheet says, or the plainest way there is.",
    "name": "A name is used before it is defined, or misspelt.",
    "missing object": "Look objects up by their exact names in the list of what is in the scene, and skip what is not "
    "there instead of failing.",
    "operator context": "Operators depend on mode, selection and active object. Use bpy.data, bmesh and the object's "
    "own methods instead.",
    "refused": "The script was not run: it uses something that stage scripts may not use.",
    "forbidden": "The script changed what this stage must leave alone. Remove that part: another stage does it.",
    "budget": "The scene is too large. Share meshes between equal objects, lower subdivision and segment counts, join "
    "small parts, share materials.",
    "timeout": "The script took too long. Fewer vertices, lower subdivision, no nested loops over all vertices.",
    "memory": "The script used too much memory: far fewer vertices, lower subdivision levels.",
    "crash": "Blender itself crashed, most likely on an invalid mesh (face indices out of range), a bad modifier value "
    "or data used after it was removed. Check the indices, and write that part in the plainest way.",
    "other": "Mend the cause, not only the line.",
}


@dataclass(frozen=True)
class Failure:
    """What went wrong, and what to say about it."""

    kind: Kind
    message: str
    advice: str
    """Sentences and lines of the API sheet, Markdown."""


def explain(failed: JobResult, script: str, facts: Mapping[str, Any], objects: Collection[str]) -> Failure:
    """Classify a failed attempt. `objects` are the names that are in the scene before the stage."""
    line = _line(script, failed.line)
    kind, message = classify(failed, line), cut(failed.message)
    advice = [_ADVICE[kind]]
    if kind == "refused":
        advice += [help_ for pattern, help_ in _GUARD_HELP if re.search(pattern, message)][:1]
    if kind == "missing object" and objects:
        advice.append("In the scene are: " + ", ".join(sorted(objects)[:60]) + ".")
        wanted = re.findall(r'"([^"]+)"', message) + re.findall(r"[\"']([^\"']+)[\"']", line)
        close = [name for word in wanted for name in difflib.get_close_matches(word, list(objects), 1)]
        if close:
            advice.append(f"Meant is perhaps {close[0]!r}.")
    if kind in ("api", "other", "operator context"):
        about = api_sheet.lines_about(facts, f"{message} {line}")
        if about:
            advice.append("From the API sheet:\n" + "\n".join(about))
    return Failure(kind, message, "\n".join(advice))


def classify(failed: JobResult, line: str = "") -> Kind:
    """Return the class of a failed attempt; `line` is the script's line it failed on."""
    by_status: dict[str, Kind] = {
        "refused": "refused",
        "forbidden": "forbidden",
        "budget": "budget",
        "timeout": "timeout",
        "memory": "memory",
        "crashed": "crash",
    }
    if failed.status in by_status:
        return by_status[failed.status]
    message = failed.message
    name = message.split(":", 1)[0].rsplit(" ", 1)[-1]
    if name in ("SyntaxError", "IndentationError", "TabError"):
        return "syntax"
    if re.search(r"poll\(\) failed|context is incorrect|incorrect context|edit ?mode|object mode", message, re.I):
        return "operator context"
    if name == "KeyError":
        # Blender words a missing socket and a missing object alike.
        return "api" if re.search(r"\.(inputs|outputs|sockets)\[", line) else "missing object"
    if "NoneType" in message:
        return "missing object"
    if name in ("NameError", "UnboundLocalError"):
        return "name"
    if name in ("AttributeError", "TypeError", "ValueError", "ImportError", "ModuleNotFoundError"):
        return "api"
    return "other"


def cut(text: str, most: int = MAX_MESSAGE) -> str:
    """Return a text of at most about `most` characters: its head (70 %) and its tail (30 %)."""
    if len(text) <= most:
        return text
    head = int(most * HEAD)
    return f"{text[:head]}\n[... {len(text) - most} characters cut ...]\n{text[len(text) - (most - head) :]}"


def around(script: str, line: int, span: int = 3) -> str:
    """Return the numbered lines around a line of a script; empty when the line is unknown."""
    lines = script.splitlines()
    if not 1 <= line <= len(lines):
        return ""
    first, last = max(1, line - span), min(len(lines), line + span)
    return "\n".join(f"{'>' if n == line else ' '} {n:4d}  {lines[n - 1]}" for n in range(first, last + 1))


def _line(script: str, line: int) -> str:
    lines = script.splitlines()
    return lines[line - 1] if 1 <= line <= len(lines) else ""
