# SPDX-License-Identifier: GPL-3.0-or-later
"""Start one worker: a clean environment, a locked-down process, then Blender; and stand watch over it.

Run by the client as `python -I -S launcher.py PLAN`, PLAN being the JSON of `Plan`. The launcher forks: the child locks
itself down and becomes Blender, the parent stays as supervisor. It has one thread, so the child's death signal is tied
to it and not to whichever thread of the artist's Blender happened to start the worker. When the client closes the
lifeline (or dies, which closes it too) the supervisor kills the child, removes the scratch folder and ends.

On macOS the same fork becomes Blender through `sandbox-exec`; on Windows launcher_windows.py does this work.

Standard library only; the client may run it with any Python.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

EXIT_MEMORY = 99
EXIT_NO_CONFINEMENT = 98
EXIT_NO_EXEC = 97
EXIT_SCRATCH = 96
HANDOVER = "RESTAGE_WORKER"
_WATCH_MS = 100
_TICKS_PER_SUM = 5
_ENTRY_BYTES = 16 << 10
"""What a file counts for at least: many empty ones cost inodes, and the time to walk over them."""
STRICT = "RESTAGE_STRICT"
"""Set by our tests: a deprecation warning that our own code causes in the worker is an error; with `scripts`, also one
that a stage script causes."""
_KEPT = ("LD_LIBRARY_PATH", "OMP_NUM_THREADS", "TZ", STRICT)


@dataclass(frozen=True)
class Plan:
    """Everything the launcher needs to know."""

    kind: str
    path: str
    scratch: str
    lifeline: int
    """File descriptor (on Windows a handle) whose closing ends the worker."""
    reads: tuple[str, ...] = ()
    memory_mb: int = 4096
    cpu_seconds: int = 600
    file_mb: int = 256
    scratch_mb: int = 2048
    """Of all files in the scratch folder together."""
    confine: bool = True

    def to_json(self) -> str:
        """Return the plan as the launcher's one argument."""
        return json.dumps(asdict(self))


def command(kind: str, path: str, server: str) -> list[str]:
    """Return the command line that runs `server` inside Blender."""
    if kind == "bpy":
        return [path, "-I", server]
    flags = ["-b", "--factory-startup", "--disable-autoexec", "--offline-mode", "-noaudio", "--python-exit-code", "1"]
    return [path, *flags, "--python", server]


def environment(scratch: str) -> dict[str, str]:
    """Return the worker's whole environment: nothing of the caller's but a few harmless names."""
    home = str(Path(scratch) / "home")
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return kept | {
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "HOME": home,
        "TMPDIR": str(Path(scratch) / "tmp"),
        "XDG_CONFIG_HOME": f"{home}/config",
        "XDG_CACHE_HOME": f"{home}/cache",
        "XDG_DATA_HOME": f"{home}/data",
        "XDG_STATE_HOME": f"{home}/state",
        "XDG_RUNTIME_DIR": f"{home}/run",
        "BLENDER_USER_RESOURCES": f"{home}/blender",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
    }


def home() -> str:
    """Return the artist's home folder, which the worker has to be kept out of; empty where nobody has one."""
    try:
        return str(Path.home().resolve())
    except RuntimeError:
        return ""


def main(argument: str) -> int:
    """Start Blender and watch it to its end. Returns the exit code."""
    fields = json.loads(argument)
    plan = Plan(**{**fields, "reads": tuple(fields["reads"])})
    for name in ("home/config", "home/cache", "home/data", "home/state", "home/run", "home/blender", "tmp"):
        (Path(plan.scratch) / name).mkdir(parents=True, exist_ok=True)
    if sys.platform == "win32":
        from restage.worker import launcher_windows

        try:
            return launcher_windows.main(plan)
        finally:
            shutil.rmtree(plan.scratch, ignore_errors=True)
    return _forked(plan)


