# SPDX-License-Identifier: GPL-3.0-or-later
"""What the artist wants of a stage and the run has not done yet. It waits in the run folder, so that a run that was
stopped in between still knows it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from .verdict import MAX_KEPT, ChecklistItem, Verdict

MAX_NOTE = 2000
"""Characters of what the artist says."""


class Wish(BaseModel):
    """One thing to be done at a stage."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["redo", "edit", "solve", "accept"]
    """`redo`: one more round, with the artist's words and checklist for a verdict; `edit`: run `script`; `solve`: the
    same script with its numbers solved; `accept`: accept what stands, once what was wished of it and before it is done.
    """
    attempt: int | None = None
    """The attempt it is about; None when there is none that could be used."""
    note: str = Field("", max_length=MAX_NOTE)
    """What the artist says, or what was changed."""
    items: list[ChecklistItem] = Field(default_factory=list, max_length=MAX_KEPT)
    script: str = ""
    """Of an `edit`: the whole new script."""
    accept: bool = False
    """Whether what comes of an `edit` is accepted as well: the artist has seen it."""

    def verdict(self) -> Verdict:
        """The artist's verdict on the attempt."""
        return Verdict(approve=False, items=list(self.items), summary=self.note, by="artist")
