# SPDX-License-Identifier: GPL-3.0-or-later
"""A locked-down worker tries, before it serves, what the lock has to refuse; where one thing works, it does not serve.

On Linux this is a second look. On macOS and Windows, whose locks nobody has tried yet, it is what decides.
Standard library only.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable
from pathlib import Path

_NOBODY = ("127.0.0.1", 9)
"""Where no one listens: a connection that the lock lets out is answered by a refusal of another kind."""


def escapes(scratch: Path, home: str) -> str:
    """Return what could be done that must not be, in words; empty when all was refused.

    `home` is the artist's own home folder, not the worker's.
    """
    beside = scratch.with_name(scratch.name + ".out")
    tries: tuple[tuple[str, Callable[[], object]], ...] = (
        ("list your home folder", lambda: list(Path(home or "/nowhere").iterdir())),
        ("write a file outside its own folder", lambda: _write(beside)),
        ("reach the network", _connect),
        ("start another program", _start),
    )
    return ", ".join(what for what, attempt in tries if not _refused(attempt))


def _refused(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except PermissionError:
        return True
    except FileNotFoundError:
        # No such home folder, or no shell: there is nothing to be held off from.
        return True
    except OSError as error:
        # A job object's count of processes is full; Windows has no other word for it.
        return getattr(error, "winerror", None) == 1816
    return False


def _write(path: Path) -> None:
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
    finally:
        with contextlib.suppress(OSError):
            path.unlink()


def _connect() -> None:
    # Not `socket`, whose import would cost more than all the rest.
    import _socket

    made = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
    try:
        made.connect(_NOBODY)
    finally:
        made.close()


def _start() -> None:
    if sys.platform == "win32":
        program = os.path.join(os.environ["SYSTEMROOT"], "System32", "whoami.exe")  # noqa: PTH118 - as Windows has it
        os.spawnv(os.P_NOWAIT, program, [program])
    else:
        # Waited for: what it says of a folder that is gone meanwhile would be the worker's last words.
        os.waitpid(os.posix_spawn("/bin/sh", ["sh", "-c", ":"], {}), 0)
