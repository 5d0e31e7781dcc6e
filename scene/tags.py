# SPDX-License-Identifier: GPL-3.0-or-later
"""How datablocks remember which run they belong to: a custom property with the run's uuid.

Names change (the artist renames, Blender adds `.001`) and Python references die with every undo; a custom property is
saved, copied and undone with its datablock.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import bpy

from . import compat

RUN = "restage_run"
"""Every datablock of a run: the run's uuid."""
NAMED = "restage_named"
"""Every datablock of a run: the name it was given in this file. A copy has it too, and a name of its own."""
SANDBOX = "restage_sandbox"
"""Only the sandbox collection: the run's settings as JSON."""
SHOWN = "restage_shown"
"""Only the sandbox collection: which attempt it shows, as `geometry 2`."""
MADE = "restage_made"
"""On an object, a material, a light, a camera: its values as the run made them."""
NAME = "restage_name"
"""On an object: what the scripts call it, whatever Blender or the artist made of that."""
WORLD = "restage_world"
"""Only the sandbox collection: the run's world, which no collection can hold, so that it is not an orphan."""


def tag(items: Iterable[bpy.types.ID], run: str) -> None:
    """Mark datablocks as belonging to a run."""
    for item in items:
        item[RUN] = run
        item[NAMED] = item.name


def untag(item: bpy.types.ID) -> None:
    """Make a datablock an ordinary one."""
    for key in (RUN, NAMED, SANDBOX, SHOWN, WORLD, MADE, NAME):
        if key in item:
            del item[key]


def of_run(run: str) -> list[bpy.types.ID]:
    """Return all datablocks of a run."""
    return [item for item in compat.datablocks().values() if item.get(RUN) == run]


def sandbox_collection(run: str) -> bpy.types.Collection | None:
    """Return the run's sandbox collection, or None when there is none (any more)."""
    found = [item for item in bpy.data.collections if item.get(RUN) == run and SANDBOX in item]
    return next(iter(originals(found)), None)


def originals(items: Iterable[bpy.types.ID]) -> list[Any]:
    """Return the datablocks without those that the artist made by copying others of them.

    A copy remembers all that its original does, the name too, which is not its own. Where no one bears that name any
    more, the original is the one that was there first.
    """
    by_name: dict[tuple[str, str], list[bpy.types.ID]] = {}
    for item in items:
        by_name.setdefault((item.id_type, item.get(NAMED, item.name)), []).append(item)
    return [min(same, key=lambda item: (item.name != name, item.session_uid)) for (_, name), same in by_name.items()]
