# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell the things from the backdrop: flood the backdrop in from the frame, through soft shadows, up to edges."""

from __future__ import annotations

import cv2
import numpy as np

from . import faint, holes
from . import features as f
from .backdrop import Backdrop
from .basins import OUTSIDE, Patches, oversegment

FADING = 1.3
"""Edge strength along a rim (Lab units per pixel) below which a shade fades out instead of ending."""
LIT_STEP = 2.4
"""Edge strength that stops the flood on a lit floor; soft shadows stay below it, most outlines above."""
OUTLINE = 4.0
"""Edge strength all round that makes something flooded a thing after all."""
STUDIO_DRIFT = 9.0
"""A smooth backdrop whose lightness changes less than this (L) over the picture is a studio's, not a lit floor."""


def extract(seen: f.Features, behind: Backdrop) -> f.Mask:
    """Return the pixels that belong to things, outlines placed at half contrast."""
    light, chroma = behind.difference(seen.smooth)
    if behind.flat:
        back = _flood_flat(seen, behind, light, chroma)
        back &= ~faint.enclosed(seen, ~back)
    else:
        back = _flood_smooth(seen, behind, light, chroma)
        back |= _whiskers(seen, ~back, light, chroma)
        if behind.drift < STUDIO_DRIFT:
            back |= _cast_shadows(seen, ~back, light, chroma)
        back |= holes.seen_through(seen, behind, ~back, light)
        back &= ~faint.enclosed(seen, ~back)
        return sharpen(seen, _peeled(seen, behind, ~back))
    return sharpen(seen, ~back)


def _peeled(seen: f.Features, behind: Backdrop, things: f.Mask) -> f.Mask:
    """Take off the rim that differs from the backdrop less than half as much as the thing just inside does."""
    far = np.linalg.norm(seen.lab - behind.lab, axis=2) * things
    for _ in range(2):
        inside = cv2.dilate(far, f.disc(2))
        rim = things & ~f.erode(things, 1)
        things = things & ~(rim & (far < 0.5 * inside))
    return things


def _whiskers(seen: f.Features, things: f.Mask, light: f.Floats, chroma: f.Floats) -> f.Mask:
    """Return thin strands of faint contrast and the floor's hue: the rims of shadows."""
    thin = things & ~f.opened(things, 2)
    count, labels, stats = f.components(thin)
    result = np.zeros_like(things)
    for index in range(1, count):
        strand = labels == index
        if stats[index, 4] >= 4 and np.median(seen.edge[strand]) < 5 and np.median(chroma[strand]) < 10:
            result |= strand & (light < 3)
    return result


def _flood_flat(seen: f.Features, behind: Backdrop, light: f.Floats, chroma: f.Floats) -> f.Mask:
    low = max(1.2, 4 * behind.noise)
    exact = np.linalg.norm(seen.lab - behind.lab, axis=2) < low
    back = f.touching(exact, f.frame(seen.shape) & exact)
    # What the flood can't reach but is exactly the backdrop's colour is a hole, unless it is tiny or inside shading.
    count, labels, stats = f.components(exact & ~back, 4)
    smallest = max(12, round(2e-4 * exact.size))
    for index in range(1, count):
        if stats[index, 4] >= smallest:
            hole = labels == index
            rim = f.dilate(hole, 2) & ~hole
            if np.median(seen.edge[rim]) > 4:
                back |= hole
    back |= _cast_shadows(seen, ~back, light, chroma)
    if not _compressed(seen, behind, back):
        return back
    # Compression leaves a faint fringe round things; what is faint and broad is a pale thing.
    faint = ~back & (np.linalg.norm(seen.lab - behind.lab, axis=2) < low + 3)
    fringe = faint & ~f.opened(faint, 4)
    return back | f.touching(fringe | back, back)


def _compressed(seen: f.Features, behind: Backdrop, back: f.Mask) -> bool:
    """Tell whether the backdrop is a little unsteady close to the things, as JPEG makes it."""
    near = back & f.dilate(~back, 6) & ~f.dilate(~back, 2)
    return bool(near.any() and np.mean(np.linalg.norm(seen.lab - behind.lab, axis=2)[near] > 0.15) > 0.2)


def _cast_shadows(seen: f.Features, things: f.Mask, light: f.Floats, chroma: f.Floats) -> f.Mask:
    """Return the patches that fade into a flat backdrop without an outline, a little darker than it and of its hue."""
    shaded = things & (light < 0) & (light > -45) & (chroma < 4 + 0.1 * np.abs(light))
    result = np.zeros_like(things)
    if not shaded.any():
        return result
    patches = Patches(oversegment(seen, things), seen)
    share = {i: float(shaded[patches.labels == i].mean()) for i in patches.all}
    again = True
    while again:
        again = False
        for index in sorted(patches.all):
            patch = patches.all[index]
            length, strength = patch.rim(OUTSIDE)
            if share[index] > 0.7 and length >= 0.12 * patch.around and strength < FADING:
                result |= patches.mask(index)
                patches.drop(index)
                again = True
    return result


def _flood_smooth(seen: f.Features, behind: Backdrop, light: f.Floats, chroma: f.Floats) -> f.Mask:
    fits = (np.abs(light) < 3) & (chroma < 4)
    step = LIT_STEP if behind.drift >= STUDIO_DRIFT else 1.3
    # Pools of light are soft; something pale need not be.
    calm = (seen.edge < np.where(light > 8, min(step, 1.3), step)) & (chroma < 7) & (light < 30) & (light > -45)
    ring = f.frame(seen.shape) & fits
    back = f.touching(f.opened(calm, 1), ring)
    back |= f.touching(fits & calm, back)
    count, labels, stats = f.components(fits & calm & ~f.dilate(back, 1), 4)
    for index in range(1, count):
        if stats[index, 4] >= max(30, 5e-4 * fits.size):
            back |= labels == index
    return back & ~_leaks(seen, back & calm, light)


def _leaks(seen: f.Features, back: f.Mask, light: f.Floats) -> f.Mask:
    """Return what the flood entered through a gap: broad, darker than the floor, and outlined nearly all round."""
    result = np.zeros_like(back)
    count, labels, stats = f.components(f.opened(back & (light < -6), 3), 4)
    outline = cv2.dilate(seen.edge, f.disc(2))
    for index in range(1, count):
        if stats[index, 4] < 1.5e-3 * back.size:
            continue
        inside = labels == index
        rim = f.dilate(inside, 1) & ~inside
        if np.percentile(outline[rim], 20) > OUTLINE:
            result |= f.dilate(inside, 2)
    return result


def sharpen(seen: f.Features, things: f.Mask, band: int = 2) -> f.Mask:
    """Re-decide the pixels near the outline by which side's colour they are nearer to."""
    inside, outside = f.erode(things, band), ~f.dilate(things, band)
    unsure = ~inside & ~outside
    if not inside.any() or not outside.any():
        return things
    fore, back = f.spread(seen.lab, inside, band + 0.5), f.spread(seen.lab, outside, band + 0.5)
    way = fore - back
    along = ((seen.lab - back) * way).sum(-1) / np.maximum((way * way).sum(-1), 1e-3)
    known = f.dilate(inside, band + 1) & f.dilate(outside, band + 1) & ((way * way).sum(-1) > 9)
    result = things.copy()
    decide = unsure & known
    result[decide] = along[decide] > 0.5
    return np.asarray(result, bool)
