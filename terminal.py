# SPDX-License-Identifier: GPL-3.0-or-later
"""What the command shows: one living line on a terminal, plain lines elsewhere, a table at the end."""

from __future__ import annotations

import re
import shutil
import sys
from typing import TextIO

from .agent.listener import AttemptShown, Progress, StageDone
from .agent.record import RunFolder, RunRecord

_DIGITS = re.compile(r"\d+")


class TerminalListener:
    """Shows a run's progress on a stream."""

    def __init__(self, stream: TextIO | None = None) -> None:
        """Write to `stream`, standard error when None."""
        self._stream = stream or sys.stderr
        self._living = self._stream.isatty()
        self._last = ""

    def progress(self, progress: Progress) -> None:
        """Show stage, round, score and elapsed time."""
        score = "" if progress.score is None else f"  score {progress.score:.3f}"
        where = f"[{progress.stage_number}/{progress.stage_count}] {progress.stage}"
        turn = f"round {progress.round}/{progress.rounds}" if progress.round else "done"
        money = f"  {progress.tokens:,} tokens, ${progress.cost_usd:.2f}" if progress.tokens else ""
        text = f"{where:<17} {turn:<10} {progress.doing}{score}{money}  {progress.elapsed:.1f} s"
        if self._living:
            width = shutil.get_terminal_size().columns - 1
            self._put("\r\x1b[K" + text[:width])
        elif (news := _DIGITS.sub("", f"{where} {turn} {progress.doing}") + score) != self._last:
            # A plain log wants what happened, not every second of waiting.
            self._put(text + "\n")
            self._last = news

    def attempt(self, shown: AttemptShown) -> None:
        """Say what came of an attempt that failed; the good ones show in the score."""
        if shown.status != "ok":
            # The message quotes what a script raised: no control characters of its own reach the terminal.
            said = "".join(letter if letter.isprintable() else "?" for letter in shown.message)
            self.log(f"{shown.stage} attempt {shown.number}: {shown.status}. {said}")

    def stage_done(self, done: StageDone) -> None:
        """Say that a stage is settled."""
        self.log(f"{done.stage}: accepted attempt {done.attempt}, score {done.score:.3f}")

    def log(self, text: str) -> None:
        """Print one line."""
        self._put(("\r\x1b[K" if self._living else "") + text + "\n")

    def end(self) -> None:
        """Leave the living line."""
        if self._living:
            self._put("\r\x1b[K")

    def _put(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def table(folder: RunFolder) -> str:
    """Return the closing table of a run as text."""
    record = folder.record
    rows = [("stage", "status", "attempts", "score", "seconds")]
    for stage in record.stages:
        rows.append((stage.name, stage.status, str(len(stage.attempts)), f"{stage.score:.3f}", f"{stage.seconds:.1f}"))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join([*lines, "", *_closing(record), *_files(folder)])


def _closing(record: RunRecord) -> list[str]:
    lines = []
    if record.final:
        iou = "" if record.final.mean_iou is None else f", mask IoU {record.final.mean_iou:.3f}"
        if record.final.psnr is not None:
            lines.append(f"against the picture: PSNR {record.final.psnr:.2f} dB, SSIM {record.final.ssim:.3f}{iou}")
        lines += record.final.notes
    if record.confidence is not None:
        lines.append(
            f"the agent is {record.confidence:.0%} sure: {' '.join(record.reasons) or 'nothing spoke against it.'}"
        )
    if record.input_tokens:
        counts = f"{record.input_tokens:,} tokens in, {record.output_tokens:,} out"
        lines.append(f"{record.agent}: {counts}, ${record.cost_usd:.2f}")
    lines.append(f"{record.seconds:.1f} s, worker's peak memory {record.peak_memory_mb:.0f} MB, {record.blender}")
    return lines


def _files(folder: RunFolder) -> list[str]:
    names = ("scene.blend", "scene.py", "scene.glb", "render.png", "report.html")
    return [str(folder.path / name) for name in names if (folder.path / name).exists()]
