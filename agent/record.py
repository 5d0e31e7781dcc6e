# SPDX-License-Identifier: GPL-3.0-or-later
"""The run folder: everything needed to look at, audit or resume a run. The folder's truth is `run.json`."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..worker import protocol
from ..worker.protocol import JobResult
from . import files, lock, mask_hints
from .brief import Brief
from .locks import Lock
from .mask_hints import MaskHint
from .measure import srgb
from .measurements import Measurements
from .picture import Picture
from .roles import Attempt, AttemptViews, Usage
from .settings import AgentSettings
from .stages import BY_NAME, STAGES
from .verdict import Verdict
from .wish import Wish

FORMAT = 1
RESULTS = ("scene.blend", "scene.py", "scene.glb", "render.png", "report.html")
"""What a run leaves at its end; a folder that holds one without a run is somebody's work."""


class RecordError(Exception):
    """The run folder can't be used; the text is one sentence for the artist."""


class AttemptRecord(BaseModel):
    """One attempt as `run.json` remembers it."""

    model_config = ConfigDict(extra="forbid")

    number: int
    round: int
    status: str
    message: str = ""
    line: int = 0
    note: str = ""
    solved_from: int | None = None
    """Number of the attempt whose script this is with its numbers solved; None for one that was written."""
    score: float = 0.0
    folder: str
    base: str = ""
    """Which scripts of earlier stages it was built on (`program.base_of`); empty in runs of older versions."""
    by: Literal["agent", "artist", "replay"] = "agent"
    """Whose script it is; `replay`: an accepted one, run again because an earlier stage has changed."""
    measurements: Measurements = Field(default_factory=Measurements)
    verdict: Verdict | None = None
    notes: list[str] = Field(default_factory=list)
    seconds: dict[str, float] = Field(default_factory=dict)
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    peak_memory_mb: float = 0.0
    made_by: str = ""
    """What rendered the attempt's views."""
    viewport: str = ""
    """What drew the attempt in the artist's own Blender, when there was a window."""


class StageRecord(BaseModel):
    """One stage as `run.json` remembers it."""

    model_config = ConfigDict(extra="forbid")

    name: str
    status: Literal["waiting", "running", "review", "accepted", "failed", "stale", "broken"] = "waiting"
    """`review`: it waits for the artist. `stale`: an earlier stage has changed, and it is to be run again on that.
    `broken`: it was, and its script does not run there; `message` says why."""
    message: str = ""
    accepted: int | None = None
    """Number of the accepted attempt; None for a failed stage, whose script keeps everything as it was."""
    best: int | None = None
    """Number of the best attempt so far, by numbers or by comparison; None when none could be used."""
    score: float = 0.0
    seconds: float = 0.0
    model_seconds: float = 0.0
    """Of those, spent waiting for the agent's turns."""
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    """With the turns that led to no attempt: comparisons, replies that could not be used."""
    rejected: list[int] = Field(default_factory=list)
    """Attempts the artist does not want: kept, and never chosen by the run."""
    wish: Wish | None = None
    """What the artist wants of the stage and the run has still to do."""
    attempts: list[AttemptRecord] = Field(default_factory=list)


class PictureRecord(BaseModel):
    """The picture the run is about."""

    model_config = ConfigDict(extra="forbid")

    name: str
    sha256: str
    original_size: tuple[int, int]
    size: tuple[int, int]
    notes: list[str] = Field(default_factory=list)


class FinalRecord(BaseModel):
    """How near the finished scene came to the picture, measured on the final render."""

    model_config = ConfigDict(extra="forbid")

    psnr: float | None
    """Decibels; None, as `ssim` and `lpips`, when there is no render because no script made a camera."""
    ssim: float | None
    lpips: float | None = None
    """LPIPS-Alex v0.1 at the picture's size, at most 512 pixels: 0 the same, 0.7 unrelated."""
    mean_iou: float | None = None
    objects: dict[str, float] = Field(default_factory=dict)
    """Mask IoU by object."""
    ids: dict[str, str] = Field(default_factory=dict)
    """What the values of `ids.png` (16 bit) stand for; 0 is nothing."""
    depth_m: dict[str, float] = Field(default_factory=dict)
    """Median distance of each visible object along the camera's axis."""
    made_by: str = ""
    """What made `render.png`."""
    notes: list[str] = Field(default_factory=list)
    """What of the final files could not be made, and why."""


