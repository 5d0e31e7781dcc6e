# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox collection: what a run shows in the artist's file, and nothing else of that file.

Plain functions for the main thread. They keep no `bpy` reference: a `Sandbox` is names and a uuid, looked up again on
each call, because between two calls the artist may undo, rename, move or delete anything. They push no undo step; who
calls them does, one per decision.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from . import blend_file, compat, removal, tags
from .check import CheckError, check, count

NAME = "Restage"
MAX_FILE_BYTES = 64 * 1024 * 1024


class SandboxError(Exception):
    """What was asked for can't be done; the text is one sentence for the artist."""


@dataclass(frozen=True)
class Sandbox:
    """A sandbox collection as it was left; no `bpy` references."""

    run: str
    """uuid of the run; what the collection is found by."""
    collection: str
    """Name of the collection."""
    camera: str
    """Name of the run's camera object, empty when it has none."""
    objects: int
    notes: tuple[str, ...] = ()
    """What the check dropped or changed, one line each."""


def load(blend: Path, settings: Mapping[str, Any], run: str, scene: str = "") -> Sandbox:
    """Load a worker's result into a new sandbox collection, a child of the scene's collection.

    `settings` are the `JobResult.settings`; they are kept with the collection and applied to nothing. `scene` is the
    name of the artist's scene, the current one when empty. Raises SandboxError when the file can't be used; the open
    file is then as it was before.
    """
    if tags.sandbox_collection(run) is not None:
        raise SandboxError("This run is in the file already; replace it instead.")
    target = bpy.data.scenes.get(scene) or bpy.context.scene
    root, notes = _load_checked(blend, settings, run)
    _rename(root, NAME)
    target.collection.children.link(root)
    return _describe(root, notes)


def replace(run: str, blend: Path, settings: Mapping[str, Any], scene: str = "") -> Sandbox:
    """Show another result in the run's sandbox collection, in the same place, and remove the one shown so far.

    Where the artist has deleted the sandbox collection (or undone its making), a new one is made. Raises SandboxError
    when the new file can't be used; what was shown then stays.
    """
    old = tags.sandbox_collection(run)
    if old is None:
        removal.remove(tags.of_run(run))
        return load(blend, settings, run, scene)
    name = old.name
    parked = _park(removal.release(tags.of_run(run)))
    try:
        root, notes = _load_checked(blend, settings, run)
    except BaseException:
        # Whatever it is: the artist must not be left with parked names.
        _unpark(parked)
        raise
    for flag in ("hide_viewport", "hide_render", "hide_select", "color_tag"):
        setattr(root, flag, getattr(old, flag))
    view_flags = _view_flags(old)
    target = bpy.data.scenes.get(scene) or bpy.context.scene
    for parent in removal.parents(old) or [target.collection]:
        parent.children.link(root)
    _hand_over(run, parked)
    removal.remove([item for item in tags.of_run(run) if item.session_uid in parked])
    # What the artist uses elsewhere is still there; where its name is taken now, Blender gives it a number.
    _unpark(parked)
    _rename(root, name)
    _set_view_flags(root, view_flags)
    return _describe(root, notes)


def find(run: str) -> Sandbox | None:
    """Return the run's sandbox as it is now, or None when the file has none."""
    collection = tags.sandbox_collection(run)
    return None if collection is None else _describe(collection, [])


def accept(run: str) -> str:
    """Make the sandbox collection and all in it ordinary datablocks; return the collection's name.

    Raises SandboxError when the run is not in the file.
    """
    root = _require(run)
    world = root.get(tags.WORLD)
    for item in tags.of_run(run):
        tags.untag(item)
    if world is not None and world.users == 0:
        bpy.data.worlds.remove(world)
    return root.name


def set_aside(run: str) -> str:
    """As `accept`, with the collection switched off in every view layer, as by the artist in the Outliner."""
    root = _require(run)
    for layer in _layer_collections(root).values():
        layer.exclude = True
    return accept(run)


def discard(run: str) -> None:
    """Remove the sandbox collection and all the run brought. What the artist moved out of it or uses elsewhere stays.

    Raises SandboxError when the run is not in the file.
    """
    _require(run)
    removal.remove(tags.of_run(run))


def mark_shown(run: str, stage: str, attempt: int) -> None:
    """Note with the sandbox collection which attempt it shows, so that it is known after any undo or load.

    Raises SandboxError when the run is not in the file.
    """
    _require(run)[tags.SHOWN] = f"{stage} {attempt}"


def shown(run: str) -> tuple[str, int]:
    """Return stage and number of the attempt that the file shows; an empty stage and 0 when it shows none."""
    root = tags.sandbox_collection(run)
    stage, _, number = str(root.get(tags.SHOWN, "") if root else "").partition(" ")
    return (stage, int(number)) if number.isdigit() else ("", 0)


def settings(run: str) -> dict[str, Any]:
    """Return the settings that came with the result shown. Raises SandboxError when the run is not in the file."""
    return dict(json.loads(_require(run)[tags.SANDBOX]))


def _require(run: str) -> bpy.types.Collection:
    root = tags.sandbox_collection(run)
    if root is None:
        raise SandboxError("The run's collection is no longer in this file.")
    return root


def _describe(root: bpy.types.Collection, notes: list[str]) -> Sandbox:
    camera = _camera(root)
    return Sandbox(
        run=root[tags.RUN],
        collection=root.name,
        camera=camera.name if camera else "",
        objects=len(root.all_objects),
        notes=tuple(notes),
    )


