# SPDX-License-Identifier: GPL-3.0-or-later
"""What an artist chose for a run beside the agent: sizes, seed, and where it stops."""

from __future__ import annotations

from dataclasses import dataclass, field

from .record import RunRecord
from .settings import AgentSettings


@dataclass(frozen=True)
class RunOptions:
    """What the artist chose."""

    resolution: int = 512
    """Longer side of the final render, pixels."""
    samples: int = 32
    """Cycles samples of the final render."""
    seed: int = 0
    attempt_px: int = 256
    """Longer side of an attempt's beauty view."""
    attempt_samples: int = 12
    measure_px: int = 256
    """Longer side of the views an attempt is measured on."""
    settings: AgentSettings = field(default_factory=AgentSettings)
    until: str = ""
    """Stop after this: `brief`, or the name of a stage; the folder then resumes."""
    step: bool = False
    """Stop for the artist's decision at each stage."""
    only_wishes: bool = False
    """Do what was wished for and what follows from it, and nothing new: no agent is asked, no final picture made."""


def options_of(record: RunRecord, until: str = "", step: bool = False) -> RunOptions:
    """Return the options of the run that a record is of. A model looks closely, so it is shown larger renders."""
    closely = record.settings.generator.provider != "offline"
    shown = min(512, max(64, record.resolution)) if closely else RunOptions.attempt_px
    return RunOptions(
        resolution=record.resolution,
        samples=record.samples,
        seed=record.seed,
        attempt_px=shown,
        attempt_samples=min(16, record.samples) if closely else RunOptions.attempt_samples,
        measure_px=max(RunOptions.measure_px, shown) if closely else RunOptions.measure_px,
        settings=record.settings,
        until=until,
        step=step,
    )
