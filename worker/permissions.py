# SPDX-License-Identifier: GPL-3.0-or-later
"""What changed between two fingerprints, by kind and in words, and which of it a stage may not change.

What belongs to a newly added thing (its mesh, place, slots, modifiers) is part of the adding and not a change of its
own; only materials and node groups, which live by themselves, are.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from .fingerprint import Fingerprint, ObjectPrint
from .protocol import ChangeKind

MAX_WORDS = 40
_TINY = 1e-5


@dataclass(frozen=True)
class Change:
    """One change: its kind, and what happened as the end of a sentence, e.g. `moved Chair.Leg by 0.2 m`."""

    kind: ChangeKind
    words: str


def changes(before: Fingerprint, after: Fingerprint) -> list[Change]:
    """Return every change from `before` to `after`."""
    found = list(_objects(before, after))
    found += _materials(before, after)
    found += _collections(before, after)
    found += _scene(before, after)
    return found


def in_words(found: Iterable[Change], stage: str) -> tuple[str, ...]:
    """Return the changes as sentences, e.g. `lighting moved Chair.Leg by 0.2 m`, cut when there are many."""
    words = [f"{stage} {change.words}" for change in found]
    if len(words) > MAX_WORDS:
        words = [*words[:MAX_WORDS], f"and {len(words) - MAX_WORDS} more"]
    return tuple(words)


def refusal(found: Iterable[Change], allowed: Iterable[ChangeKind], stage: str) -> str:
    """Return one sentence naming what the stage changed without being allowed to, or nothing."""
    permitted = set(allowed)
    bad = [change for change in found if change.kind not in permitted]
    if not bad:
        return ""
    named = ", ".join(change.words for change in bad[:3])
    more = f" and {len(bad) - 3} more" if len(bad) > 3 else ""
    may = ", ".join(sorted(permitted)) or "nothing"
    return f"{stage} {named}{more}; this stage may change only: {may}."


def _objects(before: Fingerprint, after: Fingerprint) -> Iterator[Change]:
    for uid, old in before.objects.items():
        if uid not in after.objects:
            yield Change(old.role, f"removed {old.name}")
    compared: set[int] = set()
    for uid, new in after.objects.items():
        if uid not in before.objects:
            yield Change(new.role, f"added {new.name}")
            continue
        old = before.objects[uid]
        yield from _object(old, new)
        yield from _object_data(old, new, before, after, compared)


def _object(old: ObjectPrint, new: ObjectPrint) -> Iterator[Change]:
    kind: ChangeKind = new.role
    if old.name != new.name:
        yield Change(kind, f"renamed {old.name} to {new.name}")
    if old.hidden != new.hidden:
        yield Change(kind, f"{'hid' if any(new.hidden) else 'showed'} {new.name}")
    place: ChangeKind = "transforms" if new.role == "objects" else new.role
    for words in _placed(old, new):
        yield Change(place, words)
    if old.modifiers != new.modifiers:
        yield Change("modifiers", f"changed the modifiers of {new.name}")
    if old.slots != new.slots and old.role == "objects":
        yield Change("slots", f"changed the material slots of {new.name}")


def _placed(old: ObjectPrint, new: ObjectPrint) -> Iterator[str]:
    moved = math.dist(old.location, new.location)
    if moved > _TINY:
        yield f"moved {new.name} by {moved:.3g} m"
    turned = math.degrees(
        2 * math.acos(min(1.0, abs(sum(a * b for a, b in zip(old.rotation, new.rotation, strict=True)))))
    )
    if turned > 0.2:
        yield f"turned {new.name} by {turned:.3g} degrees"
    if math.dist(old.scale, new.scale) > _TINY:
        yield f"scaled {new.name} from {_triple(old.scale)} to {_triple(new.scale)}"
    if old.parent != new.parent:
        yield f"changed the parent of {new.name}"
    if old.constraints != new.constraints:
        yield f"changed the constraints of {new.name}"
    if old.animation != new.animation:
        yield f"animated {new.name}"


def _object_data(
    old: ObjectPrint, new: ObjectPrint, before: Fingerprint, after: Fingerprint, compared: set[int]
) -> Iterator[Change]:
    kind: ChangeKind = "meshes" if new.role == "objects" else new.role
    was, now = before.data.get(old.data), after.data.get(new.data)
    if old.data != new.data:
        # A single-user copy of the same shape is no new shape.
        if was is None or now is None or was.shape != now.shape:
            yield Change(kind, f"replaced the data of {new.name}")
            return
    elif new.data in compared:
        return
    compared.add(new.data)
    if was is None or now is None:
        return
    if was.shape != now.shape:
        yield Change(kind, _shape_words(new, was.shape, now.shape))
        return
    if was.node_tree != now.node_tree:
        yield Change(kind, f"changed the nodes of {new.name}")
    if was.faces != now.faces:
        yield Change("slots", f"changed which faces of {new.name} have which material")
    if was.uvs != now.uvs:
        yield Change("uvs", f"changed the UVs or colours of {new.name}")


def _shape_words(item: ObjectPrint, was: Any, now: Any) -> str:
    if isinstance(was, dict) and isinstance(now, dict):
        names = sorted(name for name in {*was, *now} if was.get(name) != now.get(name))
        return f"changed {item.name} ({_named(was, now, names)})"
    return f"changed the mesh of {item.name}"


def _materials(before: Fingerprint, after: Fingerprint) -> Iterator[Change]:
    yield from _blocks(before.materials, after.materials, "material")
    for title, kind in (("ShaderNodeTree", "materials"), ("GeometryNodeTree", "modifiers")):
        old = {uid: (name, tree) for uid, (name, of, tree) in before.groups.items() if of == title}
        new = {uid: (name, tree) for uid, (name, of, tree) in after.groups.items() if of == title}
        for change in _blocks(old, new, "node group"):
            yield Change(kind, change.words)  # type: ignore[arg-type]


def _blocks(old: dict[int, tuple[str, Any]], new: dict[int, tuple[str, Any]], title: str) -> Iterator[Change]:
    for uid, (name, _) in old.items():
        if uid not in new:
            yield Change("materials", f"removed the {title} {name}")
    for uid, (name, contents) in new.items():
        if uid not in old:
            yield Change("materials", f"added the {title} {name}")
        elif old[uid] != (name, contents):
            yield Change("materials", f"changed the {title} {name}")


def _collections(before: Fingerprint, after: Fingerprint) -> Iterator[Change]:
    added_objects = set(after.objects) - set(before.objects)
    new = set(after.collections) - set(before.collections)
    # A collection made for new things only (lights in a collection of their own) belongs to them.
    members: dict[int, set[int]] = {uid: set() for uid in after.collections}
    for uid, item in after.objects.items():
        for collection in item.collections:
            members.setdefault(collection, set()).add(uid)
    own = {uid for uid in new if members[uid] and members[uid] <= added_objects}
    for uid in set(before.collections) - set(after.collections):
        yield Change("collections", f"removed the collection {before.collections[uid][0]}")
    for uid, (name, children, hidden) in after.collections.items():
        if uid in new:
            if uid not in own:
                yield Change("collections", f"added the collection {name}")
            continue
        old_name, old_children, old_hidden = before.collections[uid]
        if (old_name, old_hidden) != (name, hidden) or set(old_children) != set(children) - new:
            yield Change("collections", f"changed the collection {name}")
    for uid, item in after.objects.items():
        if uid in before.objects and before.objects[uid].collections != item.collections:
            yield Change("collections", f"moved {item.name} to another collection")


def _scene(before: Fingerprint, after: Fingerprint) -> Iterator[Change]:
    if before.camera != after.camera:
        yield Change("camera", "chose another camera")
    if before.world != after.world:
        yield Change("world", "changed the world")
    for kind, old, new in (("render", before.render, after.render), ("view", before.view, after.view)):
        names = sorted(name for name in {*old, *new} if old.get(name) != new.get(name))
        if names:
            yield Change(kind, f"changed the {kind} settings ({_named(old, new, names)})")  # type: ignore[arg-type]


def _named(old: dict[str, Any], new: dict[str, Any], names: list[str]) -> str:
    told = []
    for name in names[:4]:
        was, now = old.get(name), new.get(name)
        short = all(isinstance(v, (bool, int, float, str)) for v in (was, now))
        told.append(f"{name} {was} to {now}"[:80] if short else name)
    return ", ".join(told)


def _triple(values: tuple[float, ...]) -> str:
    return "(" + ", ".join(f"{value:.3g}" for value in values) + ")"
