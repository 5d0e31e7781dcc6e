# SPDX-License-Identifier: GPL-3.0-or-later
"""How surfaces of a whole program shine: roughness and metal, where one looks wrong whatever its colour."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from ...worker.protocol import ViewRequest
from .. import lift, measure
from ..polish_rules import no_worse
from ..solving import gloss
from ..solving.probe import Probe
from ..views import load_views
from .light import Light
from .stands import PIXELS, Bench, Stands

SMALL, SAMPLES = 160, 12
"""Pixels along the longer side and samples of a try: a highlight is large."""


def solved(bench: Bench, light: Light, stands: Stands, deadline: float) -> Stands:
    """Return what stands once roughness and metal were tried, where a surface looks wrong whatever its colour; as
    it was when none is better. The worker holds its scene."""
    place = stands.materials()
    views, inventory = stands.views, stands.result.inventory
    if place is None or views.beauty is None:
        return stands
    height, width = (max(8, round(side * SMALL / PIXELS)) for side in views.beauty.shape[:2])
    picture, now = (measure.fit(each, width, height) for each in (bench.picture, views.beauty))
    if not gloss.suspects(gloss.surfaces_of(picture, bench.masks, views, inventory, None, bench.ignored), now):
        return stands
    bench.tell("trying how surfaces shine")
    script = stands.scripts[place]
    probe = Probe(bench.worker, stands.scripts[:place], script.stage, bench.cancel, deadline)
    knobs, made = gloss.find(probe, script.text)

    def shown(text: str) -> NDArray[np.float32] | None:
        if time.monotonic() > deadline:
            return None
        result = bench.run(stands.with_text(place, text), ViewRequest(0, 0, SMALL, SAMPLES))
        return load_views(bench.worker, result).beauty if result.status == "ok" else None

    surfaces = gloss.surfaces_of(picture, bench.masks, views, inventory, made, bench.ignored)
    found = gloss.solve(script.text, knobs, surfaces, now, shown)
    if found is None:
        return bench.again(stands)
    tried = bench.tried(stands.with_text(place, lift.with_values(script.text, found)))
    if tried is None:
        return bench.again(stands)
    # A metal's colour is another one than a paint's that looks alike.
    scripts = light.solved(tried, 0.0)
    tried = (bench.tried(scripts) if scripts is not None else None) or bench.again(tried)
    changed = [name for knob in knobs if knob.number in found for name in knob.materials]
    beauty = tried.views.beauty
    assert beauty is not None
    misfit = surfaces.misfit(measure.fit(beauty, width, height), changed)
    if misfit >= surfaces.misfit(now, changed) or not no_worse(stands.numbers, tried.numbers):
        return bench.again(stands)
    bench.own(script, {knob.number.start: knob.materials[0] for knob in knobs if len(knob.materials) == 1})
    return tried
