# SPDX-License-Identifier: GPL-3.0-or-later
"""The program: the accepted stage scripts joined into one file that runs in stock Blender without Restage."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Sequence

from ..worker.prelude import EPILOGUE, PRELUDE
from ..worker.protocol import StageScript
from .stages import BY_NAME


def join(scripts: Sequence[StageScript], title: str) -> str:
    """Return the joined program.

    It makes a scene and a collection of its own first, so it can be run in any file: Alt+P in the Text Editor, or
    `blender --python scene.py`.
    """
    head = (
        f'"""{_plain(title)}\n\n'
        "Made by Restage. Runs in Blender 4.2 or newer without Restage: open it in the Text Editor and press Alt+P,\n"
        'or: blender --python scene.py. Each stage has its own PARAMS; turn them and run it again.\n"""\n'
    )
    parts = [head, PRELUDE.strip() + "\n"]
    for script in scripts:
        stage = BY_NAME[script.stage]
        doc, body = split_docstring(script.text)
        line = f"# {'-' * 10} {stage.number}. {stage.name}"
        comment = "".join(f"# {text}".rstrip() + "\n" for text in doc.splitlines())
        parts.append(f"{line} {'-' * max(4, 100 - len(line))}\n{comment}\n{body.strip()}\n")
    parts.append(EPILOGUE.strip() + "\n")
    return "\n\n".join(parts)


def base_of(scripts: Sequence[StageScript]) -> str:
    """Return what names a row of accepted scripts: a stage built on other scripts has to be built again."""
    return hashlib.sha256("\0".join(f"{script.stage}\0{script.text}" for script in scripts).encode()).hexdigest()[:16]


def split_docstring(script: str) -> tuple[str, str]:
    """Return a script's docstring and the rest of it."""
    try:
        tree = ast.parse(script)
    except SyntaxError:
        return "", script
    doc = ast.get_docstring(tree)
    if doc is None:
        return "", script
    end = tree.body[0].end_lineno or 0
    return doc, "".join(script.splitlines(keepends=True)[end:])


def _plain(text: str) -> str:
    return text.replace("\\", "/").replace('"', "'")
