# SPDX-License-Identifier: GPL-3.0-or-later
"""What the artist has changed by hand or has selected, as the agent keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from ..scene import edits

if TYPE_CHECKING:
    from ..agent.kept import Kept


def kept(run: str) -> list[Kept]:
    """Return what was changed by hand, as the agent writes it into scripts."""
    from ..agent.kept import Kept

    return [
        Kept(kind=item.kind, name=item.name, slot=item.slot, values=item.now, before=item.before)
        for item in edits.found(run)
    ]


def selected(run: str) -> list[bpy.types.Object]:
    """The run's objects that are selected."""
    own = {item.session_uid for item in edits.objects(run)}
    return [item for item in bpy.context.selected_objects if item.session_uid in own]


def whole(item: bpy.types.Object) -> list[Kept]:
    """Everything of an object that locking it keeps."""
    from ..agent.kept import Kept

    name = edits.name_of(item)
    kind = {"CAMERA": "camera", "LIGHT": "light"}.get(item.type, "object")
    values = {**edits.kept_now(item), **edits.data_now(item)}
    found = [Kept(kind=kind, name=name, values=values)]
    for slot, surface in edits.surfaces_now(item).items():
        found.append(Kept(kind="surface", name=name, slot=slot, values=surface))
    return found


def shown(context: bpy.types.Context) -> tuple[str, int]:
    """Stage and number of the attempt that the file shows."""
    live = context.window_manager.restage
    return live.shown_stage, live.shown_attempt
