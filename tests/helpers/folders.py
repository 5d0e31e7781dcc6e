# SPDX-License-Identifier: GPL-3.0-or-later
"""Run folders with attempts in them, made without a Blender."""

from __future__ import annotations

import numpy as np
from restage.agent import journal, picture, program
from restage.agent.measurements import Measurements
from restage.agent.record import PictureRecord, RunFolder, RunRecord, now
from restage.agent.roles import Attempt, AttemptViews, Usage
from restage.agent.stages import STAGES
from restage.agent.verdict import ChecklistItem, Verdict
from restage.worker.protocol import JobResult
from scripted import SCRIPTS


def begun(path) -> RunFolder:
    """A run that has just begun, about a small grey picture."""
    import cv2

    source = path.parent / f"{path.name}.png"
    cv2.imwrite(str(source), np.full((60, 80, 3), 150, np.uint8))
    loaded = picture.load(source, 80)
    about = PictureRecord(name=source.name, sha256=loaded.sha256, original_size=loaded.size, size=loaded.size)
    record = RunRecord(restage="test", created=now(), picture=about, agent="scripted", seed=0, resolution=96, samples=2)
    return RunFolder.create(path, loaded, record)


def tried(folder, stage, script="", status="ok", score=0.5, message="", items=()):
    """Put an attempt on record as the run would; return its number."""
    number = folder.next_number(stage)
    attempt = Attempt(
        stage=stage,
        number=number,
        round=number,
        script=script or SCRIPTS[stage][0] + f"# {number}\n",
        note=f"attempt {number}",
        result=JobResult(status=status, message=message),
        views=AttemptViews(beauty=np.full((6, 8, 3), 0.5, np.float32)),
        measurements=Measurements(score=score),
        verdict=Verdict(approve=False, items=[ChecklistItem(**item) for item in items], summary="so far"),
        base=program.base_of(journal.settled_before(folder, stage)),
    )
    folder.add_attempt(attempt, Usage(), {})
    if status == "ok":
        folder.record.stage(stage).best = number
    folder.record.stage(stage).status = "review"
    journal.write(folder, "attempt", stage, number)
    return number


def accepted(path, upto="lighting") -> RunFolder:
    """A run whose stages are accepted up to one, that one included, each with its first attempt."""
    from restage.agent import decisions

    folder = begun(path)
    for stage in STAGES:
        decisions.accept(folder, stage.name, tried(folder, stage.name))
        if stage.name == upto:
            break
    return folder


def statuses(folder) -> dict[str, str]:
    """Each stage's status."""
    return {stage.name: stage.status for stage in folder.record.stages}
