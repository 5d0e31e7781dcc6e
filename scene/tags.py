# SPDX-License-Identifier: GPL-3.0-or-later
"""How datablocks remember which run they belong to: a custom property with the run's uuid.

Names change (the artist renames, Blender adds `.001`) and Python references die with every undo; a custom property is
saved, copied and undone with its datablock.
"""

from __future__ import annotations

from collections.abc import Iterable

import bpy

from . import compat

RUN = "restage_run"
"""Every datablock of a run: the run's uuid."""
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


def untag(item: bpy.types.ID) -> None:
    """Make a datablock an ordinary one."""
    for key in (RUN, SANDBOX, SHOWN, WORLD, MADE, NAME):
        if key in item:
            del item[key]


def of_run(run: str) -> list[bpy.types.ID]:
    """Return all datablocks of a run."""
    return [item for item in compat.datablocks().values() if item.get(RUN) == run]


def sandbox_collection(run: str) -> bpy.types.Collection | None:
    """Return the run's sandbox collection, or None when there is none (any more)."""
    for collection in bpy.data.collections:
        if collection.get(RUN) == run and SANDBOX in collection:
            return collection
    return None
