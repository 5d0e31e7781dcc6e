# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys of the model providers: from the environment, else from the system's own key store. Never in a file of ours."""

from __future__ import annotations

import os
import re
from typing import Literal

from .keystore import NoKeyStore, Store, system_store

VARIABLES = {
    "openai": "OPENAI_API_KEY",
    "anthropic": "ANTHROPIC_API_KEY",
    "compatible": "RESTAGE_COMPATIBLE_API_KEY",
}
"""The environment variable of each provider that takes a key."""
UNREAD = "unread"
"""Stands for a key that only the key store knows of."""
Where = Literal["environment", "key store", "nowhere"]


def get(provider: str, store: Store | None = None) -> str | None:
    """Return the provider's key, None when there is none. May wait for the artist to unlock the key store, so not on
    the main thread. Raises NoKeyStore when the store is there but does not answer."""
    found = _from_environment(provider)
    if found or provider not in VARIABLES:
        return found
    try:
        return (store or system_store()).get(provider)
    except NoKeyStore as error:
        if error.absent:
            return None
        raise


def known(provider: str, maybe_stored: bool = True) -> str | None:
    """Return the environment's key, UNREAD where the key store may hold one, None where there surely is none.

    Asks no key store, so it may be called on the main thread; `maybe_stored`: it was not found to hold none before.
    """
    found = _from_environment(provider)
    if found or not maybe_stored:
        return found
    try:
        system_store()
    except NoKeyStore as error:
        return None if error.absent else UNREAD
    return UNREAD


def put(provider: str, key: str, store: Store | None = None) -> None:
    """Keep a key in the system's key store. Raises NoKeyStore, and ValueError for what cannot be a key."""
    key = key.strip()
    if provider not in VARIABLES:
        raise ValueError(f"The provider {provider} takes no key.")
    if not re.fullmatch(r"[\x21-\x7e]{8,1024}", key) or any(letter in key for letter in "\"'\\`"):
        raise ValueError("That is not a key: a key is 8 to 1024 letters, digits and signs without spaces or quotes.")
    (store or system_store()).put(provider, key)


def delete(provider: str, store: Store | None = None) -> None:
    """Remove a key from the system's key store; nothing happens when it isn't there. Raises NoKeyStore."""
    (store or system_store()).delete(provider)


def where(provider: str, store: Store | None = None) -> Where:
    """Return where the provider's key is found. Asks the key store: not for a panel's draw. Raises NoKeyStore."""
    if _from_environment(provider):
        return "environment"
    return "key store" if get(provider, store) else "nowhere"


def _from_environment(provider: str) -> str | None:
    return os.environ.get(VARIABLES.get(provider, ""), "").strip() or None
