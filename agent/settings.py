# SPDX-License-Identifier: GPL-3.0-or-later
"""Who works on a run and within which bounds, as `run.json` keeps it, so that a resumed run goes on the same way."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from .providers.address import without_secrets
from .stages import ONE_SHOT, STAGES, Stage

AgentName = Literal["offline", "openai", "anthropic", "compatible", "handoff", "replay"]
AGENTS: tuple[AgentName, ...] = ("offline", "openai", "anthropic", "compatible", "handoff", "replay")
ROUNDS = tuple(stage.rounds for stage in STAGES)


class Asked(BaseModel):
    """Whom a role asks: a provider and a model. Never a key."""

    model_config = ConfigDict(extra="forbid")

    provider: AgentName
    model: str = ""
    """Empty for the provider's own choice."""
    base_url: str = ""
    """Of a compatible server."""

    @field_validator("base_url")
    @classmethod
    def _no_secret(cls, typed: str) -> str:
        if typed != without_secrets(typed):
            raise ValueError("the base URL holds a password or a query, and it would be kept: take that out of it")
        return typed


class AgentSettings(BaseModel):
    """What was chosen for a run beside the picture."""

    model_config = ConfigDict(extra="forbid")

    generator: Asked = Asked(provider="offline")
    verifier: Asked | None = None
    """None: the generator's provider and model judge, too, in a context of their own."""
    replay: str = ""
    """The recorded run folder that is played again."""
    one_shot: bool = False
    rounds: tuple[int, int, int, int, int] = Field(default=ROUNDS)  # type: ignore[assignment]
    """Rounds of setup, geometry, materials, composition and lighting."""
    candidates: int = Field(1, ge=1, le=8)
    """Scripts tried per round; the best goes on."""
    max_usd: float | None = Field(None, gt=0)
    max_tokens: int | None = Field(None, gt=0)
    solve: bool = True
    """Whether numbers that can be solved are."""

    def stages(self) -> tuple[Stage, ...]:
        """The stages of such a run, in order."""
        return (ONE_SHOT,) if self.one_shot else STAGES

    def rounds_of(self, stage: Stage) -> int:
        """How many rounds a stage gets."""
        return stage.rounds if stage == ONE_SHOT else self.rounds[stage.number - 1]
