# SPDX-License-Identifier: GPL-3.0-or-later
"""What the artist has changed by hand on a run's objects since they were put into the file: moved, turned, scaled,
recoloured, a light or the camera turned. Compared with what each datablock remembers of how it was made, so that it is
known after any undo, save or rename.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import bpy
import numpy as np

from . import tags

NEAR = 1e-5
_SURFACE = {"colour": "Base Color", "roughness": "Roughness", "metallic": "Metallic"}
_LAMP = ("shadow_soft_size", "angle", "size", "size_y", "spot_size", "spot_blend")
_CAMERA = ("lens", "shift_x", "shift_y")
_NONE = math.nan
"""In place of a number that a thing has not, such as the angle of a lamp that is no sun: it never differs."""
_NUMBER = re.compile(r"\.\d{3,}$")
Values = dict[str, tuple[float, ...]]


@dataclass(frozen=True)
class Edit:
    """One thing that is otherwise than it was made."""

    kind: str
    """`object`, `surface`, `light` or `camera`."""
    name: str
    """As the scripts call the object."""
    slot: int = 0
    now: Values = field(default_factory=dict)
    before: Values = field(default_factory=dict)
    """Of what was changed only."""

    def words(self) -> str:
        """For people."""
        told = {
            "location": "moved",
            "rotation_euler": "turned",
            "scale": "scaled",
            "colour": "recoloured",
            "roughness": "roughness changed",
            "metallic": "metallic changed",
            "energy": "power changed",
            "spot_size": "cone changed",
            "spot_blend": "cone changed",
            "lens": "lens changed",
            "shift_x": "shifted",
            "shift_y": "shifted",
        }
        said = dict.fromkeys(told.get(name, "size changed") for name in self.now)
        return f"{self.name}: {', '.join(said)}"


def remember(run: str, names: Iterable[str] = ()) -> None:
    """Note how everything of a run is made; called when it was put into the file. `names` are the objects' own."""
    known = set(names)
    for item in tags.of_run(run):
        if isinstance(item, bpy.types.Object):
            stem = _NUMBER.sub("", item.name)
            item[tags.NAME] = item.name if item.name in known or stem not in known else stem
            item[tags.MADE] = _flat(_object(item))
        elif isinstance(item, bpy.types.Light):
            item[tags.MADE] = _flat(_light(item))
        elif isinstance(item, bpy.types.Camera):
            item[tags.MADE] = _flat(_camera(item))
        elif isinstance(item, bpy.types.Material) and (surface := _surface(item)):
            item[tags.MADE] = _flat(surface)


def found(run: str) -> list[Edit]:
    """Return what was changed by hand, oldest objects first; empty when nothing was or the file has no such run."""
    return [edit for item in objects(run) if tags.MADE in item for edit in _edits_of(item)]


def objects(run: str) -> list[bpy.types.Object]:
    """The run's objects in its sandbox collection, without copies that the artist made of them."""
    root = tags.sandbox_collection(run) if run else None
    inside = [item for item in (root.all_objects if root else ()) if item.get(tags.RUN) == run]
    # What a copy was made of may have been taken out.
    named = [bpy.data.objects.get(item[tags.NAMED]) for item in inside if item.get(tags.NAMED, item.name) != item.name]
    outside = [item for item in named if item is not None and item.get(tags.RUN) == run]
    own = {item.session_uid for item in tags.originals([*inside, *outside])}
    return [item for item in inside if item.session_uid in own]


def put_back(run: str) -> int:
    """Make everything as the run made it; return how many things that was."""
    changed = found(run)
    for edit in changed:
        for owner in _owners(run, edit):
            for name, value in edit.before.items():
                _set(owner, name, value)
    return len(changed)


def kept_now(item: bpy.types.Object) -> Values:
    """Where an object is, how it is turned and how large it is: what locking it keeps."""
    return _object(item)


def data_now(item: bpy.types.Object) -> Values:
    """What of a light or a camera locking it keeps beside its place."""
    if item.type == "LIGHT":
        return _there(_light(item.data))
    return _camera(item.data) if item.type == "CAMERA" else {}


def surfaces_now(item: bpy.types.Object) -> dict[int, Values]:
    """Colour, roughness and metallic of an object's material slots, as far as each has one for all of it."""
    slots = enumerate(item.material_slots)
    found = {slot: _there(_surface(held.material)) for slot, held in slots if held.material is not None}
    return {slot: values for slot, values in found.items() if values}


def textured(item: bpy.types.Object) -> bool:
    """Whether an object has a material of more than one colour: a texture, or several shaders."""
    filled = [slot for slot, held in enumerate(item.material_slots) if held.material is not None]
    plain = surfaces_now(item)
    return any("colour" not in plain.get(slot, {}) for slot in filled)


