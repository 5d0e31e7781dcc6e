# SPDX-License-Identifier: GPL-3.0-or-later
"""What an artist decides about a run that nobody works on: plain functions over a run folder.

Each leaves the folder whole, notes the state it led to in the journal, and returns that state's number; what is then to
be done (replay, redo, the next stage) the run does when it goes on. Each raises RecordError with a sentence when it
can't be, and then nothing was changed; and OSError when the folder can't be written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from . import files, journal, locks, mask_hints, params, program
from . import kept as writing
from .journal import SETTLED
from .kept import Kept
from .mask_hints import MaskHint
from .record import AttemptRecord, RecordError, RunFolder, StageRecord
from .stages import KEEP
from .verdict import MAX_KEPT, ChecklistItem
from .wish import MAX_NOTE, Wish


def accept(folder: RunFolder, stage: str, attempt: int | None) -> int:
    """Settle a stage with an attempt; None: it changes nothing. Later stages that were built on other scripts go stale.

    An attempt that was itself built on other scripts makes its own stage stale: it is run again first.
    """
    with folder.held():
        record = _of(folder, stage)
        _earlier_settled(folder, stage)
        chosen = _usable(record, attempt) if attempt is not None else None
        script = journal.attempt_script(folder, stage, chosen.number) if chosen else KEEP[stage]
        fresh = chosen is None or chosen.base in ("", program.base_of(journal.settled_before(folder, stage)))
        files.write_text(folder.script_path(stage), script)
        record.status = "stale" if not fresh else "accepted" if chosen else "failed"
        record.accepted = record.best = chosen.number if chosen else None
        record.score = chosen.score if chosen else 0.0
        record.message, record.wish = "", None
        journal.refresh_later(folder, stage)
        return _noted(folder, "accept", stage, attempt)


def reject(folder: RunFolder, stage: str) -> int:
    """Begin a stage anew: what was tried so far is kept, and never chosen by the run again."""
    with folder.held():
        record = _of(folder, stage)
        _earlier_settled(folder, stage)
        if not _standing_attempts(record):
            raise RecordError(f"There is no attempt of {stage} to reject.")
        record.rejected = [item.number for item in record.attempts]
        _open(record, "waiting", None)
        journal.refresh_later(folder, stage)
        return _noted(folder, "reject", stage, None)


def choose(folder: RunFolder, stage: str, attempt: int) -> int:
    """Have a stage wait for review with another of its attempts, a rejected one too. A settled stage is reopened."""
    with folder.held():
        record = _of(folder, stage)
        _earlier_settled(folder, stage)
        _usable(record, attempt)
        record.rejected = [number for number in record.rejected if number != attempt]
        _open(record, "review", attempt)
        journal.refresh_later(folder, stage)
        return _noted(folder, "choose", stage, attempt)


def reopen(folder: RunFolder, stage: str) -> int:
    """Put a settled stage under review again. Later ones go stale: when it is accepted they are run again on it."""
    with folder.held():
        record = _of(folder, stage)
        if record.status not in SETTLED:
            raise RecordError(f"{journal.label(stage)} is not accepted, so there is nothing to reopen.")
        _open(record, "review", record.accepted)
        journal.refresh_later(folder, stage)
        return _noted(folder, "reopen", stage, record.best)


def redo(folder: RunFolder, stage: str, attempt: int | None, note: str, items: Sequence[ChecklistItem]) -> None:
    """Wish for one more round from an attempt, with the artist's words and checklist as the verdict on it.

    A settled stage is reopened by the attempt that comes of it, not before.
    """
    if not note.strip() and not items:
        raise RecordError("Say what is to be different, or leave a point on the checklist.")
    if len(note) > MAX_NOTE:
        raise RecordError(f"The note is longer than {MAX_NOTE} characters.")
    if len(items) > MAX_KEPT:
        raise RecordError(f"The checklist has more than {MAX_KEPT} points.")
    _wish(folder, stage, attempt, Wish(kind="redo", attempt=attempt, note=note.strip(), items=list(items)))


def edit(folder: RunFolder, stage: str, attempt: int | None, script: str, note: str = "Edited by the artist.") -> None:
    """Wish for the artist's own script to be run as the stage's next attempt; with a settled stage it replaces what was
    accepted, as soon as it runs."""
    if not script.strip():
        raise RecordError("The script is empty.")
    before = journal.attempt_script(folder, stage, attempt) if attempt is not None else KEEP[stage]
    if script == before:
        raise RecordError("The script is the same as before: there is nothing to run.")
    _wish(folder, stage, attempt, Wish(kind="edit", attempt=attempt, note=note, script=script))


def set_params(folder: RunFolder, stage: str, attempt: int, values: dict[str, object]) -> None:
    """Wish for an attempt's script with other numbers, the rest of its text as it was."""
    before = journal.attempt_script(folder, stage, attempt)
    try:
        script = params.rewrite(before, values)
    except params.ParamsError as error:
        raise RecordError(f"{journal.label(stage)}: {error}.") from error
    told = ", ".join(f"{key} = {params.literal(value)}" for key, value in values.items())
    edit(folder, stage, attempt, script, f"Turned by the artist: {told}."[:MAX_NOTE])


