# SPDX-License-Identifier: GPL-3.0-or-later
"""The last touch on a finished program: first what is painted on things, then camera, sizes and places together, then
colours, light and where lamps stand, each number in its own stage's script, with a light more where one is missing;
last, patterns on surfaces that flat colour does not explain.

The geometry stage may not touch the camera, the materials stage knows no light and the lighting stage may not touch
colours; here all are at hand. Kept only when the whole program, run afresh, comes nearer to the picture.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from threading import Event

import numpy as np
from numpy.typing import NDArray

from ..worker.protocol import StageScript
from .measurements import Measurements
from .perceptual import Judge
from .polish_rules import better, nothing_gained
from .polishing import more_light, paint, shine
from .polishing.light import Light
from .polishing.places import Places
from .polishing.stands import Bench, Program, Stands
from .ports import WorkerPort
from .solving import found_light, texture
from .solving.gauge import Paints
from .solving.placement import Doubts
from .solving.write_back import write_back
from .unforeseen import UNFORESEEN

TURNS = (0.0, 0.12, 0.06, 0.03)
"""How far lamps are moved to see what that does, radians, round by round; at first powers and colours alone."""
SHINING_AT = TURNS[2]
"""Before which round it is tried how surfaces shine: once lamps stand about right."""
MORE_AT = TURNS[1]
"""Before which round a light is looked for that no script has: once powers and colours are those of the lights there
are."""
PLACES_SHARE, SHINE_SHARE = 0.35, 0.3
"""Of the time there is then."""
PAINT_SHARE = 0.5
"""Of all the time, until which what is painted on things is painted anew once more."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Polished:
    """The scripts that changed, by stage, and what it was worth."""

    scripts: dict[str, str]
    before: Measurements
    after: Measurements
    trace: tuple[tuple[str, float, float], ...] = ()
    """What was kept: its kind, seconds since the start, the score then."""


def polish(
    picture: NDArray[np.float32],
    masks: Mapping[str, NDArray[np.bool_]],
    program: Sequence[StageScript],
    worker: WorkerPort,
    judge: Judge | None = None,
    budget_s: float = 30.0,
    cancel: Event | None = None,
    tell: Callable[[str], None] = lambda _doing: None,
    seed: int = 0,
    doubtful: frozenset[str] = frozenset(),
    ignored: NDArray[np.bool_] | None = None,
    paints: Paints | None = None,
    texture_s: float = 12.0,
) -> Polished | None:
    """Return better scripts for a program's stages, or None when there are none.

    `picture` is (h, w, 3) sRGB in 0 to 1, `masks` the picture's by brief object, `program` the accepted scripts in
    order, `worker` one nobody else uses, `doubtful` the objects whose mask is no better than a box, `paints` what the
    run's materials were in the first place. Begins nothing new after `budget_s` seconds, but patterns, which have
    `texture_s` after them. Raises Cancelled.
    """
    judge, cancel, paints = judge or Judge(picture), cancel or Event(), paints or Paints()
    doubts = Doubts(picture, doubtful) if doubtful else None
    bench = Bench(picture, masks, worker, judge, cancel, tell, seed, ignored)
    return _Polishing(bench, doubts, paints).run(tuple(program), time.monotonic() + budget_s, texture_s)


