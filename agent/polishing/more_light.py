# SPDX-License-Identifier: GPL-3.0-or-later
"""A light that the picture asks for and no script has."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from ...worker.protocol import LightBasisRequest, ViewRequest
from .. import script_numbers
from ..polish_rules import better
from ..solving import found_light, missing_light, shade_pictures
from ..unique_name import unique
from ..views import PortLooker
from .light import Light
from .stands import Bench, Stands

NEAR = 28.0
"""PSNR, dB, above which nothing that matters is missing."""
TAKES = 6.0
"""Seconds, about."""


def solved(bench: Bench, light: Light, stands: Stands, deadline: float) -> Stands:
    """Return what stands with one light more, solved, where that is nearer to the picture; the worker holds its
    scene. Nothing is begun when `deadline`, monotonic, is near."""
    place = stands.place_of("lighting")
    if place is None or stands.views.beauty is None or found_light.has(stands.scripts[place].text):
        return stands
    if (stands.numbers.psnr or 0.0) > NEAR or time.monotonic() > deadline - TAKES:
        return stands
    bench.tell("trying a light that may be missing")
    script = stands.scripts[place]
    inventory, settings = stands.result.inventory, stands.result.settings
    scene = shade_pictures.Rendered(bench.picture, bench.masks, stands.views, inventory, settings, bench.ignored)
    taken = [info.name for info in inventory]
    tried = missing_light.candidates(*shade_pictures.about(scene), taken)
    result = bench.run(stands.with_text(place, found_light.written(script.text, tried)), ViewRequest(0))
    if result.status != "ok":
        return bench.again(stands)
    request = LightBasisRequest(pixels=missing_light.PIXELS, samples=missing_light.SAMPLES)
    alone = PortLooker(bench.worker, bench.cancel).light_basis(request)
    if not alone.names:
        return bench.again(stands)
    names = {each.name for each in tried}
    total = sum((p for name, p in zip(alone.names, alone.pictures, strict=True) if name not in names), np.zeros(3))
    view = shade_pictures.shown_as(scene, total, alone.coverage > shade_pictures.COVERED)
    missing = missing_light.choose(tried, alone, scene, view) if view is not None else None
    if missing is None:
        return bench.again(stands)
    more = replace(missing.light, name=unique(missing_light.NAMES[missing.light.kind], taken))
    found = bench.tried(stands.with_text(place, found_light.written(script.text, [more])))
    if found is None:
        return bench.again(stands)
    owners = dict(bench.owners_of(script.stage))
    # Its numbers come before the others.
    more_numbers = len(script_numbers.find(found.scripts[place].text)) - len(script_numbers.find(script.text))
    bench.own_all(script.stage, {at + more_numbers: owner for at, owner in owners.items()})
    kept = False
    try:
        scripts = light.solved(found, 0.0)
        lit = None if scripts is None else bench.tried(scripts)
        best = lit if lit is not None and lit.numbers.score > found.numbers.score else bench.again(found)
        kept = better(stands.numbers, best.numbers)
    finally:
        if not kept:
            bench.own_all(script.stage, owners)
    return best if kept else bench.again(stands)
