# SPDX-License-Identifier: GPL-3.0-or-later
"""The known scene with patterns on its surfaces: pictures of it, and what their solver finds."""

from __future__ import annotations

import time

import known
from restage.agent import parts
from restage.agent.solving import pattern_text, texture
from restage.agent.stages import BY_NAME
from restage.agent.views import load_views
from restage.worker.protocol import Job, StageScript, ViewRequest

FLAT = known.TEXTS


def program(texts=FLAT, patterns=()):
    """The stages' scripts, with patterns in the materials."""
    texts = {**texts, "materials": pattern_text.written(texts["materials"], patterns)}
    return tuple(StageScript(stage, text) for stage, text in texts.items())


def shown(worker, scripts, pixels=512, samples=24):
    """The views of a program, and the job's result."""
    *before, last = scripts
    may = tuple(sorted(BY_NAME[last.stage].may_change))
    result = worker.run(Job(tuple(before), last, may, ViewRequest(pixels, 0, pixels, samples), write_blend=False))
    assert result.status == "ok", result.message
    views = load_views(worker, result)
    parts.merge(views, known.THINGS)
    return views, result


def picture(worker, patterns=(), texts=FLAT):
    """A picture of the scene with patterns, and the masks of its things."""
    views, _ = shown(worker, program(texts, patterns))
    masks = {name: views.ids == key for key, name in views.id_names.items() if name in known.THINGS}
    return views.beauty, masks


def solved(worker, seen, scripts=None):
    """What the solver makes of a program (the known one without patterns), given all the time it wants."""
    return texture.solve(scripts or program(), *seen, worker, time.monotonic() + 240.0)
