# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask the worker what variants of a stage script make."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Event

import numpy as np
from numpy.typing import NDArray

from ...worker.protocol import Solved, SolveRequest, StageScript
from ..ports import WorkerPort
from ..roles import Cancelled

Floats = NDArray[np.float64]
BATCH = 40
"""Variants of one request, so that a cancel is not waited for long."""


@dataclass
class Made:
    """What one variant made; `ok` is false where the script failed."""

    ok: bool
    message: str = ""
    projection: Floats | None = None
    """World to clip space, (4, 4)."""
    numbers: dict[str, Floats] = field(default_factory=dict)
    bounds: dict[str, Floats] = field(default_factory=dict)
    """By scene object: low and high corner, (2, 3), metres."""
    points: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    """By scene object: world points, (n, 3); the same places of the surface in every variant. Missing where the
    object's faces are not those of the first variant."""


class Probe:
    """A worker that runs variants of one stage's script on the same accepted scripts."""

    def __init__(
        self,
        worker: WorkerPort,
        accepted: tuple[StageScript, ...],
        stage: str,
        cancel: Event,
        deadline: float = float("inf"),
    ) -> None:
        """Use `worker`, which nobody else asks meanwhile; after `deadline` (monotonic) only one variant a request."""
        self._deadline = deadline
        self._worker = worker
        self._accepted = accepted
        self._stage = stage
        self._cancel = cancel
        self.runs = 0

    def run(self, texts: Sequence[str], objects: Sequence[str] = (), samples: float = 0.0) -> list[Made]:
        """Run script texts and return what each makes, as many as there are.

        With `samples` the points of `objects` and their parts come along; as samples are chosen by the first variant of
        a request, each batch runs the first text again.
        """
        made: list[Made] = []
        first, rest = texts[0], list(texts[1:])
        while rest or not made:
            batch, rest = rest[:BATCH], rest[BATCH:]
            found = self._ask([first, *batch], objects, samples)
            made += found if not made else found[1:]
        return made

    def _left(self) -> float:
        return 0.0 if self._deadline == float("inf") else max(0.01, self._deadline - time.monotonic())

    def _ask(self, texts: Sequence[str], objects: Sequence[str], samples: float) -> list[Made]:
        request = SolveRequest(self._accepted, self._stage, tuple(texts), tuple(objects), samples, self._left())
        reply = self._worker.ask(request, self._cancel)
        if self._cancel.is_set():
            raise Cancelled
        self.runs += len(texts)
        if not isinstance(reply, Solved):
            return [Made(False, getattr(reply, "message", "no answer"))] * len(texts)
        arrays: dict[str, NDArray[np.float32]] = {}
        if reply.points:
            with np.load(self._worker.file(reply.points), allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
        made = []
        for index, variant in enumerate(reply.variants):
            points = {name: arrays[f"0/{name}"] for name in variant.unmoved}
            start = f"{index}/"
            points |= {name[len(start) :]: array for name, array in arrays.items() if name.startswith(start)}
            made.append(
                Made(
                    variant.ok,
                    variant.message,
                    np.array(variant.projection).reshape(4, 4) if variant.projection else None,
                    {name: np.array(values) for name, values in variant.numbers.items()},
                    {name: np.array(values).reshape(2, 3) for name, values in variant.bounds.items()},
                    points,
                )
            )
        return made + [Made(False, "no time left")] * (len(texts) - len(made))
