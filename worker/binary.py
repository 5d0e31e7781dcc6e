# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Blender the worker runs in: a `blender` program, or the `bpy` wheel of this very Python."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

MINIMUM = (4, 2)
_VERSION_SECONDS = 60.0


class BlenderNotFound(Exception):
    """No usable Blender; the text is one sentence that says what to do."""


@dataclass(frozen=True)
class BlenderBinary:
    """A Blender to start workers with.

    `path` is the program that is run: the Blender executable, or a Python that can import `bpy`. `python` runs the
    launcher (standard library only). `reads` are folders it must be able to read besides the system's.
    """

    kind: Literal["blender", "bpy"]
    path: str
    version: tuple[int, int, int]
    python: str = sys.executable
    reads: tuple[str, ...] = ()


def why_not_here() -> str:
    """Return the sentence that says why no worker runs on this system; empty when there is a launcher for it."""
    known = sys.platform in ("linux", "darwin", "win32")
    return "" if known else f"Restage's worker does not run on {sys.platform}: use Linux, macOS or Windows."


def find(explicit: str | None = None) -> BlenderBinary:
    """Return the Blender to use: `explicit` or $BLENDER, else `blender` on PATH, else the `bpy` wheel.

    Raises BlenderNotFound with one sentence saying what to do.
    """
    named = explicit or os.environ.get("BLENDER")
    if named:
        return program(named)
    on_path = shutil.which("blender")
    too_old = ""
    if on_path:
        try:
            return _program(on_path)
        except BlenderNotFound as error:
            too_old = f" ({error})"
    wheel = _wheel()
    if wheel:
        return wheel
    raise BlenderNotFound(f"No Blender found{too_old}: set BLENDER to a Blender 4.2 or newer, or `pip install bpy`.")


def program(named: str) -> BlenderBinary:
    """Return the Blender that a name on PATH or a path starts. Raises BlenderNotFound as `find`, also when too old."""
    path = shutil.which(named)
    if path is None:
        raise BlenderNotFound(f"{named} is not a program that can be run: point BLENDER at a Blender 4.2 or newer.")
    return _program(path)


def running(binary_path: str, version: tuple[int, int, int], python: str = sys.executable) -> BlenderBinary:
    """Return the Blender this code runs in; the caller passes `bpy.app.binary_path` and `bpy.app.version`.

    With the `bpy` wheel `binary_path` is empty, and this very Python's wheel is taken. Raises BlenderNotFound.
    """
    if binary_path:
        return BlenderBinary("blender", binary_path, version, python, (str(Path(binary_path).resolve().parent),))
    wheel = _wheel()
    if wheel is None:
        raise BlenderNotFound("This Blender does not say where its program is: set BLENDER to a Blender 4.2 or newer.")
    return wheel


def _program(path: str) -> BlenderBinary:
    try:
        done = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=_VERSION_SECONDS, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BlenderNotFound(f"{path} does not start ({error}): point BLENDER at a Blender 4.2 or newer.") from error
    match = re.search(r"^Blender (\d+)\.(\d+)(?:\.(\d+))?", done.stdout, re.MULTILINE)
    if match is None:
        raise BlenderNotFound(f"{path} does not say it is Blender: point BLENDER at a Blender 4.2 or newer.")
    version = (int(match[1]), int(match[2]), int(match[3] or 0))
    if version[:2] < MINIMUM:
        found = ".".join(map(str, version))
        raise BlenderNotFound(f"{path} is Blender {found}, too old: point BLENDER at a Blender 4.2 or newer.")
    return BlenderBinary("blender", path, version, sys.executable, (str(Path(path).resolve().parent),))


def _wheel() -> BlenderBinary | None:
    spec = importlib.util.find_spec("bpy")
    if spec is None or spec.origin is None:
        return None
    try:
        numbers = [int(n) for n in re.findall(r"\d+", importlib.metadata.version("bpy"))[:3]]
    except importlib.metadata.PackageNotFoundError:
        return None
    if tuple(numbers[:2]) < MINIMUM:
        return None
    reads = (sys.prefix, sys.base_prefix, str(Path(spec.origin).resolve().parent))
    version = (numbers[0], numbers[1], numbers[2] if len(numbers) > 2 else 0)
    return BlenderBinary("bpy", sys.executable, version, sys.executable, tuple(dict.fromkeys(reads)))
