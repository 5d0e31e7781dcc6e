# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the command on one picture, watch its memory from outside, and read what it left behind."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
PROMISED = (
    "scene.blend",
    "scene.py",
    "scene.glb",
    "render.png",
    "ids.png",
    "run.json",
    "brief.json",
    "report.html",
    "stages/01_setup.py",
    "stages/02_geometry.py",
    "stages/03_materials.py",
    "stages/04_composition.py",
    "stages/05_lighting.py",
)
TIMEOUT_SECONDS = 900.0
_WATCH_SECONDS = 0.2


@dataclass
class Outcome:
    """How the command ended."""

    exit: int
    seconds: float
    """Wall clock from the command's start to its end, Python's and Blender's start included."""
    peak_memory_mb: float
    """The highest resident memory any worker process reached, seen from outside."""
    commit: str
    load: float = 0.0
    """Processes that wanted a core just before the run, a mean over a minute."""
    last_words: str = ""
    """The last line on stderr of a command that failed."""


def run(picture: Path, folder: Path, resolution: int, *more: str) -> Outcome:
    """Run `./restage` on a picture into `folder`, or return how it ended when that was done before; `more`: options.

    The outcome is kept beside the folder; a folder without one is a run that was broken off, and is done again.
    """
    note = folder.with_name(folder.name + ".json")
    if note.exists():
        return Outcome(**json.loads(note.read_text(encoding="utf-8")))
    if folder.exists():
        shutil.rmtree(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    return _ended([str(picture), "-o", str(folder), "--resolution", str(resolution), *more], note)


def _ended(words_of_line: list[str], note: Path) -> Outcome:
    """Run the command to its end and keep how it ended in `note`."""
    line = [str(ROOT / "restage"), *words_of_line, "--json"]
    env = {**os.environ, "RESTAGE_PYTHON": os.environ.get("RESTAGE_PYTHON", sys.executable)}
    waiting = load()
    began = time.monotonic()
    process = subprocess.Popen(
        line, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, env=env
    )
    watch = Watch(process.pid)
    try:
        _, errors = process.communicate(timeout=TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        _, errors = process.communicate()
        errors += f"\nstopped by the benchmark after {TIMEOUT_SECONDS:g} s"
    except BaseException:
        process.terminate()
        process.wait()
        raise
    finally:
        watch.stop()
    seconds = round(time.monotonic() - began, 2)
    words = [text for text in errors.splitlines() if text.strip()]
    outcome = Outcome(process.returncode, seconds, round(watch.peak_mb, 1), commit(), waiting)
    if process.returncode:
        outcome.last_words = words[-1][:300] if words else ""
    note.write_text(json.dumps(asdict(outcome), indent=1), encoding="utf-8")
    return outcome


def load() -> float:
    """Return how many processes wanted a core, a mean over the last minute; 0 where the system does not say."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else 0.0


def commit() -> str:
    """Return the repository's commit, with a `+` when files differ from it; empty outside a clone."""
    try:
        head = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
        changed = subprocess.run(
            ["git", "status", "--porcelain", "-uno"], cwd=ROOT, capture_output=True, text=True
        ).stdout.strip()
    except OSError:
        return ""
    return head.stdout.strip() + ("+" if changed and head.stdout else "")


class Watch:
    """Follows a process's children and remembers the highest resident memory one of them reached (Linux only)."""

    def __init__(self, pid: int) -> None:
        """Begin to watch the children of `pid`."""
        self.peak_mb = 0.0
        self._pid = pid
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="bench-memory", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop watching."""
        self._end.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._end.wait(_WATCH_SECONDS):
            for pid in children(self._pid):
                self.peak_mb = max(self.peak_mb, status_mb(pid, "VmHWM"))


def children(pid: int) -> list[int]:
    """Return all living descendants of a process, from /proc; none on systems without it."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        # A process may end while it is looked at.
        with contextlib.suppress(OSError):
            # The command's name, in brackets, may hold blanks; what follows the last bracket is state and parent.
            parents.setdefault(int(entry.read_text().rpartition(")")[2].split()[1]), []).append(int(entry.parent.name))
    found, left = [], list(parents.get(pid, []))
    while left:
        child = left.pop()
        found.append(child)
        left.extend(parents.get(child, []))
    return found


def status_mb(pid: int, key: str) -> float:
    """Return one memory line of /proc/PID/status in MB, 0 when the process is gone."""
    with contextlib.suppress(OSError):
        for text in Path(f"/proc/{pid}/status").read_text().splitlines():
            if text.startswith(key + ":"):
                return int(text.split()[1]) / 1024
    return 0.0


@dataclass
class Left:
    """What a run folder holds, as far as the benchmark looks at it."""

    missing: list[str]
    record: dict[str, Any] = field(default_factory=dict)
    brief_objects: list[str] = field(default_factory=list)
    ids: NDArray[np.int32] | None = None

    def masks(self) -> dict[str, NDArray[np.bool_]]:
        """Return the visible mask, in the object-id view, of every object of the brief; floor and walls are none."""
        if self.ids is None:
            return {}
        names = (self.record.get("final") or {}).get("ids", {})
        wanted = set(self.brief_objects)
        return {name: self.ids == int(number) for number, name in names.items() if name in wanted}

    def depths(self) -> dict[str, float]:
        """Return the median distance along the camera's axis of every visible object."""
        return dict((self.record.get("final") or {}).get("depth_m", {}))


def read(folder: Path) -> Left:
    """Read a run folder, whatever of it there is."""
    left = Left([name for name in PROMISED if not (folder / name).is_file() or not (folder / name).stat().st_size])
    if not any((folder / "attempts").glob("*/script.py")):
        left.missing.append("attempts/")
    if "run.json" not in left.missing:
        left.record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    if "brief.json" not in left.missing:
        brief = json.loads((folder / "brief.json").read_text(encoding="utf-8"))
        left.brief_objects = [entry["name"] for entry in brief["objects"]]
    if "ids.png" not in left.missing:
        left.ids = np.asarray(cv2.imread(str(folder / "ids.png"), cv2.IMREAD_UNCHANGED), np.int32)
    return left
