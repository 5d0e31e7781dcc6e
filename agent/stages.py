# SPDX-License-Identifier: GPL-3.0-or-later
"""The five stages as data: what each settles, may change, and how many rounds it gets (design, section 4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from ..worker.protocol import ChangeKind


@dataclass(frozen=True)
class Stage:
    """One stage of a run."""

    name: str
    number: int
    settles: str
    rounds: int
    may_change: frozenset[ChangeKind]
    """What a script of this stage may change of the scene it finds; the worker fails an attempt that changes more."""

    @property
    def file_name(self) -> str:
        """Name of the accepted script in the run folder, as `02_geometry.py`."""
        return f"{self.number:02d}_{self.name}.py"


STAGES: tuple[Stage, ...] = (
    Stage("setup", 1, "frame, aspect, units and camera", 2, frozenset({"camera", "render", "world", "view"})),
    Stage("geometry", 2, "shapes and rough places", 5, frozenset({"objects", "meshes", "modifiers", "collections"})),
    Stage("materials", 3, "surfaces", 3, frozenset({"materials", "slots", "uvs"})),
    Stage("composition", 4, "final pose, scale, overlap and framing", 3, frozenset({"transforms", "camera"})),
    Stage("lighting", 5, "lights, world and exposure", 2, frozenset({"lights", "world", "view"})),
)

ONE_SHOT = Stage("program", 1, "the whole scene in one script", 1, frozenset(get_args(ChangeKind)))
"""The only stage of a one-shot run: the baseline that the staged loop is measured against."""

BY_NAME: dict[str, Stage] = {stage.name: stage for stage in (*STAGES, ONE_SHOT)}

KEEP = {name: f'"""{name.capitalize()}: everything stays as it was."""\n\nPARAMS = {{}}\n' for name in BY_NAME}
"""Scripts that change nothing, by stage."""
