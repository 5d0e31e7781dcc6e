# SPDX-License-Identifier: GPL-3.0-or-later
"""The last touch on a finished program: first camera, sizes and places together, then colours, light and where lamps
stand, each number in its own stage's script; last, patterns on surfaces that flat colour does not explain.

The geometry stage may not touch the camera, the materials stage knows no light and the lighting stage may not touch
colours; here all are at hand. Kept only when the whole program, run afresh, comes nearer to the picture.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Event

import numpy as np
from numpy.typing import NDArray

from ..worker.protocol import Job, JobResult, StageScript, ViewRequest
from . import lift, measure, paintings_text, parts, script_numbers
from .measurements import Measurements
from .perceptual import Judge
from .polish_rules import better, better_placed, nearer, no_worse, nothing_gained
from .ports import WorkerPort
from .roles import AttemptViews, Cancelled
from .solving import contours, gloss, joined, profile, repaint, series, shade_pictures, shade_stage, texture
from .solving.gauge import Paints
from .solving.knobs import Effects
from .solving.placement import Doubts, Placement, in_front, outline_score
from .solving.probe import Probe
from .solving.write_back import write_back
from .stages import BY_NAME
from .views import PortLooker, load_views

TURNS = (0.0, 0.12, 0.06, 0.03)
"""How far lamps are moved to see what that does, radians, round by round; at first powers and colours alone."""
GLOSS_PIXELS, GLOSS_SAMPLES = 160, 12
PIXELS = 256
SAMPLES = 16
PLACING = frozenset({"setup", "geometry", "composition", "program"})
"""The stages whose numbers say where things are seen."""
PLACES_SHARE, GLOSS_SHARE = 0.4, 0.3
"""Of the time there is then."""
REPAINT_SHARE = 0.4
REPAINTS, FINE = 2, 512
"""How often at most things are painted anew, and at how many pixels that is seen."""
PLACES_BEFORE_SHAPES = 0.5
"""Of that for places, where lists that draw a shape follow."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Stands:
    scripts: tuple[StageScript, ...]
    result: JobResult
    views: AttemptViews
    numbers: Measurements


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
    doubts = Doubts(picture, doubtful) if doubtful else None
    judge, cancel, paints = judge or Judge(picture), cancel or Event(), paints or Paints()
    polishing = _Polishing(picture, masks, worker, judge, cancel, tell, seed, doubts, ignored, paints)
    return polishing.run(tuple(program), time.monotonic() + budget_s, texture_s)


