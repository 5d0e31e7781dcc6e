# SPDX-License-Identifier: GPL-3.0-or-later
"""The built-in agent: segments, fits, writes scripts and judges by numbers. No model, no network, no key."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from math import radians
from threading import Event, Lock
from typing import Any

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...worker.protocol import JobResult
from .. import colour_space, leaving, paintings, params
from ..brief import Brief
from ..picture import Picture
from ..roles import Agent, Cancelled, Context, Draft, Usage
from . import (
    describe,
    judge,
    light_guess,
    surfaces,
    vanishing,
    words,
    write_composition,
    write_geometry,
    write_lighting,
    write_materials,
    write_setup,
)
from .camera import Camera
from .layout import USUAL, Layout, free_body, lay_out
from .outline import rings, span_of
from .segment import segment
from .solids import Solid, as_turned
from .surfaces import Surface

Rgb = tuple[float, float, float]

STRUCTURED = 14.0
"""Spread of hue and chroma (Lab) from which an object on a floor gets more than one colour."""
_COUNTING = Lock()
_BEFORE: list[int] = []
"""How many threads OpenCV had, once for each that wants one now."""
PLACE_CELLS = 64
"""Cells of a painted floor and wall across the picture."""


@contextmanager
def _one_thread() -> Iterator[None]:
    """OpenCV in one thread, as results must not hang on the machine; the number is the whole process's, which may be an
    artist's Blender, so it is put back: by the last one, for a call that was left may still be at it."""
    with _COUNTING:
        if not _BEFORE:
            _BEFORE.append(cv2.getNumThreads())
            cv2.setNumThreads(1)
        else:
            _BEFORE.append(_BEFORE[0])
    try:
        yield
    finally:
        with _COUNTING:
            before = _BEFORE.pop()
            if not _BEFORE:
                cv2.setNumThreads(before)


def make() -> Agent:
    """The offline agent."""
    return Agent("offline", OfflineGenerator(), judge.OfflineVerifier(), fits=True)


