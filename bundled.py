# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether Blender unpacked the packages in our zip for its own Python. Standard library only.

The zip has wheels for several Pythons. Blender takes those that fit, but 4.2.0 takes the last by name, whatever Python
they are for (`wheel_list_deduplicate_as_skip_set` in its `wheel_manager.py`). 4.2.13 chooses; so may some before.
"""

from __future__ import annotations

import sys
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec
from pathlib import Path

COMPILED = {"pydantic_core": "_pydantic_core"}
"""A package whose wheels differ by Python, and its compiled module."""


def missing() -> str:
    """Return one sentence when what we bundle is not there for this Python, with what to do; empty when it is."""
    for package, module in COMPILED.items():
        spec = find_spec(package)
        if spec is None or spec.origin is None:
            return "The packages that come with Restage are not there: uninstall Restage and install its zip again."
        folder = Path(spec.origin).parent
        if not any((folder / f"{module}{suffix}").exists() for suffix in EXTENSION_SUFFIXES):
            return (
                f"This Blender has unpacked Restage's packages for another Python than its own "
                f"{sys.version_info[0]}.{sys.version_info[1]}, as early builds of 4.2 do: update to 4.2.13 or newer."
            )
    return ""
