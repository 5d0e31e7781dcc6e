# SPDX-License-Identifier: GPL-3.0-or-later
"""The command's side of the agent: what it would cost and who gets what, asked before anything is sent."""

from __future__ import annotations

import argparse
import sys
from threading import Event
from typing import TYPE_CHECKING

from .agent.settings import AgentSettings

if TYPE_CHECKING:
    from .agent.providers.base import Provider


class NotSent(Exception):
    """The artist did not want to send anything; the text is one sentence."""


def check(settings: AgentSettings, online: bool) -> list[Provider]:
    """Return generator's and verifier's providers, or the one that is both; none for the offline agent.

    Raises ProviderError or RecordError when one can't be had or asked: no key, no online access, a cap in money that
    can't be kept. May wait for the artist to unlock the key store.
    """
    from pathlib import Path

    from .agent.assemble import provider_of

    if settings.generator.provider == "offline":
        return []
    from .agent.cost import cap_problem
    from .agent.providers.errors import CapReached
    from .agent.providers.remote import Remote

    asked = [settings.generator]
    if settings.verifier not in (None, settings.generator):
        asked.append(settings.verifier)
    made = [provider_of(each, settings, Path(), online, lambda _line: None) for each in asked]
    for provider in made:
        if problem := cap_problem(provider, settings.max_usd):
            raise CapReached(problem)
        if isinstance(provider, Remote):
            provider.check()
    return made


def as_recorded(options: argparse.Namespace, settings: AgentSettings) -> AgentSettings:
    """Return the settings a recording was made with, and have `options` name its picture, size, samples and seed.

    A replay asks what was asked then only when it is run as it was then. Raises RecordError when it can't be read.
    """
    from pathlib import Path

    from .agent.record import RunFolder

    recorded = RunFolder.open(Path(options.recording))
    then = recorded.record
    options.image = options.image or str(recorded.path / "picture.png")
    options.resolution, options.samples, options.seed = then.resolution, then.samples, then.seed
    kept = {name: getattr(then.settings, name) for name in ("one_shot", "rounds", "candidates", "solve")}
    return settings.model_copy(update=kept)


def agree(settings: AgentSettings, online: bool, yes: bool) -> None:
    """Check that the agent can be had, print the estimate of a run whose requests leave this machine, and ask once.

    Comes before the folder is made: what is refused leaves none behind. Raises NotSent, and as `check`.
    """
    made = check(settings, online)
    if not any(provider.destination.leaves_machine for provider in made):
        return
    from .agent.cost import estimate

    for sentence in estimate(made[0], made[-1], settings.rounds, settings.candidates, settings.one_shot).sentences():
        print(sentence, file=sys.stderr)
    if yes:
        return
    if not sys.stdin.isatty():
        raise NotSent("Nothing was sent. To send without being asked, once you have read the estimate: --yes.")
    answer = input("Send? [y/N] ")
    if answer.strip().lower() not in ("y", "yes"):
        raise NotSent("Nothing was sent.")


def about(options: argparse.Namespace, online: bool) -> int:
    """List models or test the connection, as asked; return the exit code. Raises ProviderError."""
    from pathlib import Path

    from . import cli_options
    from .agent.assemble import provider_of
    from .agent.providers.make import test_connection

    settings = cli_options.settings(options)
    if settings.generator.provider == "offline":
        raise cli_options.OptionError("The offline agent is no model; name another with --agent.")
    provider = provider_of(settings.generator, settings, Path(options.output or "."), online, print)
    print("\n".join(provider.models()) if options.models else test_connection(provider, Event()))
    return 0
