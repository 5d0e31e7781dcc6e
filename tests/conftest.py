# SPDX-License-Identifier: GPL-3.0-or-later
"""What every test may use. Tests marked `bpy` need a Blender and run on every supported one."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def root() -> Path:
    """The repository."""
    return ROOT
