# SPDX-License-Identifier: GPL-3.0-or-later
"""Masks from boxes: what of a brief's box is the thing and what is behind it, by colour and edges.

A model's brief has boxes, and outlines only now and then and only roughly. Taken as masks they make every overlap with
a render misleading. Here each box is cut out by GrabCut (Rother et al. 2004, OpenCV's), with the colours about it as
what is not the thing; where two things claim a pixel, their own colours and which stands in front decide.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .brief import Brief, BriefObject
from .mask_checks import confidence, tidy
from .mask_claims import Thing, in_front, resolve
from .mask_heed import Room, Said, heeded, pieces_on
from .mask_hints import MaskHint, marks
from .mask_models import Mixture, features_of

Bool = NDArray[np.bool_]
Bytes = NDArray[np.uint8]
WORKING = 384
"""Longer side, pixels, at which masks are found."""
SLACK = 0.008
"""How far a thing may reach beyond its box, as a share of the frame: boxes are read off by eye."""
BAND = 0.02
"""The same for an outline."""
AS_DRAWN, DRAWN_TRUST = 0.8, 0.6
"""An outline stands as it was drawn unless what was found by colour is trusted at least so much; and its own trust."""
AROUND = 0.4
"""Width of the surroundings that are looked at, as a share of the box."""
ROUNDS = 4
LEAST = 0.12
"""A thing that fills less of its box has not been found."""
CORE = 0.55
"""The middle of a box: what lies at least this share of the farthest distance from its rim."""
LOST = 0.2
"""Below this confidence the box, less what stands in front of it, is the better mask."""
LARGE = 70_000
"""Pixels; larger windows take too long at once."""
EDGE = 5
"""How far, in pixels, an edge found at half size may be off."""
SEED = 7


@dataclass(frozen=True)
class Mask:
    """A mask of the picture and how far it can be trusted."""

    mask: Bool
    """(h, w)."""
    confidence: float
    """0 to 1; 1 is an outline traced on the picture's pixels, below about 0.4 it is no better than a box."""


def refine(
    picture: Bytes,
    brief: Brief,
    drawn: Sequence[Bool],
    exact: Sequence[bool],
    check: Callable[[], None] = lambda: None,
    hints: Sequence[MaskHint] = (),
) -> list[Mask]:
    """Return a mask per object of the brief at the picture's size, from `drawn`: what its outlines or its box alone
    give, at the same size. Those marked `exact` stay as they are but where `hints` say otherwise. The same input gives
    the same masks; one that hints leave nothing of is empty.

    `check` is called before each object, which takes a tenth of a second to about one; it may raise to stop.
    """
    if all(exact) and not hints:
        return [Mask(mask, 1.0) for mask in drawn]
    height, width = picture.shape[:2]
    scale = min(1.0, WORKING / max(height, width))
    size = max(8, round(width * scale)), max(8, round(height * scale))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA) if scale < 1 else picture
    # Where nothing was said, masks are as without a word.
    plain = refine(picture, brief, drawn, exact, check) if hints else []
    whole_said = Said.all(marks(hints, [item.name for item in brief.objects], (width, height)))
    saying = [said.at(size) for said in whole_said]
    fitted = [_fit(mask, size) for mask in drawn]
    traced = [mask for mask, is_exact in zip(fitted, exact, strict=True) if is_exact]
    quads = zip(brief.objects, fitted, exact, saying, strict=True)
    things = [_thing(item, mask, is_exact, said, traced) for item, mask, is_exact, said in quads]
    free = ~np.logical_or.reduce([thing.allowed for thing in things])
    features = features_of(np.asarray(small, np.uint8), free)
    # OpenCV's k-means starts from random points; the seed is the thread's own and nobody else's.
    cv2.setRNGSeed(SEED)
    for thing in things:
        if not thing.exact:
            check()
            thing.mask = _cut(thing, things, features, told=False)
    resolve(things, features)
    for thing in things:
        if not thing.exact and any(np.any(thing.allowed & o.allowed) for o in things if o is not thing):
            check()
            thing.mask = _cut(thing, things, features, told=True)
    resolve(things, features)
    found = []
    for thing, whole, said in zip(things, drawn, whole_said, strict=True):
        if thing.exact:
            found.append(Mask(said.kept(whole), 1.0))
            continue
        others = _union([o.mask for o in things if o is not thing], thing.mask)
        mask = tidy(thing.mask, thing.item.count)
        if thing.said.own.any() or thing.said.denied.any():
            shown = np.asarray(small, np.uint8)
            mask = heeded(mask | pieces_on(thing.mask, thing.said.own), thing.said, shown, thing.room)
            mask = said.kept(_grow(mask, (width, height)))
            mask = mask if thing.room.moved else said.near(mask, plain[len(found)].mask)
            trust = confidence(thing.said.kept(_fit(mask, size)), thing.hint, others, features, False)
            found.append(Mask(mask, max(trust, DRAWN_TRUST)))
            continue
        trust = confidence(mask, thing.hint, others, features, bool(thing.item.outlines))
        if trust < LOST or np.count_nonzero(mask) < LEAST * np.count_nonzero(thing.hint & ~others):
            before = _union([o.mask for o in things if o is not thing and in_front(o, thing) > 0], thing.mask)
            mask, trust = thing.hint & ~before, min(trust, 0.1)
        elif thing.item.outlines and trust < AS_DRAWN:
            # White on white, say: whoever read the outline off saw more than colours tell.
            before = _union([o.mask for o in things if o is not thing and in_front(o, thing) > 0], thing.mask)
            mask, trust = thing.hint & ~before, max(trust, DRAWN_TRUST)
        mask = _grow(mask if mask.any() else thing.hint, (width, height))
        if hints:
            mask = said.near(mask, plain[len(found)].mask)
            trust = plain[len(found)].confidence if np.array_equal(mask, plain[len(found)].mask) else trust
        found.append(Mask(mask, trust))
    return _disjoint(found, plain, whole_said) if hints else found