def _forked(plan: Plan) -> int:
    """Fork, become Blender in the child, watch in the parent; return the parent's exit code."""
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        try:
            _become_blender(plan, parent)
        except Exception as error:  # noqa: BLE001 - the exit below would lose it; the client passes it on
            print(f"The worker can't be prepared: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
        finally:
            os._exit(EXIT_NO_EXEC)
    # The client sees the end of the worker's output only when no one else holds the pipe's other end. Standard error
    # stays: the last words are the supervisor's own when it was the one that ended the worker.
    for descriptor in (0, 1):
        os.close(descriptor)
    try:
        return _watch(child, plan)
    finally:
        shutil.rmtree(plan.scratch, ignore_errors=True)


def _become_blender(plan: Plan, parent: int) -> None:
    from restage.worker import lockdown

    os.close(plan.lifeline)
    lockdown.die_with_parent(parent)
    # Blender prints to standard output before any script of ours runs, so the protocol gets descriptors of its own.
    incoming, outgoing = os.dup(0), os.dup(1)
    os.set_inheritable(incoming, True)
    os.set_inheritable(outgoing, True)
    os.dup2(2, 1)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.chdir(plan.scratch)
    confinement: tuple[str, ...] = ()
    if plan.confine:
        try:
            confinement = lockdown.before_exec(plan.scratch, plan.reads, plan.memory_mb, plan.cpu_seconds, plan.file_mb)
        except (lockdown.NoConfinement, OSError) as error:
            print(error, file=sys.stderr, flush=True)
            os._exit(EXIT_NO_CONFINEMENT)
    handover = {"in": incoming, "out": outgoing, "scratch": plan.scratch, "confinement": confinement, "home": home()}
    line = command(plan.kind, plan.path, str(Path(__file__).with_name("server.py")))
    if plan.confine:
        line = lockdown.around(line, plan.scratch, plan.reads)
    try:
        os.execve(line[0], line, environment(plan.scratch) | {HANDOVER: json.dumps(handover)})
    except OSError as error:
        print(f"{line[0]} does not start: {error}", file=sys.stderr, flush=True)


def _watch(child: int, plan: Plan) -> int:
    """Wait for the child's end, its limits or the lifeline; return the supervisor's exit code."""
    poll = select.poll()
    # Nothing is ever written to it: what wakes the poll is the hang-up, when the last writer is gone. Some systems tell
    # of that as of something to read.
    poll.register(plan.lifeline, select.POLLIN)
    handle = os.pidfd_open(child) if hasattr(os, "pidfd_open") else -1
    if handle >= 0:
        poll.register(handle, select.POLLIN)
    limit = plan.memory_mb << 20
    tick = 0
    while True:
        woken = {descriptor for descriptor, _ in poll.poll(_WATCH_MS)}
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return _exit_code(status)
        tick += 1
        if plan.lifeline in woken:
            return _killed(child, 0)
        if resident_bytes(child) > limit:
            return _killed(child, EXIT_MEMORY)
        if tick % _TICKS_PER_SUM == 0 and overfull(plan.scratch, plan.scratch_mb << 20):
            code = _killed(child, EXIT_SCRATCH)
            _say(f"Stopped: the script filled its scratch folder with more than {plan.scratch_mb / 1024:g} GB.")
            return code


def _killed(child: int, code: int) -> int:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return code


def _say(sentence: str) -> None:
    # A client that is gone has nobody to tell; the line break parts the sentence from what the worker left unended.
    with contextlib.suppress(OSError):
        os.write(2, f"\n{sentence}\n".encode())


def overfull(folder: str, limit: int) -> bool:
    """Say whether the files under a folder take more than `limit` bytes of disk; links are not followed."""
    total, folders = 0, [folder]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    total += _disk_bytes(entry)
                    if total > limit:
                        return True
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
        except OSError:
            # Removed, or made unreadable, by the worker meanwhile: the next look counts what is left.
            continue
    return False


def _disk_bytes(entry: os.DirEntry[str]) -> int:
    try:
        found = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return 0
    # POSIX's unit of st_blocks, whatever the file system's own; Windows does not count blocks.
    return max(found.st_blocks * 512 if hasattr(found, "st_blocks") else found.st_size, _ENTRY_BYTES)


def resident_bytes(pid: int) -> int:
    """Return the process's resident memory, 0 where the system does not tell."""
    if sys.platform == "darwin":
        from restage.worker import mac_memory

        return mac_memory.resident_bytes(pid)
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _exit_code(status: int) -> int:
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    import bootstrap

    sys.path.pop(0)
    bootstrap.as_package()
    # The client waits for this process; Python's orderly exit would add to every cancel.
    os._exit(main(sys.argv[1]))
