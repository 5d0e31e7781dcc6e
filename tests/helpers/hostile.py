# SPDX-License-Identifier: GPL-3.0-or-later
"""A script that tries, one by one, all that a locked-down worker has to be refused, and says what came of each."""

from __future__ import annotations

import json

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


def text(outside, parent: int, root) -> str:
    """The script, for a folder with a file `secret` outside, a process that is not the worker's, and our own code."""
    return HOSTILE.replace("@OUTSIDE@", str(outside)).replace("@PARENT@", str(parent)).replace("@ROOT@", str(root))


def found(output: str) -> dict:
    """What the script's output says."""
    line = next((line for line in output.splitlines() if line.startswith("RESULT")), "")
    assert line, output
    return json.loads(line.removeprefix("RESULT"))


def check(result: dict) -> None:
    """Assert that all was refused that must be, and that what is the worker's own works."""
    assert result.pop("own scratch") == "works"
    assert result.pop("thread") == "works"
    assert result.pop("planted") is False
    assert not [name for name in result.pop("environment") if "KEY" in name]
    assert {name: what for name, what in result.items() if what != "blocked"} == {}
