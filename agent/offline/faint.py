# SPDX-License-Identifier: GPL-3.0-or-later
"""Pale things before a pale backdrop: what a faint but unbroken outline encloses.

A white shade before a white wall differs from it by less than the wall's own light drifts, so no difference of colour
tells it; but its outline is a line, shut all round, and sharper than any pool of light. Only what is on the whole
brighter than the backdrop just outside is taken: what is darker may be a shadow.
"""

from __future__ import annotations

import cv2
import numpy as np

from . import features as f

ABOVE_NOISE = 5.0
"""Edge strength of a faint outline, in typical edge strengths of the backdrop."""
FAINTEST = 0.4
"""Lab units per pixel; nothing fainter is an outline."""
QUIET = 0.25
"""Typical edge strength up to which a backdrop is smooth enough for faint outlines to mean something."""
GAP = 2
"""Pixels on either side of an outline that are closed to the flood, so that small gaps in it do not leak."""
BROAD = 4
"""Pixels; half the breadth of the narrowest pale thing."""
LEAST = 1.5e-3
"""Share of the picture below which an enclosed patch is noise."""
STEP = 0.8
"""Lightness (L) by which it must be brighter than what is just outside, on the whole."""
SHARP = 2.0
"""Times the edge strength on both sides of a line that the line itself must have."""
MOSTLY = 0.7
"""Part of the rim, against the backdrop, along which it must."""
AGAINST = 0.25
"""Part of its rim that must be against the backdrop."""


def enclosed(seen: f.Features, things: f.Mask) -> f.Mask:
    """Return the pale things a faint outline encloses, by itself or together with the `things` known already."""
    nothing = np.zeros_like(things)
    away = ~f.dilate(things, 8)
    if not away.any():
        return nothing
    typical = float(np.median(seen.edge[away]))
    if typical > QUIET:
        return nothing
    lines = seen.edge > max(FAINTEST, ABOVE_NOISE * typical)
    shut = f.dilate(lines | things, GAP)
    reached = f.touching(~shut, f.frame(seen.shape, 2) & ~shut)
    # The flood stops GAP short of the outline on its side; let it up to the line again, not across.
    reached = f.dilate(reached, GAP + 1) & ~things
    # Opened, as the seams along the outlines of things and the rims of their shadows hang together with it.
    count, labels, stats = f.components(f.opened(~reached & ~things, BROAD), 4)
    found = nothing
    for index in range(1, count):
        if stats[index, 4] >= LEAST * things.size and _stands_out(seen, labels == index, things):
            found = found | (labels == index)
    return found


def _stands_out(seen: f.Features, patch: f.Mask, things: f.Mask) -> bool:
    """Tell whether the rim of a patch against the backdrop is a line, and the patch on the whole the brighter side."""
    known = f.dilate(things, 4)
    core, around = f.erode(patch, 3), f.dilate(patch, 7) & ~f.dilate(patch, 3) & ~known
    outline = patch & ~f.erode(patch, 1)
    rim = outline & f.dilate(around, 8) & ~known
    if not core.any() or np.count_nonzero(rim) < AGAINST * np.count_nonzero(outline):
        return False
    inside, outside = _near(seen.lab[..., 0], core), _near(seen.lab[..., 0], around)
    strongest = cv2.dilate(seen.edge, f.disc(2))[rim]
    beside = np.maximum(_near(seen.edge, core)[rim], _near(seen.edge, around)[rim])
    sharp = float(np.mean(strongest > SHARP * beside))
    return sharp >= MOSTLY and float(np.median((inside - outside)[rim])) > STEP


def _near(values: f.Floats, where: f.Mask) -> f.Floats:
    """The mean of `values` over the nearest pixels of `where`, everywhere."""
    weight = where.astype(np.float32)
    total = cv2.GaussianBlur(weight, (0, 0), 3.0)
    return np.asarray(cv2.GaussianBlur(values * weight, (0, 0), 3.0) / np.maximum(total, 1e-6), np.float32)
