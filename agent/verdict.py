# SPDX-License-Identifier: GPL-3.0-or-later
"""What a verifier says of an attempt: approve, or a checklist of a few located items."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from .brief import Box

MAX_ITEMS = 5
"""Of a verifier: few and located, so that they are done."""
MAX_KEPT = 20
"""With those an artist adds."""


class ChecklistItem(BaseModel):
    """One thing to change."""

    model_config = ConfigDict(extra="forbid")

    object: str
    """Name of the object in the brief; empty for the whole picture."""
    property: str
    """What of it, in a word or two: outline, colour, power, location."""
    region: Box | None = None
    """Where in the picture, as fractions of the frame."""
    observed: str
    wanted: str
    values: list[float] = Field(default_factory=list)
    """The wanted number or numbers of `wanted`, for whoever would compute with them; may be empty."""
    severity: Literal["minor", "major", "blocking"] = "major"


class Verdict(BaseModel):
    """Approve, or what to change."""

    model_config = ConfigDict(extra="forbid")

    approve: bool
    items: list[ChecklistItem] = Field(default_factory=list, max_length=MAX_KEPT)
    summary: str = ""
    by: Literal["verifier", "artist"] = "verifier"
    """Whose it is; an artist's outranks the numbers."""
