# SPDX-License-Identifier: GPL-3.0-or-later
"""Put the report's page together from a run folder."""

from __future__ import annotations

import html
from pathlib import Path
from string import Template

import numpy as np
from PIL import Image

from .. import conversation
from ..conversation import Exchange
from ..record import AttemptRecord, RecordError, RunFolder, StageRecord
from ..stages import BY_NAME
from . import masked, tables, talk
from .chart import chart
from .embed import Embedded, figure, opened, uri
from .highlight import highlight

_VIEWS = {
    "setup": ("overlay.png",),
    "geometry": ("clay.png", "plan.png", "overlay.png"),
    "materials": ("albedo.png", "beauty.png"),
    "composition": ("overlay.png", "beauty.png"),
    "lighting": ("beauty.png", "viewport.png"),
    "program": ("clay.png", "plan.png", "overlay.png", "beauty.png"),
}
"""What to show of an attempt: what its stage is judged by."""
_TEMPLATE = Path(__file__).with_name("page.html")


def page(folder: RunFolder) -> str:
    """Return the page as HTML; every picture is inside it."""
    record, embedded = folder.record, Embedded()
    said, trouble = _said(folder)
    # In the page's order: what comes again refers to where it came first.
    brief = _brief(folder) + talk.about_brief(folder.path, said, embedded)
    stages = "".join(_stage(folder, stage, said, embedded) for stage in record.stages)
    return Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        title=html.escape(record.picture.name),
        summary=_summary(folder),
        pictures=_pictures(folder),
        confidence=_confidence(folder),
        brief=brief,
        masks=masked.section(folder),
        objects=_objects(folder),
        chart=chart(record.stages),
        stages=stages + talk.about_nothing_known(folder.path, said, record.stages, embedded) + trouble,
        costs=tables.costs(record),
        timing=_timing(folder),
        thumbnails=embedded.style(),
    )


def _said(folder: RunFolder) -> tuple[list[Exchange], str]:
    """The conversation; when it is damaged the page says so instead, for the rest of the run is still there."""
    try:
        return conversation.load(folder.path), ""
    except RecordError as error:
        return [], f"<p><i>{html.escape(str(error))}</i></p>"


def _brief(folder: RunFolder) -> str:
    try:
        return tables.brief(folder.load_brief())
    except RecordError as error:
        return f"<p><i>{html.escape(str(error))}</i></p>"


def _summary(folder: RunFolder) -> str:
    record = folder.record
    cells = [
        ("agent", record.agent),
        ("status", record.status),
        ("Blender", record.blender),
        ("time", f"{record.seconds:.1f} s"),
        ("worker's peak memory", f"{record.peak_memory_mb:.0f} MB"),
        ("isolation", ", ".join(record.confinement) or "none"),
    ]
    if record.final:
        if record.final.psnr is not None:
            cells[2:2] = [("PSNR", f"{record.final.psnr:.2f} dB"), ("SSIM", f"{record.final.ssim:.3f}")]
        if record.final.lpips is not None:
            cells.insert(2, ("LPIPS", f"{record.final.lpips:.3f}"))
        if record.final.mean_iou is not None:
            cells.insert(4, ("mask IoU", f"{record.final.mean_iou:.3f}"))
    if record.cost_usd:
        cells.append(("cost", f"${record.cost_usd:.2f}"))
    return "".join(f"<div><dt>{html.escape(name)}</dt><dd>{html.escape(value)}</dd></div>" for name, value in cells)


def _pictures(folder: RunFolder) -> str:
    reference, render = folder.path / "picture.png", folder.path / "render.png"
    figures = []
    if reference.exists():
        figures.append(figure(opened(reference), "the picture"))
    if render.exists():
        figures.append(figure(opened(render), "the scene, rendered"))
        if reference.exists():
            figures.append(figure(_difference(opened(reference), opened(render)), "difference (darker is nearer)"))
    return "".join(figures)


def _difference(reference: Image.Image, render: Image.Image) -> Image.Image:
    """Mean absolute sRGB difference as a heat map, black to yellow; full scale is half of the range."""
    if render.size != reference.size:
        render = render.resize(reference.size, Image.Resampling.BILINEAR)
    gap = np.abs(np.asarray(reference, np.float32) - np.asarray(render, np.float32)).mean(-1) / 255 * 2
    heat = np.stack([np.clip(gap * 2, 0, 1), np.clip(gap * 2 - 0.6, 0, 1), np.clip(0.25 * gap, 0, 1)], -1)
    return Image.fromarray((np.clip(heat, 0, 1) * 255).astype(np.uint8))


