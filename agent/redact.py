# SPDX-License-Identifier: GPL-3.0-or-later
"""The last line of defence against a key on disk: servers like to repeat a key in the sentence that refuses it."""

from __future__ import annotations

import os
import re

REMOVED = "[key removed]"
_LOOKS_LIKE_ONE = re.compile(r"\b(?:sk-|gsk_|xai-|hf_)[A-Za-z0-9_\-*.]{12,}|(?<=[Bb]earer )[A-Za-z0-9._~+/=\-]{6,}")
_SHORTEST = 8


def without_keys(text: str, *known: str | None) -> str:
    """Return a message without keys: `known` ones, those of this process's environment, and what looks like one."""
    kept = [value for name, value in os.environ.items() if name.upper().endswith(("_API_KEY", "_TOKEN"))]
    for key in [*filter(None, known), *(value for value in kept if len(value) >= _SHORTEST)]:
        text = text.replace(key, REMOVED)
    return _LOOKS_LIKE_ONE.sub(REMOVED, text)
