# SPDX-License-Identifier: GPL-3.0-or-later
"""Start a program in a Windows AppContainer: no network, and of files only what was opened to it by name.

Through ctypes and `icacls`, by the structures of winbase.h for 64 bit. Never run on a Windows yet; whether it holds is
for the worker to find out (`proof.py`).
"""

from __future__ import annotations

import ctypes
import subprocess
from collections.abc import Mapping, Sequence
from ctypes import c_uint16, c_uint32, c_void_p, c_wchar_p
from typing import Any

NAME = "Restage.Worker"
READ, WRITE, LIST = "(OI)(CI)(RX)", "(OI)(CI)(F)", "(RX)"
"""For `icacls`; the first two also for all that is below, the last for a folder's own list, or a file."""
_EXISTS = 0x800700B7
_SUSPENDED, _UNICODE, _EXTENDED, _NO_WINDOW = 0x4, 0x400, 0x80000, 0x08000000
_USE_HANDLES = 0x100
_HANDLE_LIST, _CAPABILITIES = 0x20002, 0x20009


class StartupInfo(ctypes.Structure):
    """STARTUPINFOEXW."""

    _fields_ = [
        ("size", c_uint32), ("reserved", c_wchar_p), ("desktop", c_wchar_p), ("title", c_wchar_p),
        ("place", c_uint32 * 7), ("flags", c_uint32), ("show", c_uint16), ("reserved2_size", c_uint16),
        ("reserved2", c_void_p), ("stdin", c_void_p), ("stdout", c_void_p), ("stderr", c_void_p),
        ("attributes", c_void_p),
    ]  # fmt: skip


class ProcessInfo(ctypes.Structure):
    """PROCESS_INFORMATION."""

    _fields_ = [("process", c_void_p), ("thread", c_void_p), ("process_id", c_uint32), ("thread_id", c_uint32)]


class Capabilities(ctypes.Structure):
    """SECURITY_CAPABILITIES; none but being in the container."""

    _fields_ = [("sid", c_void_p), ("list", c_void_p), ("count", c_uint32), ("reserved", c_uint32)]


def container(userenv: Any) -> c_void_p:
    """Return the container's identity (a SID), made when there is none yet. Raises OSError."""
    sid = c_void_p()
    result = userenv.CreateAppContainerProfile(NAME, NAME, NAME, None, 0, ctypes.byref(sid)) & 0xFFFFFFFF
    if result == _EXISTS:
        result = userenv.DeriveAppContainerSidFromAppContainerName(NAME, ctypes.byref(sid)) & 0xFFFFFFFF
    if result:
        raise OSError(result, f"there is no AppContainer here ({result:#x})")
    return sid


def name_of(sid: c_void_p, advapi: Any) -> str:
    """Return a SID as `icacls` takes it. Raises OSError."""
    text = c_wchar_p()
    if not advapi.ConvertSidToStringSidW(sid, ctypes.byref(text)) or not text.value:
        raise OSError("the AppContainer has no name")
    return text.value


def open_to(sid: str, path: str, rights: str) -> bool:
    """Open a folder or file to the container; return whether that went well. Program Files is open to every one."""
    done = subprocess.run(["icacls", path, "/grant", f"*{sid}:{rights}", "/Q"], capture_output=True)
    return done.returncode == 0


def block(environment: Mapping[str, str]) -> str:
    """Return an environment as CreateProcess takes it."""
    return "".join(f"{name}={environment[name]}\0" for name in sorted(environment, key=str.upper)) + "\0"


def start(
    kernel: Any, line: Sequence[str], environment: Mapping[str, str], folder: str, handles: Sequence[int],
    sid: c_void_p | None,
) -> ProcessInfo:  # fmt: skip
    """Start a program, suspended, with `handles` as standard input and output, error, and whatever else it inherits.

    Without a `sid` it is in no container. Raises OSError.
    """
    inherited = (c_void_p * len(handles))(*handles)
    capabilities = Capabilities(sid=sid)
    given: list[tuple[int, Any]] = [(_HANDLE_LIST, inherited)]
    if sid is not None:
        given.append((_CAPABILITIES, capabilities))
    size = ctypes.c_size_t()
    kernel.InitializeProcThreadAttributeList(None, len(given), 0, ctypes.byref(size))
    attributes = ctypes.create_string_buffer(size.value)
    _checked(kernel.InitializeProcThreadAttributeList(attributes, len(given), 0, ctypes.byref(size)), "the list")
    for kind, value in given:
        _checked(
            kernel.UpdateProcThreadAttribute(
                attributes, 0, ctypes.c_size_t(kind), ctypes.byref(value), ctypes.c_size_t(ctypes.sizeof(value)),
                None, None,
            ),
            f"the attribute {kind:#x}",
        )  # fmt: skip
    info = StartupInfo(
        size=ctypes.sizeof(StartupInfo), flags=_USE_HANDLES, stdin=handles[0], stdout=handles[1], stderr=handles[1],
        attributes=ctypes.addressof(attributes),
    )  # fmt: skip
    made = ProcessInfo()
    _checked(
        kernel.CreateProcessW(
            None, ctypes.create_unicode_buffer(subprocess.list2cmdline(line)), None, None, True,
            _SUSPENDED | _UNICODE | _EXTENDED | _NO_WINDOW, ctypes.create_unicode_buffer(block(environment)), folder,
            ctypes.byref(info), ctypes.byref(made),
        ),
        line[0],
    )  # fmt: skip
    return made


def _checked(result: int, what: str) -> None:
    if not result:
        code = ctypes.get_last_error() if hasattr(ctypes, "get_last_error") else 0
        raise OSError(code, f"{what} could not be started or set up ({code})")
