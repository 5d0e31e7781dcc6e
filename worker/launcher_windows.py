# SPDX-License-Identifier: GPL-3.0-or-later
"""The launcher's work on Windows: start Blender in a job object and an AppContainer, and stand watch. Never run on one.

What `launcher.py` does with a fork, here CreateProcess does: the program starts suspended, is put into the job, and
only then goes on, so that not one instruction of it runs unwatched. This process's own end takes the job with it.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import sys
import threading
from ctypes import c_void_p
from pathlib import Path
from typing import Any

from . import launcher, windows_container, windows_job
from .bootstrap import ROOT

_TICK_MS, _TIMED_OUT = 500, 0x102
_STDIN, _STDOUT, _STDERR = -10, -11, -12
_SYSTEM = ("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE")


def main(plan: launcher.Plan) -> int:
    """Start Blender and wait for its end, its limits or the lifeline; return the exit code the client is told."""
    kernel = _library("kernel32")
    try:
        sid = _container(plan) if plan.confine else None
        job = windows_job.Job(kernel, plan.memory_mb, plan.cpu_seconds * (os.cpu_count() or 1))
        started = _start(kernel, plan, sid)
        job.take(started.process)
    except OSError as error:
        print(f"This Windows can't lock the worker down: {error}", file=sys.stderr, flush=True)
        return launcher.EXIT_NO_CONFINEMENT
    kernel.ResumeThread(c_void_p(started.thread))
    threading.Thread(target=_end_with_client, args=(plan.lifeline, job), daemon=True).start()
    while kernel.WaitForSingleObject(c_void_p(started.process), _TICK_MS) == _TIMED_OUT:
        if launcher.overfull(plan.scratch, plan.scratch_mb << 20):
            job.end(launcher.EXIT_SCRATCH)
    code = ctypes.c_uint32()
    kernel.GetExitCodeProcess(c_void_p(started.process), ctypes.byref(code))
    return launcher.EXIT_MEMORY if code.value and job.was_full() else int(code.value)


def environment(scratch: str) -> dict[str, str]:
    """Return what the worker's environment has besides what it has everywhere."""
    home = str(Path(scratch) / "home")
    kept = {name: os.environ[name] for name in _SYSTEM if name in os.environ}
    root = kept.get("SYSTEMROOT", "C:\\Windows")
    return kept | {
        "PATH": f"{root}\\System32;{root}",
        "TEMP": str(Path(scratch) / "tmp"),
        "TMP": str(Path(scratch) / "tmp"),
        "USERPROFILE": home,
        "APPDATA": f"{home}\\config",
        "LOCALAPPDATA": f"{home}\\data",
    }


def _library(name: str) -> Any:
    return ctypes.WinDLL(name, use_last_error=True)  # type: ignore[attr-defined,unused-ignore]


def _container(plan: launcher.Plan) -> c_void_p:
    """Return the AppContainer's identity, with the scratch folder, our code and Blender opened to it."""
    sid = windows_container.container(_library("userenv"))
    name = windows_container.name_of(sid, _library("advapi32"))
    ours = {
        plan.scratch: windows_container.WRITE,
        str(ROOT / "worker"): windows_container.READ,
        str(ROOT): windows_container.LIST,
        str(ROOT / "__init__.py"): windows_container.LIST,
    }
    for path, rights in ours.items():
        if not windows_container.open_to(name, path, rights):
            raise OSError(f"{path} can't be opened to it")
    for path in plan.reads:
        # Fails in Program Files, which every container may read anyway.
        windows_container.open_to(name, path, windows_container.READ)
    return sid


def _start(kernel: Any, plan: launcher.Plan, sid: c_void_p | None) -> windows_container.ProcessInfo:
    import msvcrt

    kernel.GetStdHandle.restype = c_void_p
    incoming, outgoing, errors = (kernel.GetStdHandle(ctypes.c_uint32(number)) for number in (_STDIN, _STDOUT, _STDERR))
    nothing = msvcrt.get_osfhandle(os.open(os.devnull, os.O_RDONLY))  # type: ignore[attr-defined,unused-ignore]
    handles = (nothing, errors, incoming, outgoing)
    for handle in handles:
        os.set_handle_inheritable(handle, True)  # type: ignore[attr-defined,unused-ignore]
    confinement = () if sid is None else ("AppContainer", "job object", f"memory {plan.memory_mb / 1024:g} GB")
    handover = {"in": incoming, "out": outgoing, "scratch": plan.scratch, "confinement": confinement,
                "home": launcher.home()}  # fmt: skip
    line = launcher.command(plan.kind, plan.path, str(Path(__file__).with_name("server.py")))
    full = launcher.environment(plan.scratch) | environment(plan.scratch) | {launcher.HANDOVER: json.dumps(handover)}
    return windows_container.start(kernel, line, full, plan.scratch, handles, sid)


def _end_with_client(lifeline: int, job: windows_job.Job) -> None:
    """Wait until the client has let go of its end of the pipe, then end the worker."""
    import msvcrt

    with contextlib.suppress(OSError):
        os.read(msvcrt.open_osfhandle(lifeline, os.O_RDONLY), 1)  # type: ignore[attr-defined,unused-ignore]
    job.end(0)
