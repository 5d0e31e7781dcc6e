# SPDX-License-Identifier: GPL-3.0-or-later
"""Begin a run: make its folder from a picture and what was chosen."""

from __future__ import annotations

import platform
from pathlib import Path

from ..version import version
from . import mask_hints
from .picture import Picture
from .record import PictureRecord, RecordError, RunFolder, RunRecord, StageRecord, now
from .settings import AgentSettings

WORKING_PX = 512
MODEL_PX = 1280


def working_px(resolution: int, agent: str = "offline") -> int:
    """Longer side, in pixels, the picture is looked at: outlines need as many, however small the render is to be, and
    a model reads numbers off magnified crops."""
    return max(WORKING_PX if agent == "offline" else MODEL_PX, resolution)


def begin(
    folder: Path, picture: Picture, settings: AgentSettings, seed: int, resolution: int, samples: int
) -> RunFolder:
    """Make the run folder. One that plays a recording again has its hints. Raises RecordError when it can't be written
    or already holds a run."""
    try:
        hints = mask_hints.load(Path(settings.replay).expanduser()) if settings.replay else []
    except mask_hints.HintError as error:
        raise RecordError(str(error)) from error
    record = RunRecord(
        restage=version(),
        created=now(),
        picture=PictureRecord(
            name=picture.path.name,
            sha256=picture.sha256,
            original_size=picture.original_size,
            size=picture.size,
            notes=picture.notes,
        ),
        agent=settings.generator.provider,
        settings=settings,
        stages=[StageRecord(name=stage.name) for stage in settings.stages()],
        seed=seed,
        resolution=resolution,
        samples=samples,
        machine=f"{platform.system()} {platform.machine()}",
    )
    made = RunFolder.create(folder, picture, record)
    try:
        mask_hints.save(made.path, hints)
    except OSError as error:
        raise RecordError(f"The folder {folder} can't be written: {error.strerror or error}.") from error
    return made
