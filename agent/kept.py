# SPDX-License-Identifier: GPL-3.0-or-later
"""What an artist has changed by hand, written into a stage's script so that it is there whenever the script runs: into
`PARAMS` where the script has the number there, else into lines at its end. The same lines hold what is locked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from . import params

Kind = Literal["object", "surface", "light", "camera"]
BEGIN = "# --- Kept by the artist: Restage writes these lines again when it writes this script ---"
END = "# --- end of what is kept ---"
_BLOCK = re.compile(rf"\n*{re.escape(BEGIN)}\n.*?{re.escape(END)}\n?", re.DOTALL)
_MEANT = {
    "location": re.compile(r"(location|position|place|centre|center)$", re.IGNORECASE),
    "rotation_euler": re.compile(r"(rotation|euler|rotation_euler)$", re.IGNORECASE),
    "scale": re.compile(r"scale$", re.IGNORECASE),
    "colour": re.compile(r"(colou?r|albedo|base_color)$", re.IGNORECASE),
    "roughness": re.compile(r"roughness$", re.IGNORECASE),
    "metallic": re.compile(r"(metallic|metalness)$", re.IGNORECASE),
    "energy": re.compile(r"(power|energy|strength)$", re.IGNORECASE),
    "shadow_soft_size": re.compile(r"(radius|soft_size)$", re.IGNORECASE),
    "angle": re.compile(r"angle$", re.IGNORECASE),
    "size": re.compile(r"(size|width)$", re.IGNORECASE),
    "lens": re.compile(r"(lens|focal|focal_length)$", re.IGNORECASE),
}
"""How a parameter's name ends that is meant for a property."""
TOLD = {
    "location": "place",
    "rotation_euler": "rotation",
    "scale": "size",
    "energy": "power",
    "shadow_soft_size": "size",
    "angle": "size",
    "size_y": "size",
    "spot_size": "cone",
    "spot_blend": "cone",
    "shift_x": "shift",
    "shift_y": "shift",
}
"""Words for what has another name in Blender."""
_SOCKETS = {"colour": "Base Color", "roughness": "Roughness", "metallic": "Metallic"}
_ONLY = {"angle": "SUN", "size": "AREA", "size_y": "AREA", "spot_size": "SPOT", "spot_blend": "SPOT"}
"""Which lamps have such a number, of those that not all have."""
NEAR = 1e-4
STAGES: dict[Kind, tuple[str, ...]] = {
    "object": ("composition", "geometry", "program"),
    "surface": ("materials", "program"),
    "light": ("lighting", "program"),
    "camera": ("composition", "setup", "program"),
}
"""Whose script may say such a thing; the last of them that there is says it."""


class Kept(BaseModel):
    """One thing as the artist wants it."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind
    name: str
    """Of the object, as the scripts call it."""
    slot: int = 0
    """Of a surface: the object's material slot."""
    values: dict[str, tuple[float, ...]]
    """Of anything but a surface: `location`, `rotation_euler` (radians), `scale`. Of a surface: `colour` (linear RGB),
    `roughness`, `metallic`. Of a light: `energy`, `colour`, `shadow_soft_size`, and as its kind has them `angle`,
    `size`, `size_y`, `spot_size`, `spot_blend`, in Blender's units. Of a camera: `lens` (mm), `shift_x`, `shift_y`."""
    before: dict[str, tuple[float, ...]] = Field(default_factory=dict)
    """As the scripts had made it, as far as it was changed."""

    @property
    def key(self) -> tuple[str, str, int]:
        """What makes it the same thing."""
        return self.kind, self.name, self.slot

    def words(self) -> str:
        """What is kept of it, for people: `Box: place, size`."""
        return f"{self.name}: {', '.join(dict.fromkeys(TOLD.get(name, name) for name in self.values))}"


def write(script: str, kept: Sequence[Kept]) -> str:
    """Return the script with what is kept in it; what it kept before stays, unless it is about the same."""
    left: list[Kept] = []
    for item in kept:
        rest = dict(item.values)
        for name, value in item.values.items():
            parameter = _parameter(script, item, name)
            if parameter is not None:
                script = params.rewrite(script, {parameter: value if len(value) > 1 else value[0]})
                del rest[name]
        if rest:
            left.append(item.model_copy(update={"values": rest}))
    return with_lines(script, merged(held(script), left))


