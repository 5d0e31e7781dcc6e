# SPDX-License-Identifier: GPL-3.0-or-later
"""A Windows job object: a worker in it has no children, so much memory and processor time, and dies with its watcher.

Through ctypes, by the structures of winnt.h for 64 bit. Never run on a Windows yet.
"""

from __future__ import annotations

import ctypes
from ctypes import c_int64, c_size_t, c_uint32, c_uint64, c_void_p
from typing import Any

_UI, _EXTENDED = 4, 9
_PROCESS_TIME, _ACTIVE_PROCESS, _PROCESS_MEMORY = 0x2, 0x8, 0x100
_DIE_ON_EXCEPTION, _KILL_ON_CLOSE = 0x400, 0x2000
_NO_UI = 0xFF
"""No clipboard, no handles of other programs' windows, no other desktop, no signing out."""
_TICKS = 10_000_000
"""Of 100 ns, in a second."""


class Basic(ctypes.Structure):
    """JOBOBJECT_BASIC_LIMIT_INFORMATION."""

    _fields_ = [
        ("process_time", c_int64), ("job_time", c_int64), ("flags", c_uint32), ("least_set", c_size_t),
        ("most_set", c_size_t), ("processes", c_uint32), ("affinity", c_size_t), ("priority", c_uint32),
        ("scheduling", c_uint32),
    ]  # fmt: skip


class Extended(ctypes.Structure):
    """JOBOBJECT_EXTENDED_LIMIT_INFORMATION."""

    _fields_ = [
        ("basic", Basic), ("io", c_uint64 * 6), ("process_memory", c_size_t), ("job_memory", c_size_t),
        ("peak_process", c_size_t), ("peak_job", c_size_t),
    ]  # fmt: skip


def limits(memory_mb: int, cpu_seconds: int) -> Extended:
    """Return the limits of one worker."""
    made = Extended()
    made.basic.flags = _PROCESS_TIME | _ACTIVE_PROCESS | _PROCESS_MEMORY | _DIE_ON_EXCEPTION | _KILL_ON_CLOSE
    made.basic.process_time = cpu_seconds * _TICKS
    made.basic.processes = 1
    made.process_memory = memory_mb << 20
    return made


class Job:
    """One job object; the process in it ends when this one does, which the system sees to."""

    def __init__(self, kernel: Any, memory_mb: int, cpu_seconds: int) -> None:
        """Make it, with its limits. `kernel` is kernel32; raises OSError."""
        self._kernel = kernel
        self._memory = memory_mb << 20
        kernel.CreateJobObjectW.restype = c_void_p
        self._handle = c_void_p(_checked(kernel.CreateJobObjectW(None, None), "CreateJobObject"))
        for kind, value in ((_EXTENDED, limits(memory_mb, cpu_seconds)), (_UI, c_uint32(_NO_UI))):
            _checked(
                kernel.SetInformationJobObject(self._handle, kind, ctypes.byref(value), ctypes.sizeof(value)),
                "SetInformationJobObject",
            )

    def take(self, process: int) -> None:
        """Put a process, by its handle, into the job. Raises OSError."""
        _checked(self._kernel.AssignProcessToJobObject(self._handle, c_void_p(process)), "AssignProcessToJobObject")

    def end(self, code: int) -> None:
        """End what is in the job."""
        self._kernel.TerminateJobObject(self._handle, code)

    def was_full(self) -> bool:
        """Say whether the process came so near its memory limit that it will have ended by it."""
        found = Extended()
        self._kernel.QueryInformationJobObject(self._handle, _EXTENDED, ctypes.byref(found), ctypes.sizeof(found), None)
        return bool(found.peak_process > 0.95 * self._memory)


def _checked(result: int, what: str) -> int:
    if not result:
        code = ctypes.get_last_error() if hasattr(ctypes, "get_last_error") else 0
        raise OSError(code, f"{what} failed ({code})")
    return result
