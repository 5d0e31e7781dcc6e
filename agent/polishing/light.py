# SPDX-License-Identifier: GPL-3.0-or-later
"""Colours, light, and where lamps stand, of a whole program: the materials stage knows no light, and the lighting stage
may not touch colours."""

from __future__ import annotations

from ...worker.protocol import StageScript
from ..solving import shade_pictures, shade_stage
from ..solving.gauge import Paints
from ..solving.knobs import Effects
from ..solving.probe import Probe
from ..views import PortLooker
from .stands import Bench, Program, Stands


class Light:
    """Solves light and colours."""

    def __init__(self, bench: Bench, paints: Paints, deadline: float) -> None:
        """`paints` are what the run's materials were in the first place; after `deadline`, monotonic, as little as can
        be is looked at."""
        self._bench, self._paints, self._effects, self._deadline = bench, paints, Effects(), deadline

    def solved(self, stands: Stands, turn: float) -> Program | None:
        """Return the scripts with the colours and the light that are nearest; the worker holds the scene of what
        stands. With `turn`, radians, lamps are moved as well."""
        bench = self._bench
        sources, places = [], []
        for place, script in enumerate(stands.scripts):
            lights = script.stage in ("lighting", "program")
            materials = script.stage in ("materials", "program")
            if lights or materials:
                probe = Probe(bench.worker, stands.scripts[:place], script.stage, bench.cancel, self._deadline)
                sources.append(shade_stage.Source(script.text, probe, lights, materials))
                places.append(place)
        inventory, settings = stands.result.inventory, stands.result.settings
        scene = shade_pictures.Rendered(bench.picture, bench.masks, stands.views, inventory, settings, bench.ignored)
        looker = PortLooker(bench.worker, bench.cancel)
        found = shade_stage.solve(sources, looker, scene, bench.judge, bench.tell, turn, self._paints, self._effects)
        if found is None:
            return None
        scripts = list(stands.scripts)
        for place, text, owners in zip(places, found.texts, found.owners, strict=True):
            bench.own(scripts[place], owners)
            scripts[place] = StageScript(scripts[place].stage, text)
        return tuple(scripts)
