# SPDX-License-Identifier: GPL-3.0-or-later
"""The boundary: with the guard off, full Python in the worker reaches nothing outside its scratch folder."""

from __future__ import annotations

import json
import os
import sys

import pytest
from jobs import attempt
from restage.worker import lockdown
from restage.worker.pool import WorkerPool, start_one

pytestmark = [pytest.mark.bpy, pytest.mark.skipif(sys.platform != "linux", reason="Linux's own boundary")]

HOSTILE = """
import ctypes, fcntl, json, os, socket, subprocess, threading
import bpy
libc = ctypes.CDLL(None, use_errno=True)
found = {}
def tried(name, call):
    try:
        found[name] = f"WORKED {call()!r}"
    except Exception as error:
        found[name] = "blocked"
def syscall(*numbers):
    if libc.syscall(*numbers) < 0:
        raise OSError(ctypes.get_errno(), "")
def raised(limit):
    import resource
    resource.setrlimit(limit, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
OUTSIDE, PARENT = "@OUTSIDE@", @PARENT@
tried("read passwd", lambda: open("/etc/passwd").read())
tried("read outside", lambda: open(OUTSIDE + "/secret").read())
tried("list outside", lambda: os.listdir(OUTSIDE))
tried("read repository", lambda: open("@ROOT@/pyproject.toml").read())
tried("write outside", lambda: open(OUTSIDE + "/x", "w").write("x"))
tried("write tmp", lambda: open("/tmp/restage-escape", "w").write("x"))
tried("remove outside", lambda: os.remove(OUTSIDE + "/secret"))
tried("rename outside", lambda: os.rename(OUTSIDE + "/secret", "s"))
tried("hard link", lambda: os.link(OUTSIDE + "/secret", "s"))
tried("chmod outside", lambda: os.chmod(OUTSIDE + "/secret", 0))
tried("utime outside", lambda: os.utime(OUTSIDE + "/secret", (0, 0)))
tried("truncate outside", lambda: os.truncate(OUTSIDE + "/secret", 0))
tried("other's environment", lambda: open(f"/proc/{PARENT}/environ").read())
tried("other's memory", lambda: open(f"/proc/{PARENT}/mem").read(1))
tried("through proc root", lambda: open("/proc/self/root/etc/passwd").read())
tried("tcp", lambda: socket.socket())
tried("unix", lambda: socket.socket(socket.AF_UNIX))
tried("socketpair", lambda: socket.socketpair())
tried("fork", os.fork)
tried("exec", lambda: os.execv("/bin/sh", ["sh", "-c", "true"]))
tried("subprocess", lambda: subprocess.run(["/bin/true"]))
tried("spawn", lambda: os.posix_spawn("/bin/true", ["true"], {}))
tried("kill parent", lambda: os.kill(PARENT, 0))
tried("kill supervisor", lambda: os.kill(os.getppid(), 0))
tried("tgkill parent", lambda: syscall(234 if os.uname().machine == "x86_64" else 131, PARENT, PARENT, 0))
tried("ptrace", lambda: syscall(101 if os.uname().machine == "x86_64" else 117, 16, PARENT, 0, 0))
tried("raise limit", lambda: raised(__import__("resource").RLIMIT_AS))
own = os.open("own", os.O_RDWR | os.O_CREAT)
tried("truncate by path", lambda: os.truncate("own", 0))
tried("truncate by reading", lambda: os.open("own", os.O_RDONLY | os.O_TRUNC))
tried("signal by a file", lambda: fcntl.fcntl(own, fcntl.F_SETOWN, PARENT))
tried("choose its signal", lambda: fcntl.fcntl(own, fcntl.F_SETSIG, 9))
tried("memory behind a descriptor", lambda: os.memfd_create("m"))
tried("slow others down", lambda: os.setpriority(os.PRIO_USER, 0, 19))
tried("pin parent", lambda: os.sched_setaffinity(PARENT, {0}))
tried("symbolic link", lambda: os.symlink("/etc/passwd", "link"))
tried("pipe", lambda: os.mkfifo("pipe"))
tried("device", lambda: open("/dev/tty").read(1))
def saved_image():
    image = bpy.data.images.new("i", 4, 4)
    image.filepath_raw = OUTSIDE + "/i.png"
    image.file_format = "PNG"
    image.save()
tried("image save", saved_image)
tried("blend save", lambda: bpy.ops.wm.save_as_mainfile(filepath=OUTSIDE + "/x.blend", copy=True))
tried("libraries.write", lambda: bpy.data.libraries.write(OUTSIDE + "/y.blend", set(bpy.data.scenes)))
tried("text load", lambda: bpy.data.texts.load("/etc/passwd").as_string())
tried("packed file", lambda: bpy.data.images.load(OUTSIDE + "/secret").pack())
found["own scratch"] = "works" if open("mine", "w").write("x") and open("mine").read() == "x" else "broken"
thread = threading.Thread(target=found.__setitem__, args=("thread", "works"))
thread.start()
thread.join()
found["environment"] = sorted(os.environ)
values = [*os.environ.values(), open("/proc/self/environ").read()]
found["planted"] = any("hunter2" in value for value in values)
print("RESULT" + json.dumps(found))
"""


def test_nothing_outside_is_reached(binary, tmp_path, root, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "hunter2")
    outside = tmp_path / "artist"
    outside.mkdir()
    secret = outside / "secret"
    secret.write_text("S")
    before = secret.stat()
    text = HOSTILE.replace("@OUTSIDE@", str(outside)).replace("@PARENT@", str(os.getpid())).replace("@ROOT@", str(root))
    with start_one(binary) as worker:
        ready = worker.wait_ready()
        result = attempt(worker, "geometry", text, guard=False)
    assert ready.confined and any(item.startswith("landlock") for item in ready.confinement)
    assert "seccomp" in ready.confinement
    line = next((line for line in result.output.splitlines() if line.startswith("RESULT")), "")
    assert line, result
    found = json.loads(line.removeprefix("RESULT"))
    assert found.pop("own scratch") == "works"
    assert found.pop("thread") == "works"
    assert found.pop("planted") is False
    assert not [name for name in found.pop("environment") if "KEY" in name]
    assert {name: what for name, what in found.items() if what != "blocked"} == {}
    assert [path.name for path in outside.iterdir()] == ["secret"]
    after = secret.stat()
    assert (secret.read_text(), after.st_mode, after.st_mtime) == ("S", before.st_mode, before.st_mtime)


def test_without_confinement_there_is_no_worker(binary, monkeypatch):
    def nothing():
        raise lockdown.NoConfinement("This machine cannot.")

    monkeypatch.setattr(lockdown, "check_available", nothing)
    with pytest.raises(lockdown.NoConfinement, match=r"This machine cannot\."):
        WorkerPool(binary)


def test_unconfined_only_when_asked_and_it_says_so(binary, monkeypatch):
    def nothing():
        raise lockdown.NoConfinement("This machine cannot.")

    monkeypatch.setattr(lockdown, "check_available", nothing)
    with WorkerPool(binary, allow_unconfined=True) as pool, pool.open() as worker:
        assert worker.wait_ready().confined is False
        assert attempt(worker, "geometry").status == "ok"


def test_a_blender_in_the_home_folder_would_open_it():
    home = os.path.expanduser("~")  # noqa: PTH111 - as lockdown sees it
    pid = os.fork()
    if pid == 0:
        try:
            lockdown.before_exec(home + "/scratch", [home], 1024, 10, 10)
        except lockdown.NoConfinement:
            os._exit(7)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