def _confidence(folder: RunFolder) -> str:
    record = folder.record
    if record.confidence is None:
        return ""
    reasons = "".join(f"<li>{html.escape(reason)}</li>" for reason in record.reasons)
    return f"<p>The agent is {record.confidence:.0%} sure of its account of the picture.</p><ul>{reasons}</ul>"


def _objects(folder: RunFolder) -> str:
    final = folder.record.final
    if not final or not final.objects:
        return ""
    rows = "".join(
        f'<tr><td>{html.escape(name)}</td><td class="num">{iou:.3f}</td>'
        f'<td><span class="bar" style="width:{iou * 100:.0f}%"></span></td></tr>'
        for name, iou in final.objects.items()
    )
    return f"<h2>Objects</h2><table><tr><th>object</th><th>mask IoU</th><th></th></tr>{rows}</table>"


def _stage(folder: RunFolder, stage: StageRecord, said: list[Exchange], embedded: Embedded) -> str:
    settles = BY_NAME[stage.name].settles
    spoken = {item.turn.round for item in said if item.turn.stage == stage.name}
    attempts = "".join(_attempt(folder, stage, attempt, attempt.round in spoken) for attempt in stage.attempts)
    script = folder.script_path(stage.name)
    code = ""
    if script.exists():
        text = script.read_text(encoding="utf-8")
        lines = text.count("\n")
        code = (
            f"<details><summary>{html.escape(script.name)} ({lines} lines)</summary>"
            f"<pre>{highlight(text)}</pre></details>"
        )
    return (
        f"<section><h2>{BY_NAME[stage.name].number}. {stage.name} "
        f"<small>{html.escape(settles)} · {stage.status} · {stage.seconds:.1f} s</small></h2>"
        f'<div class="attempts">{attempts}</div>'
        f"{talk.about_stage(folder.path, stage, said, embedded)}{code}</section>"
    )


def _attempt(folder: RunFolder, stage: StageRecord, attempt: AttemptRecord, spoken: bool) -> str:
    path = folder.path / attempt.folder
    pictures = [path / name for name in _VIEWS.get(stage.name, ()) if (path / name).exists()]
    images = "".join(f'<img alt="{picture.stem}" src="{uri(opened(picture))}">' for picture in pictures)
    image = images or '<div class="none">no picture</div>'
    chosen = attempt.number == stage.accepted
    lines = [f"<b>{'★ ' if chosen else ''}attempt {attempt.number}</b>, round {attempt.round}"]
    lpips = attempt.measurements.lpips
    likeness = "" if lpips is None else f", LPIPS {lpips:.3f}"
    ok = attempt.status == "ok"
    lines.append(f"score {attempt.score:.3f}{likeness}" if ok else f"<i>{html.escape(attempt.status)}</i>")
    lines += [html.escape(text) for text in (attempt.message, attempt.note) if text]
    if tokens := attempt.input_tokens + attempt.output_tokens:
        lines.append(f"<small>{tokens:,} tokens, {talk.money(attempt.cost_usd)}</small>")
    if spoken:
        lines.append(f'<a href="#{talk.anchor(stage.name, attempt.round)}">what was said</a>')
    body = "".join(f"<p>{line}</p>" for line in lines) + tables.checklist(attempt.verdict)
    return f'<article class="{"chosen" if chosen else ""}">{image}{body}</article>'


def _timing(folder: RunFolder) -> str:
    record = folder.record
    steps: dict[str, float] = {}
    for stage in record.stages:
        for attempt in stage.attempts:
            for step, seconds in attempt.seconds.items():
                steps[step] = steps.get(step, 0.0) + seconds
    rows = "".join(
        f'<tr><td>{html.escape(step)}</td><td class="num">{seconds:.2f} s</td></tr>' for step, seconds in steps.items()
    )
    total = f'<tr><th>whole run</th><th class="num">{record.seconds:.2f} s</th></tr>'
    return f"<table><tr><th>in the workers, all attempts</th><th></th></tr>{rows}{total}</table>"
