# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures that compare an attempt with the picture: where they differ, and its objects' outlines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from . import mask_picture, showing
from .overlay import COLOURS
from .parts import owner
from .picture import PictureError
from .record import RecordError, RunFolder

Rgba = NDArray[np.uint8]
KINDS = ("picture", "heat", "outlines", "masks")
FULL_SCALE = 0.5
"""Mean absolute difference of sRGB, 0 to 1, that is drawn as the hottest."""
LONGEST = 1024


def make(folder: Path, stage: str, number: int, kind: str, check: Callable[[], None] = lambda: None) -> Rgba:
    """Return (h, w, 4) sRGB with straight alpha, row 0 at the top.

    `picture`: the picture itself. `heat`: where the attempt's render differs, cold is transparent. `outlines`: the
    picture with the outlines of the attempt's objects. `masks`: the picture with its own masks, whatever the attempt.
    `check` is called every so often and may raise to stop. Raises RecordError with a sentence when there is none to be
    had.
    """
    if kind == "masks":
        return _masks(folder, check)
    try:
        with Image.open(folder / "picture.png") as image:
            picture = np.asarray(image.convert("RGBA"))
    except OSError as error:
        raise RecordError(f"The run's picture can't be read: {error}.") from error
    scale = min(1.0, LONGEST / max(picture.shape[:2]))
    if scale < 1.0:
        picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    if kind == "picture":
        return np.ascontiguousarray(picture)
    opened = RunFolder.open(folder)
    record = showing.find(opened, stage, number)
    if kind == "outlines":
        brief = opened.load_brief()
        wanted = {item.name for item in brief.objects} if brief else set()
        return _outlines(picture, opened.path / record.folder, wanted)
    return _heat(picture, opened.path / record.folder)


def _masks(folder: Path, check: Callable[[], None]) -> Rgba:
    opened = RunFolder.open(folder)
    brief = opened.load_brief()
    if brief is None or not brief.objects:
        raise RecordError("There are no masks yet: the brief names nothing in the picture.")
    try:
        picture = mask_picture.picture_of(folder)
    except (OSError, PictureError) as error:
        raise RecordError(f"The run's picture can't be read: {error}.") from error
    drawn, _ = mask_picture.of_run(picture, brief, opened.load_hints(), LONGEST, check)
    return np.dstack([drawn, np.full(drawn.shape[:2], 255, np.uint8)])


def _heat(picture: Rgba, attempt: Path) -> Rgba:
    render = next((attempt / name for name in ("beauty.png", "viewport.png") if (attempt / name).exists()), None)
    if render is None:
        raise RecordError("This attempt has no render in colour to compare with: accept the materials first.")
    h, w = picture.shape[:2]
    with Image.open(render) as image:
        shown = cv2.resize(np.asarray(image.convert("RGB")), (w, h), interpolation=cv2.INTER_LINEAR)
    gap = np.abs(picture[..., :3].astype(np.float32) - shown.astype(np.float32)).mean(-1) / 255 / FULL_SCALE
    gap = np.clip(gap, 0, 1)
    heat = np.stack([np.clip(gap * 2, 0, 1), np.clip(gap * 2 - 0.8, 0, 1), np.clip(0.6 - gap, 0, 1) * gap], -1)
    return np.dstack([np.round(heat * 255), np.round(np.clip(gap * 2.5, 0, 1) * 235)]).astype(np.uint8)


def _outlines(picture: Rgba, attempt: Path, wanted: set[str]) -> Rgba:
    try:
        with np.load(attempt / "views.npz", allow_pickle=False) as arrays:
            ids, known = arrays["ids"], zip(arrays["id_keys"].tolist(), arrays["id_values"].tolist(), strict=True)
            keys = [key for key, name in known if not wanted or owner(name, wanted)]
    except (OSError, KeyError, ValueError) as error:
        raise RecordError("This attempt has no outlines: it has no objects yet.") from error
    canvas = np.ascontiguousarray(picture).copy()
    canvas[..., 3] = 255
    size = canvas.shape[1], canvas.shape[0]
    for index, key in enumerate(keys):
        mask = cv2.resize((ids == key).astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
        found, _ = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(canvas, found, -1, (*COLOURS[index % len(COLOURS)], 255), 2, cv2.LINE_AA)
    return canvas
