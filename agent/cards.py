# SPDX-License-Identifier: GPL-3.0-or-later
"""A run as an artist's panel shows it: plain values, one card a stage. Reads a run folder and changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from . import journal, mask_hints, showing
from .record import AttemptRecord, RecordError, RunFolder, StageRecord
from .verdict import ChecklistItem


@dataclass(frozen=True)
class AttemptCard:
    """One attempt in a stage's gallery."""

    number: int
    round: int
    usable: bool
    score: float
    message: str
    """Why it did not run; empty when it did."""
    note: str
    by: str
    """`agent`, `artist` or `replay`; `solver` for one whose numbers were solved."""
    rejected: bool
    best: bool
    """Whether no other of its stage that was not rejected scores better."""
    picture: str
    """Absolute path, empty without one."""
    folder: str
    """In the run folder."""
    lpips: float | None
    overlap: float | None
    """Mean mask IoU."""
    summary: str
    """What was said of it: the verdict's own words."""
    approved: bool
    points: tuple[ChecklistItem, ...]


@dataclass(frozen=True)
class StageCard:
    """One stage."""

    name: str
    label: str
    number: int
    status: str
    """As `StageRecord.status`, but `review` instead of `running` when nobody runs it."""
    message: str
    standing: int
    """Number of the attempt that is accepted, or stands so far; 0 when there is none."""
    score: float
    rounds: int
    tokens: int
    cost_usd: float
    seconds: float
    wish: str
    """What the artist wished and was not done yet: `redo`, `edit`, `solve`; empty without one."""
    wished: str
    """In words."""
    attempts: tuple[AttemptCard, ...] = ()


@dataclass(frozen=True)
class RunCards:
    """A run."""

    folder: str
    status: str
    message: str
    state: int
    newest: int
    """The newest state the journal knows."""
    current: int
    """The state that the folder itself is in."""
    picture: str
    agent: str
    one_shot: bool
    stages: tuple[StageCard, ...] = ()
    shown: tuple[str, int] | None = None
    """Stage and attempt that a file in this state shows."""
    finished: bool = False
    """Whether the final files are there and of these scripts."""
    tokens: int = 0
    """In and out, of the whole run, with the replies that could not be used."""
    cost_usd: float = 0.0
    locks: tuple[tuple[str, str], ...] = field(default=())
    """What is locked: the name of each thing, and what of it in words."""
    objects: tuple[str, ...] = ()
    """The brief's, by name; none before there is a brief."""
    hints: int = 0
    """How much the artist said of their masks."""
    hinted: str = ""
    """Which hints those are (`mask_hints.digest`)."""


def read(path: Path, state: int | None = None) -> RunCards:
    """Return the cards of a run folder; with `state`, as they were in that state of the journal.

    Raises RecordError when the folder can't be read or does not know the state.
    """
    return of(RunFolder.open(path), state)


def of(folder: RunFolder, state: int | None = None, live: bool = False) -> RunCards:
    """As `read`, of an open folder; `live` where it is being worked on."""
    record = folder.record
    current = record.state
    known = journal.entries(folder.path)
    number = record.state if state is None else state
    entry = next((item for item in known if item.number == number), None)
    moved = state is not None and state != record.state
    if moved:
        if entry is None:
            raise RecordError(
                f"The run in {folder.path} has no state {state}: its journal was cut or is another run's."
            )
        folder = RunFolder(folder.path, record.model_copy(deep=True))
        journal.restore(folder.record, entry)
        record = folder.record
    told = not moved and (live or record.status != "running")
    status = record.status if told else journal.standing(folder)
    brief = folder.load_brief()
    hints = entry.hints if moved and entry is not None else folder.load_hints()
    return RunCards(
        folder=str(folder.path),
        status=status,
        message=record.message,
        state=number,
        newest=max((item.number for item in known), default=0),
        current=current,
        picture=str(folder.path / "picture.png"),
        agent=record.agent,
        one_shot=record.settings.one_shot,
        stages=tuple(_stage(folder, stage, place, live) for place, stage in enumerate(record.stages, 1)),
        shown=(entry.stage, entry.attempt) if entry and entry.attempt is not None else None,
        finished=journal.standing(folder) == "done",
        tokens=record.input_tokens + record.output_tokens,
        cost_usd=record.cost_usd,
        locks=tuple((item.kept.name, item.words) for item in record.locks),
        objects=tuple(item.name for item in brief.objects) if brief else (),
        hints=len(hints),
        hinted=mask_hints.digest(hints),
    )


def _stage(folder: RunFolder, stage: StageRecord, place: int, live: bool) -> StageCard:
    standing = stage.accepted if stage.accepted is not None else stage.best
    usable = [item for item in stage.attempts if item.status == "ok" and item.number not in stage.rejected]
    best = max(usable, key=lambda item: (item.score, -item.number), default=None)
    found = next((item for item in stage.attempts if item.number == standing), None)
    status = stage.status
    if status == "running" and not live:
        status = "review" if standing is not None else "waiting"
    return StageCard(
        name=stage.name,
        label=journal.label(stage.name),
        number=place,
        status=status,
        message=stage.message,
        standing=standing or 0,
        score=found.score if found else 0.0,
        rounds=max((item.round for item in stage.attempts if item.number not in stage.rejected), default=0),
        tokens=stage.input_tokens + stage.output_tokens,
        cost_usd=stage.cost_usd,
        seconds=stage.seconds,
        wish=stage.wish.kind if stage.wish else "",
        wished=stage.wish.note if stage.wish else "",
        attempts=tuple(_attempt(folder, stage, item, item is best) for item in stage.attempts),
    )


def _attempt(folder: RunFolder, stage: StageRecord, item: AttemptRecord, best: bool) -> AttemptCard:
    verdict = item.verdict
    return AttemptCard(
        number=item.number,
        round=item.round,
        usable=item.status == "ok",
        score=item.score,
        message="" if item.status == "ok" else item.message,
        note=item.note,
        by="solver" if item.solved_from is not None else item.by,
        rejected=item.number in stage.rejected,
        best=best,
        picture=showing.picture(folder, stage.name, item),
        folder=item.folder,
        lpips=item.measurements.lpips,
        overlap=item.measurements.mean_iou,
        summary=verdict.summary if verdict else "",
        approved=bool(verdict and verdict.approve),
        points=tuple(verdict.items) if verdict else (),
    )
