# SPDX-License-Identifier: GPL-3.0-or-later
"""Restage's version, as the manifest has it."""

from __future__ import annotations

import tomllib
from pathlib import Path


def version() -> str:
    """Return the version in `blender_manifest.toml`."""
    with Path(__file__).with_name("blender_manifest.toml").open("rb") as stream:
        return str(tomllib.load(stream)["version"])
