# SPDX-License-Identifier: GPL-3.0-or-later
"""What the artist has locked: no later attempt changes it. Every script ends with lines that put it back where it is
locked, and an attempt in which a locked thing has another shape is refused."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from ..worker.protocol import JobResult, ObjectInfo
from . import kept
from .kept import STAGES, Kept

SIZE_SLACK = 2e-3
"""Metres, and as a fraction: what rounding makes of a size."""


class Lock(BaseModel):
    """One locked thing."""

    model_config = ConfigDict(extra="forbid")

    kept: Kept
    """How it is kept, all of it."""
    size: tuple[float, float, float] | None = None
    """Of a thing's world bounds, metres; None where its shape is not locked."""
    vertices: int = 0

    @property
    def words(self) -> str:
        """For people and models."""
        what = {"object": "place, rotation, size and shape", "surface": "colour", "light": "light", "camera": "camera"}
        return f"{self.kept.name} ({what[self.kept.kind]})"


def applied(script: str, stage: str, locks: Sequence[Lock]) -> str:
    """Return a stage's script with lines at its end for what is locked and the stage may change."""
    mine = [lock.kept for lock in locks if stage in STAGES[lock.kept.kind]]
    if not mine:
        return script
    return kept.with_lines(script, kept.merged(kept.held(script), mine))


def lock_of(item: Kept, result: JobResult) -> Lock:
    """Return the lock of a thing as it is kept, with the shape that an attempt gave it."""
    info = _info(item.name, result) if item.kind == "object" else None
    return Lock(kept=item, size=_size(info) if info else None, vertices=info.vertices if info else 0)


def broken(locks: Sequence[Lock], result: JobResult) -> str:
    """Say which locked thing an attempt has reshaped or left out; empty when none."""
    for lock in locks:
        if lock.size is None:
            continue
        info = _info(lock.kept.name, result)
        if info is None:
            if result.inventory:
                return f"It leaves out {lock.kept.name}, which the artist has locked."
            continue
        now = _size(info)
        if any(abs(a - b) > SIZE_SLACK * max(1.0, b) for a, b in zip(now, lock.size, strict=True)):
            shown = " x ".join(f"{side:.2f}" for side in now)
            wanted = " x ".join(f"{side:.2f}" for side in lock.size)
            return f"It makes {lock.kept.name} {shown} m, which the artist has locked at {wanted} m."
        if lock.vertices and info.vertices != lock.vertices:
            return f"It gives {lock.kept.name} another shape, and the artist has locked it."
    return ""


def hint(locks: Sequence[Lock], stage: str) -> str:
    """What whoever writes a stage's script is told; empty when nothing is locked that it could change."""
    mine = [lock.words for lock in locks if stage in STAGES[lock.kept.kind]]
    return f"The artist has locked these, leave them exactly as they are: {'; '.join(mine)}." if mine else ""


def _info(name: str, result: JobResult) -> ObjectInfo | None:
    return next((item for item in result.inventory if item.name == name), None)


def _size(info: ObjectInfo) -> tuple[float, float, float]:
    x, y, z = (high - low for low, high in zip(info.world_min, info.world_max, strict=True))
    return x, y, z
