# SPDX-License-Identifier: GPL-3.0-or-later
"""What the artist has locked: no later attempt changes it. Every script ends with lines that put it back where it is
locked, and an attempt in which a locked thing has another shape, surface, light or view all the same is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict

from ..worker.protocol import JobResult, ObjectInfo
from . import kept
from .kept import STAGES, Kept

SIZE_SLACK = 2e-3
"""Metres, and as a fraction: what rounding makes of a size."""
VALUE_SLACK = 1e-3
"""As a fraction of a number over 1: what rounding makes of a colour, a power, a focal length."""
_PLACE = ("location", "rotation_euler", "scale")
"""What the lines at a script's end put back whatever it did, and so is not looked at."""


Size = tuple[float, float, float]


class Lock(BaseModel):
    """One locked thing."""

    model_config = ConfigDict(extra="forbid")

    kept: Kept
    """How it is kept, all of it."""
    size: Size | None = None
    """Of a thing's world bounds, metres; None where its shape is not locked."""
    vertices: int = 0
    free: bool = False
    """Whether nothing else had a say in where it is: no parent, no constraint."""
    active: bool = False
    """Of a camera: whether it was the scene's."""

    @property
    def words(self) -> str:
        """For people and models."""
        what = {"object": "place, rotation, size and shape", "light": "light", "camera": "camera"}
        return f"{self.kept.name} ({what.get(self.kept.kind) or ', '.join(self.kept.values)})"


def applied(script: str, stage: str, locks: Sequence[Lock]) -> str:
    """Return a stage's script with lines at its end for what is locked and the stage may change."""
    mine = [lock.kept for lock in locks if stage in STAGES[lock.kept.kind]]
    if not mine:
        return script
    return kept.with_lines(script, kept.merged(kept.held(script), mine))


def lock_of(item: Kept, result: JobResult, size: Size | None = None) -> Lock:
    """Return the lock of a thing as it is kept, with the shape that an attempt gave it, or another size."""
    info = _info(item.name, result) if item.kind != "surface" else None
    if info is None:
        return Lock(kept=item)
    active = item.kind == "camera" and result.settings.get("camera") == item.name
    if item.kind != "object":
        return Lock(kept=item, free=not info.steered, active=active)
    return Lock(kept=item, size=size or _size(info), vertices=info.vertices, free=not info.steered)


def broken(locks: Sequence[Lock], stage: str, result: JobResult) -> str:
    """Say which locked thing an attempt at a stage has changed or left out; empty when none."""
    return next((why for lock in locks if (why := _broken(lock, stage, result))), "")


def _broken(lock: Lock, stage: str, result: JobResult) -> str:
    item, info = lock.kept, _info(lock.kept.name, result)
    if not result.inventory or (stage == "setup" if item.kind == "object" else stage not in STAGES[item.kind]):
        # Nothing is there that could be changed yet, or the stage may not change it.
        return ""
    if info is None and item.kind == "surface":
        # Whether the thing may be left out is its own lock's matter.
        return ""
    if info is None:
        return f"It leaves out {item.name}, which the artist has locked."
    if lock.free and info.steered:
        return f"It has a parent or a constraint move {item.name}, which the artist has locked."
    if lock.active and result.settings.get("camera") != item.name:
        return f"It looks through another camera than {item.name}, which the artist has locked."
    if item.kind == "surface":
        return _another(item, info.surfaces[item.slot] if item.slot < len(info.surfaces) else {})
    return _reshaped(lock, info) if item.kind == "object" else _another(item, info.values)


def _reshaped(lock: Lock, info: ObjectInfo) -> str:
    if lock.size is None:
        return ""
    now = _size(info)
    if any(abs(a - b) > SIZE_SLACK * max(1.0, b) for a, b in zip(now, lock.size, strict=True)):
        shown = " x ".join(f"{side:.2f}" for side in now)
        wanted = " x ".join(f"{side:.2f}" for side in lock.size)
        return f"It makes {info.name} {shown} m, which the artist has locked at {wanted} m."
    if lock.vertices and info.vertices != lock.vertices:
        return f"It gives {info.name} another shape, and the artist has locked it."
    return ""


def _another(item: Kept, values: Mapping[str, tuple[float, ...]]) -> str:
    """Say what of a lamp, a camera or a surface is not as it is locked; empty when all is."""
    for name, wanted in item.values.items():
        # A texture, or a lamp of another kind, has none.
        now = values.get(name, ())
        same = len(now) == len(wanted) and all(
            abs(a - b) <= VALUE_SLACK * max(1.0, abs(b)) for a, b in zip(now, wanted, strict=True)
        )
        if name not in _PLACE and not same:
            return f"It gives {item.name} another {kept.TOLD.get(name, name)}, and the artist has locked it."
    return ""


def hint(locks: Sequence[Lock], stage: str) -> str:
    """What whoever writes a stage's script is told; empty when nothing is locked that it could change."""
    mine = [lock.words for lock in locks if stage in STAGES[lock.kept.kind]]
    return f"The artist has locked these, leave them exactly as they are: {'; '.join(mine)}." if mine else ""


def _info(name: str, result: JobResult) -> ObjectInfo | None:
    return next((item for item in result.inventory if item.name == name), None)


def _size(info: ObjectInfo) -> Size:
    x, y, z = (high - low for low, high in zip(info.world_min, info.world_max, strict=True))
    return x, y, z
