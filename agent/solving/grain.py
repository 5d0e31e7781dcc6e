# SPDX-License-Identifier: GPL-3.0-or-later
"""How grainy a surface is in the picture and not in the render: contrast, size, and along which of its own axes it is
drawn out, as wood's is."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .patterns import Triple

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

COARSEST = 4.0
"""Pixels: sigma of the blur that leaves what is no grain."""
LEAST = 0.012
"""Relative contrast, as shown, that must be missing."""
CONTRASTS = (0.06, 0.45)
FINEST = 3.0
"""Pixels a grain: finer is noise of the camera."""
FEWEST = 300
_DRAWN_OUT, _SEEN = 0.6, 0.2
_STRETCH = (4.0, 12.0)
_CONTRAST = 3.0
"""From the spread of values as shown to the amplitude of a linear tint: the slope of sRGB, over the spread of noise."""
_CELLS = 3.0
"""Cells of Blender's noise to a wave of the same fineness; renders showed finer noise to be nearer than alike one."""


@dataclass(frozen=True)
class Grain:
    """What noise would look like the picture's."""

    contrast: float
    """Amplitude of the tint about 1."""
    grains: float
    """Per unit of the thing's own space."""
    axis: int | None
    """The own axis along which they are long; None where they are round."""
    stretch: float = 1.0

    def waves(self, size: float = 1.0, round_ones: bool = False) -> Triple:
        """Return grains along each axis, `size` times as large."""
        along = np.full(3, self.grains / size)
        if self.axis is not None and not round_ones:
            along[self.axis] /= self.stretch
        x, y, z = along.tolist()
        return x, y, z


def missing(picture: NDArray[np.float32], render: NDArray[np.float32], own: Floats, where: Mask) -> Grain | None:
    """Return the grain that a render lacks on the pixels of `where`; None where it lacks none.

    `picture` and `render` are (h, w, 3) sRGB, `own` (h, w, 3) the pixels' places in the thing's own space.
    """
    inner = cv2.erode(where.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    if int(inner.sum()) < FEWEST:
        return None
    wanted, now = (_fine(np.asarray(each, np.float64).mean(axis=2), where) for each in (picture, render))
    level = float(np.mean(np.asarray(picture, np.float64).mean(axis=2)[inner]))
    lacks = (_spread(wanted[inner]) ** 2 - _spread(now[inner]) ** 2) / max(level, 0.05) ** 2
    if lacks < LEAST**2:
        return None
    dy, dx = (np.asarray(np.gradient(wanted, axis=axis)) for axis in (0, 1))
    change = np.median(dx[inner] ** 2) + np.median(dy[inner] ** 2)
    length = max(FINEST, 2 * np.pi * float(np.sqrt(np.median(wanted[inner] ** 2) / max(float(change), 1e-12))))
    across, down = np.asarray(np.gradient(own, axis=1))[inner], np.asarray(np.gradient(own, axis=0))[inner]
    metres = float(np.median(np.sqrt(np.linalg.norm(across, axis=1) * np.linalg.norm(down, axis=1))))
    if not np.isfinite(metres) or metres <= 0:
        return None
    axis, stretch = _drawn_out(dx[inner], dy[inner], across, down)
    contrast = float(np.clip(_CONTRAST * np.sqrt(lacks), *CONTRASTS))
    return Grain(contrast, _CELLS / (length * metres), axis, stretch)


def _fine(values: Floats, where: Mask) -> Floats:
    """Return what is left of values once their blur, taken within `where`, is off."""
    inside = where.astype(np.float64)
    total = cv2.GaussianBlur(values * inside, (0, 0), COARSEST)
    share = cv2.GaussianBlur(inside, (0, 0), COARSEST)
    return np.where(where, values - total / np.maximum(share, 1e-6), 0.0)


def _spread(values: Floats) -> float:
    # Of most pixels: edges of what is painted on are no grain.
    return float(1.4826 * np.median(np.abs(values)))


def _drawn_out(dx: Floats, dy: Floats, across: Floats, down: Floats) -> tuple[int | None, float]:
    """Return the own axis along which a picture changes least, and how many times as long its grains are there."""
    frame = np.stack([across, down], axis=-1)
    metric = np.einsum("nai,naj->nij", frame, frame)
    fine = np.linalg.det(metric) > 1e-12 * np.trace(metric, axis1=1, axis2=2) ** 2
    if not fine.any():
        return None, 1.0
    lift = frame[fine] @ np.linalg.inv(metric[fine])
    slope = np.einsum("nai,ni->na", lift, np.stack([dx, dy], axis=1)[fine])
    seen = np.clip(np.einsum("nai,nai->na", lift, frame[fine]), 0.0, 1.0)
    # Two axes are compared where both are seen: how fine a change may be differs from face to face. What is seen most
    # counts most, for on a face seen aslant grain is too fine to be seen at all.
    total, logs = np.zeros(3), np.zeros(3)
    for one, two in ((0, 1), (0, 2), (1, 2)):
        weight = seen[:, one] * seen[:, two]
        squares = [float(np.mean(weight * slope[:, axis] ** 2)) + 1e-15 for axis in (one, two)]
        total[[one, two]] += weight.mean()
        logs[[one, two]] += weight.mean() * np.log(squares[0] / squares[1]) * np.array([1.0, -1.0])
    ratios = np.where(total > _SEEN, np.exp(0.5 * logs / np.maximum(total, 1e-9)), np.inf)
    least = int(ratios.argmin())
    ratio = float(ratios[least])
    return (least, float(np.clip(2 / max(ratio, 1e-3), *_STRETCH))) if ratio < _DRAWN_OUT else (None, 1.0)
