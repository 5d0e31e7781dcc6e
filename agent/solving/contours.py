# SPDX-License-Identifier: GPL-3.0-or-later
"""A mask's outline as places with a direction outwards, finer than a pixel, and how far points reach beyond each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from . import splat

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

MOST = 260
"""Places of one outline."""
_APART = 1.5
"""Pixels between them, at least."""
_LEAST = 14
"""Pixels of a piece's outline; smaller ones are noise."""
_SMOOTH = 1.5
"""Pixels over which the steps of a mask's edge are evened out."""
_TOUCHES = 3
"""Pixels: a neighbour nearer than this may be what ends a mask."""
_EXACT = 0.1
"""Percent of the frame's width that an outline is good to, at best."""
_CORNERS = 3.0
"""Times what blurring moves it by, where it turns: corners are rounded here, and cut short or not by what reaches there
from beside."""
_FAR = 8.0
"""Percent of the frame's width: what reaches farther out than this does not belong to a place."""
_WITHIN = 0.35
"""Percent of the frame's width to either side of a place where points speak for it, at least."""
NOWHERE = -4.0
"""Percent of the frame's width that a place is said to be missed by where nothing reaches it from inside."""


@dataclass(frozen=True)
class Contour:
    """A mask's outline, in percent of the frame's width from its top left, y down."""

    places: Array
    """(n, 2)"""
    out: Array
    """(n, 2) unit vectors away from the mask."""
    free: Array
    """(n,) how far outwards points still belong to a place: at most half the way to where the mask goes on."""
    open: Mask
    """(n,) where the mask ends at something else or at the frame, so that the thing may go on behind it."""
    beside: NDArray[np.int32]
    """(n,) which of the other masks it ends at, in their order; -1 for none."""
    within: float
    exact: Array
    """(n,) percent of the frame's width that a place is good to: worse at corners."""

    def reach(self, points: Array) -> tuple[Array, NDArray[np.int64]]:
        """Return by how much points (m, 2) reach beyond each place, negative where they fall short, and which point
        does; NOWHERE and -1 where there is none."""
        if not len(points):
            return np.full(len(self.places), NOWHERE), np.full(len(self.places), -1)
        out, points = self.out.astype(np.float32), points.astype(np.float32)
        along = np.stack([-out[:, 1], out[:, 0]], axis=1)
        here = self.places.astype(np.float32)
        beyond = out @ points.T - (out * here).sum(axis=1)[:, None]
        aside = along @ points.T - (along * here).sum(axis=1)[:, None]
        beyond[(np.abs(aside) > self.within) | (beyond > self.free.astype(np.float32)[:, None])] = -np.inf
        which = beyond.argmax(axis=1)
        far = beyond[np.arange(len(which)), which].astype(np.float64)
        there = far > NOWHERE
        return np.where(there, far, NOWHERE), np.where(there, which, -1)


def of_masks(masks: Mapping[str, Mask]) -> dict[str, Contour]:
    """Return the outline of every mask that has one; all (h, w), one size."""
    found = {}
    for name, mask in masks.items():
        contour = _of_mask(mask, [other for their, other in masks.items() if their != name])
        if contour is not None:
            found[name] = contour
    return found


def gap(contour: Contour, mask: Mask) -> float:
    """Return how far a mask's own outline lies from the closed parts of another's, percent of the frame's width, on
    average and NOWHERE's size at most; the mask may be of any size."""
    if not mask.any():
        return -NOWHERE
    edge = np.where(mask & ~splat.shrunk(mask, 1), 0, 255).astype(np.uint8)
    # Pixels of a render's edge lie half of one inside it.
    away = cv2.distanceTransform(edge, cv2.DIST_L2, 5).astype(np.float32)
    scale = mask.shape[1] / 100
    at = contour.places[~contour.open] - 0.5 / scale * contour.out[~contour.open]
    if not len(at):
        return 0.0
    return float(np.minimum(_sampled(away, at * scale) / scale, -NOWHERE).mean())


def off(masks: Mapping[str, Mask], ids: NDArray[np.int32], id_names: Mapping[int, str]) -> float:
    """Return how far the things of an object-id view lie from their masks' outlines, percent of the frame's width, on
    average."""
    keys = {name: key for key, name in id_names.items()}
    gaps = [gap(contour, ids == keys.get(name, -1)) for name, contour in of_masks(masks).items()]
    return float(np.mean(gaps)) if gaps else 0.0


