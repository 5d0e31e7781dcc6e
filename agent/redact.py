# SPDX-License-Identifier: GPL-3.0-or-later
"""The last line of defence against a key on disk: servers like to repeat a key in the sentence that refuses it."""

from __future__ import annotations

import os
import re

REMOVED = "[key removed]"
_LOOKS_LIKE_ONE = re.compile(r"\b(?:sk|pk|key|xai|gsk)[-_][A-Za-z0-9*_.-]{8,}")
_SHORTEST = 8


def without_keys(text: str) -> str:
    """Return a message without what looks like a key, and without the keys of this process's environment."""
    for name, value in os.environ.items():
        if name.upper().endswith(("_API_KEY", "_TOKEN")) and len(value) >= _SHORTEST:
            text = text.replace(value, REMOVED)
    return _LOOKS_LIKE_ONE.sub(REMOVED, text)
