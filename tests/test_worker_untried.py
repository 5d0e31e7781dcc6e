# SPDX-License-Identifier: GPL-3.0-or-later
"""The locks that nobody tried yet, as far as they can be looked at from here, and that a worker trusts none of them.

No Mac and no Windows runs these tests: what is tested is that a lock which does not hold is found out, and the texts
and structures that the systems will be given.
"""

from __future__ import annotations

import ctypes
import re
import shutil
import struct
import subprocess
import sys

import pytest
from jobs import attempt
from restage.worker import (
    client,
    launcher,
    launcher_windows,
    lockdown,
    mac_memory,
    seatbelt,
    windows_container,
    windows_job,
)
from restage.worker.pool import WorkerError, WorkerPool, start_one, why_unconfined

linux = pytest.mark.skipif(sys.platform != "linux", reason="Linux's own boundary")


TRY = """
import _socket, sys
from pathlib import Path
from restage.worker import lockdown, proof
if sys.argv[3] == "locked":
    lockdown.before_exec(sys.argv[1], [], 2048, 10, 10)
    lockdown.after_exec()
print(proof.escapes(Path(sys.argv[1]), sys.argv[2]))
"""


@linux
def test_what_is_tried_works_unlocked_and_nothing_of_it_does_locked(tmp_path):
    home, scratch = tmp_path / "home", tmp_path / "scratch"
    home.mkdir()
    scratch.mkdir()
    every = "list your home folder, write a file outside its own folder, reach the network, start another program"
    for how, expected in (("open", every), ("locked", "")):
        line = [sys.executable, "-c", TRY, str(scratch), str(home), how]
        done = subprocess.run(line, capture_output=True, text=True)
        assert (done.stdout.strip(), done.stderr) == (expected, "")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "scratch"], "it leaves nothing"


@pytest.fixture
def with_a_hole(root, tmp_path, monkeypatch):
    """Workers start from a copy of the code that leaves seccomp out."""
    shutil.copytree(root / "worker", tmp_path / "restage" / "worker", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(root / "__init__.py", tmp_path / "restage")
    path = tmp_path / "restage" / "worker" / "seccomp.py"
    text = path.read_text(encoding="utf-8")
    assert "def restrict() -> None:\n" in text
    path.write_text(text.replace("def restrict() -> None:\n", "def restrict() -> None:\n    return\n"), "utf-8")
    monkeypatch.setattr(client.launcher, "__file__", str(path.with_name("launcher.py")))


@linux
@pytest.mark.bpy
def test_a_worker_whose_lock_does_not_hold_serves_nobody(binary, with_a_hole):
    with (
        start_one(binary) as worker,
        pytest.raises(WorkerError, match=r"does not hold here: one could .*start another"),
    ):
        worker.wait_ready()


def untried():
    raise lockdown.Untried("The lock was never tried on this system: it may hold, or not.")


@linux
@pytest.mark.bpy
def test_an_untried_lock_needs_leave_and_is_used_where_it_holds(binary, monkeypatch):
    monkeypatch.setattr(lockdown, "check_available", untried)
    assert "never tried" in why_unconfined()
    with pytest.raises(lockdown.NoConfinement, match="never tried"):
        WorkerPool(binary)
    # The launcher, a process of its own, asks the real one.
    with start_one(binary, allow_unconfined=True) as worker:
        assert worker.wait_ready().confined


@linux
@pytest.mark.bpy
def test_an_untried_lock_that_does_not_hold_is_left_away_with_leave(binary, with_a_hole, monkeypatch):
    monkeypatch.setattr(lockdown, "check_available", untried)
    with start_one(binary, allow_unconfined=True) as worker:
        assert worker.wait_ready().confined is False
        assert attempt(worker, "geometry").status == "ok"


@pytest.mark.parametrize(("platform", "said"), [("darwin", "macOS"), ("win32", "Windows"), ("freebsd14", "freebsd14")])
def test_other_systems_are_one_sentence(monkeypatch, platform, said):
    monkeypatch.setattr(sys, "platform", platform)
    with pytest.raises(lockdown.NoConfinement, match=said) as caught:
        lockdown.check_available()
    assert isinstance(caught.value, lockdown.Untried) == (said != platform)
    assert str(caught.value).endswith(".") and "\n" not in str(caught.value)


STRANGE = '/Users/zoë "z" \\ z/tmp (1)'


def test_the_profile_of_macos_denies_first_and_quotes_what_it_is_given():
    text = seatbelt.profile(
        "/Applications/B.app/Blender", STRANGE, ["/Applications/B.app"], ["/x/__init__.py"], "/home"
    )
    lines = text.splitlines()
    assert lines[:2] == ["(version 1)", "(allow default)"]
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', '""', text)
    for line in bare.splitlines():
        assert line.count("(") == line.count(")") and re.fullmatch(r"\((version|allow|deny) .*\)", line), line
    quoted = '"/Users/zoë \\"z\\" \\\\ z/tmp (1)"'
    for what in ("file-write*", "file-read*", "process-exec*", "mach-lookup"):
        deny = next(n for n, line in enumerate(lines) if line.startswith(f"(deny {what}"))
        allow = next(n for n, line in enumerate(lines) if line.startswith(f"(allow {what}"))
        assert deny < allow, "of two rules that fit, the later counts"
    write = next(line for line in lines if line.startswith("(allow file-write*"))
    assert write == f'(allow file-write* (subpath {quoted}) (literal "/dev/null"))'
    assert "(deny network*)" in lines and '(allow process-exec* (literal "/Applications/B.app/Blender"))' in lines
    assert seatbelt.command(["/b", "-b"], "/s", [], [], "/h")[:2] == ["/usr/bin/sandbox-exec", "-p"]
    assert seatbelt.command(["/b", "-b"], "/s", [], [], "/h")[3:] == ["/b", "-b"]


def test_the_structures_have_the_sizes_that_the_systems_document():
    sizes = {
        windows_job.Basic: 64, windows_job.Extended: 144, windows_container.StartupInfo: 112,
        windows_container.ProcessInfo: 24, windows_container.Capabilities: 24,
    }  # fmt: skip
    assert {kind.__name__: ctypes.sizeof(kind) for kind in sizes} == {kind.__name__: n for kind, n in sizes.items()}
    limits = windows_job.limits(4096, 60)
    assert (limits.process_memory, limits.basic.processes, limits.basic.process_time) == (4 << 30, 1, 600_000_000)
    assert limits.basic.flags & 0x2000, "it ends with its watcher"
    assert mac_memory.resident(struct.pack("=QQ", 7, 123) + bytes(80)) == 123


def test_the_environment_on_windows_is_the_worker_s_own(monkeypatch):
    monkeypatch.setenv("SYSTEMROOT", "C:\\Windows")
    monkeypatch.setenv("OPENAI_API_KEY", "hunter2")
    made = launcher.environment("/s") | launcher_windows.environment("/s")
    block = windows_container.block(made)
    assert "hunter2" not in block and block.endswith("\0\0") and "SYSTEMROOT=C:\\Windows\0" in block
    names = [entry.split("=")[0].upper() for entry in block.rstrip("\0").split("\0")]
    assert names == sorted(names), "as CreateProcess wants them"
    assert {"USERPROFILE", "APPDATA", "LOCALAPPDATA", "TEMP"} <= set(names)
