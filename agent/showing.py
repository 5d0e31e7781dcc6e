# SPDX-License-Identifier: GPL-3.0-or-later
"""What there is to show of an attempt that is on record."""

from __future__ import annotations

from .listener import AttemptShown
from .record import AttemptRecord, RecordError, RunFolder

PICTURES = {
    "setup": ("overlay.png",),
    "geometry": ("clay.png", "viewport.png", "overlay.png"),
    "composition": ("beauty.png", "viewport.png", "overlay.png"),
}
"""Which of an attempt's pictures tells most about its stage, the most telling first."""
USUAL = ("beauty.png", "viewport.png", "albedo.png", "clay.png", "overlay.png")


def of(folder: RunFolder, stage: str, number: int, state: int = 0, passing: bool = False) -> AttemptShown:
    """Return an attempt of that number as the run showed it. Raises RecordError when it is not on record or gone."""
    record = find(folder, stage, number)
    path = folder.path / record.folder
    result = folder.load_result(record)
    try:
        script = (path / "script.py").read_text(encoding="utf-8")
    except OSError as error:
        raise RecordError(f"The attempt {record.folder} of this run is missing: {error.strerror}.") from error
    usable = [item for item in folder.record.stage(stage).attempts if item.status == "ok"]
    best = max(usable, key=lambda item: (item.score, -item.number), default=None)
    return AttemptShown(
        stage=stage,
        number=number,
        round=record.round,
        status=record.status,
        message=record.message,
        score=record.score,
        best=record is best,
        script=script,
        blend=path / "result.blend" if (path / "result.blend").exists() else None,
        settings=result.settings,
        render=path / "beauty.png" if (path / "beauty.png").exists() else None,
        names=tuple(item.name for item in result.inventory),
        state=state,
        passing=passing,
    )


def find(folder: RunFolder, stage: str, number: int) -> AttemptRecord:
    """Return the record of an attempt. Raises RecordError when there is none."""
    for item in folder.record.stage(stage).attempts:
        if item.number == number:
            return item
    raise RecordError(f"{stage.capitalize()} has no attempt {number}.")


def picture(folder: RunFolder, stage: str, record: AttemptRecord) -> str:
    """Return the absolute path of the picture that tells most of an attempt; empty when there is none."""
    path = folder.path / record.folder
    names = (*PICTURES.get(stage, ()), *USUAL)
    return next((str(path / name) for name in names if (path / name).exists()), "")
