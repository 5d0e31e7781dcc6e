# SPDX-License-Identifier: GPL-3.0-or-later
"""How much memory another process has on macOS, by libproc.h. Never run on a Mac yet."""

from __future__ import annotations

import ctypes
import struct

_TASK_INFO, _TASK_INFO_BYTES = 4, 96
"""PROC_PIDTASKINFO and the size of struct proc_taskinfo, which begins with the virtual and the resident size."""


def resident_bytes(pid: int) -> int:
    """Return a process's resident memory in bytes, 0 when the system does not say."""
    try:
        library = ctypes.CDLL("/usr/lib/libproc.dylib")
    except OSError:
        return 0
    found = ctypes.create_string_buffer(_TASK_INFO_BYTES)
    got = library.proc_pidinfo(pid, _TASK_INFO, ctypes.c_uint64(0), found, _TASK_INFO_BYTES)
    return resident(found.raw) if got == _TASK_INFO_BYTES else 0


def resident(info: bytes) -> int:
    """Return the resident size that a struct proc_taskinfo says, bytes."""
    return int(struct.unpack_from("=QQ", info)[1])