class _Polishing:
    def __init__(
        self,
        picture: NDArray[np.float32],
        masks: Mapping[str, NDArray[np.bool_]],
        worker: WorkerPort,
        judge: Judge,
        cancel: Event,
        tell: Callable[[str], None],
        seed: int,
        doubts: Doubts | None,
        ignored: NDArray[np.bool_] | None,
        paints: Paints,
    ) -> None:
        self._picture, self._masks, self._doubts, self._ignored = picture, masks, doubts, ignored
        self._worker, self._judge = worker, judge
        self._cancel, self._tell, self._seed = cancel, tell, seed
        self._owners: dict[str, dict[int, str]] = {}
        self._paints, self._effects = paints, Effects()
        self._deadline = self._end = float("inf")
        self._trace: list[tuple[str, float, float]] = []

    def run(self, program: tuple[StageScript, ...], deadline: float, texture_s: float) -> Polished | None:
        began, self._end = time.monotonic(), deadline
        if any(paintings_text.read(script.text) for script in program):
            deadline -= REPAINT_SHARE * (deadline - began)
        self._deadline = deadline
        first = self._tried(program)
        if first is None:
            return None
        self._note("as it was", began, first)
        stands = self._placed(first, time.monotonic() + PLACES_SHARE * (deadline - time.monotonic()))
        self._note("places", began, stands)
        failed = 0
        for turn in TURNS:
            if time.monotonic() > deadline or failed > 1:
                break
            if turn == TURNS[2]:
                stands = self._shining(stands, time.monotonic() + GLOSS_SHARE * (deadline - time.monotonic()))
                self._note("roughness and metal", began, stands)
            scripts = self._solved(stands, turn)
            tried = None if scripts is None else self._tried(scripts)
            if tried is not None and better(stands.numbers, tried.numbers):
                stands, failed = tried, 0
                self._note("lamps, light and colours" if turn else "light and colours", began, stands)
                continue
            failed += 1
            if turn != TURNS[-1]:
                self._again(stands)
        stands = self._repainted(stands)
        self._note("paintings", began, stands)
        if nothing_gained(first.numbers, stands.numbers):
            stands = first
        written = self._written(program, stands)
        if written is None:
            return None
        textured = self._textured(written, time.monotonic() + texture_s)
        if textured is not None:
            written, stands = textured.scripts, textured
            self._note("patterns", began, stands)
        changed = {new.stage: new.text for old, new in zip(program, written, strict=True) if old.text != new.text}
        return Polished(changed, first.numbers, stands.numbers, tuple(self._trace)) if changed else None

    def _written(self, program: tuple[StageScript, ...], stands: _Stands) -> tuple[StageScript, ...] | None:
        """Return the program with its solved numbers in PARAMS; None when it no longer runs so."""
        changed = {
            old.stage: write_back(old.text, new.text, self._owners.get(old.stage, {}))
            for old, new in zip(program, stands.scripts, strict=True)
            if old.text != new.text
        }
        written = tuple(StageScript(old.stage, changed.get(old.stage, old.text)) for old in program)
        if changed and self._tried(written) is None:
            _log.error("a program no longer runs with its numbers written into PARAMS: %s", ", ".join(changed))
            return None
        return written

    def _textured(self, program: tuple[StageScript, ...], deadline: float) -> _Stands | None:
        """Return what stands with patterns on its surfaces; None where none makes it nearer to the picture."""
        found = texture.solve(
            program, self._picture, self._masks, self._worker, deadline, self._cancel, self._tell, self._ignored,
            self._seed,
        )  # fmt: skip
        return None if found is None else self._tried(found.program)

    def _note(self, what: str, began: float, stands: _Stands) -> None:
        self._trace.append((what, time.monotonic() - began, stands.numbers.score))

    def _placed(self, stands: _Stands, deadline: float) -> _Stands:
        """Return what stands once the camera, sizes and places were solved together; as it was when that is no
        better. No stage by itself has them all."""
        at = [place for place, script in enumerate(stands.scripts) if script.stage in PLACING]
        if not at or not any(mask.any() for mask in self._masks.values()):
            return stands
        text = _joined(stands, at)
        probe = Probe(self._worker, (), "program", self._cancel, deadline)
        height, width = self._picture.shape[:2]
        names = list(self._masks)
        lists = series.drawing(probe, text, names, (profile.LONGEST, profile.LONGEST), joined.find)
        placement = Placement(
            probe,
            self._masks,
            (width, height),
            in_front(stands.views, self._masks, self._ignored),
            self._seed,
            self._check,
            series.others(lists, joined.find),
            doubts=self._doubts,
        )
        left = deadline - time.monotonic()
        found = placement.solve(text, left * (PLACES_BEFORE_SHAPES if lists else 1.0), self._tell, search=False)
        kept = self._kept(stands, at, found[0], self._better_placed) if found else stands
        if lists and (left := deadline - time.monotonic()) > 0:
            profiles = profile.Profiles(probe, self._masks, (width, height), self._check, joined.find)
            drawn = profiles.solve(_joined(kept, at), lists, left, self._tell)
            shaped = self._kept(kept, at, drawn[0], self._better_drawn) if drawn else kept
            return shaped if shaped is not kept else self._again(kept)
        return kept if kept is not stands else self._again(stands)

    def _kept(
        self, stands: _Stands, at: Sequence[int], text: str, is_better: Callable[[_Stands, _Stands], bool]
    ) -> _Stands:
        """Return what stands now that a joined text says otherwise: as it was when that is no better."""
        scripts = list(stands.scripts)
        for place, new in zip(at, joined.split(text), strict=True):
            scripts[place] = StageScript(scripts[place].stage, new)
        tried = self._tried(tuple(scripts))
        return tried if tried is not None and is_better(stands, tried) else stands

    def _better_placed(self, old: _Stands, new: _Stands) -> bool:
        return better_placed(old.numbers, new.numbers, self._lies(new) - self._lies(old))

    def _better_drawn(self, old: _Stands, new: _Stands) -> bool:
        off = [
            contours.off(self._masks, stands.views.ids, stands.views.id_names)
            for stands in (old, new)
            if stands.views.ids is not None
        ]
        return len(off) == 2 and off[1] < off[0] and self._better_placed(old, new)

    def _lies(self, stands: _Stands) -> float:
        return outline_score(stands.numbers, stands.views, self._masks, self._doubts)

    def _again(self, stands: _Stands) -> _Stands:
        """Have the worker hold what stands, which solving light looks at through it."""
        return self._tried(stands.scripts) or stands

    def _check(self) -> None:
        if self._cancel.is_set():
            raise Cancelled

    def _solved(self, stands: _Stands, turn: float) -> tuple[StageScript, ...] | None:
        """Return the scripts with the colours and the light that are nearest; the worker holds their scene."""
        sources, places = [], []
        for place, script in enumerate(stands.scripts):
            lights = script.stage in ("lighting", "program")
            materials = script.stage in ("materials", "program")
            if lights or materials:
                probe = Probe(self._worker, stands.scripts[:place], script.stage, self._cancel, self._deadline)
                sources.append(shade_stage.Source(script.text, probe, lights, materials))
                places.append(place)
        scene = shade_pictures.Rendered(
            self._picture,
            self._masks,
            stands.views,
            stands.result.inventory,
            stands.result.settings,
            self._ignored,
        )
        looker = PortLooker(self._worker, self._cancel)
        found = shade_stage.solve(sources, looker, scene, self._judge, self._tell, turn, self._paints, self._effects)
        if found is None:
            return None
        scripts = list(stands.scripts)
        for place, text, owners in zip(places, found.texts, found.owners, strict=True):
            self._own(scripts[place], owners)
            scripts[place] = StageScript(scripts[place].stage, text)
        return tuple(scripts)

    def _shining(self, stands: _Stands, deadline: float) -> _Stands:
        """Return what stands once roughness and metal were tried, where a surface looks wrong whatever its colour; as
        it was when none is better. The worker holds its scene."""
        place = next((p for p, script in enumerate(stands.scripts) if script.stage in ("materials", "program")), None)
        views, inventory = stands.views, stands.result.inventory
        if place is None or views.beauty is None:
            return stands
        height, width = (max(8, round(side * GLOSS_PIXELS / PIXELS)) for side in views.beauty.shape[:2])
        picture, now = (measure.fit(each, width, height) for each in (self._picture, views.beauty))
        if not gloss.suspects(gloss.surfaces_of(picture, self._masks, views, inventory, None, self._ignored), now):
            return stands
        self._tell("trying how surfaces shine")
        script = stands.scripts[place]
        probe = Probe(self._worker, stands.scripts[:place], script.stage, self._cancel, deadline)
        knobs, made = gloss.find(probe, script.text)

        def with_text(text: str) -> tuple[StageScript, ...]:
            return (*stands.scripts[:place], StageScript(script.stage, text), *stands.scripts[place + 1 :])

        def shown(text: str) -> NDArray[np.float32] | None:
            if time.monotonic() > deadline:
                return None
            result = self._run(with_text(text), ViewRequest(0, 0, GLOSS_PIXELS, GLOSS_SAMPLES))
            return load_views(self._worker, result).beauty if result.status == "ok" else None

        surfaces = gloss.surfaces_of(picture, self._masks, views, inventory, made, self._ignored)
        found = gloss.solve(script.text, knobs, surfaces, now, shown)
        if found is None:
            return self._again(stands)
        tried = self._tried(with_text(lift.with_values(script.text, found)))
        if tried is None:
            return self._again(stands)
        # A metal's colour is another one than a paint's that looks alike.
        scripts = self._solved(tried, 0.0)
        tried = (self._tried(scripts) if scripts is not None else None) or self._again(tried)
        changed = [name for knob in knobs if knob.number in found for name in knob.materials]
        beauty = tried.views.beauty
        assert beauty is not None
        misfit = surfaces.misfit(measure.fit(beauty, width, height), changed)
        if misfit >= surfaces.misfit(now, changed) or not no_worse(stands.numbers, tried.numbers):
            return self._again(stands)
        self._own(script, {knob.number.start: knob.materials[0] for knob in knobs if len(knob.materials) == 1})
        return tried

    def _repainted(self, stands: _Stands) -> _Stands:
        """Return what stands once painted things show the picture under the light so far."""
        place = next((p for p, script in enumerate(stands.scripts) if script.stage in ("materials", "program")), None)
        painted = paintings_text.read(stands.scripts[place].text) if place is not None else {}
        if place is None or not painted or stands.result.settings.get("view", {}).get("view_transform") != "Standard":
            return stands
        self._tell("painting things anew under the light")
        judge = Judge(self._picture, longest=FINE)
        views = ViewRequest(measure_px=FINE, beauty_px=FINE, beauty_samples=SAMPLES)
        found = seen = self._seen(stands.scripts, views, judge)
        for _ in range(REPAINTS):
            if seen is None or seen.views.beauty is None or seen.views.ids is None or time.monotonic() > self._end:
                break
            height, width = seen.views.ids.shape
            picture, beauty = (measure.fit(each, width, height) for each in (self._picture, seen.views.beauty))
            ignored = None if self._ignored is None else measure.fit_mask(self._ignored, width, height)
            painted = repaint.solve(painted, picture, beauty, seen.views.ids, seen.views.id_names, ignored)
            scripts = list(seen.scripts)
            scripts[place] = StageScript(scripts[place].stage, paintings_text.put(scripts[place].text, painted))
            tried = self._seen(tuple(scripts), views, judge)
            if tried is None or not nearer(seen.numbers, tried.numbers):
                break
            seen = tried
        if seen is None or seen is found:
            return stands
        # Numbers of one size compare.
        return self._tried(seen.scripts) or stands

    def _own(self, script: StageScript, owners: Mapping[int, str]) -> None:
        """Remember by its place among the script's numbers whose a number is; `owners` have it by where it starts."""
        mine = self._owners.setdefault(script.stage, {})
        for index, number in enumerate(script_numbers.find(script.text)):
            if number.start in owners:
                mine[index] = owners[number.start]

    def _tried(self, program: tuple[StageScript, ...]) -> _Stands | None:
        self._tell("rendering the whole program")
        views = ViewRequest(measure_px=PIXELS, beauty_px=PIXELS, beauty_samples=SAMPLES)
        return self._seen(program, views, self._judge)

    def _seen(self, program: tuple[StageScript, ...], request: ViewRequest, judge: Judge) -> _Stands | None:
        result = self._run(program, request)
        if result.status != "ok":
            return None
        views = load_views(self._worker, result)
        parts.merge(views, self._masks.keys())
        numbers = measure.measure(
            "lighting", self._picture, self._masks, views, tuple(result.sanity), judge, self._ignored
        )
        return _Stands(program, result, views, numbers)

    def _run(self, program: tuple[StageScript, ...], views: ViewRequest) -> JobResult:
        *before, last = program
        may = tuple(sorted(BY_NAME[last.stage].may_change))
        result = self._worker.run(Job(tuple(before), last, may, views, seed=self._seed), self._cancel)
        if self._cancel.is_set():
            raise Cancelled
        return result


def _joined(stands: _Stands, at: Sequence[int]) -> str:
    return joined.join([stands.scripts[place].text for place in at])
