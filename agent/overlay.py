# SPDX-License-Identifier: GPL-3.0-or-later
"""The picture with what an attempt makes of it drawn over: the view setup and composition are judged by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from .brief import Brief

COLOURS = ((232, 125, 13), (20, 150, 220), (60, 180, 75), (200, 60, 160), (230, 200, 30), (120, 90, 220))
Bytes = NDArray[np.uint8]


def setup_overlay(picture: Bytes, brief: Brief, horizon: Sequence[float] | None) -> Bytes:
    """Return the (h, w, 3) sRGB picture with the brief's boxes and names and the camera's horizon drawn in."""
    canvas = np.ascontiguousarray(picture).copy()
    height, width = canvas.shape[:2]
    for index, item in enumerate(brief.objects):
        x0, y0, x1, y1 = item.box
        corners = (round(x0 * width), round(y0 * height)), (round(x1 * width) - 1, round(y1 * height) - 1)
        cv2.rectangle(canvas, *corners, COLOURS[index % len(COLOURS)], 1, cv2.LINE_AA)
        _label(canvas, item.name, corners[0], COLOURS[index % len(COLOURS)])
    if horizon is not None and all(-2 < level < 3 for level in horizon):
        ends = (0, round(horizon[0] * height)), (width - 1, round(horizon[1] * height))
        cv2.line(canvas, *ends, (255, 40, 40), 1, cv2.LINE_AA)
    return canvas


def outline_overlay(picture: Bytes, ids: NDArray[np.int32], names: Mapping[int, str], brief: Brief) -> Bytes:
    """Return the (h, w, 3) sRGB picture with the outlines of the object-id view's brief objects over it."""
    canvas = np.ascontiguousarray(picture).copy()
    size = canvas.shape[1], canvas.shape[0]
    wanted = [item.name for item in brief.objects]
    for key, name in names.items():
        if name not in wanted:
            continue
        mask = cv2.resize((ids == key).astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
        contours, _ = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(canvas, contours, -1, COLOURS[wanted.index(name) % len(COLOURS)], 1, cv2.LINE_AA)
    return canvas


def _label(canvas: Bytes, text: str, corner: tuple[int, int], colour: tuple[int, int, int]) -> None:
    x, y = corner
    cv2.putText(canvas, text, (x, max(10, y - 4)), cv2.FONT_HERSHEY_SIMPLEX, 0.38, (0, 0, 0), 2, cv2.LINE_AA)
    cv2.putText(canvas, text, (x, max(10, y - 4)), cv2.FONT_HERSHEY_SIMPLEX, 0.38, colour, 1, cv2.LINE_AA)
