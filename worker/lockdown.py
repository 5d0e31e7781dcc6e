# SPDX-License-Identifier: GPL-3.0-or-later
"""The order in which a process locks itself down, and what it may still read.

Written for Linux, where it is tested; macOS takes the limits from here and the rest from seatbelt.py, Windows all from
launcher_windows.py.

`before_exec` runs in the launcher, while there is one thread; `after_exec` is the first thing the server does.
The client imports this on every platform, so what only Linux has is imported where it is used.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from .bootstrap import ROOT

_SET_DEATH_SIGNAL, _SET_DUMPABLE, _SET_NO_NEW_PRIVS = 1, 4, 38
_SIGKILL = 9
MEGABYTE = 1 << 20

SYSTEM_READS = (
    "/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime", "/proc/self", "/proc/meminfo", "/proc/cpuinfo",
    "/proc/stat", "/proc/sys/vm", "/sys/devices/system", "/dev/urandom", "/dev/random", "/dev/zero",
)  # fmt: skip


_UNTRIED = {"darwin": "macOS", "win32": "Windows"}


class NoConfinement(Exception):
    """This machine cannot confine a worker; the text is one sentence saying why."""


class Untried(NoConfinement):
    """There is a lock for this system which nobody has tried yet: to be used, but not to be relied upon."""


def check_available() -> None:
    """Raise NoConfinement unless this platform can confine a worker, Untried where it perhaps can."""
    if system := _UNTRIED.get(sys.platform):
        raise Untried(f"Restage's lock around generated scripts was never tried on {system}: it may hold, or not.")
    if sys.platform != "linux":
        raise NoConfinement(f"Restage cannot confine generated scripts on {sys.platform}.")
    from . import landlock, seccomp

    if not seccomp.supported():
        raise NoConfinement("Restage cannot confine generated scripts on this processor (no seccomp filter for it).")
    if not landlock.abi():
        raise NoConfinement(
            "Restage cannot confine generated scripts here: this kernel has no Landlock (5.13 or newer)."
        )


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when the thread that forked it ends (Linux)."""
    if sys.platform != "linux":
        return
    _prctl(_SET_DEATH_SIGNAL, _SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


def before_exec(scratch: str, reads: Sequence[str], memory_mb: int, cpu_seconds: int, file_mb: int) -> tuple[str, ...]:
    """Set limits, Landlock and no_new_privs; return what is in force, in words.

    Raises NoConfinement when the machine cannot, or when a folder to be read would open the home folder.
    """
    import resource

    home = Path.home().resolve()
    for path in reads:
        if home.is_relative_to(Path(path).resolve()):
            raise NoConfinement(
                f"Blender lies directly in {path}, which would let scripts read your home folder: move it."
            )
    if sys.platform == "darwin":
        _limit(resource.RLIMIT_CPU, cpu_seconds * (os.cpu_count() or 1))
        _limit(resource.RLIMIT_FSIZE, file_mb * MEGABYTE)
        _limit(resource.RLIMIT_CORE, 0)
        return ("sandbox profile", f"file {file_mb} MB")
    check_available()
    from . import landlock

    cores = os.cpu_count() or 1
    # Address space is mostly reserved, not used (thread stacks, allocator arenas): the real limit is the supervisor's
    # watch on resident memory, this one only catches what is faster than the watch.
    _limit(resource.RLIMIT_AS, (2 * memory_mb + 256 * cores) * MEGABYTE)
    _limit(resource.RLIMIT_CPU, cpu_seconds * cores)
    _limit(resource.RLIMIT_FSIZE, file_mb * MEGABYTE)
    _limit(resource.RLIMIT_NOFILE, 256)
    _limit(resource.RLIMIT_CORE, 0)
    _prctl(_SET_NO_NEW_PRIVS, 1)
    rules = [(path, landlock.READ) for path in (*SYSTEM_READS, *reads)]
    rules += [(str(ROOT), landlock.LIST), (str(ROOT / "__init__.py"), landlock.READ)]
    rules += [(str(ROOT / "worker"), landlock.READ), (scratch, landlock.WRITE), ("/dev/null", landlock.WRITE)]
    version = landlock.restrict(rules)
    return (f"landlock {version}", f"memory {memory_mb / 1024:g} GB", f"file {file_mb} MB")


def around(line: list[str], scratch: str, reads: Sequence[str]) -> list[str]:
    """Return the command that starts Blender locked down where that is a program's work (macOS), else `line` itself."""
    if sys.platform != "darwin":
        return line
    from . import seatbelt

    lists = [str(ROOT), str(ROOT / "__init__.py")]
    return seatbelt.command(line, scratch, [*reads, str(ROOT / "worker")], lists, str(Path.home().resolve()))


def after_exec() -> tuple[str, ...]:
    """Install seccomp on all threads and forbid other processes to look inside; return it in words (Linux)."""
    if sys.platform != "linux":
        return ()
    from . import seccomp

    _prctl(_SET_NO_NEW_PRIVS, 1)
    seccomp.restrict()
    _prctl(_SET_DUMPABLE, 0)
    return ("seccomp",)


def _limit(kind: int, value: int) -> None:
    import resource

    hard = resource.getrlimit(kind)[1]
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(kind, (value, value))


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0):
        code = ctypes.get_errno()
        raise OSError(code, f"prctl {option}: {os.strerror(code)}")