def _disjoint(found: list[Mask], plain: Sequence[Mask], saying: Sequence[Said]) -> list[Mask]:
    """Take what a thing gained by what was said of it from the others, which may have been drawn over it."""
    for index, said in enumerate(saying):
        if said.own.any():
            gained = found[index].mask & ~plain[index].mask
            pairs = enumerate(zip(found, saying, strict=True))
            found = [m if i == index else Mask(m.mask & ~(gained & ~s.own), m.confidence) for i, (m, s) in pairs]
    return found


def _thing(item: BriefObject, drawn: Bool, traced: bool, said: Said, outlines: Sequence[Bool]) -> Thing:
    # What was traced stays, unless it was said to be more or less than that.
    exact = traced and not (said.own.any() or said.denied.any() or np.any(drawn & said.others))
    slack = max(1, round((BAND if item.outlines else SLACK) * max(drawn.shape)))
    shape = cv2.MORPH_ELLIPSE if item.outlines else cv2.MORPH_RECT
    kernel = cv2.getStructuringElement(shape, (2 * slack + 1, 2 * slack + 1))
    allowed = drawn if exact else cv2.dilate(drawn.astype(np.uint8), kernel).astype(bool)
    room = Room.of(said.own, allowed, drawn, traced, outlines)
    hint = said.kept(room.beyond if room.moved else drawn)
    return Thing(item, said.kept(allowed | room.beyond), hint, hint.copy(), exact, said, room)


