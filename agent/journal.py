# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal of a run: where its stages stood after each decision and each attempt, one line for each.

It is only ever added to, so that every state can be gone back to: an artist's undo and redo, and a file that was saved
earlier, name a state by its number. Attempts are never part of a state; they stay.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..worker.protocol import StageScript
from . import files, mask_hints, program
from .locks import Lock
from .mask_hints import MaskHint
from .record import RecordError, RunFolder, RunRecord, StageRecord, now
from .stages import BY_NAME, KEEP

FILE = "journal.jsonl"
SETTLED = frozenset({"accepted", "failed"})
"""A stage in this state is done with: the next one may be built on it."""
What = Literal["begin", "attempt", "accept", "reject", "choose", "reopen", "settle", "replay", "finish", "lock", "hint"]


class StageState(BaseModel):
    """Of a `StageRecord`, what a decision changes."""

    model_config = ConfigDict(extra="forbid")

    name: str
    status: Literal["waiting", "running", "review", "accepted", "failed", "stale", "broken"] = "waiting"
    message: str = ""
    accepted: int | None = None
    best: int | None = None
    score: float = 0.0
    rejected: list[int] = Field(default_factory=list)

    @classmethod
    def of(cls, stage: StageRecord) -> StageState:
        """The state a stage is in. One that is going on will, when the run has ended, be under review or waiting."""
        state = cls(**stage.model_dump(include=set(cls.model_fields)))
        if state.status == "running":
            state.status = "review" if state.best is not None else "waiting"
        return state

    def restore(self, stage: StageRecord) -> None:
        """Put a stage back into this state."""
        for name in set(type(self).model_fields) - {"name"}:
            value = getattr(self, name)
            setattr(stage, name, list(value) if isinstance(value, list) else value)
        stage.wish = None


class Entry(BaseModel):
    """One line of the journal."""

    model_config = ConfigDict(extra="forbid")

    number: int
    at: str
    by: Literal["artist", "restage"]
    what: What
    stage: str = ""
    attempt: int | None = None
    """What it is about, and what the artist's file shows in this state."""
    note: str = ""
    upon: int = 0
    """The state it was made in; not always the one before, for the artist may have gone back."""
    stages: list[StageState]
    locks: list[Lock] = Field(default_factory=list)
    hints: list[MaskHint] = Field(default_factory=list)


def entries(folder: Path) -> list[Entry]:
    """Return the journal of a run folder, oldest first; empty for a run of an older version.

    A line that was cut off in writing is left out. Raises RecordError when the journal can't be read.
    """
    try:
        lines = (folder / FILE).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise RecordError(f"{folder / FILE} can't be read: {error}.") from error
    found = []
    for number, line in enumerate(lines, 1):
        try:
            found.append(Entry.model_validate_json(line))
        except ValidationError as error:
            if number < len(lines):
                raise RecordError(f"{folder / FILE} is damaged in line {number}.") from error
    return found


def write(
    folder: RunFolder,
    what: What,
    stage: str = "",
    attempt: int | None = None,
    note: str = "",
    by: Literal["artist", "restage"] = "restage",
) -> int:
    """Note the state the stages are in now, save the record, and return the state's number. Raises OSError.

    The first entry, number 0, is the state that was there before, as the saved record has it.

    An `attempt` is noted as under review, whatever the run makes of it next. What differs from the state before in
    nothing gets no state of its own.
    """
    path, record = folder.path / FILE, folder.record
    states = [StageState.of(item) for item in record.stages]
    if what == "attempt":
        for state in states:
            if state.name == stage:
                state.status, state.best, state.accepted, state.score, state.message = "review", attempt, None, 0.0, ""
    last = at(folder.path, record.state) if by == "restage" else None
    hints = folder.load_hints()
    same = last is not None and (last.stages, last.locks, last.hints) == (states, record.locks, hints)
    if last is not None and same and attempt in (None, last.attempt):
        folder.save()
        return last.number
    before = path.read_bytes() if path.exists() else b""
    if before and not before.endswith(b"\n"):
        # The last line was cut off when somebody died in writing it.
        before = before[: before.rfind(b"\n") + 1]
        files.write_bytes(path, before)
    if not before:
        found = RunFolder.open(folder.path).record
        before_it = [] if what == "hint" else hints
        began = [StageState.of(item) for item in found.stages]
        first = Entry(number=0, at=now(), by="restage", what="begin", stages=began, hints=before_it)
        before = first.model_dump_json().encode() + b"\n"
        files.write_bytes(path, before)
    entry = Entry(
        number=before.count(b"\n"),
        at=now(),
        by=by,
        what=what,
        stage=stage,
        attempt=attempt,
        note=note,
        upon=record.state,
        stages=states,
        locks=list(record.locks),
        hints=hints,
    )
    with path.open("ab") as stream:
        stream.write(entry.model_dump_json().encode() + b"\n")
        stream.flush()
        os.fsync(stream.fileno())
    record.state = entry.number
    folder.save()
    return entry.number


