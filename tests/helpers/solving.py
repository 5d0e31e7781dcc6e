# SPDX-License-Identifier: GPL-3.0-or-later
"""The known scene as a picture, and attempts at it, for the solvers' tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from known import TEXTS, THINGS
from restage.agent import measure, parts
from restage.agent.brief import Brief, BriefObject
from restage.agent.picture import Picture
from restage.agent.roles import Attempt, Context
from restage.agent.stages import BY_NAME, ONE_SHOT
from restage.agent.views import load_views
from restage.worker.protocol import Job, StageScript, ViewRequest

FRAME = (320, 240)
STAGES = {**BY_NAME, ONE_SHOT.name: ONE_SHOT}


def render(worker, stage, text=None, pixels=256, samples=16, texts=TEXTS, measured=256):
    """Run a stage's script after the known ones of the stages before, and return its views and the result."""
    names = list(texts)
    accepted = tuple(StageScript(n, texts[n]) for n in names[: names.index(stage)]) if stage in names else ()
    job = Job(
        accepted,
        StageScript(stage, texts[stage] if text is None else text),
        tuple(sorted(STAGES[stage].may_change)),
        ViewRequest(measure_px=measured, beauty_px=pixels, beauty_samples=samples),
    )
    result = worker.run(job)
    assert result.status == "ok", result.message
    views = load_views(worker, result)
    parts.merge(views, THINGS)
    return views, result, accepted


def picture_of(worker, texts=TEXTS):
    """The known scene fully lit: a picture of it and the visible masks of its things."""
    views, _, _ = render(worker, "lighting", pixels=320, samples=48, texts=texts, measured=320)
    masks = {name: views.ids == key for key, name in views.id_names.items() if name in THINGS}
    rgb = np.round(views.beauty * 255).astype(np.uint8)
    return Picture(Path("known.png"), "", rgb, None, FRAME), masks


def attempt_at(worker, picture, masks, stage, text, texts=TEXTS):
    """An attempt with a script of a stage, and the context it was made in."""
    lit = stage in ("materials", "lighting", "program")
    views, result, accepted = render(worker, stage, text, pixels=256 if lit else 0, samples=12, texts=texts)
    numbers = measure.measure(stage, picture.unit, masks, views, tuple(result.sanity))
    context = Context(
        picture=picture,
        brief=Brief(objects=[BriefObject(name=name, box=(0, 0, 1, 1)) for name in masks]),
        masks=masks,
        stage=STAGES[stage],
        round=1,
        accepted=accepted,
        attempts=[],
        best=None,
        base=None,
        frame=FRAME,
        samples=12,
        seed=0,
    )
    return context, Attempt(stage, 1, 1, text, "", result, views, numbers)
