# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a program that was rendered afresh is better than the one that stands."""

from __future__ import annotations

from .measurements import Measurements

GAIN = 2e-3
"""In score: less is noise."""
LPIPS_SLACK = 1e-3
SAME_IOU = 0.01
PLACES_SLACK = 6e-3
"""Of LPIPS, for places alone: in light that is not solved yet it says less of them than outlines do."""
SHADOWS = 0.03
"""What the agreement of edges around the things may lose."""
FINER, FINER_DB = 5e-4, 0.05
"""In LPIPS and dB, of renders with the same noise."""
NOISE = 3e-3
"""LPIPS of two renders of one scene with other noise differ by about this much."""


def nothing_gained(first: Measurements, last: Measurements) -> bool:
    """Whether the judge finds a program worse in the end."""
    return first.lpips is not None and last.lpips is not None and last.lpips > first.lpips + NOISE


def better_placed(old: Measurements, new: Measurements, gained: float) -> bool:
    """Whether things lie better under their masks, by `gained`, and look no worse, or lie as well and look better."""
    if old.lpips is None or new.lpips is None:
        return gained > GAIN
    nearer = old.lpips - new.lpips
    return (gained > GAIN and nearer > -PLACES_SLACK) or (gained > -SAME_IOU and nearer > LPIPS_SLACK)


def better(old: Measurements, new: Measurements) -> bool:
    """Whether a program looks nearer to the picture, to the judge no farther, its shadows no farther from theirs."""
    if new.score < old.score + GAIN or shadows_lost(old, new):
        return False
    return old.lpips is None or new.lpips is None or new.lpips <= old.lpips + LPIPS_SLACK


def shadows_lost(old: Measurements, new: Measurements) -> bool:
    """Whether the edges of shadows agree less with the picture's than they did."""
    return old.shadows is not None and new.shadows is not None and new.shadows < old.shadows - SHADOWS


def no_worse(old: Measurements, new: Measurements) -> bool:
    """Whether a change that is better where it matters costs nothing elsewhere."""
    if new.score < old.score - GAIN:
        return False
    return old.lpips is None or new.lpips is None or new.lpips <= old.lpips + LPIPS_SLACK


def nearer(old: Measurements, new: Measurements) -> bool:
    """Whether a picture is nearer to the judge, be it by little: what was solved has no noise in it; and by PSNR."""
    if old.psnr is None or new.psnr is None:
        return False
    gained = new.psnr - old.psnr
    if old.lpips is None or new.lpips is None:
        return gained > FINER_DB
    return new.lpips < old.lpips - FINER and gained > -FINER_DB
