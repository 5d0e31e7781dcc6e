# SPDX-License-Identifier: GPL-3.0-or-later
"""Put a run's agent together from its settings: providers, metered and recorded, behind a generator and a verifier.

Every import of a part is late: a wrong picture is refused at once, and start-up never waits for client libraries.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from .record import RunFolder
from .roles import Agent, Usage
from .settings import AgentSettings, Asked

if TYPE_CHECKING:
    from .cost import Meter
    from .providers.base import Provider, Role

HANDOFF_FOLDER = "handoff"


@dataclass(frozen=True)
class Assembled:
    """An agent ready to work, and what stands behind it."""

    agent: Agent
    providers: tuple[Provider, ...] = ()
    """Generator's and verifier's, without what is wrapped around them; none for the offline agent."""
    meter: Meter | None = None


def assemble(settings: AgentSettings, folder: RunFolder, online: bool, log: Callable[[str], None]) -> Assembled:
    """Return the agent of a run.

    `online`: whether Blender may go online; `log` is told where a replay leaves its recording. Raises
    errors.ProviderError with a sentence when a provider can't be had (no key, no model), and RecordError when a
    recording can't be read.
    """
    if settings.generator.provider == "offline":
        from .offline.agent import make

        return Assembled(_solving(make(), settings, folder))
    from .conversation import Conversation, Recorded
    from .cost import Meter, Metered
    from .model_agent import make as make_model_agent

    conversation = Conversation(folder.path)
    record = folder.record
    spent = Usage(record.input_tokens, record.output_tokens, record.cost_usd)
    meter = Meter(settings.max_usd, settings.max_tokens, spent)

    def ready(provider: Provider) -> Provider:
        return Recorded(Metered(provider, meter), conversation, reuse=True)

    generator = provider_of(settings.generator, settings, folder.path, online, log)
    verifier = generator
    if settings.verifier is not None and settings.verifier != settings.generator:
        verifier = provider_of(settings.verifier, settings, folder.path, online, log)
    elif settings.generator.provider == "replay":
        # The recording's verifier may have been another model, which was shown pictures of another size.
        verifier = provider_of(settings.generator, settings, folder.path, online, log, "verifier")
    asked = ready(generator)
    agent = make_model_agent(asked, asked if verifier is generator else ready(verifier), settings.one_shot)
    return Assembled(
        replace(_solving(agent, settings, folder), needs_facts=True),
        (generator,) if verifier is generator else (generator, verifier),
        meter,
    )


def _solving(agent: Agent, settings: AgentSettings, folder: RunFolder) -> Agent:
    """Give an agent what solves the numbers of its scripts; a replay has only the numbers of its recording."""
    if not settings.solve:
        return agent
    from .numbers import KeptNumbers, solvers_for

    if settings.generator.provider == "replay":
        numbers = KeptNumbers(folder, None, Path(settings.replay).expanduser())
    else:
        numbers = KeptNumbers(folder, solvers_for(agent.fits))
    return replace(agent, numbers=numbers)


def provider_of(
    asked: Asked,
    settings: AgentSettings,
    folder: Path,
    online: bool,
    log: Callable[[str], None],
    role: Role = "generator",
) -> Provider:
    """Return the bare provider that is asked for, in a role. Raises as `assemble`."""
    if asked.provider == "handoff":
        from .providers.handoff import Handoff

        return Handoff(folder / HANDOFF_FOLDER, asked.model or "by hand")
    if asked.provider == "replay":
        from .providers.replay import Replay

        return Replay(Path(settings.replay).expanduser(), log, role=role)
    from .providers.make import make

    return make(asked.provider, asked.model, asked.base_url, online)