class RunRecord(BaseModel):
    """`run.json`."""

    model_config = ConfigDict(extra="forbid")

    format: int = FORMAT
    restage: str
    status: Literal["running", "done", "cancelled", "failed", "capped", "paused", "review"] = "running"
    """`capped`: the cap in tokens or money was reached; the folder holds the best so far and resumes with a higher cap.
    `paused`: stopped where the artist asked for it. `review`: a stage waits for the artist's decision."""
    message: str = ""
    created: str
    finished: str = ""
    picture: PictureRecord
    agent: str
    settings: AgentSettings = AgentSettings()
    seed: int
    resolution: int
    samples: int
    blender: str = ""
    python: str = ""
    machine: str = ""
    confinement: list[str] = Field(default_factory=list)
    confidence: float | None = None
    """How sure the agent is of its account of the picture, 0 to 1, and why."""
    reasons: list[str] = Field(default_factory=list)
    stages: list[StageRecord] = Field(default_factory=lambda: [StageRecord(name=stage.name) for stage in STAGES])
    polished: bool = False
    """Whether the program's numbers were solved once more together, after the last stage."""
    final: FinalRecord | None = None
    final_of: str = ""
    """Which scripts the final files are of (`program.base_of`); empty in runs of older versions."""
    state: int = 0
    """Number of the journal's entry that the stages stand at."""
    locks: list[Lock] = Field(default_factory=list)
    """What no later attempt may change."""
    seconds: float = 0.0
    solve_seconds: float = 0.0
    """Of those, spent solving numbers."""
    peak_memory_mb: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0

    def stage(self, name: str) -> StageRecord:
        """Return the stage of that name."""
        return next(stage for stage in self.stages if stage.name == name)


