# SPDX-License-Identifier: GPL-3.0-or-later
"""Load what a worker rendered."""

from __future__ import annotations

from threading import Event

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..worker.protocol import Failure, JobResult, LightBasis, LightBasisRequest, Look, LookRequest
from .ports import WorkerPort
from .roles import AttemptViews, Cancelled, LightPictures


def load_views(worker: WorkerPort, result: JobResult) -> AttemptViews:
    """Return the views of a job as arrays; empty for a job that rendered nothing."""
    files, views = result.views, AttemptViews()
    views.id_names = {int(key): name for key, name in files.id_names.items()}
    if files.ids:
        views.ids = _array(worker, files.ids)
    if files.albedo:
        views.albedo = _array(worker, files.albedo)
    if files.depth:
        views.depth = _array(worker, files.depth)
    if files.normal:
        views.normal = _array(worker, files.normal)
    if files.beauty:
        with Image.open(worker.file(files.beauty)) as image:
            views.beauty = np.asarray(image.convert("RGB"), np.float32) / np.float32(255)
    for name in ("clay", "plan"):
        if file := getattr(files, name):
            with Image.open(worker.file(file)) as image:
                setattr(views, name, np.asarray(image.convert("RGB"), np.float32) / np.float32(255))
    views.plan_bounds = files.plan_bounds
    return views


class PortLooker:
    """A `Looker` over an attempt's own worker."""

    def __init__(self, worker: WorkerPort, cancel: Event) -> None:
        """Look through `worker`, whose last job built the scene."""
        self._worker = worker
        self._cancel = cancel

    def light_basis(self, request: LightBasisRequest) -> LightPictures:
        """Return one linear picture per light and the scene's coverage; without names when the worker can't."""
        reply = self._worker.ask(request, self._cancel)
        if self._cancel.is_set():
            raise Cancelled
        if not isinstance(reply, LightBasis) or not reply.names:
            none = np.zeros((0, 1, 1, 3), np.float32)
            return LightPictures((), none, np.zeros((1, 1), np.float32), none, none)
        pictures, coverage = (_array(self._worker, file) for file in (reply.file, reply.alpha))
        gloss, around = (_array(self._worker, f) if f else np.zeros_like(pictures) for f in (reply.gloss, reply.around))
        return LightPictures(reply.names, pictures, coverage, gloss, around)

    def look(self, request: LookRequest) -> NDArray[np.uint8] | str:
        """Return the look as (h, w, 3) sRGB, or one sentence why there is none."""
        reply = self._worker.ask(request, self._cancel)
        if self._cancel.is_set():
            raise Cancelled
        if isinstance(reply, Failure):
            return reply.message
        if not isinstance(reply, Look):
            return f"The worker answered with a {type(reply).__name__}."
        with Image.open(self._worker.file(reply.picture)) as image:
            return np.asarray(image.convert("RGB"), np.uint8)


def _array(worker: WorkerPort, name: str) -> NDArray:  # type: ignore[type-arg]
    return np.load(worker.file(name), allow_pickle=False)  # type: ignore[no-any-return]
