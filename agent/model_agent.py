# SPDX-License-Identifier: GPL-3.0-or-later
"""The models' agent: generator and verifier, each with its own provider and its own context."""

from __future__ import annotations

from .generator import ModelGenerator
from .oneshot import NoVerifier, OneShotGenerator
from .providers.base import Provider
from .roles import Agent
from .verifier import ModelVerifier


def make(generator: Provider, verifier: Provider | None = None, one_shot: bool = False) -> Agent:
    """The agent that asks `generator` for briefs and scripts and `verifier` (the same when None) for verdicts.

    `one_shot`: the whole program in one call, without brief and verdict; for runs whose only stage is `program`.
    """
    if one_shot:
        return Agent(generator.name, OneShotGenerator(generator), NoVerifier())
    judge = verifier or generator
    name = generator.name if judge.name == generator.name else f"{generator.name}+{judge.name}"
    return Agent(name, ModelGenerator(generator), ModelVerifier(judge))