class RunFolder:
    """Reads and writes a run folder. Every write is atomic, so a killed run leaves a folder that resumes."""

    def __init__(self, path: Path, record: RunRecord) -> None:
        """Use `create` or `open`."""
        self.path = path
        self.record = record

    @staticmethod
    def check_new(path: Path) -> None:
        """Raise RecordError where no folder could be started: there is a run, a file or somebody's result."""
        path = Path(path).expanduser()
        if (path / "run.json").exists():
            raise RecordError(f"{path} already holds a run; resume it with --resume, or choose another folder.")
        if path.exists() and not path.is_dir():
            raise RecordError(f"{path} is a file; choose a folder for the run.")
        if held := [name for name in RESULTS if (path / name).exists()]:
            raise RecordError(f"{path} holds a {held[0]} that no run made; choose another folder.")

    @classmethod
    def create(cls, path: Path, picture: Picture, record: RunRecord) -> RunFolder:
        """Start a folder. Raises RecordError when it can't be written or already holds a run."""
        cls.check_new(path)
        path = Path(path).expanduser()
        try:
            for name in ("stages", "attempts"):
                (path / name).mkdir(parents=True, exist_ok=True)
            files.write_bytes(path / "picture.png", picture.png())
            folder = cls(path, record)
            folder.save()
        except OSError as error:
            raise RecordError(f"The folder {path} can't be written: {error.strerror or error}.") from error
        return folder

    @classmethod
    def open(cls, path: Path) -> RunFolder:
        """Open an existing folder. Raises RecordError when there is no run in it or it is damaged."""
        path = Path(path).expanduser()
        try:
            record = RunRecord.model_validate_json((path / "run.json").read_bytes())
        except FileNotFoundError as error:
            raise RecordError(f"There is no run in {path}: it has no run.json.") from error
        except OSError as error:
            raise RecordError(f"{path} can't be read: {error.strerror or error}.") from error
        except ValidationError as error:
            raise RecordError(f"{path / 'run.json'} is damaged or from another version of Restage.") from error
        return cls(path, record)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep others out of the folder for the length of the block. Raises RecordError when another run is in it, or
        went on in it since this one was opened, and OSError when it can't be written."""
        with ExitStack() as stack:
            try:
                stack.enter_context(lock.held(self.path))
            except lock.Locked as error:
                raise RecordError(str(error)) from error
            if type(self).open(self.path).record.stages != self.record.stages:
                raise RecordError(f"The run in {self.path} went on elsewhere meanwhile: open it again.")
            self._sweep()
            yield

    def _sweep(self) -> None:
        """Remove what a killed run left half-written; only for who holds the folder, or it could be a live run's.

        Nothing refers to those files. Other hidden files are the artist's own.
        """
        for leftover in [found for part in ("", "attempts", "stages") for found in files.partial(self.path / part)]:
            if leftover.is_dir():
                shutil.rmtree(leftover, ignore_errors=True)
            else:
                leftover.unlink(missing_ok=True)

    def save(self) -> None:
        """Write `run.json`."""
        files.write_text(self.path / "run.json", self.record.model_dump_json(indent=1))

    def save_brief(self, brief: Brief) -> None:
        """Write `brief.json`."""
        files.write_text(self.path / "brief.json", brief.model_dump_json(indent=1))

    def load_brief(self) -> Brief | None:
        """Read `brief.json`; None when the run was stopped before it had one."""
        path = self.path / "brief.json"
        if not path.exists():
            return None
        try:
            return Brief.model_validate_json(path.read_bytes())
        except ValidationError as error:
            raise RecordError(f"{path} is damaged: {error.errors()[0]['msg']}.") from error

    def load_hints(self) -> list[MaskHint]:
        """Read what the artist said of the picture's masks; none when nothing was. Raises RecordError."""
        try:
            return mask_hints.load(self.path)
        except mask_hints.HintError as error:
            raise RecordError(str(error)) from error

    def script_path(self, stage: str) -> Path:
        """Where the stage's accepted script is."""
        return self.path / "stages" / BY_NAME[stage].file_name

    def attempt_path(self, stage: str, number: int) -> Path:
        """Where an attempt's files are."""
        return self.path / "attempts" / f"{BY_NAME[stage].number:02d}_{stage}_{number:02d}"

    def add_attempt(
        self,
        attempt: Attempt,
        usage: Usage,
        outputs: dict[str, Path],
        overlay: NDArray[np.uint8] | None = None,
    ) -> AttemptRecord:
        """Write an attempt's folder, then note it in `run.json`.

        `outputs` are files of the worker to keep, by the name they get; `overlay` is (h, w, 3) sRGB.
        The views are kept as what `load_attempt` needs (`views.npz`); flat colour and beauty as pictures too.
        """
        target = self.attempt_path(attempt.stage, attempt.number)
        with files.NewFolder(target) as new:
            (new.path / "script.py").write_text(attempt.script, encoding="utf-8")
            (new.path / "numbers.json").write_text(attempt.measurements.model_dump_json(indent=1), encoding="utf-8")
            (new.path / "result.json").write_bytes(protocol.encode(attempt.result)[4:])
            if attempt.verdict:
                (new.path / "verdict.json").write_text(attempt.verdict.model_dump_json(indent=1), encoding="utf-8")
            _save_views(new.path, attempt.views)
            if overlay is not None:
                Image.fromarray(overlay).save(new.path / "overlay.png")
            for name, source in outputs.items():
                shutil.copyfile(source, new.path / name)
        result = attempt.result
        record = AttemptRecord(
            number=attempt.number,
            round=attempt.round,
            status=result.status,
            message=result.message,
            line=result.line,
            note=attempt.note,
            solved_from=attempt.solved_from,
            score=attempt.measurements.score,
            folder=str(target.relative_to(self.path).as_posix()),
            base=attempt.base,
            by=attempt.by,
            measurements=attempt.measurements,
            verdict=attempt.verdict,
            notes=list(result.notes),
            seconds={key: round(value, 4) for key, value in result.seconds.items()},
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cost_usd=usage.cost_usd,
            peak_memory_mb=round(result.peak_memory_mb, 1),
            made_by=result.views.made_by,
        )
        self.record.stage(attempt.stage).attempts.append(record)
        self.record.peak_memory_mb = max(self.record.peak_memory_mb, record.peak_memory_mb)
        self.spend(usage, attempt.stage)
        self.save()
        return record

    def spend(self, usage: Usage, stage: str = "") -> None:
        """Count a turn's tokens and money to the run and its stage; `save` keeps them."""
        owners: list[RunRecord | StageRecord] = [self.record]
        if stage:
            owners.append(self.record.stage(stage))
        for owner in owners:
            owner.input_tokens += usage.input_tokens
            owner.output_tokens += usage.output_tokens
            owner.cost_usd = round(owner.cost_usd + usage.cost_usd, 6)

    def add_verdict(self, attempt: Attempt, verdict: Verdict, usage: Usage) -> None:
        """Keep the verdict of an attempt that is on record already, so that a verifier that fails loses nothing."""
        attempt.verdict = verdict
        stage = self.record.stage(attempt.stage)
        record = next(item for item in stage.attempts if item.number == attempt.number)
        record.verdict = verdict
        record.input_tokens += usage.input_tokens
        record.output_tokens += usage.output_tokens
        record.cost_usd = round(record.cost_usd + usage.cost_usd, 6)
        files.write_text(self.path / record.folder / "verdict.json", verdict.model_dump_json(indent=1))
        self.spend(usage, attempt.stage)
        self.save()

    def load_attempt(self, stage: str, record: AttemptRecord) -> Attempt:
        """Read an attempt back. Raises RecordError when its files are gone."""
        folder = self.path / record.folder
        try:
            script = (folder / "script.py").read_text(encoding="utf-8")
        except OSError as error:
            raise RecordError(f"The attempt {record.folder} of this run is missing: {error.strerror}.") from error
        result = self.load_result(record)
        views = _load_views(folder)
        views.plan_bounds = result.views.plan_bounds
        return Attempt(
            stage=stage,
            number=record.number,
            round=record.round,
            script=script,
            note=record.note,
            result=result,
            views=views,
            measurements=record.measurements,
            verdict=record.verdict,
            solved_from=record.solved_from,
            base=record.base,
            by=record.by,
        )

    def load_result(self, record: AttemptRecord) -> JobResult:
        """What the worker said of an attempt; only the outcome when that is not there."""
        try:
            message = protocol.decode((self.path / record.folder / "result.json").read_bytes())
        except (OSError, protocol.ProtocolError):
            message = None
        if isinstance(message, JobResult):
            return message
        return JobResult(status=record.status, message=record.message, line=record.line)  # type: ignore[arg-type]

    def next_number(self, stage: str) -> int:
        """The number a stage's next attempt gets."""
        return max((item.number for item in self.record.stage(stage).attempts), default=0) + 1

    def accept(self, stage: str, script: str, attempt: Attempt | None) -> None:
        """Make a script the stage's own. Without an attempt the stage failed and the script changes nothing."""
        files.write_text(self.script_path(stage), script)
        record = self.record.stage(stage)
        record.message = ""
        record.status = "accepted" if attempt else "failed"
        record.accepted = attempt.number if attempt else None
        record.score = attempt.measurements.score if attempt else 0.0
        self.save()