def _cut(thing: Thing, things: Sequence[Thing], features: Bytes, told: bool) -> Bool:
    """Cut one thing out of its surroundings; `told`: what the others hold by now is not it."""
    if not thing.allowed.any():
        return thing.allowed.copy()
    rows, columns = _window(thing.allowed)
    allowed, hint = thing.allowed[rows, columns], thing.hint[rows, columns]
    window = features[rows, columns].copy()
    others = [o for o in things if o is not thing]
    taken = _union([o.mask for o in others if told or o.exact], thing.mask)[rows, columns]
    near = _union([o.allowed for o in others], thing.mask)[rows, columns]
    behind = ~allowed & ~near
    if np.count_nonzero(behind) < 40:
        behind = ~allowed
    if not behind.any():
        return thing.hint.copy()
    # Another thing beside the box may be of this one's colour: what lies behind both is shown in its place.
    colours = window[behind]
    swap = ~allowed & near
    window[swap] = colours[np.arange(np.count_nonzero(swap)) * 7919 % len(colours)]
    marks = np.full(allowed.shape, cv2.GC_BGD, np.uint8)
    marks[allowed] = cv2.GC_PR_BGD
    guess = allowed & hint & ~taken
    unlike = Mixture(colours).likelihood(window.reshape(-1, 3)).reshape(allowed.shape)
    usual = float(np.percentile(unlike[behind], 4))
    likely = guess & (unlike < usual - 1.0)
    if np.count_nonzero(likely) < 0.2 * np.count_nonzero(guess) or thing.item.outlines:
        likely = guess
    marks[likely] = cv2.GC_PR_FGD
    marks[taken] = cv2.GC_BGD
    sure = thing.said.own[rows, columns]
    marks[sure] = cv2.GC_FGD
    mask = np.zeros_like(thing.mask)
    if not guess.any():
        return mask
    found = _grabbed(window, marks)
    if np.count_nonzero(found) < LEAST * np.count_nonzero(guess):
        # Too like what is behind it to be found from the outside: its middle is held to be it.
        depth = cv2.distanceTransform(np.pad(guess, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
        marks[guess] = cv2.GC_PR_FGD
        marks[depth >= CORE * depth.max()] = cv2.GC_FGD
        marks[sure] = cv2.GC_FGD
        found = _grabbed(window, marks)
    mask[rows, columns] = found
    return mask & thing.allowed


def _grabbed(window: Bytes, marks: Bytes) -> Bool:
    """GrabCut from given marks; a large window at half its size first, then only along the edge found."""
    if window.shape[0] * window.shape[1] <= LARGE:
        return _grab(window, marks, ROUNDS)
    half = max(1, window.shape[1] // 2), max(1, window.shape[0] // 2)
    # Nearest for the marks, as they are no amounts; area for the colours, so that thin things leave a trace.
    small = cv2.resize(window, half, interpolation=cv2.INTER_AREA)
    fewer = cv2.resize(marks, half, interpolation=cv2.INTER_NEAREST)
    found = _grabbed(np.asarray(small, np.uint8), np.asarray(fewer, np.uint8))
    size = window.shape[1], window.shape[0]
    coarse = cv2.resize(found.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    kernel = np.ones((2 * EDGE + 1, 2 * EDGE + 1), np.uint8)
    closer = np.where(coarse > 0, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    closer[cv2.erode(coarse, kernel) > 0] = cv2.GC_FGD
    closer[cv2.dilate(coarse, kernel) == 0] = cv2.GC_BGD
    closer[marks == cv2.GC_BGD] = cv2.GC_BGD
    closer[marks == cv2.GC_FGD] = cv2.GC_FGD
    return _grab(window, closer, 2)


def _grab(window: Bytes, marks: Bytes, rounds: int) -> Bool:
    marks = marks.copy()
    sure = np.isin(marks, (cv2.GC_FGD, cv2.GC_PR_FGD))
    if sure.all() or not sure.any():
        return sure
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(window, marks, None, *models, rounds, cv2.GC_INIT_WITH_MASK)  # type: ignore[call-overload]
    return np.asarray((marks == cv2.GC_FGD) | (marks == cv2.GC_PR_FGD), np.bool_)


def _window(allowed: Bool) -> tuple[slice, slice]:
    """The box of a mask with its surroundings."""
    ys, xs = np.nonzero(allowed)
    height, width = int(np.ptp(ys)) + 1, int(np.ptp(xs)) + 1
    room = max(10, round(AROUND * max(height, width)))
    return (
        slice(max(0, int(ys.min()) - room), int(ys.max()) + 1 + room),
        slice(max(0, int(xs.min()) - room), int(xs.max()) + 1 + room),
    )


def _union(masks: Sequence[Bool], like: Bool) -> Bool:
    return np.asarray(np.logical_or.reduce([np.zeros_like(like), *masks]), np.bool_)


def _fit(mask: Bool, size: tuple[int, int]) -> Bool:
    if mask.shape == (size[1], size[0]):
        return mask
    small = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA) >= 0.5
    return np.asarray(small if small.any() else small | (cv2.resize(mask.astype(np.uint8), size) > 0), np.bool_)


def _grow(mask: Bool, size: tuple[int, int]) -> Bool:
    """Bring a mask to the picture's size with a smooth edge."""
    if mask.shape == (size[1], size[0]):
        return mask
    return np.asarray(cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_CUBIC) >= 0.5, np.bool_)
