# SPDX-License-Identifier: GPL-3.0-or-later
"""An answer while it is read from a stream."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ..roles import Usage


@dataclass
class Answer:
    """An answer as it was read from the stream, perhaps not to its end."""

    text: str = ""
    usage: Usage | None = None
    model: str = ""
    stop: Literal["end", "length", "refused", "too long", "cut"] = "cut"
    """`cut` until the server says that it is done."""
    refusal: str = ""
    pieces: list[str] = field(default_factory=list)
    events: int = 0
    """How many pieces of any kind came."""
