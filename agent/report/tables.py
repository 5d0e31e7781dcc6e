# SPDX-License-Identifier: GPL-3.0-or-later
"""The brief, the verdicts' checklists, and what each stage cost, as HTML."""

from __future__ import annotations

import html
from math import degrees

from ..brief import Box, Brief, BriefObject
from ..record import RunRecord
from ..verdict import Verdict
from .talk import money


def brief(found: Brief | None) -> str:
    """Return the brief, folded; empty when there is none."""
    if found is None:
        return ""
    camera = found.camera
    horizon = "" if camera.horizon is None else f", horizon at {camera.horizon:.0%} of the height"
    facts = [
        (
            "camera",
            f"{degrees(camera.horizontal_fov):.0f}° wide, {degrees(camera.pitch):.0f}° down, "
            f"{camera.height_m:.2f} m high{horizon}",
        ),
        ("behind", found.backdrop),
        ("light", found.light),
        ("style", found.style),
        ("left out", ", ".join(found.ignore)),
    ]
    lines = "".join(f"<div><dt>{name}</dt><dd>{html.escape(value)}</dd></div>" for name, value in facts if value)
    rows = "".join(_object(item) for item in found.objects)
    head = "".join(f"<th>{name}</th>" for name in ("object", "", "shape", "material", "stands on", "metres", "box"))
    count = f"{len(found.objects)} object{'s' if len(found.objects) != 1 else ''}"
    return (
        f"<details><summary>The brief: {html.escape(found.caption or 'no caption')} "
        f"<small>{count}</small></summary><dl>{lines}</dl>"
        f"<table><tr>{head}</tr>{rows}</table></details>"
    )


def _object(item: BriefObject) -> str:
    colour = ", ".join(f"{channel * 100:.0f}%" for channel in item.colour)
    name = item.name + (f" × {item.count}" if item.count > 1 else "")
    metres = ""
    if item.dimensions_m:
        metres = " × ".join(f"{side:.2f}" for side in item.dimensions_m)
    elif item.size_m:
        metres = f"{item.size_m:.2f}"
    cells = [item.shape, item.material, item.stands_on, metres, _box(item.box)]
    rest = "".join(f"<td>{html.escape(cell)}</td>" for cell in cells)
    swatch = f'<span class="swatch" style="background:rgb({colour})"></span>'
    return f"<tr><td>{html.escape(name)}</td><td>{swatch}</td>{rest}</tr>"


def checklist(verdict: Verdict | None) -> str:
    """Return a verdict with its items; empty when there is none."""
    if verdict is None:
        return ""
    said = "approved" if verdict.approve else "handed back"
    items = []
    for item in verdict.items:
        where = f" <small>at {_box(item.region)}</small>" if item.region else ""
        what = html.escape(f"{item.object} {item.property}".strip())
        rest = html.escape(f": {item.observed}, wanted {item.wanted}")
        items.append(f'<li class="{item.severity}"><b>{what}</b>{rest}{where}</li>')
    listed = f"<ul>{''.join(items)}</ul>" if items else ""
    return f"<p><em>{said}</em> {html.escape(verdict.summary)}</p>{listed}"


def costs(record: RunRecord) -> str:
    """Return tokens, money and waiting per stage; empty when no model was asked."""
    if not record.input_tokens + record.output_tokens:
        return ""
    head = "".join(
        f'<th class="num">{name}</th>' for name in ("tokens in", "tokens out", "cost", "waiting for the model", "time")
    )
    rows = "".join(
        _row(
            "td",
            stage.name,
            (
                f"{stage.input_tokens:,}",
                f"{stage.output_tokens:,}",
                money(stage.cost_usd),
                f"{stage.model_seconds:.1f} s",
                f"{stage.seconds:.1f} s",
            ),
        )
        for stage in record.stages
    )
    waited = sum(stage.model_seconds for stage in record.stages)
    total = (
        f"{record.input_tokens:,}",
        f"{record.output_tokens:,}",
        money(record.cost_usd),
        f"{waited:.1f} s",
        f"{record.seconds:.1f} s",
    )
    table = f"<table><tr><th>stage</th>{head}</tr>{rows}{_row('th', 'whole run', total)}</table>"
    return f"<h2>Tokens and cost</h2>{table}"


def _row(tag: str, name: str, cells: tuple[str, ...]) -> str:
    return f"<tr><{tag}>{name}</{tag}>" + "".join(f'<{tag} class="num">{cell}</{tag}>' for cell in cells) + "</tr>"


def _box(box: Box) -> str:
    return ", ".join(f"{value * 100:.0f}" for value in box) + " %"