class _Polishing:
    def __init__(self, bench: Bench, doubts: Doubts | None, paints: Paints) -> None:
        self._bench, self._doubts, self._paints = bench, doubts, paints
        self._began = time.monotonic()
        self._trace: list[tuple[str, float, float]] = []

    def run(self, program: Program, deadline: float, texture_s: float) -> Polished | None:
        first = self._bench.tried(program)
        if first is None:
            return None
        self._note("as it was", first)
        # What is painted on things is most of what they show, so it comes first.
        until = _within(PAINT_SHARE, deadline)
        stands = painted = self._step("paintings", first, lambda: paint.solved(self._bench, first, until))
        places, until = Places(self._bench, self._doubts), _within(PLACES_SHARE, deadline)
        stands = self._step("places", stands, lambda: places.solved(painted, until))
        stands = placed = self._lit(stands, deadline)
        if stands.scripts != painted.scripts:
            stands = self._step("paintings again", stands, lambda: paint.solved(self._bench, placed, deadline))
        if nothing_gained(first.numbers, stands.numbers):
            stands = first
        written = self._written(program, stands)
        if written is None:
            return None
        last = Stands(written, stands.result, stands.views, stands.numbers)
        stands = self._step("patterns", last, lambda: self._textured(last, time.monotonic() + texture_s))
        written = stands.scripts
        changed = {new.stage: new.text for old, new in zip(program, written, strict=True) if old.text != new.text}
        return Polished(changed, first.numbers, stands.numbers, tuple(self._trace)) if changed else None

    def _lit(self, stands: Stands, deadline: float) -> Stands:
        """Return what stands once light, colours, lamps and how surfaces shine were solved, round by round."""
        light, failed = Light(self._bench, self._paints, deadline), 0
        for turn in TURNS:
            if time.monotonic() > deadline or failed > 1:
                break
            if turn == MORE_AT:
                dim = stands
                stands = self._step("a light more", dim, partial(more_light.solved, self._bench, light, dim, deadline))
                failed = failed if stands.scripts == dim.scripts else 0
            if turn == SHINING_AT:
                dull, until = stands, _within(SHINE_SHARE, deadline)
                stands = self._step("roughness and metal", dull, partial(shine.solved, self._bench, light, dull, until))
            what = "lamps, light and colours" if turn else "light and colours"
            lit = self._step(what, stands, partial(self._round, light, stands, turn))
            failed = failed + 1 if lit.scripts == stands.scripts else 0
            stands = lit
        return stands

    def _round(self, light: Light, stands: Stands, turn: float) -> Stands:
        scripts = light.solved(stands, turn)
        tried = None if scripts is None else self._bench.tried(scripts)
        if tried is not None and better(stands.numbers, tried.numbers):
            return tried
        return stands if turn == TURNS[-1] else self._bench.again(stands)

    def _step(self, what: str, stands: Stands, solved: Callable[[], Stands]) -> Stands:
        """Take a step from what stands; one that fails costs itself and none of those before."""
        try:
            found = solved()
        except UNFORESEEN:
            _log.exception("%s were not solved", what)
            found = self._bench.again(stands)
        if found.scripts != stands.scripts:
            self._note(what, found)
        return found

    def _note(self, what: str, stands: Stands) -> None:
        self._trace.append((what, time.monotonic() - self._began, stands.numbers.score))

    def _written(self, program: Program, stands: Stands) -> Program | None:
        """Return the program with its solved numbers in PARAMS; None when it no longer runs so."""
        changed = {
            old.stage: write_back(found_light.added(old.text, new.text), new.text, self._bench.owners_of(old.stage))
            for old, new in zip(program, stands.scripts, strict=True)
            if old.text != new.text
        }
        written = tuple(StageScript(old.stage, changed.get(old.stage, old.text)) for old in program)
        if changed and self._bench.tried(written) is None:
            _log.error("a program no longer runs with its numbers written into PARAMS: %s", ", ".join(changed))
            return None
        return written

    def _textured(self, stands: Stands, deadline: float) -> Stands:
        """Return what stands with patterns on its surfaces, where those make it nearer to the picture."""
        bench = self._bench
        found = texture.solve(
            stands.scripts, bench.picture, bench.masks, bench.worker, deadline, bench.cancel, bench.tell, bench.ignored,
            bench.seed,
        )  # fmt: skip
        return (bench.tried(found.program) if found else None) or stands


def _within(share: float, deadline: float) -> float:
    now = time.monotonic()
    return now + share * (deadline - now)
