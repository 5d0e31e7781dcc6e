# SPDX-License-Identifier: GPL-3.0-or-later
"""What a benchmark ran on: versions and the kind of machine."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np


def versions(made_with: Sequence[dict[str, str]]) -> dict[str, str]:
    """Return the versions that the runs say they were made with, and those of the arrays' and pictures' libraries."""
    found = {
        key: ", ".join(sorted({entry[key] for entry in made_with if entry.get(key)}))
        for key in ("restage", "commit", "blender", "python")
    }
    return {**found, "numpy": np.__version__, "opencv": cv2.__version__}


def describe() -> dict[str, Any]:
    """Return the processor's model, the cores this process may use, and the memory in GB."""
    return {"cpu": _cpu(), "cores": _cores(), "ram_gb": round(_ram_gb(), 1), "system": platform.system()}


def _cpu() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass  # not Linux: the general name below has to do
    return platform.processor() or platform.machine()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _ram_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
