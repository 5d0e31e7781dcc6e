# SPDX-License-Identifier: GPL-3.0-or-later
"""What is painted on the things of a whole program, under the light it has by now."""

from __future__ import annotations

import time

from ...worker.protocol import ViewRequest
from .. import measure, paintings_text
from ..perceptual import Judge
from ..polish_rules import nearer
from ..solving import repaint
from .stands import SAMPLES, Bench, Stands

ROUNDS = 2
PIXELS = 512
"""Texels are not seen in smaller renders."""


def solved(bench: Bench, stands: Stands, deadline: float) -> Stands:
    """Return what stands once painted things show the picture under the light so far."""
    place = stands.materials()
    painted = paintings_text.read(stands.scripts[place].text) if place is not None else {}
    if place is None or not painted or stands.result.settings.get("view", {}).get("view_transform") != "Standard":
        return stands
    if time.monotonic() > deadline:
        return stands
    bench.tell("painting things anew under the light")
    judge = Judge(bench.picture, longest=PIXELS)
    views = ViewRequest(measure_px=PIXELS, beauty_px=PIXELS, beauty_samples=SAMPLES)
    found = seen = bench.seen(stands.scripts, views, judge)
    for _ in range(ROUNDS):
        if seen is None or seen.views.beauty is None or seen.views.ids is None or time.monotonic() > deadline:
            break
        height, width = seen.views.ids.shape
        picture, beauty = (measure.fit(each, width, height) for each in (bench.picture, seen.views.beauty))
        ignored = None if bench.ignored is None else measure.fit_mask(bench.ignored, width, height)
        painted = repaint.solve(painted, picture, beauty, seen.views.ids, seen.views.id_names, ignored)
        text = paintings_text.put(seen.scripts[place].text, painted)
        tried = bench.seen(seen.with_text(place, text), views, judge)
        if tried is None or not nearer(seen.numbers, tried.numbers):
            break
        seen = tried
    if seen is None or seen is found:
        return stands
    # Numbers of one size compare.
    return bench.tried(seen.scripts) or stands
