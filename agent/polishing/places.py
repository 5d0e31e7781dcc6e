# SPDX-License-Identifier: GPL-3.0-or-later
"""Camera, sizes, places and profiles of a whole program, together: no stage by itself has them all."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from ...worker.protocol import StageScript
from ..polish_rules import better_placed
from ..solving import contours, joined, profile, series
from ..solving.placement import Doubts, Placement, in_front, outline_score
from ..solving.probe import Probe
from .stands import Bench, Stands

PLACING = frozenset({"setup", "geometry", "composition", "program"})
"""The stages whose numbers say where things are seen."""
BEFORE_SHAPES = 0.5
"""Of the time, for places, where lists that draw a shape follow."""


class Places:
    """Solves where things are seen."""

    def __init__(self, bench: Bench, doubts: Doubts | None) -> None:
        """`doubts` has the things whose masks are no better than boxes."""
        self._bench, self._doubts = bench, doubts

    def solved(self, stands: Stands, deadline: float) -> Stands:
        """Return what stands once they were solved; as it was when that is no better. The worker holds its scene."""
        at = [place for place, script in enumerate(stands.scripts) if script.stage in PLACING]
        if not at or not any(mask.any() for mask in self._bench.masks.values()):
            return stands
        text = _joined(stands, at)
        probe = Probe(self._bench.worker, (), "program", self._bench.cancel, deadline)
        height, width = self._bench.picture.shape[:2]
        names = list(self._bench.masks)
        lists = series.drawing(probe, text, names, (profile.LONGEST, profile.LONGEST), joined.find)
        placement = Placement(
            probe,
            self._bench.masks,
            (width, height),
            in_front(stands.views, self._bench.masks, self._bench.ignored),
            self._bench.seed,
            self._bench.check,
            series.others(lists, joined.find),
            doubts=self._doubts,
        )
        left = deadline - time.monotonic()
        found = placement.solve(text, left * (BEFORE_SHAPES if lists else 1.0), self._bench.tell, search=False)
        kept = self._kept(stands, at, found[0], self._better_placed) if found else stands
        if lists and (left := deadline - time.monotonic()) > 0:
            profiles = profile.Profiles(probe, self._bench.masks, (width, height), self._bench.check, joined.find)
            drawn = profiles.solve(_joined(kept, at), lists, left, self._bench.tell)
            shaped = self._kept(kept, at, drawn[0], self._better_drawn) if drawn else kept
            return shaped if shaped is not kept else self._bench.again(kept)
        return kept if kept is not stands else self._bench.again(stands)

    def _kept(
        self, stands: Stands, at: Sequence[int], text: str, is_better: Callable[[Stands, Stands], bool]
    ) -> Stands:
        """Return what stands now that a joined text says otherwise: as it was when that is no better."""
        scripts = list(stands.scripts)
        for place, new in zip(at, joined.split(text), strict=True):
            scripts[place] = StageScript(scripts[place].stage, new)
        tried = self._bench.tried(tuple(scripts))
        return tried if tried is not None and is_better(stands, tried) else stands

    def _better_placed(self, old: Stands, new: Stands) -> bool:
        return better_placed(old.numbers, new.numbers, self._lies(new) - self._lies(old))

    def _better_drawn(self, old: Stands, new: Stands) -> bool:
        off = [
            contours.off(self._bench.masks, stands.views.ids, stands.views.id_names)
            for stands in (old, new)
            if stands.views.ids is not None
        ]
        return len(off) == 2 and off[1] < off[0] and self._better_placed(old, new)

    def _lies(self, stands: Stands) -> float:
        return outline_score(stands.numbers, stands.views, self._bench.masks, self._doubts)


def _joined(stands: Stands, at: Sequence[int]) -> str:
    return joined.join([stands.scripts[place].text for place in at])