def _of_mask(mask: Mask, others: list[Mask]) -> Contour | None:
    height, width = mask.shape
    pad = 3
    padded = np.pad(mask.astype(np.uint8), pad)
    pieces, _ = cv2.findContours(padded, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    rings = [piece[:, 0, :].astype(np.float64) for piece in pieces if len(piece) >= _LEAST]
    if not rings:
        return None
    apart = max(_APART, sum(map(_length, rings)) / MOST)
    pixels = np.concatenate([_even(ring, apart) for ring in rings])
    soft = cv2.GaussianBlur(padded.astype(np.float32), (0, 0), _SMOOTH).astype(np.float32)
    slopes = [cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1)]
    ways = np.stack([_sampled(slope.astype(np.float32), pixels + 0.5) for slope in slopes], axis=1)
    size = np.linalg.norm(ways, axis=1)
    pixels, out = pixels[size > 1e-4], -ways[size > 1e-4] / size[size > 1e-4, None]
    pixels = pixels + _to_edge(soft, pixels, out)[:, None] * out
    places = pixels - pad + 0.5
    beside = _beside(places, others)
    x, y = places.T
    at_frame = (x < 1.5) | (y < 1.5) | (x > width - 1.5) | (y > height - 1.5)
    scale = 100.0 / width
    free = _free(padded, pixels, out, _FAR / scale) * scale
    within = max(_WITHIN, 0.6 * apart * scale)
    sag = _sag(padded, pixels, float(np.hypot(_SMOOTH, within / scale))) * scale
    exact = np.hypot(_EXACT, _CORNERS * sag)
    return Contour(places * scale, out, free, at_frame | (beside >= 0), beside, within, exact)


def _length(ring: Array) -> float:
    return float(np.linalg.norm(ring - np.roll(ring, 1, axis=0), axis=1).sum())


def _even(ring: Array, apart: float) -> Array:
    """Return points evenly along a closed ring of pixels, its steps smoothed."""
    taps = np.arange(-4, 5)
    weights = np.exp(-0.5 * (taps / _SMOOTH) ** 2)
    ring = sum(w * np.roll(ring, tap, axis=0) for tap, w in zip(taps, weights / weights.sum(), strict=True))
    closed = np.concatenate([ring, ring[:1]])
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(closed, axis=0), axis=1))])
    at = np.arange(max(4, round(along[-1] / apart))) * along[-1] / max(4, round(along[-1] / apart))
    return np.stack([np.interp(at, along, closed[:, axis]) for axis in (0, 1)], axis=1)


def _to_edge(soft: NDArray[np.float32], pixels: Array, out: Array) -> Array:
    """Return how far outwards the blurred mask falls to a half, pixels."""
    offsets = np.linspace(-2.5, 2.5, 26)
    values = np.stack([_sampled(soft, pixels + 0.5 + offset * out) for offset in offsets], axis=1)
    falls = (values[:, :-1] >= 0.5) & (values[:, 1:] < 0.5)
    # The nearest fall to where the ring of pixels runs.
    cost = np.where(falls, np.abs(offsets[:-1]), np.inf)
    at = cost.argmin(axis=1)
    rows = np.arange(len(pixels))
    before, after = values[rows, at], values[rows, at + 1]
    exact = offsets[at] + (before - 0.5) / np.maximum(before - after, 1e-6) * (offsets[1] - offsets[0])
    return np.where(falls.any(axis=1), exact, 0.25)


def _sag(padded: NDArray[np.uint8], pixels: Array, blur: float) -> Array:
    """Return how far blurring moves the outline of a mask: not at all where it runs straight, pixels."""
    soft = cv2.GaussianBlur(padded.astype(np.float32), (0, 0), blur).astype(np.float32)
    return np.asarray(np.abs(_sampled(soft, pixels + 0.5) - 0.5) * blur * np.sqrt(2 * np.pi))


def _free(padded: NDArray[np.uint8], pixels: Array, out: Array, most: float) -> Array:
    """Return half the way outwards to where the mask goes on, pixels, at most `most`."""
    offsets = np.arange(2.0, 2 * most, 1.0)
    again = np.stack([_sampled(padded.astype(np.float32), pixels + 0.5 + o * out) > 0.5 for o in offsets], axis=1)
    first = np.where(again.any(axis=1), offsets[again.argmax(axis=1)], np.inf)
    return np.minimum(first / 2, most)


def _beside(places: Array, others: list[Mask]) -> NDArray[np.int32]:
    found = np.full(len(places), -1, np.int32)
    reach = 2 * _TOUCHES + 1
    for index, other in enumerate(others):
        near = cv2.dilate(other.astype(np.uint8), np.ones((reach, reach), np.uint8)).astype(np.float32)
        found[(_sampled(near, places) > 0.5) & (found < 0)] = index
    return found


def _sampled(picture: NDArray[np.float32], places: Array) -> Array:
    """Return a picture's values at places (n, 2), pixels from its top left corner; what lies outside is as its edge."""
    at = (places - 0.5).astype(np.float32)
    found = cv2.remap(picture, at[:, :1].copy(), at[:, 1:].copy(), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found[:, 0], np.float64)
