# SPDX-License-Identifier: GPL-3.0-or-later
"""Give this package its name when one of its files is run as a script, whatever its folder is called."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def as_package(name: str = "restage") -> None:
    """Import the package root under `name`, so that `name.worker...` and relative imports work."""
    if name in sys.modules:
        return
    spec = importlib.util.spec_from_file_location(name, ROOT / "__init__.py", submodule_search_locations=[str(ROOT)])
    if spec is None or spec.loader is None:
        raise ImportError(f"no package at {ROOT}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