def with_lines(script: str, kept: Sequence[Kept]) -> str:
    """Return the script with these lines at its end in place of those it has; without any, without."""
    bare = _BLOCK.sub("\n", script).rstrip("\n") + "\n"
    if not kept:
        return bare if _BLOCK.search(script) else script
    body = "\n".join(f"# {item.model_dump_json(exclude={'before'})}\n{_lines(item)}" for item in kept)
    return f"{bare}\n{BEGIN}\n{body}\n{END}\n"


def held(script: str) -> list[Kept]:
    """Return what a script's lines keep."""
    found = _BLOCK.search(script)
    if found is None:
        return []
    told = [line[2:] for line in found[0].splitlines() if line.startswith("# {")]
    return [Kept.model_validate_json(line) for line in told]


def merged(old: Sequence[Kept], new: Sequence[Kept]) -> list[Kept]:
    """Both, the newer where they are about the same thing."""
    found = {item.key: item for item in old}
    for item in new:
        before = found.get(item.key)
        values = {**(before.values if before else {}), **item.values}
        found[item.key] = item.model_copy(update={"values": values})
    return list(found.values())


def stage_of(item: Kept, there: Sequence[str]) -> str | None:
    """Return which of the stages that are there has to say it; None when none can."""
    return next((stage for stage in STAGES[item.kind] if stage in there), None)


def _parameter(script: str, item: Kept, name: str) -> str | None:
    """The parameter that is this property of this thing and has the value that the scripts had made; None without."""
    meant, before = _MEANT.get(name), item.before.get(name)
    if meant is None or before is None:
        return None
    try:
        values = params.read(script)
    except params.ParamsError:
        return None
    about = item.name.casefold()
    found = [
        key
        for key, value in values.items()
        if (key.casefold() == about or (key.casefold().startswith(about + ".") and meant.search(key)))
        and _near(value, before)
    ]
    return found[0] if len(found) == 1 else None


def _near(value: object, before: tuple[float, ...]) -> bool:
    numbers = value if isinstance(value, (tuple, list)) else (value,)
    if len(numbers) != len(before) or not all(
        isinstance(one, (int, float)) and not isinstance(one, bool) for one in numbers
    ):
        return False
    return all(abs(a - b) <= NEAR * max(1.0, abs(b)) for a, b in zip(numbers, before, strict=True))


def _lines(item: Kept) -> str:
    name = params.literal(item.name)
    told = {
        key: params.literal(tuple(float(number) for number in value) if len(value) > 1 else float(value[0]))
        for key, value in item.values.items()
    }
    lines = [f"_kept = bpy.context.scene.objects.get({name})"]
    if item.kind == "surface":
        return "\n".join([*lines, *_surface_lines(item.slot, told)])
    kind = "" if item.kind == "object" else f' and _kept.type == "{item.kind.upper()}"'
    lines.append(f"if _kept is not None{kind}:")
    for key, value in told.items():
        if key == "rotation_euler":
            lines.append('    _kept.rotation_mode = "XYZ"')
        if key in ("location", "rotation_euler", "scale"):
            lines.append(f"    _kept.{key} = {value}")
            continue
        # A script may have made it a lamp of another kind, which has no such number.
        indent = "    "
        if key in _ONLY:
            lines.append(f'    if _kept.data.type == "{_ONLY[key]}":')
            indent *= 2
        lines.append(f"{indent}_kept.data.{'color' if key == 'colour' else key} = {value}")
    return "\n".join(lines)


def _surface_lines(slot: int, told: dict[str, str]) -> list[str]:
    """Set what a surface is made of; a texture that the script has linked there is unlinked."""
    values = {key: f"(*{value}, 1.0)" if key == "colour" else value for key, value in told.items()}
    wanted = ", ".join(f'("{_SOCKETS[key]}", {value})' for key, value in values.items())
    return [
        f"_paint = _kept.material_slots[{slot}].material if _kept and len(_kept.material_slots) > {slot} else None",
        "if _paint is not None and _paint.node_tree is not None:",
        '    for _node in [node for node in _paint.node_tree.nodes if node.type == "BSDF_PRINCIPLED"]:',
        f"        for _name, _value in [{wanted}]:",
        "            for _link in list(_node.inputs[_name].links):",
        "                _paint.node_tree.links.remove(_link)",
        "            _node.inputs[_name].default_value = _value",
    ]
