# SPDX-License-Identifier: GPL-3.0-or-later
"""The scores over the rounds as an SVG chart."""

from __future__ import annotations

import html

from ..record import StageRecord

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 900, 240, 36, 14, 44


def chart(stages: list[StageRecord]) -> str:
    """Return an SVG of every attempt's score, stage by stage; failed attempts are crosses at the bottom."""
    count = sum(max(1, len(stage.attempts)) for stage in stages)
    step = (WIDTH - LEFT - 8) / max(1, count)
    bottom = HEIGHT - BOTTOM

    def y(score: float) -> float:
        return bottom - score * (bottom - TOP)

    parts = [f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="Scores over the rounds">']
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH}" y1="{y(tick):.1f}" y2="{y(tick):.1f}"/>')
        parts.append(f'<text class="tick" x="{LEFT - 6}" y="{y(tick) + 4:.1f}" text-anchor="end">{tick:g}</text>')
    x = float(LEFT)
    for stage in stages:
        width = step * max(1, len(stage.attempts))
        parts.append(f'<line class="edge" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{bottom + 24}"/>')
        parts.append(f'<text x="{x + width / 2:.1f}" y="{bottom + 34}" text-anchor="middle">{stage.name}</text>')
        points, dots = [], []
        for index, attempt in enumerate(stage.attempts):
            cx = x + step * (index + 0.5)
            label = html.escape(f"{stage.name} attempt {attempt.number}, round {attempt.round}: {attempt.status}")
            parts.append(
                f'<text class="tick" x="{cx:.1f}" y="{bottom + 16}" text-anchor="middle">{attempt.round}</text>'
            )
            if attempt.status != "ok":
                place = f'x="{cx:.1f}" y="{bottom - 2}" text-anchor="middle"'
                parts.append(f'<text class="bad" {place}>×<title>{label}</title></text>')
                continue
            points.append(f"{cx:.1f},{y(attempt.score):.1f}")
            kind = "dot best" if attempt.number == stage.accepted else "dot"
            dots.append(
                f'<circle class="{kind}" cx="{cx:.1f}" cy="{y(attempt.score):.1f}" r="5">'
                f"<title>{label}, score {attempt.score:.3f}</title></circle>"
            )
        if len(points) > 1:
            parts.append(f'<polyline class="line" points="{" ".join(points)}"/>')
        parts += dots  # after the line, so that it does not cross them
        x += width
    return "".join([*parts, "</svg>"])
