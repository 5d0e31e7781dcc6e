# SPDX-License-Identifier: GPL-3.0-or-later
"""The accepted scripts of earlier stages, told as far as the stage that goes on has use for them.

Whole where the stage works on what the script made, its numbers where those are to be met or turned, else what it is
about: what came of it is in the table of the scene anyhow.
"""

from __future__ import annotations

import ast

from ..worker.protocol import StageScript
from . import failures
from .prompting import fenced
from .roles import Context

WHOLE: dict[str, frozenset[str]] = {
    "materials": frozenset({"geometry"}),
    "composition": frozenset({"geometry"}),
    "lighting": frozenset({"setup"}),
}
"""Parts of meshes are painted, poses are set, the setup's world is lit."""
NUMBERS: dict[str, frozenset[str]] = {
    "geometry": frozenset({"setup"}),
    "composition": frozenset({"setup"}),
    "lighting": frozenset({"materials"}),
}
"""The camera is built for, or mended; light falls on colours."""
MAX_WHOLE = 24_000
"""Characters of one script; beyond, its middle is cut."""
SHORT = 800
"""Characters; what is not longer is told whole."""
MAX_REMARKS = 1500


def scripts(context: Context) -> str:
    """The accepted scripts of earlier stages; empty when there are none."""
    if not context.accepted:
        return ""
    parts = ["## Accepted scripts of the earlier stages (they run before yours; you cannot change them)"]
    return "\n\n".join([*parts, *(_told(context.stage.name, script) for script in context.accepted)])


def remarks(context: Context) -> str:
    """What the verifier still noted of the stage before when that was settled; empty when it noted nothing."""
    base = context.base
    if base is None or base.verdict is None or base.verdict.by != "verifier" or base.stage == context.stage.name:
        return ""
    verdict = base.verdict
    lines = [verdict.summary] if verdict.summary else []
    lines += [f"- {item.object or 'whole picture'}, {item.property}: {item.wanted}" for item in verdict.items]
    if not lines:
        return ""
    how = "approved" if verdict.approve else "settled as the best there was"
    return (
        f"## What the verifier said of {base.stage} when it was {how}\n"
        "Mend of it what your stage may change, where it is worth it.\n" + failures.cut("\n".join(lines), MAX_REMARKS)
    )


def _told(stage: str, script: StageScript) -> str:
    text = script.text
    if script.stage in WHOLE.get(stage, ()) or len(text) <= SHORT:
        return f"### {script.stage}\n" + fenced(failures.cut(text, MAX_WHOLE), "python")
    about, numbers = _opening(text)
    lines = f"{len(text.splitlines())} lines"
    if not about and not numbers:
        return f"### {script.stage}\n" + fenced(failures.cut(text, MAX_WHOLE), "python")
    if script.stage in NUMBERS.get(stage, ()) and numbers:
        said = failures.cut("\n\n".join(part for part in (about, numbers) if part), MAX_WHOLE)
        return f"### {script.stage} (its numbers; {lines} in all)\n" + fenced(said, "python")
    return f"### {script.stage} ({lines}, left out)\n{ast.literal_eval(about).strip() if about else 'No description.'}"


def _opening(text: str) -> tuple[str, str]:
    """The docstring and the PARAMS of a script as they are written; empty where there are none."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return "", ""
    first = tree.body[0] if tree.body else None
    is_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and ast.get_docstring(tree)
    about = ast.get_source_segment(text, first) if first is not None and is_docstring else ""
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "PARAMS" for t in node.targets):
            return about or "", ast.get_source_segment(text, node) or ""
    return about or "", ""