def now() -> str:
    """The time as ISO 8601 with the zone."""
    return time.strftime("%Y-%m-%dT%H:%M:%S%z")


def _save_views(folder: Path, views: AttemptViews) -> None:
    arrays: dict[str, Any] = {}
    if views.ids is not None:
        arrays["ids"] = views.ids.astype(np.int32)
        arrays["id_keys"] = np.array(list(views.id_names.keys()), np.int32)
        arrays["id_values"] = np.array(list(views.id_names.values()), np.str_)
    if views.part_ids is not None:
        arrays["part_ids"] = views.part_ids.astype(np.int32)
        arrays["part_keys"] = np.array(list(views.part_names.keys()), np.int32)
        arrays["part_values"] = np.array(list(views.part_names.values()), np.str_)
    for name in ("albedo", "depth", "normal"):
        value = getattr(views, name)
        if value is not None:
            arrays[name] = value.astype(np.float16)
    if arrays:
        np.savez_compressed(folder / "views.npz", **arrays)
    for name, shown in (("albedo", None if views.albedo is None else srgb(views.albedo)), ("beauty", views.beauty)):
        if shown is not None:
            Image.fromarray(np.round(np.clip(shown, 0, 1) * 255).astype(np.uint8)).save(folder / f"{name}.png")


def _load_views(folder: Path) -> AttemptViews:
    views = AttemptViews()
    if (folder / "views.npz").exists():
        with np.load(folder / "views.npz", allow_pickle=False) as arrays:
            if "ids" in arrays:
                views.ids = arrays["ids"]
                keys, values = arrays["id_keys"].tolist(), arrays["id_values"].tolist()
                views.id_names = dict(zip(keys, values, strict=True))
            if "part_ids" in arrays:
                views.part_ids = arrays["part_ids"]
                keys, values = arrays["part_keys"].tolist(), arrays["part_values"].tolist()
                views.part_names = dict(zip(keys, values, strict=True))
            for name in ("albedo", "depth", "normal"):
                if name in arrays:
                    setattr(views, name, arrays[name].astype(np.float32))
    for name in ("beauty", "clay", "plan"):
        if (folder / f"{name}.png").exists():
            with Image.open(folder / f"{name}.png") as image:
                setattr(views, name, np.asarray(image.convert("RGB"), np.float32) / np.float32(255))
    return views
