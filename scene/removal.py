# SPDX-License-Identifier: GPL-3.0-or-later
"""Remove what a run brought, without orphans and without what the artist has taken over."""

from __future__ import annotations

import bpy

from . import compat, tags


def parents(collection: bpy.types.Collection) -> list[bpy.types.Collection]:
    """All collections the given one is a child of, scenes' own included."""
    candidates = [*(scene.collection for scene in bpy.data.scenes), *bpy.data.collections]
    return [parent for parent in candidates if collection.name in parent.children]


def release(items: list[bpy.types.ID]) -> list[bpy.types.ID]:
    """Make ordinary ones of those of a run's collections and objects that are the artist's now: what they copied, moved
    out of the sandbox collection or linked elsewhere as well. Return all others."""
    inside = _inside([item for item in items if isinstance(item, bpy.types.Collection)])
    places = _places()
    own = {item.session_uid for item in tags.originals(item for item in items if isinstance(item, bpy.types.Object))}
    kept = []
    for item in items:
        if isinstance(item, bpy.types.Collection):
            ours = item.session_uid in inside
        elif isinstance(item, bpy.types.Object):
            uid = item.session_uid
            ours = uid in own and all(place.session_uid in inside for place in places.get(uid, ()))
        else:
            ours = True
        if ours:
            kept.append(item)
        else:
            tags.untag(item)
    return kept


def _places() -> dict[int, list[bpy.types.Collection]]:
    """The collections that each object is in, scenes' own included, by the object's uid.

    `Object.users_collection` goes through all objects of all collections, for one object.
    """
    found: dict[int, list[bpy.types.Collection]] = {}
    for collection in (*(scene.collection for scene in bpy.data.scenes), *bpy.data.collections):
        for item in collection.objects:
            found.setdefault(item.session_uid, []).append(collection)
    return found


def _inside(collections: list[bpy.types.Collection]) -> set[int]:
    """Uids of those that are the sandbox collection or in it; of all, where the artist has deleted that."""
    originals = tags.originals(collections)
    root = next((item for item in originals if tags.SANDBOX in item), None)
    tree = originals if root is None else [root, *root.children_recursive]
    return {item.session_uid for item in originals} & {item.session_uid for item in tree}


def remove(items: list[bpy.types.ID]) -> None:
    """Remove datablocks of a run, but not what the artist has taken over: that loses its tag and stays."""
    items = release(items)
    collections = [item for item in items if isinstance(item, bpy.types.Collection)]
    inside = {item.session_uid for item in collections}
    doomed = [item for item in items if isinstance(item, (bpy.types.Object, bpy.types.Collection))]
    doomed_uids = {item.session_uid for item in doomed}
    outermost = sorted(collections, key=lambda item: tags.SANDBOX not in item)
    homes = [parent for item in outermost for parent in parents(item) if parent.session_uid not in inside]
    home = homes[0] if homes else bpy.context.scene.collection
    _rescue(collections, inside, doomed_uids, home)
    for collection in collections:
        if tags.WORLD in collection:
            del collection[tags.WORLD]
    rest = [item.session_uid for item in items if item.session_uid not in doomed_uids]
    bpy.data.batch_remove(doomed)
    _remove_unused(set(rest))


def _rescue(
    collections: list[bpy.types.Collection], inside: set[int], doomed: set[int], home: bpy.types.Collection
) -> None:
    """Put the artist's own objects and collections that sit in doomed collections into another one."""
    taken: dict[int, bpy.types.Object] = {}
    for collection in collections:
        for item in list(collection.objects):
            if item.session_uid not in doomed:
                collection.objects.unlink(item)
                taken[item.session_uid] = item
        for child in list(collection.children):
            if child.session_uid not in inside:
                collection.children.unlink(child)
                if not parents(child):
                    home.children.link(child)
    placed = _places() if taken else {}
    for uid, item in taken.items():
        if uid not in placed:
            home.objects.link(item)


def _remove_unused(uids: set[int]) -> None:
    """Remove those of the datablocks that nothing uses, until none is left; the others become ordinary ones."""
    while True:
        present = [item for uid, item in compat.datablocks().items() if uid in uids]
        unused = [item for item in present if item.users == 0]
        if not unused:
            break
        bpy.data.batch_remove(unused)
    for item in present:
        tags.untag(item)