def keep(folder: RunFolder, kept: Sequence[Kept], accept: str = "") -> tuple[str, ...]:
    """Wish for what the artist changed by hand to be in the scripts; return the stages whose scripts it goes into.

    `accept` names the stage that is then accepted.
    """
    with folder.held():
        there = [item.name for item in folder.record.stages if _standing(item) is not None and item.status != "stale"]
        by_stage: dict[str, list[Kept]] = {}
        for item in kept:
            stage = writing.stage_of(item, there)
            if stage is None:
                raise RecordError(f"No stage that is done can say this: {item.words()}.")
            by_stage.setdefault(stage, []).append(item)
        wishes = {}
        for stage, items in by_stage.items():
            record = _of(folder, stage)
            _earlier_settled(folder, stage)
            number = _standing(record)
            assert number is not None, "only stages with an attempt that stands are asked"
            before = journal.attempt_script(folder, stage, number)
            script = writing.write(before, items)
            if script != before:
                note = f"Kept by the artist: {'; '.join(item.words() for item in items)}."[:MAX_NOTE]
                wishes[stage] = Wish(kind="edit", attempt=number, note=note, script=script, accept=stage == accept)
        if accept and accept not in wishes:
            wishes[accept] = Wish(kind="accept", attempt=_standing(_of(folder, accept)))
        for record in folder.record.stages:
            record.wish = wishes.get(record.name)
        folder.save()
    return tuple(by_stage)


def lock(
    folder: RunFolder,
    items: Sequence[Kept],
    stage: str,
    attempt: int,
    sizes: Mapping[str, locks.Size | None] | None = None,
) -> int:
    """Lock things as they are kept, with the shapes that an attempt gave them; return the state's number.

    `sizes` are of those that the artist has given another since, world bounds in metres.
    """
    with folder.held():
        result = folder.load_result(_usable(_of(folder, stage), attempt))
        new = [locks.lock_of(item, result, (sizes or {}).get(item.name)) for item in items]
        about = {item.kept.key for item in new}
        folder.record.locks = [item for item in folder.record.locks if item.kept.key not in about] + new
        return _noted(folder, "lock", stage, attempt)


def unlock(folder: RunFolder, names: Sequence[str], stage: str, attempt: int) -> int:
    """Take the locks off things of these names; return the state's number."""
    with folder.held():
        folder.record.locks = [item for item in folder.record.locks if item.kept.name not in names]
        return _noted(folder, "lock", stage, attempt)


def hint(folder: RunFolder, hints: Sequence[MaskHint], stage: str = "", attempt: int | None = None) -> int:
    """Say something of the picture's masks, on top of what was said before; without any hint, take all of it back.
    `stage` and `attempt` are what the artist's file shows. Return the state's number; what is tried from now on is
    measured and solved against those masks."""
    with folder.held():
        brief = folder.load_brief()
        names = {item.name for item in brief.objects} if brief else set()
        for item in hints:
            if item.object and item.object not in names:
                raise RecordError(f"There is no {item.object} in the brief.")
        try:
            mask_hints.save(folder.path, [*folder.load_hints(), *hints] if hints else [])
        except mask_hints.HintError as error:
            raise RecordError(str(error)) from error
        return _noted(folder, "hint", stage, attempt)


def solve(folder: RunFolder, stage: str, attempt: int) -> None:
    """Wish for an attempt's numbers to be solved against the picture."""
    _wish(folder, stage, attempt, Wish(kind="solve", attempt=attempt, note="Numbers solved."))


def drop_wishes(folder: RunFolder) -> None:
    """Forget what was wished for and not done."""
    with folder.held():
        for record in folder.record.stages:
            record.wish = None
        folder.record.status = journal.standing(folder)
        folder.save()


def _wish(folder: RunFolder, stage: str, attempt: int | None, wish: Wish) -> None:
    with folder.held():
        record = _of(folder, stage)
        _earlier_settled(folder, stage)
        if attempt is not None:
            _usable(record, attempt)
        for other in folder.record.stages:
            other.wish = None
        record.wish = wish
        folder.save()


def _of(folder: RunFolder, stage: str) -> StageRecord:
    found = next((item for item in folder.record.stages if item.name == stage), None)
    if found is None:
        raise RecordError(f"This run has no stage {stage}.")
    return found


def _standing(record: StageRecord) -> int | None:
    return record.accepted if record.accepted is not None else record.best


def _usable(record: StageRecord, number: int) -> AttemptRecord:
    found = next((item for item in record.attempts if item.number == number), None)
    if found is None:
        raise RecordError(f"{journal.label(record.name)} has no attempt {number}.")
    if found.status != "ok":
        raise RecordError(f"Attempt {number} of {record.name} did not run: {found.message}")
    return found


def _standing_attempts(record: StageRecord) -> list[AttemptRecord]:
    return [item for item in record.attempts if item.number not in record.rejected]


def _earlier_settled(folder: RunFolder, stage: str) -> None:
    for item in folder.record.stages:
        if item.name == stage:
            return
        if item.status not in SETTLED:
            raise RecordError(f"{journal.label(item.name)} comes first: it is not accepted.")


def _open(record: StageRecord, status: str, best: int | None) -> None:
    record.status = status  # type: ignore[assignment]
    record.best, record.accepted, record.score, record.message, record.wish = best, None, 0.0, "", None


def _noted(folder: RunFolder, what: journal.What, stage: str, attempt: int | None) -> int:
    for record in folder.record.stages:
        # A wish that was not done was about what is no longer so.
        record.wish = None
    folder.record.status, folder.record.message = journal.standing(folder), ""
    return journal.write(folder, what, stage, attempt, by="artist")
