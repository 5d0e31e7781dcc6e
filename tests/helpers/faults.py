# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways for a day to be bad: full disks, folders that can't be written, processes that are killed."""

from __future__ import annotations

import contextlib
import hashlib
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from restage.agent.listener import Silent
from restage.agent.record import RunFolder


class At(Silent):
    """Calls `act` once, when a stage's attempt is about to run."""

    def __init__(self, stage: str, act) -> None:
        self.stage, self.act = stage, act

    def progress(self, progress) -> None:
        if self.act and progress.stage == self.stage and progress.doing.startswith("running"):
            act, self.act = self.act, None
            act()


def accepted(folder: Path) -> dict[str, str]:
    """Name and contents of every script that the folder calls accepted."""
    record = RunFolder.open(folder).record
    paths = {stage.name: RunFolder(folder, record).script_path(stage.name) for stage in record.stages}
    return {
        stage.name: hashlib.sha256(paths[stage.name].read_bytes()).hexdigest()
        for stage in record.stages
        if stage.status in ("accepted", "failed")
    }


def half_written(folder: Path) -> list[Path]:
    return list(folder.rglob(".restage-*"))


@contextlib.contextmanager
def file_size_limit(limit: int):
    """No file of this process may grow beyond `limit` bytes: what a full disk says, on any system."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextlib.contextmanager
def small_disk(folder: Path, size: str):
    """A file system of that size at `folder`. Skips the test where none may be mounted."""
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True)
    if made.returncode:
        pytest.skip("no file system may be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@contextlib.contextmanager
def read_only(folder: Path):
    """A folder in which nothing can be written, also not by root where that may mount."""
    if os.geteuid() == 0:
        bound = subprocess.run(["mount", "--bind", str(folder), str(folder)], capture_output=True)
        if bound.returncode:
            pytest.skip("root writes everywhere, and may not mount here")
        subprocess.run(["mount", "-o", "remount,bind,ro", str(folder)], check=True, capture_output=True)
        try:
            yield
        finally:
            subprocess.run(["umount", "-l", str(folder)], check=True)
        return
    modes = {path: path.stat().st_mode for path in (folder, *folder.rglob("*"))}
    for path in modes:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        yield
    finally:
        for path, mode in modes.items():
            path.chmod(mode)


RUN = """
import sys
import time
from pathlib import Path
import runs, scripted
from restage.agent.listener import Silent
from restage.worker import binary, pool as pools

class Says(Silent):
    def stage_done(self, done):
        print("accepted", done.stage, flush=True)

folder, picture = Path(sys.argv[1]), Path(sys.argv[2])
with pools.WorkerPool(binary.find(None), pools.Limits(), scratch_root=Path(sys.argv[3])) as pool:
    print("begun", flush=True)
    if (folder / "run.json").exists():
        runs.resume(pool, folder, scripted.Scripted(), listener=Says())
    else:
        runs.execute(pool, folder, picture, scripted.Scripted(), listener=Says())
print("done", flush=True)
"""


def in_a_process(root: Path, folder: Path, picture: Path, scratch: Path) -> subprocess.Popen:
    """Begin or resume a scripted run in a process of its own, which can be killed; it says what it has accepted."""
    env = {**os.environ, "PYTHONPATH": str(root / "tests/helpers")}
    line = [sys.executable, "-c", RUN, str(folder), str(picture), str(scratch)]
    return subprocess.Popen(line, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def kill(process: subprocess.Popen) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()


def waiting_launcher(root: Path, folder: Path, step: str) -> str:
    """Copy the worker's code into a folder; there it stands still where it has said that it begins the step.

    Return the path of the launcher that starts it.
    """
    package = folder / "restage"
    shutil.copytree(root / "worker", package / "worker", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(root / "__init__.py", package)
    server = package / "worker" / "server.py"
    line = "        protocol.write(outgoing, protocol.Progress(step))\n"
    text = server.read_text(encoding="utf-8")
    assert text.count(line) == 1
    stands = f"        while step == {step!r}:\n            __import__('time').sleep(1)\n"
    server.write_text(text.replace(line, line + stands), encoding="utf-8")
    return str(package / "worker" / "launcher.py")


def remove(folder: Path) -> None:
    shutil.rmtree(folder)


def wait_empty(folder: Path) -> None:
    """The supervisors of killed processes clean up by themselves, at once but not in our time."""
    end = time.monotonic() + 10
    while list(folder.iterdir()):
        assert time.monotonic() < end, list(folder.iterdir())
        time.sleep(0.05)
