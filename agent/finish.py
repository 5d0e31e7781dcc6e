# SPDX-License-Identifier: GPL-3.0-or-later
"""The end of a run: the joined program, the final files and numbers, the report."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..worker.protocol import Finished, FinishRequest, Job, StageScript, ViewRequest
from . import certainty, files, leaving, mask_hints, masks, measure, parts, program
from .brief import Brief
from .mask_hints import MaskHint
from .measurements import Measurements
from .perceptual import Judge
from .picture import Picture
from .ports import PoolPort
from .record import FinalRecord, RecordError, RunFolder
from .report import page
from .roles import AttemptViews, Cancelled
from .stages import BY_NAME
from .views import load_views

if TYPE_CHECKING:
    from .run import RunOptions

FINAL_LPIPS_PX = 512
"""The size at which published figures compare; attempts are compared at 256."""
REPORT_PATIENCE_S = 0.5
"""What the report of a cancelled run may still take: nobody is to wait for a long run's."""


def finish(
    folder: RunFolder,
    picture: Picture,
    brief: Brief,
    accepted: Sequence[StageScript],
    pool: PoolPort,
    options: RunOptions,
    cancel: Event,
) -> None:
    """Run the accepted scripts once more and write `scene.py`, `scene.blend`, `scene.glb` and `render.png`.

    Raises RecordError when the accepted scripts no longer run together, Cancelled, or OSError.
    """
    files.write_text(folder.path / "scene.py", program.join(accepted, brief.caption or folder.record.picture.name))
    longest = max(picture.size)
    worker = pool.open()
    try:
        job = Job(
            accepted=tuple(accepted[:-1]),
            candidate=accepted[-1],
            may_change=tuple(sorted(BY_NAME[accepted[-1].stage].may_change)),
            views=ViewRequest(measure_px=longest),
            write_blend=False,
            seed=options.seed,
        )
        result = worker.run(job, cancel)
        if cancel.is_set():
            raise Cancelled
        if result.status != "ok":
            raise RecordError(f"The accepted scripts no longer run together: {result.message}")
        views = leaving.run(lambda: load_views(worker, result), cancel)
        request = FinishRequest(options.resolution, options.samples, seed=options.seed)
        made = worker.ask(request, cancel)
        if cancel.is_set():
            raise Cancelled
        if not isinstance(made, Finished):
            raise RecordError(f"The final files could not be made: {getattr(made, 'message', made)}")
        for name, file in (("scene.blend", made.blend), ("scene.glb", made.glb), ("render.png", made.render)):
            if file:
                files.copy(worker.file(file), folder.path / name)
        record = folder.record
        record.peak_memory_mb = max(record.peak_memory_mb, round(result.peak_memory_mb, 1))
    finally:
        worker.close()
    render = folder.path / "render.png" if made.render else None
    hints = folder.load_hints()
    numbers, depths, ids = leaving.run(lambda: _measured(picture, brief, views, render, hints), cancel)
    record.final = FinalRecord(
        psnr=numbers.psnr,
        ssim=numbers.ssim,
        lpips=numbers.lpips,
        mean_iou=numbers.mean_iou,
        objects={item.name: item.iou for item in numbers.objects},
        ids={str(key): name for key, name in views.id_names.items()},
        depth_m=depths,
        made_by=made.made_by,
        notes=list(made.notes),
    )
    record.final_of = program.base_of(accepted)
    if brief.objects:
        record.confidence, record.reasons = certainty.after(brief.confidence, brief.reasons, record.final.objects)
    if ids:
        files.write_bytes(folder.path / "ids.png", ids)
    folder.save()


def _measured(
    picture: Picture, brief: Brief, views: AttemptViews, render: Path | None, hints: Sequence[MaskHint] = ()
) -> tuple[Measurements, dict[str, float], bytes]:
    """The final numbers, how far off each thing is in metres, and the object-id view as PNG, empty without one."""
    if render is not None:
        with Image.open(render) as image:
            views.beauty = np.asarray(image.convert("RGB"), np.float32) / np.float32(255)
    parts.merge(views, {item.name for item in brief.objects})
    judge = Judge(picture.unit, longest=FINAL_LPIPS_PX)
    # Without a word of the artist's, the brief's own: what it was asked to be, refined or not.
    wanted = masks.brief_masks_of(picture, brief, hints=hints) if hints else masks.brief_masks(brief, picture.size)
    ignored = mask_hints.ignored(hints, picture.size)
    numbers = measure.measure("lighting", picture.unit, wanted, views, judge=judge, ignored=ignored)
    return numbers, _depths(views), b"" if views.ids is None else _png(views.ids)


def _depths(views: AttemptViews) -> dict[str, float]:
    if views.ids is None or views.depth is None:
        return {}
    seen = {name: views.depth[views.ids == key] for key, name in views.id_names.items()}
    return {name: round(float(np.median(depth)), 4) for name, depth in seen.items() if depth.size}


def _png(ids: NDArray[np.int32]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(ids.astype(np.uint16)).save(buffer, "PNG")
    return buffer.getvalue()


def report(folder: RunFolder, cancel: Event) -> None:
    """Write `report.html` from what the folder holds. Raises Cancelled, and OSError.

    That of a run that is cancelled already is written if it is there at once.
    """
    patience = REPORT_PATIENCE_S if cancel.is_set() else 0.0
    text = leaving.run(lambda: page(folder), cancel, patience)
    files.write_text(folder.path / "report.html", text)