class OfflineGenerator:
    """Writes the brief and the stage scripts. Everything it knows follows from picture, brief, seed and the accepted
    scripts, so a resumed run goes on where it was; layouts are kept only to save time."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._layouts: dict[str, Layout] = {}

    def brief(
        self, picture: Picture, seed: int, cancel: Event, tell: Callable[[str], None] = lambda _doing: None
    ) -> tuple[Brief, Usage]:
        """Say what is in the picture. Raises Cancelled."""
        return leaving.run(lambda: self._brief(picture, seed, cancel), cancel), Usage()

    @_one_thread()
    def _brief(self, picture: Picture, seed: int, cancel: Event) -> Brief:
        def check() -> None:
            if cancel.is_set():
                raise Cancelled

        seen = segment(picture, seed)
        check()
        width, height = picture.size
        masks = [region.mask for region in seen.regions]
        lines = _lines(picture, seen.backdrop)
        layout = lay_out(masks, width / height, seen.backdrop, seed, check, lines=lines)
        brief = describe.describe(picture, seen, layout)
        self._layouts[_key(picture, brief, seed)] = layout
        return brief

    def write(self, context: Context) -> Draft:
        """Write the stage's script; or turn the numbers of the one that is there, when an artist says how. Raises
        Cancelled."""
        return leaving.run(lambda: self._write(context), context.cancel)

    @_one_thread()
    def _write(self, context: Context) -> Draft:
        best = context.best
        if best is not None and best.verdict is not None and best.verdict.by == "artist":
            script, note = words.turned(context.stage.name, best.script, best.verdict)
            if note:
                return Draft(script, note)
        writers = {
            "setup": self._setup,
            "geometry": self._geometry,
            "materials": self._materials,
            "composition": self._composition,
            "lighting": self._lighting,
        }
        return writers[context.stage.name](context)

    def repair(self, context: Context, draft: Draft, failed: JobResult) -> Draft | None:
        """Nothing to mend with: the same numbers would give the same script."""
        return None

    def _layout(self, context: Context) -> Layout:
        key = _key(context.picture, context.brief, context.seed) + context.hints
        if key not in self._layouts:
            width, height = context.picture.size
            # The outlines of the brief are a pixel off here and there: the camera might come out another than the
            # scene has by now.
            self._layouts[key] = lay_out(
                list(context.masks.values()),
                width / height,
                context.brief.backdrop,
                context.seed,
                context.check_cancel,
                _settled_camera(context),
                _lines(context.picture, context.brief.backdrop),
            )
        return self._layouts[key]

    def _setup(self, context: Context) -> Draft:
        layout = self._layout(context)
        script = write_setup.write(layout.camera, context.frame, backdrop_light(context, layout))
        pitch = np.degrees(layout.camera.pitch)
        fit = f"simple solids then overlap the outlines by {layout.evidence:.2f}"
        return Draft(script, f"The camera looks {pitch:.0f} degrees down; {fit}.")

    def _geometry(self, context: Context) -> Draft:
        layout = self._layout(context)
        solids = dict(zip(context.masks, layout.solids, strict=True))
        free = judge.asked(context, "outline")
        planes = dict(zip(context.masks, layout.planes, strict=True))
        for name in free:
            least = 1.0 if solids[name].kind == "lathe" else 0.9
            solids[name] = free_body(context.masks[name], layout.camera, least, len(solids), planes[name])
        for name, solid in solids.items():
            solids[name] = _detailed(context, name, solid)
        note = "Each region has the solid whose outline fits best."
        if free:
            note = "Free bodies from the outline for " + ", ".join(sorted(free)) + "."
        return Draft(
            write_geometry.write(solids, layout.camera, has_floor(context.brief), _place(context, layout)), note
        )

    def _materials(self, context: Context) -> Draft:
        layout = self._layout(context)
        rgb = context.picture.unit
        numbers = _accepted_params(context, "geometry")
        light = self._light_on(context, layout)
        painted = {name: mask for name, mask in context.masks.items() if f"{name}.cells" in numbers}
        found = {
            name: surfaces.flat(name, rgb, mask, light.get(name, 1.0))
            for name, mask in context.masks.items()
            if name not in painted
        }
        boxes = {}
        if place := _place(context, layout):
            behind = _behind(context)
            for name, (top, bottom) in place.surfaces().items():
                rows = np.linspace(0, 1, len(behind), endpoint=False)[:, None]
                painted[name] = behind & (rows >= top) & (rows < bottom)
                boxes[name] = (0.0, top, 1.0, bottom)
        elif has_floor(context.brief):
            found["Floor"] = Surface(surfaces.titled("Floor"), floor_colour(context, layout), 0.7, 0.2)
        found |= {
            name: Surface(surfaces.titled(name), painting=painting)
            for name, painting in paintings.paint(painted, rgb, boxes).items()
        }
        return Draft(write_materials.write(found), "Colours are the picture's, inside each region's rim.")

    def _composition(self, context: Context) -> Draft:
        numbers = _accepted_params(context, "geometry")
        things = [name for name in context.masks if f"{name}.location" in numbers]
        return Draft(write_composition.write(things), "Poses stay as fitted with the shapes.")

    def _lighting(self, context: Context) -> Draft:
        if context.best and context.best.verdict and context.best.verdict.items:
            lamps = judge.wanted_lamps(context.best.script, context.best.verdict)
            return Draft(write_lighting.write(lamps), "Powers and colours solved from one picture per light.")
        if not has_floor(context.brief) or _place(context, self._layout(context)):
            lamps = write_lighting.even(*_middle(self._layout(context).solids))
            return Draft(write_lighting.write(lamps), "Even light: the colours have the picture's light in them.")
        lamps = _lamps(context, self._layout(context))
        return Draft(write_lighting.write(lamps), "Lamps where the brightness of the floor puts them.")

    def _light_on(self, context: Context, layout: Layout) -> dict[str, float]:
        """How much light is going to fall on each object, 1 for the neutral world; empty without a floor to tell."""
        if not has_floor(context.brief) or _place(context, layout):
            return {}
        lamps = _lamps(context, layout)
        floor = float(np.dot(floor_colour(context, layout), colour_space.LUMINANCE))
        return {
            name: float(np.clip(light_guess.on_object(lamps, (*solid.place, solid.size[2] / 2), floor), 0.6, 1.8))
            for name, solid in zip(context.masks, layout.solids, strict=True)
        }


def _lines(picture: Picture, backdrop: str) -> tuple[float, float] | None:
    """What the straight lines of a room or a table tell of the camera; before a plain backdrop and on an even floor
    there are none but the things' own."""
    return vanishing.camera_of(picture.rgb, USUAL["scene"]) if backdrop == "scene" else None


def _place(context: Context, layout: Layout) -> write_geometry.Place | None:
    """The painted floor and wall of a picture whose background is more than an even floor."""
    if context.brief.backdrop != "scene":
        return None
    feet = [item.box[3] for item in context.brief.objects]
    horizon = layout.camera.horizon
    foot = float(np.clip(min(feet, default=0.6) - 0.03, max(0.0, horizon + 0.05), 0.95)) if horizon > -0.05 else 0.0
    return write_geometry.Place(foot, PLACE_CELLS)


