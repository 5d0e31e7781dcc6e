# SPDX-License-Identifier: GPL-3.0-or-later
"""Any server that speaks OpenAI's chat completions: Ollama, LM Studio, vLLM, llama.cpp, a studio's own gateway."""

from __future__ import annotations

from dataclasses import replace

from ..keystore import NoKeyStore
from .answer import Answer
from .base import Request
from .errors import ModelNotFound
from .openai import OpenAI
from .remote import KeyOf
from .watch import Limits, Watch

OLLAMA = "http://127.0.0.1:11434/v1"
"""Where the commonest local server listens."""
PATIENCE = Limits(first_byte=900.0, stall=300.0)
"""A local server without a fast graphics card reads pictures for minutes."""


class Compatible(OpenAI):
    """A server known by its address. On this machine it needs neither a key nor online access, and costs nothing."""

    _needs_key = False

    def __init__(self, model: str, base_url: str, online: bool, key_of: KeyOf, limits: Limits = PATIENCE) -> None:
        """`model` empty: the first the server lists. Raises ProviderError for a base URL that is none."""
        super().__init__(model, base_url or OLLAMA, online, key_of, limits, name="compatible")
        if self.local:
            self._facts = replace(self._facts, usd_input=0.0, usd_cached_input=0.0, usd_output=0.0)

    def _key(self, key_of: KeyOf | None = None) -> str:
        try:
            # The library sends one in any case; a server without keys ignores it.
            return (key_of or self._key_of)(self._name) or "none"
        except NoKeyStore:
            return "none"  # a key is optional here, and a server that wants one says so

    def _answer(self, request: Request, watch: Watch, key: str) -> Answer:
        if not self._facts.name:
            found = self._list(watch, key)
            if not found:
                raise ModelNotFound(f"{self._who} has no model loaded.", "Load one with vision there.")
            self._facts = replace(self._facts, name=found[0])
        return super()._answer(request, watch, key)

    def _can_chat(self, model: str) -> bool:
        return "embed" not in model

    def _limit_name(self) -> str:
        return "max_tokens"

    def _detail(self) -> dict[str, str]:
        return {}
