# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of the models: `models.json` read, with cautious values for names it doesn't have."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from math import ceil, sqrt
from pathlib import Path
from typing import Any

from .base import ModelFacts

_FILE = Path(__file__).with_name("models.json")
_DATED = re.compile(r"-(\d{8}|\d{4}-\d{2}-\d{2}|latest)$")


@dataclass(frozen=True)
class Prices:
    """US dollars per million tokens, for requests up to `above_tokens`; past that the whole request costs more."""

    usd_input: float
    usd_output: float
    usd_cached_input: float
    usd_cache_write: float
    above_tokens: int | None = None
    input_factor: float = 1.0
    output_factor: float = 1.0


@dataclass(frozen=True)
class ImageRule:
    """How a provider counts a picture: patches of `patch` pixels times `factor`, after scaling down to the limits."""

    patch: int
    most_patches: int
    most_px: int
    factor: float

    def tokens(self, size: tuple[int, int]) -> int:
        """Return the tokens of a picture of width and height in pixels, at least 1."""
        width, height = max(1, size[0]), max(1, size[1])
        shrink = min(1.0, self.most_px / max(width, height))
        area = (width * shrink / self.patch) * (height * shrink / self.patch)
        if area > self.most_patches:
            shrink *= sqrt(self.most_patches / area)
        patches = ceil(width * shrink / self.patch) * ceil(height * shrink / self.patch)
        return max(1, ceil(min(patches, self.most_patches) * self.factor))


@cache
def _file() -> Mapping[str, Any]:
    providers: Mapping[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))["providers"]
    return providers


def _entry(provider: str, name: str) -> dict[str, Any]:
    table = _file().get(provider) or _file()["compatible"]
    plain = _DATED.sub("", name)
    for model in table["models"]:
        if model["name"] in (name, plain):
            return {**table["common"], **model}
    return {**table["common"], **table["unknown"], "unlisted": True}


def names(provider: str) -> list[str]:
    """Return the names in the table, the recommended one first; empty for a provider without one."""
    return [model["name"] for model in _file().get(provider, {}).get("models", [])]


def default_model(provider: str) -> str:
    """Return the model asked when none was chosen; empty where there can be none."""
    return str(_file().get(provider, {}).get("default", ""))


def priced_on(provider: str) -> str:
    """Return the date (ISO) the provider's prices were last read; empty when it has none."""
    return str(_file().get(provider, {}).get("as_of", ""))


def listed(provider: str, name: str) -> bool:
    """Return whether the table has this model, with or without a date in its name."""
    return "unlisted" not in _entry(provider, name)


def facts_of(provider: str, name: str) -> ModelFacts:
    """Return what is known of a model; for an unknown name cautious limits and no price."""
    entry = _entry(provider, name)
    return ModelFacts(
        name=name,
        context_tokens=entry["context_tokens"],
        max_output_tokens=entry["max_output_tokens"],
        vision=entry["vision"],
        schema=entry["schema"],
        usd_input=entry.get("usd_input"),
        usd_cached_input=entry.get("usd_cached_input"),
        usd_output=entry.get("usd_output"),
        image_px=entry["image_px"],
        images=entry["images"],
    )


def prices_of(provider: str, facts: ModelFacts) -> Prices | None:
    """Return a model's prices, None when unknown. Where only cached prices are unknown, the full price counts."""
    if facts.usd_input is None or facts.usd_output is None:
        return None
    entry = _entry(provider, facts.name)
    cached, written = facts.usd_cached_input, entry.get("usd_cache_write")
    long = entry.get("long", {})
    return Prices(
        usd_input=facts.usd_input,
        usd_output=facts.usd_output,
        usd_cached_input=facts.usd_input if cached is None else cached,
        usd_cache_write=facts.usd_input if written is None or not facts.usd_input else written,
        above_tokens=long.get("above_tokens"),
        input_factor=long.get("input_factor", 1.0),
        output_factor=long.get("output_factor", 1.0),
    )


def image_rule(provider: str, name: str) -> ImageRule:
    """Return how this provider counts pictures for this model."""
    return ImageRule(**_entry(provider, name)["image"])


def characters_per_token(provider: str, name: str) -> float:
    """Return about how many characters of prose and code make a token."""
    return float(_entry(provider, name)["characters_per_token"])


def thinks(provider: str, name: str) -> bool:
    """Return whether the model's unseen thinking counts against its output limit, so that it needs more room."""
    return bool(_entry(provider, name)["thinks"])
