# SPDX-License-Identifier: GPL-3.0-or-later
"""Write files so that whoever looks sees the old one or the new one, never half of it."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

PARTIAL = ".restage-"
"""How the names of half-written files and folders begin."""


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file atomically: a temporary file beside it, flushed to disk, then renamed over it. Raises OSError."""
    handle, name = tempfile.mkstemp(prefix=f"{PARTIAL}{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        # mkstemp makes files for the owner alone; a run folder is an ordinary folder.
        Path(name).chmod(0o644)
        os.replace(name, path)  # noqa: PTH105 - os.replace is the atomic one on every platform
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text file atomically. Raises OSError."""
    write_bytes(path, text.encode())


def copy(source: Path, target: Path) -> None:
    """Copy a file atomically. Raises OSError."""
    write_bytes(target, source.read_bytes())


def partial(folder: Path) -> list[Path]:
    """Return what a killed process left half-written in a folder."""
    return list(folder.glob(f"{PARTIAL}*"))


class NewFolder:
    """A folder that appears whole or not at all: fill `path` inside the `with`, it is renamed at the end."""

    def __init__(self, target: Path) -> None:
        """Prepare to make `target`, whose parent must exist."""
        self.target = target
        self.path = Path()

    def __enter__(self) -> NewFolder:
        """Make the temporary folder."""
        self.path = Path(tempfile.mkdtemp(prefix=f"{PARTIAL}{self.target.name}.", dir=self.target.parent))
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Rename it into place, or remove it when the block raised."""
        if kind is not None:
            shutil.rmtree(self.path, ignore_errors=True)
            return
        self.path.chmod(0o755)
        if self.target.exists():
            shutil.rmtree(self.target)
        os.replace(self.path, self.target)  # noqa: PTH105
