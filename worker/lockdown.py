# SPDX-License-Identifier: GPL-3.0-or-later
"""The order in which a process locks itself down (Linux), and what it may still read.

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


class NoConfinement(Exception):
    """This machine cannot confine a worker; the text is one sentence saying why."""


def check_available() -> None:
    """Raise NoConfinement unless this platform can confine a worker."""
    if sys.platform != "linux":
        raise NoConfinement(f"Restage cannot yet confine generated scripts on {sys.platform}.")
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
    check_available()
    import resource

    from . import landlock

    home = Path.home().resolve()
    for path in reads:
        if home.is_relative_to(Path(path).resolve()):
            raise NoConfinement(
                f"Blender lies directly in {path}, which would let scripts read your home folder: move it."
            )
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


def after_exec() -> tuple[str, ...]:
    """Install seccomp on all threads and forbid other processes to look inside; return it in words."""
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