def at(folder: Path, number: int) -> Entry | None:
    """Return the entry of a state; None for one that the journal does not have."""
    return next((entry for entry in entries(folder) if entry.number == number), None)


def go_to(folder: RunFolder, number: int) -> Entry | None:
    """Put the run back, or forward, to a state, its scripts included; return the state's entry, None without a journal.

    Wishes that were not done are dropped. Raises RecordError for a state the journal does not have, and OSError.
    """
    record = folder.record
    entry = at(folder.path, number)
    if entry is None and number != 0:
        raise RecordError(f"The run in {folder.path} has no state {number}: its journal was cut or is another run's.")
    if entry is not None:
        restore(record, entry)
        mask_hints.save(folder.path, entry.hints)
    for stage in record.stages:
        # Before the record, which is the truth: dying in between leaves a file too many at worst.
        if stage.status in SETTLED:
            files.write_text(folder.script_path(stage.name), script_of(folder, stage))
    record.status, record.message = standing(folder), ""
    folder.save()
    return entry


def restore(record: RunRecord, entry: Entry) -> None:
    """Put a record's stages into the state of an entry; nothing is written."""
    states = {state.name: state for state in entry.stages}
    for stage in record.stages:
        states.get(stage.name, StageState(name=stage.name)).restore(stage)
    record.state, record.locks = entry.number, list(entry.locks)


def script_of(folder: RunFolder, stage: StageRecord) -> str:
    """Return a settled stage's script. Raises RecordError when its attempt is gone."""
    if stage.accepted is None:
        return KEEP[stage.name]
    return attempt_script(folder, stage.name, stage.accepted)


def attempt_script(folder: RunFolder, stage: str, number: int) -> str:
    """Return the script of an attempt. Raises RecordError when it is gone."""
    path = folder.attempt_path(stage, number) / "script.py"
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise RecordError(f"The attempt {path.parent.name} of this run is missing: {error.strerror}.") from error


def settled_before(folder: RunFolder, stage: str) -> list[StageScript]:
    """Return the scripts a stage is built on: those of the settled stages before it. Raises RecordError."""
    scripts = []
    for item in folder.record.stages:
        if item.name == stage or item.status not in SETTLED:
            break
        scripts.append(StageScript(item.name, script_of(folder, item)))
    return scripts


def refresh_later(folder: RunFolder, stage: str) -> None:
    """Make the stages after one stale, or what they were if they were built on just what is settled now."""
    seen = False
    for record in folder.record.stages:
        if not seen:
            seen = record.name == stage
            continue
        number = record.accepted if record.accepted is not None else record.best
        if record.status == "failed" or (number is None and record.status not in ("stale", "broken")):
            # What changes nothing does so on any base; what waits, waits.
            continue
        made = next((item for item in record.attempts if item.number == number), None)
        settled = settled_before(folder, record.name)
        whole = len(settled) == _place(folder, record.name)
        if made is not None and whole and made.base == program.base_of(settled):
            record.status = "accepted" if record.accepted is not None else "review"
        else:
            record.status = "stale"
        record.message = ""


def _place(folder: RunFolder, stage: str) -> int:
    return [item.name for item in folder.record.stages].index(stage)


def standing(folder: RunFolder) -> Literal["review", "done", "cancelled"]:
    """Return where a run stands that nobody works on: `cancelled` is one with something left to do."""
    record: RunRecord = folder.record
    statuses = [stage.status for stage in record.stages]
    for status in statuses:
        if status in ("review", "broken"):
            return "review"
        if status not in SETTLED:
            return "cancelled"
    done = record.final is not None and record.final_of in ("", program.base_of(whole(folder)))
    return "done" if done else "cancelled"


def whole(folder: RunFolder) -> list[StageScript]:
    """Return the scripts of all stages of a run whose stages are all settled. Raises RecordError."""
    return [StageScript(stage.name, script_of(folder, stage)) for stage in folder.record.stages]


def program_so_far(folder: RunFolder) -> str:
    """Return the program of what is accepted and of what stands under review; later stages change nothing in it.

    Raises RecordError when an attempt is gone.
    """
    scripts, done = [], False
    for stage in folder.record.stages:
        number = stage.accepted if stage.accepted is not None else stage.best
        open_ = stage.status not in SETTLED
        text = KEEP[stage.name] if done or number is None else attempt_script(folder, stage.name, number)
        scripts.append(StageScript(stage.name, text))
        done = done or open_
    brief = folder.load_brief()
    return program.join(scripts, (brief.caption if brief else "") or folder.record.picture.name)


def label(stage: str) -> str:
    """A stage's name for people."""
    return "Program" if stage not in BY_NAME else stage.capitalize()