def _lamps(context: Context, layout: Layout) -> list[write_lighting.Lamp]:
    floor, albedo = _floor(context, layout), floor_colour(context, layout)
    return light_guess.guess(context.picture.unit, floor, layout.camera, albedo, *_middle(layout.solids))


def has_floor(brief: Brief) -> bool:
    """Whether the scene gets a floor: not before a backdrop that is one flat colour or nothing."""
    return brief.backdrop in {"floor", "scene"}


def _key(picture: Picture, brief: Brief, seed: int) -> str:
    return hashlib.sha256(f"{picture.sha256} {picture.size} {seed} {brief.model_dump_json()}".encode()).hexdigest()


def _detailed(context: Context, name: str, solid: Solid) -> Solid:
    """The solid with a mesh fine enough to be painted; on an even floor only when the region has several colours."""
    mask, width, height = context.masks[name], *context.picture.size
    free = solid.kind in {"lathe", "inflated"}
    if context.brief.backdrop == "floor" and not free and surfaces.structure(context.picture.unit, mask) < STRUCTURED:
        return solid
    cells = surfaces.cells_along(span_of(rings(mask), width / height), len(context.masks))
    if solid.kind in {"cylinder", "cone"}:
        solid = as_turned(solid, cells)
    return replace(solid, cells=cells)


def _accepted_params(context: Context, stage: str) -> dict[str, Any]:
    """The numbers of a stage's accepted script; none when there is no such script."""
    return params.read(next((script.text for script in context.accepted if script.stage == stage), ""))


def _settled_camera(context: Context) -> Camera | None:
    """The camera of the accepted setup script; None before there is one, or when it is no script of this agent's."""
    numbers = _accepted_params(context, "setup")
    if not numbers.keys() >= {"camera.fov", "camera.pitch", "camera.location"}:
        return None
    width, height = context.picture.size
    fov, pitch = radians(numbers["camera.fov"]), radians(numbers["camera.pitch"])
    return Camera(fov, pitch, width / height, numbers["camera.location"])


def _behind(context: Context) -> NDArray[np.bool_]:
    h, w = context.picture.rgb.shape[:2]
    nothing = np.zeros((h, w), bool)
    told = [] if context.ignored is None else [context.ignored]
    return np.asarray(~np.logical_or.reduce([nothing, *told, *context.masks.values()]), np.bool_)


def _median_light(rgb: NDArray[np.float32], where: NDArray[np.bool_], otherwise: Rgb) -> Rgb:
    return _linear(np.median(rgb[where], axis=0) if where.sum() > 20 else otherwise)


def _linear(srgb: ArrayLike) -> Rgb:
    r, g, b = colour_space.to_linear(srgb)
    return float(r), float(g), float(b)


def backdrop_light(context: Context, layout: Layout) -> Rgb:
    """What the camera sees behind everything, linear RGB: the flat backdrop, or what is above the horizon."""
    brief = context.brief
    if brief.backdrop == "transparent":
        return 1.0, 1.0, 1.0
    if not has_floor(brief):
        return _linear(brief.backdrop_colour)
    behind = _behind(context)
    behind[int(max(layout.camera.horizon, 0.05) * len(behind)) :] = False
    return _median_light(context.picture.unit, behind, brief.backdrop_colour)


def _floor(context: Context, layout: Layout) -> NDArray[np.bool_]:
    """Where the picture shows the floor: below the horizon, behind nothing."""
    behind = _behind(context)
    behind[: max(0, int((layout.camera.horizon + 0.01) * len(behind)))] = False
    return behind


def floor_colour(context: Context, layout: Layout) -> Rgb:
    """Albedo of the floor: the typical colour below the horizon, linear RGB."""
    r, g, b = _median_light(context.picture.unit, _floor(context, layout), context.brief.backdrop_colour)
    top = surfaces.HIGHEST_ALBEDO
    return min(r, top), min(g, top), min(b, top)


def _middle(solids: list[Solid]) -> tuple[tuple[float, float, float], float]:
    """The middle of all solids and how far the lamps stand off, metres."""
    if not solids:
        return (0.0, 0.0, 0.0), 3.0
    places = np.array([solid.place for solid in solids])
    heights = [solid.size[2] for solid in solids]
    x, y = (places.min(0) + places.max(0)) / 2
    reach = max(1.2, float(np.ptp(places, axis=0).max()) * 0.8, 1.3 * max(heights))
    return (float(x), float(y), float(np.mean(heights) / 2)), min(reach, 8.0)