def _camera(root: bpy.types.Collection) -> bpy.types.Object | None:
    """The camera the settings name, else the first one."""
    cameras = sorted((item for item in root.all_objects if item.type == "CAMERA"), key=lambda item: item.name)
    named = str(json.loads(root[tags.SANDBOX]).get("camera", ""))
    # Where the artist has an object of that name, Blender gave ours a number.
    return next((item for item in cameras if _stem(item.name) == _stem(named)), cameras[0] if cameras else None)


def _stem(name: str) -> str:
    return re.sub(r"\.\d{3,}$", "", name)


def _load_checked(blend: Path, settings: Mapping[str, Any], run: str) -> tuple[bpy.types.Collection, list[str]]:
    """Load and check a result; return its one collection, tagged and linked to nothing, and the check's notes."""
    try:
        size = blend.stat().st_size
    except OSError as error:
        raise SandboxError(f"The result {blend.name} can't be read: {error.strerror}.") from error
    if size > MAX_FILE_BYTES:
        raise SandboxError(f"The result is {size >> 20} MB; Restage loads at most {MAX_FILE_BYTES >> 20} MB.")
    try:
        damage = blend_file.why_damaged(blend, str(settings.get("sha256") or ""))
    except OSError as error:
        raise SandboxError(f"The result {blend.name} can't be read: {error.strerror}.") from error
    if damage:
        raise SandboxError(f"The result {blend.name} {damage}.")
    before = set(compat.datablocks())
    try:
        with bpy.data.libraries.load(str(blend), link=False) as (source, wanted):
            count({kind: names for kind in dir(source) if isinstance(names := getattr(source, kind), list)})
            wanted.collections = list(source.collections)
            world = str(settings.get("world") or "")
            wanted.worlds = [name for name in source.worlds if name == world]
        notes = check(_since(before))
        root = _single_root(_since(before))
        root[tags.SANDBOX] = json.dumps(dict(settings), default=str)
        loaded = _since(before)
        worlds = [item for item in loaded if isinstance(item, bpy.types.World)]
        if worlds:
            root[tags.WORLD] = worlds[0]
        for item in loaded:
            item.use_fake_user = False
            if item.asset_data is not None:
                item.asset_clear()
        tags.tag(loaded, run)
    except BaseException as error:
        # Whatever it is: nothing that was not checked to its end may stay in the file.
        bpy.data.batch_remove(_since(before))
        # OSError: what Blender raises for a file that is no .blend.
        if isinstance(error, (OSError, CheckError)):
            raise SandboxError(str(error)) from error
        raise
    return root, notes


def _rename(root: bpy.types.Collection, name: str) -> None:
    root.name = name
    root[tags.NAMED] = root.name


def _since(before: set[int]) -> list[bpy.types.ID]:
    return [item for uid, item in compat.datablocks().items() if uid not in before]


def _single_root(loaded: list[bpy.types.ID]) -> bpy.types.Collection:
    """Return the collection all else is in; where the file has several side by side, a new one around them."""
    collections = [item for item in loaded if isinstance(item, bpy.types.Collection)]
    children = {child.session_uid for item in collections for child in item.children}
    roots = [item for item in collections if item.session_uid not in children]
    if not roots:
        raise CheckError("The result holds no collection.")
    if len(roots) == 1:
        return roots[0]
    around = bpy.data.collections.new(NAME)
    for item in roots:
        around.children.link(item)
    return around


def _park(items: list[bpy.types.ID]) -> dict[int, str]:
    """Free the names of datablocks for those about to take their place; return the names by `session_uid`."""
    names = {item.session_uid: item.name for item in items}
    for item in items:
        # Blender's own font has the name it has.
        if not item.is_property_readonly("name"):
            item.name = f"Restage parked {item.session_uid}"
    return names


def _unpark(names: Mapping[int, str]) -> None:
    for uid, item in compat.datablocks().items():
        if uid in names and not item.is_property_readonly("name"):
            item.name = names[uid]


def _hand_over(run: str, parked: Mapping[int, str]) -> None:
    """Point what refers to an old object or world (a viewport's camera, a parent, a scene) at the new one of its name.

    Objects the artist took over are not parked and keep what refers to them.
    """
    items = tags.of_run(run)
    new = {(item.id_type, item.name): item for item in items if item.session_uid not in parked}
    for item in items:
        if item.session_uid not in parked or item.id_type not in {"OBJECT", "WORLD"}:
            continue
        successor = new.get((item.id_type, parked[item.session_uid]))
        if successor is not None:
            item.user_remap(successor)


def _layer_collections(collection: bpy.types.Collection) -> dict[tuple[str, str], bpy.types.LayerCollection]:
    """The collection's appearance in each view layer, by scene and layer name."""
    found = {}
    for scene in bpy.data.scenes:
        for layer in scene.view_layers:
            waiting = [layer.layer_collection]
            while waiting:
                here = waiting.pop()
                if here.collection == collection:
                    found[scene.name, layer.name] = here
                waiting.extend(here.children)
    return found


def _view_flags(collection: bpy.types.Collection) -> dict[tuple[str, str], tuple[bool, bool]]:
    """Whether the artist has switched the collection off or hidden it, by scene and layer name."""
    return {key: (item.exclude, item.hide_viewport) for key, item in _layer_collections(collection).items()}


def _set_view_flags(collection: bpy.types.Collection, flags: dict[tuple[str, str], tuple[bool, bool]]) -> None:
    for key, item in _layer_collections(collection).items():
        if key in flags:
            item.exclude, item.hide_viewport = flags[key]