def size_now(item: bpy.types.Object) -> tuple[float, float, float] | None:
    """World size of an object with its modifiers, metres; None of what has no surface."""
    seen = item.evaluated_get(bpy.context.evaluated_depsgraph_get())
    try:
        mesh = seen.to_mesh()
    except RuntimeError:
        return None
    points = np.empty((len(mesh.vertices), 3), np.float32)
    mesh.vertices.foreach_get("co", points.ravel())
    seen.to_mesh_clear()
    if not len(points):
        return None
    x, y, z = np.ptp(points @ np.array(seen.matrix_world, np.float32)[:3, :3].T, axis=0).tolist()
    return x, y, z


def name_of(item: bpy.types.Object) -> str:
    """What the scripts call an object of a run."""
    return str(item.get(tags.NAME) or _NUMBER.sub("", item.name))


def _edits_of(item: bpy.types.Object) -> Iterator[Edit]:
    name = name_of(item)
    kind = "camera" if item.type == "CAMERA" else "light" if item.type == "LIGHT" else "object"
    changed = _changed(item, _object(item))
    if item.type in {"CAMERA", "LIGHT"} and item.data is not None and tags.MADE in item.data:
        now = _light(item.data) if item.type == "LIGHT" else _camera(item.data)
        before, after = _changed(item.data, now)
        changed = {**changed[0], **before}, {**changed[1], **after}
    if changed[1]:
        yield Edit(kind, name, 0, changed[1], changed[0])
    for slot, held in enumerate(item.material_slots):
        if held.material is not None and tags.MADE in held.material:
            before, after = _changed(held.material, _surface(held.material))
            if after:
                yield Edit("surface", name, slot, after, before)


def _changed(owner: bpy.types.ID, now: Values) -> tuple[Values, Values]:
    """What an ID was, and what it is, of what differs."""
    made = list(owner[tags.MADE])
    before: Values = {}
    after: Values = {}
    for name, value in now.items():
        was, made = tuple(made[: len(value)]), made[len(value) :]
        if len(was) == len(value) and any(
            abs(a - b) > NEAR * max(1.0, abs(a)) for a, b in zip(was, value, strict=True)
        ):
            before[name], after[name] = was, value
    return before, after


def _object(item: bpy.types.Object) -> Values:
    turned = item.rotation_euler if item.rotation_mode == "XYZ" else item.matrix_basis.to_euler("XYZ")
    return {"location": tuple(item.location), "rotation_euler": tuple(turned), "scale": tuple(item.scale)}


def _light(light: bpy.types.Light) -> Values:
    sizes = {name: (getattr(light, name, _NONE),) for name in _LAMP}
    return {"energy": (light.energy,), "colour": tuple(light.color), **sizes}


def _camera(camera: bpy.types.Camera) -> Values:
    return {name: (getattr(camera, name),) for name in _CAMERA}


def _surface(material: bpy.types.Material) -> Values:
    """What a material is made of where one shader makes it; empty where it comes from elsewhere."""
    found: Values = {}
    for name, socket in _sockets(material).items():
        value = tuple(socket.default_value)[:3] if name == "colour" else (socket.default_value,)
        found[name] = value if not socket.is_linked else (_NONE,) * len(value)
    return found


def _there(values: Values) -> Values:
    return {name: value for name, value in values.items() if not any(map(math.isnan, value))}


def _sockets(material: bpy.types.Material) -> dict[str, Any]:
    if material.node_tree is None:
        return {}
    shaders = [node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED"]
    return {name: shaders[0].inputs[socket] for name, socket in _SURFACE.items()} if len(shaders) == 1 else {}


def _owners(run: str, edit: Edit) -> list[Any]:
    found = [item for item in objects(run) if name_of(item) == edit.name]
    if edit.kind == "surface":
        return [item.material_slots[edit.slot].material for item in found if len(item.material_slots) > edit.slot]
    return found


def _set(owner: Any, name: str, value: tuple[float, ...]) -> None:
    if isinstance(owner, bpy.types.Material):
        socket = _sockets(owner).get(name)
        if socket is not None:
            socket.default_value = (*value, 1.0) if name == "colour" else value[0]
    elif name in {"location", "scale"}:
        setattr(owner, name, value)
    elif name == "rotation_euler":
        owner.rotation_mode, owner.rotation_euler = "XYZ", value
    elif name == "colour":
        owner.data.color = value
    else:
        setattr(owner.data, name, value[0])


def _flat(values: Values) -> list[float]:
    return [number for value in values.values() for number in value]
