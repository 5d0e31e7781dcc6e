# SPDX-License-Identifier: GPL-3.0-or-later
"""What the running Blender says of its own API, asked once per run and kept in the run folder."""

from __future__ import annotations

import json
from threading import Event
from typing import Any

from ..worker.protocol import ApiFacts, ApiFactsRequest
from . import files
from .ports import PoolPort
from .record import RunFolder
from .roles import Cancelled

FILE_NAME = "api_facts.json"


def facts(folder: RunFolder, pool: PoolPort, cancel: Event) -> dict[str, Any]:
    """Return the facts as plain JSON values; empty when the worker has none to give.

    Raises Cancelled, and what the pool raises when it has no worker.
    """
    path = folder.path / FILE_NAME
    if path.exists():
        try:
            return dict(json.loads(path.read_text(encoding="utf-8")))
        except ValueError:
            # Nobody's work: asked again below.
            path.unlink()
    worker = pool.open()
    try:
        reply = worker.ask(ApiFactsRequest(), cancel)
    finally:
        worker.close()
    if cancel.is_set():
        raise Cancelled
    found = reply.facts if isinstance(reply, ApiFacts) else {}
    files.write_text(path, json.dumps(found, indent=1))
    return found
