# SPDX-License-Identifier: GPL-3.0-or-later
"""Take a recording out of a run folder: what a replay needs, and little enough to keep as a test's data."""

from __future__ import annotations

import json
from pathlib import Path

from . import conversation, files, numbers
from .conversation import FOLDER, PictureRecord
from .record import RecordError

_BESIDE = ("picture.png", "brief.json", numbers.FILE)


def export_recording(run_folder: Path, target: Path, pictures: bool = False) -> Path:
    """Copy what a replay needs to the new folder `target`, and return it: the conversation, the picture, the brief,
    solved numbers, what was chosen, and the accepted scripts to compare with.

    Without `pictures` the requests' pictures stay away; their hashes are kept, so a replay still notices others.
    `run.json` keeps the options, stages and final numbers, without the attempts: `target` is no run to resume.
    Raises RecordError when there is no conversation, the run is damaged or `target` exists already, and OSError.
    """
    run_folder, target = Path(run_folder), Path(target)
    exchanges = conversation.load(run_folder)
    if not exchanges:
        raise RecordError(f"There is no recorded conversation in {run_folder}.")
    if target.exists():
        raise RecordError(f"{target} exists already; choose another folder for the recording.")
    target.parent.mkdir(parents=True, exist_ok=True)
    with files.NewFolder(target) as new:
        (new.path / FOLDER / "texts").mkdir(parents=True)
        for path in sorted((run_folder / FOLDER).glob("[0-9]*.json")):
            files.copy(path, new.path / FOLDER / path.name)
        for path in sorted((run_folder / FOLDER / "texts").glob("[0-9a-f]*.md")):
            files.copy(path, new.path / FOLDER / "texts" / path.name)
        if pictures:
            (new.path / FOLDER / "pictures").mkdir()
            for name in sorted(_picture_names(exchanges)):
                files.copy(run_folder / FOLDER / "pictures" / name, new.path / FOLDER / "pictures" / name)
        for beside in _BESIDE:
            if (run_folder / beside).exists():
                files.copy(run_folder / beside, new.path / beside)
        (new.path / "stages").mkdir()
        for path in sorted((run_folder / "stages").glob("*.py")):
            files.copy(path, new.path / "stages" / path.name)
        if (run_folder / "run.json").exists():
            files.write_text(new.path / "run.json", _without_attempts(run_folder / "run.json"))
    return target


def _picture_names(exchanges: list[conversation.Exchange]) -> set[str]:
    parts = [part for item in exchanges for message in item.messages for part in message.parts]
    return {part.file_name for part in parts if isinstance(part, PictureRecord)}


def _without_attempts(path: Path) -> str:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        for stage in record["stages"]:
            stage["attempts"] = []
    except (ValueError, KeyError, TypeError) as error:
        raise RecordError(f"{path} is damaged or from another version of Restage.") from error
    return json.dumps(record, indent=1)
