# SPDX-License-Identifier: GPL-3.0-or-later
"""Put the report's page together from a run folder."""

from __future__ import annotations

import base64
import html
import io
from pathlib import Path
from string import Template

import numpy as np
from PIL import Image

from ..record import AttemptRecord, RunFolder, StageRecord
from ..stages import BY_NAME
from .chart import chart
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
    record = folder.record
    return Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        title=html.escape(record.picture.name),
        summary=_summary(folder),
        pictures=_pictures(folder),
        confidence=_confidence(folder),
        objects=_objects(folder),
        chart=chart(record.stages),
        stages="".join(_stage(folder, stage) for stage in record.stages),
        timing=_timing(folder),
    )


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
        figures.append(_figure(_open(reference), "the picture"))
    if render.exists():
        figures.append(_figure(_open(render), "the scene, rendered"))
        if reference.exists():
            figures.append(_figure(_difference(_open(reference), _open(render)), "difference (darker is nearer)"))
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


def _stage(folder: RunFolder, stage: StageRecord) -> str:
    settles = BY_NAME[stage.name].settles
    attempts = "".join(_attempt(folder, stage, attempt) for attempt in stage.attempts)
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
        f'<div class="attempts">{attempts}</div>{code}</section>'
    )


def _attempt(folder: RunFolder, stage: StageRecord, attempt: AttemptRecord) -> str:
    path = folder.path / attempt.folder
    pictures = [path / name for name in _VIEWS[stage.name] if (path / name).exists()]
    images = "".join(f'<img alt="{picture.stem}" src="{_uri(_open(picture))}">' for picture in pictures)
    image = images or '<div class="none">no picture</div>'
    chosen = attempt.number == stage.accepted
    lines = [f"<b>{'★ ' if chosen else ''}attempt {attempt.number}</b>, round {attempt.round}"]
    lpips = attempt.measurements.lpips
    likeness = "" if lpips is None else f", LPIPS {lpips:.3f}"
    ok = attempt.status == "ok"
    lines.append(f"score {attempt.score:.3f}{likeness}" if ok else f"<i>{html.escape(attempt.status)}</i>")
    lines += [html.escape(text) for text in (attempt.message, attempt.note) if text]
    if attempt.verdict:
        verdict = "approved" if attempt.verdict.approve else "handed back"
        lines.append(f"<em>{verdict}</em> {html.escape(attempt.verdict.summary)}")
    items = "".join(
        f"<li>{html.escape(f'{item.object} {item.property}: {item.observed}, wanted {item.wanted}'.strip())}</li>"
        for item in (attempt.verdict.items if attempt.verdict else [])
    )
    body = "".join(f"<p>{line}</p>" for line in lines) + (f"<ul>{items}</ul>" if items else "")
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


def _figure(image: Image.Image, caption: str) -> str:
    return f'<figure><img alt="{html.escape(caption)}" src="{_uri(image)}"><figcaption>{caption}</figcaption></figure>'


def _open(path: Path) -> Image.Image:
    with Image.open(path) as image:
        rgba = image.convert("RGBA")
    white = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
    return Image.alpha_composite(white, rgba).convert("RGB")


def _uri(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=88)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
