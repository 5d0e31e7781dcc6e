# SPDX-License-Identifier: GPL-3.0-or-later
"""An object of the brief may be built of several: `Chair` of `Chair`, `Chair.Seat`, `Chair.Leg.1`. Seen from the
picture they are one."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from .roles import AttemptViews


def owner(name: str, known: Collection[str]) -> str | None:
    """Return which of the brief's objects a scene's object belongs to: itself, or the longest name before a dot."""
    while name not in known:
        name, dot, _ = name.rpartition(".")
        if not dot:
            return None
    return name


def merge(views: AttemptViews, known: Collection[str]) -> None:
    """Give all parts of a brief's object one number in the object-id view, under the brief's name; in place. What they
    were stays in `part_ids`."""
    if views.ids is None or not known:
        return
    owners = {key: owner(name, known) or name for key, name in views.id_names.items()}
    first: dict[str, int] = {}
    for key, name in owners.items():
        first.setdefault(name, key)
    if len(first) == len(owners):
        views.id_names = owners
        return
    table = {key: first[name] for key, name in owners.items()}
    views.part_ids, views.part_names = views.ids, views.id_names
    highest = max(int(views.ids.max()), *table)
    numbers = np.arange(highest + 1, dtype=np.int32)
    numbers[list(table)] = list(table.values())
    views.ids, views.id_names = numbers[views.ids], {key: name for name, key in first.items()}
