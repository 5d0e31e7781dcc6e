# SPDX-License-Identifier: GPL-3.0-or-later
"""Replay: a recorded run answers again, byte for byte, without a network; it says where a run asks something else."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from threading import Event

from .. import conversation
from ..conversation import Exchange
from ..record import RecordError
from ..roles import Cancelled
from . import divergence, errors
from .base import Destination, ModelFacts, OnWaiting, Reply, Request, Role
from .divergence import Divergence
from .errors import ProviderError, ReplayDiverged

_SAME_MODEL: dict[Role, tuple[Role, ...]] = {
    "brief": ("brief", "generator"),
    "generator": ("generator", "brief"),
    "verifier": ("verifier", "select"),
    "select": ("select", "verifier"),
    "test": ("test",),
}


class Replay:
    """A recorded conversation as a provider."""

    def __init__(
        self,
        recorded_run: Path,
        log: Callable[[str], None] | None = None,
        strict: bool = False,
        role: Role = "generator",
    ) -> None:
        """Play the run in `recorded_run` as its generator or its verifier (`role`; each may have been another model).

        `log` is told the first divergence; later ones, mostly its consequences, are only in `divergences`. A `strict`
        replay stops at the first. Raises RecordError when there is no conversation in the folder or it is damaged.
        """
        self.recorded_run = Path(recorded_run)
        self.divergences: list[Divergence] = []
        self._log = log
        self._strict = strict
        self._exchanges = conversation.load(self.recorded_run)
        if not self._exchanges:
            raise RecordError(f"There is no recorded conversation in {self.recorded_run}.")
        alike = [item for item in self._exchanges if item.turn.role in _SAME_MODEL[role]]
        self._facts = _facts((alike or self._exchanges)[0])

    @property
    def name(self) -> str:
        """`replay`."""
        return "replay"

    @property
    def facts(self) -> ModelFacts:
        """Those of the recorded model: pictures must be cut and scaled for it to be the same again."""
        return self._facts

    @property
    def destination(self) -> Destination:
        """Nobody."""
        return Destination(f"nobody: the recording in {self.recorded_run}", leaves_machine=False)

    def models(self) -> list[str]:
        """The recorded model."""
        return [self._facts.name]

    def ask(self, request: Request, cancel: Event, on_waiting: OnWaiting | None = None) -> Reply:
        """Return the reply that was recorded for this turn, with its usage and seconds.

        A request that is not the recorded one is noted in `divergences` and gets the recorded reply all the same.
        Raises Cancelled, the recorded error where one was recorded, and ReplayDiverged when there is no recorded reply
        for the turn, or at any divergence when strict.
        """
        if cancel.is_set():
            raise Cancelled
        recorded = self._find(request)
        if recorded is None:
            raise self._missing(request)
        found = divergence.compare(request, recorded)
        if found is not None:
            self.divergences.append(found)
            if self._log and len(self.divergences) == 1:
                self._log(f"The replay diverges from its recording. {found}")
            if self._strict:
                raise ReplayDiverged("The replay diverges from its recording.", str(found))
        if recorded.reply is None:
            raise self._error(recorded)
        return recorded.reply.reply()

    def _find(self, request: Request) -> Exchange | None:
        """The exchange that stands for a request. Of several the later one: a resumed run had asked again.

        A resumed run may also have counted the same request differently, so equal requests come before equal turns.
        """
        turn, fingerprint = request.turn, request.fingerprint()
        same_role = [item for item in reversed(self._exchanges) if item.turn.role == turn.role]
        same_turn = [item for item in same_role if item.turn.turn() == turn]
        for choice in (
            [item for item in same_turn if item.fingerprint == fingerprint],
            [item for item in same_role if item.fingerprint == fingerprint],
            same_turn,
        ):
            if choice:
                return next((item for item in choice if item.reply), choice[0])
        return None

    def _missing(self, request: Request) -> ReplayDiverged:
        last = self._exchanges[-1]
        first = f" It had diverged before: {self.divergences[0]}" if self.divergences else ""
        return ReplayDiverged(
            f"The recording has no reply for {divergence.turn_in_words(request.turn)}; "
            f"its last is for {divergence.turn_in_words(last.turn.turn())}.{first}"
        )

    def _error(self, recorded: Exchange) -> ProviderError:
        error = recorded.error
        if error is None or error.kind == "Cancelled":
            return ReplayDiverged(
                f"The recording has no reply for {divergence.turn_in_words(recorded.turn.turn())}: "
                "the run was cancelled there."
            )
        kind = getattr(errors, error.kind, ProviderError)
        if not (isinstance(kind, type) and issubclass(kind, ProviderError)):
            kind = ProviderError
        made: ProviderError = kind(error.what, error.advice)
        made.usage = error.usage
        return made


def _facts(exchange: Exchange) -> ModelFacts:
    known = {field.name for field in dataclasses.fields(ModelFacts)}
    return ModelFacts(**{"name": exchange.model, **{k: v for k, v in exchange.facts.items() if k in known}})  # type: ignore[arg-type]
