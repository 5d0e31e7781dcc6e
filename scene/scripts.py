# SPDX-License-Identifier: GPL-3.0-or-later
"""The run's scripts as Text datablocks: one per stage, and the whole program, to read, edit and run with Alt+P."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import bpy

RUN = "restage_script_run"
FILE = "restage_script_file"
DIGEST = "restage_script_digest"
"""Hash of the text as Restage wrote it: where it differs, the artist has edited."""


def write(run: str, scripts: Mapping[str, str]) -> dict[str, str]:
    """Write scripts, given by file name (`02_geometry.py`), as Text datablocks; return their names in the file.

    A text the artist has edited is left to them, under its name, and the new script goes into a new one; unless it is
    just what they wrote.
    """
    names = {}
    for file, script in scripts.items():
        text = _find(run, file)
        if text is not None and text.as_string() == script:
            text[DIGEST] = _digest(text)
            names[file] = text.name
            continue
        if text is not None and _edited(text):
            _release(text)
            text = None
        if text is None:
            text = bpy.data.texts.new(f"Restage {file}")
            # Never True: it would run the script whenever the file is opened.
            text.use_module = False
            text[RUN], text[FILE] = run, file
        text.from_string(script)
        text[DIGEST] = _digest(text)
        names[file] = text.name
    return names


def update(run: str, scripts: Mapping[str, str]) -> bool:
    """Write those scripts that the file's texts do not hold already; return whether there were any."""
    new = {}
    for file, script in scripts.items():
        text = _find(run, file)
        if text is None or text.get(DIGEST) != hashlib.sha256(script.encode()).hexdigest():
            new[file] = script
    write(run, new)
    return bool(new)


def write_plain(run: str, file: str, body: str) -> str:
    """Write a text of the run that nobody edits, over what it held; return its name."""
    text = _find(run, file)
    if text is None:
        text = bpy.data.texts.new(f"Restage {file}")
        text[RUN], text[FILE] = run, file
    text.from_string(body)
    text[DIGEST] = _digest(text)
    return text.name


def revert(run: str, file: str, script: str) -> None:
    """Write a script over the run's text of that file, whatever the artist has done to it."""
    text = _find(run, file)
    if text is None:
        write(run, {file: script})
        return
    text.from_string(script)
    text[DIGEST] = _digest(text)


def names(run: str) -> dict[str, str]:
    """Return the names of the run's texts, by file name."""
    return {text[FILE]: text.name for text in bpy.data.texts if text.get(RUN) == run}


def edited(run: str, file: str) -> bool:
    """Return whether the artist has changed the run's text of that file."""
    text = _find(run, file)
    return text is not None and _edited(text)


def settle(run: str, file: str) -> None:
    """Take the run's text of that file as it is now for Restage's own: what was edited in it has been read."""
    text = _find(run, file)
    if text is not None:
        text[DIGEST] = _digest(text)


def keep(run: str) -> None:
    """Make the run's texts ordinary ones."""
    for text in bpy.data.texts:
        if text.get(RUN) == run:
            _release(text)


def remove(run: str) -> None:
    """Remove the run's texts, but leave to the artist those they have edited."""
    for text in [item for item in bpy.data.texts if item.get(RUN) == run]:
        if _edited(text):
            _release(text)
        else:
            bpy.data.texts.remove(text)


def _find(run: str, file: str) -> bpy.types.Text | None:
    return next((text for text in bpy.data.texts if text.get(RUN) == run and text.get(FILE) == file), None)


def _digest(text: bpy.types.Text) -> str:
    return hashlib.sha256(text.as_string().encode()).hexdigest()


def _edited(text: bpy.types.Text) -> bool:
    return text.get(DIGEST) != _digest(text)


def _release(text: bpy.types.Text) -> None:
    for key in (RUN, FILE, DIGEST):
        if key in text:
            del text[key]
