# SPDX-License-Identifier: GPL-3.0-or-later
"""Landlock through ctypes: from here on this process may touch only the files it was told of (Linux 5.13 or newer).

It binds the calling thread and what it starts later, so it has to be applied before Blender makes threads: in the
launcher, before the exec. Numbers and structures: linux/landlock.h.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable
from pathlib import Path

_CREATE, _ADD, _RESTRICT = 444, 445, 446
_RULE_PATH_BENEATH = 1

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
_REFER, _TRUNCATE, _IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
_SPECIAL = 1 << 6 | 1 << 9 | 1 << 10 | 1 << 11 | 1 << 12
"""Devices, sockets, pipes, symbolic links: a file the client opens must not turn into one of them."""
_ALL = (1 << 16) - 1
_FILE_RIGHTS = EXECUTE | WRITE_FILE | READ_FILE | _TRUNCATE | _IOCTL_DEV

READ = EXECUTE | READ_FILE | READ_DIR
LIST = READ_DIR
WRITE = _ALL & ~EXECUTE & ~_SPECIAL

_libc = ctypes.CDLL(None, use_errno=True)


def abi() -> int:
    """Return the kernel's Landlock version, 0 when it has none."""
    return max(0, int(_libc.syscall(_CREATE, None, ctypes.c_size_t(0), 1)))


def restrict(rules: Iterable[tuple[str, int]]) -> int:
    """Allow `rules` (path, rights; missing paths are left out) and nothing else of the file system or of TCP.

    Needs no_new_privs. Returns the ABI in force. Raises OSError when the kernel has no Landlock or refuses.
    """
    version = abi()
    if not version:
        raise OSError("this kernel has no Landlock")
    handled = _ALL
    for since, right in ((2, _REFER), (3, _TRUNCATE), (5, _IOCTL_DEV)):
        if version < since:
            handled &= ~right
    tcp = 3 if version >= 4 else 0
    scoped = 3 if version >= 6 else 0
    attributes = struct.pack("QQQ", handled, tcp, scoped)[: 24 if version >= 6 else 16 if version >= 4 else 8]
    ruleset = _checked(_libc.syscall(_CREATE, attributes, ctypes.c_size_t(len(attributes)), 0), "create")
    for path, rights in rules:
        _allow(ruleset, path, rights & handled)
    _checked(_libc.syscall(_RESTRICT, ruleset, 0), "restrict")
    os.close(ruleset)
    return version


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return
    if not Path(path).is_dir():
        rights &= _FILE_RIGHTS
    rule = struct.pack("=Qi", rights, handle)
    _checked(_libc.syscall(_ADD, ruleset, _RULE_PATH_BENEATH, rule, 0), f"rule for {path}")
    os.close(handle)


def _checked(result: int, what: str) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"Landlock {what}: {os.strerror(code)}")
    return int(result)
