# SPDX-License-Identifier: GPL-3.0-or-later
"""One run at a time in a run folder. The system lets go of the lock when its holder dies, however it dies."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

FILE_NAME = "run.lock"
_BYTE = 1 << 30
"""Windows locks bytes, and nobody can read a locked one: this one lies behind all that is written."""
_BUSY = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
_TOLD = 200


class Locked(Exception):
    """Somebody else works in the folder; the text is one sentence."""


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold the folder's lock for the length of the block. Raises Locked, and OSError when nothing can be written."""
    descriptor = os.open(folder / FILE_NAME, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o644)
    try:
        if not _take(descriptor):
            raise Locked(_sentence(folder, descriptor))
        mine = f"process {os.getpid()} on {socket.gethostname()} since {datetime.now():%Y-%m-%d %H:%M}\n"
        os.truncate(descriptor, 0)
        os.write(descriptor, mine.encode())
        # The file stays: one that is removed while another waits for it would be locked twice.
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(descriptor, _BYTE, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            os.lseek(descriptor, 0, os.SEEK_SET)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        # Some network folders have no locks at all: there a run goes on without one.
        return error.errno not in _BUSY
    return True


def _sentence(folder: Path, descriptor: int) -> str:
    os.lseek(descriptor, 0, os.SEEK_SET)
    told = "".join(c for c in os.read(descriptor, _TOLD).decode("utf-8", "replace").strip() if c.isprintable())
    who = f" ({told})" if told else ""
    return f"{folder} is in use by another Restage{who}: wait until it is done, or stop it."
