# SPDX-License-Identifier: GPL-3.0-or-later
"""The guard: a static allow-list check of a stage script, before it runs (anchors-security, section 4).

It is the first layer and not the boundary, which is the operating system around the worker. What it is for: precise
refusals that go back to the model, and habits of models (save, export, render, reset) turned into no-ops.
Standard library only.
"""

from __future__ import annotations

import ast
import types
import unicodedata
from dataclasses import dataclass

from .guard_check import Checker, Refused
from .guard_rewrite import Rewriter
from .guard_survey import survey
from .protocol import MAX_SOURCE

__all__ = ["Guarded", "Refused", "check"]


@dataclass(frozen=True)
class Guarded:
    """A script that passed: code to run in `guard_runtime.namespace()`, and what was left out, in words."""

    code: types.CodeType
    notes: tuple[str, ...]


def check(text: str, file_name: str) -> Guarded:
    """Check and rewrite a script. Raises Refused with the line and one sentence, SyntaxError for no Python at all."""
    if len(text) > MAX_SOURCE:
        raise Refused(0, f"the script is longer than {MAX_SOURCE} characters")
    for number, line in enumerate(text.split("\n"), 1):
        if any(unicodedata.category(c) in ("Cf", "Co", "Cs") and c not in "\u200d\ufeff" for c in line) or "\0" in line:
            raise Refused(number, "invisible control characters are not allowed")
    try:
        tree = ast.parse(text, file_name)
    except (ValueError, MemoryError, RecursionError) as error:
        raise Refused(0, f"the script cannot be parsed: {error}") from error
    found = survey(tree)
    checker = Checker(found)
    try:
        checker.visit(tree)
        rewritten = ast.fix_missing_locations(Rewriter(checker).visit(tree))
        code = compile(rewritten, file_name, "exec")
    except RecursionError as error:
        raise Refused(0, "the script is nested too deep") from error
    return Guarded(code, tuple(dict.fromkeys(checker.notes)))
