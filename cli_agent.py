# SPDX-License-Identifier: GPL-3.0-or-later
"""The command's side of the agent: what it would cost and who gets what, asked before anything is sent."""

from __future__ import annotations

import argparse
import sys
from threading import Event
from typing import TYPE_CHECKING

from .agent.settings import AgentSettings

if TYPE_CHECKING:
    from .agent.assemble import Assembled
    from .agent.record import RunFolder


class NotSent(Exception):
    """The artist did not want to send anything; the text is one sentence."""


def check(settings: AgentSettings, online: bool) -> None:
    """Raise ProviderError or RecordError when an agent can't be had, before a folder is made for it."""
    from pathlib import Path

    from .agent.assemble import provider_of

    if settings.generator.provider == "offline":
        return
    from .agent.cost import cap_problem
    from .agent.providers.errors import CapReached

    for asked in filter(None, (settings.generator, settings.verifier)):
        provider = provider_of(asked, settings, Path(), online, lambda _line: None)
        if problem := cap_problem(provider, settings.max_usd):
            raise CapReached(problem)


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


def confirm(assembled: Assembled, folder: RunFolder, yes: bool) -> None:
    """Print the estimate of a run whose requests leave this machine, and ask once. Raises NotSent."""
    leaving = [provider for provider in assembled.providers if provider.destination.leaves_machine]
    if not leaving:
        return
    from .agent.cost import estimate

    chosen = folder.record.settings
    generator, verifier = assembled.providers[0], assembled.providers[-1]
    for sentence in estimate(generator, verifier, chosen.rounds, chosen.candidates, chosen.one_shot).sentences():
        print(sentence, file=sys.stderr)
    if yes:
        return
    if not sys.stdin.isatty():
        raise NotSent("Nothing was sent. To send without being asked, once you have read the estimate: --yes.")
    answer = input("Send? [y/N] ")
    if answer.strip().lower() not in ("y", "yes"):
        raise NotSent(f"Nothing was sent. Go on with: restage --resume {folder.path}")


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
