# SPDX-License-Identifier: GPL-3.0-or-later
"""Ctrl-C for the command, a moment after it says what it does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time


def restage(root, *words):
    """Start the command."""
    env = {**os.environ, "RESTAGE_PYTHON": sys.executable}
    line = [str(root / "restage"), *map(str, words)]
    return subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)


def interrupted(process, doing, moment=0.3):
    """Interrupt it; return its exit code, what it said from then on, and the seconds it took to end."""
    for line in process.stderr:
        if doing in line:
            break
    else:
        raise AssertionError(f"never came to {doing!r}")
    time.sleep(moment)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    return process.returncode, said, time.monotonic() - began
