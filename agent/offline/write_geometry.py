# SPDX-License-Identifier: GPL-3.0-or-later
"""The geometry script: every region's solid, and the floor they stand on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import degrees

import numpy as np

from . import snippets, snippets_free
from .camera import Camera
from .script_text import Params, fill, listed, literal, names, number, quoted, wrapped
from .solids import Kind, Ring, Solid

_SCRIPT = '''
"""Geometry: $what."""

import bpy
$imports
$params

$data
$helpers
$calls
'''

_CALLS: dict[Kind, str] = {
    "box": "add_box(name)",
    "sphere": "add_sphere(name)",
    "cylinder": "add_round(name, 1.0)",
    "cone": "add_round(name, 0.0)",
    "torus": "add_ring(name)",
    "lathe": "add_turned(name)",
    "inflated": "add_inflated(name)",
}
FARTHEST = 400.0
"""Metres; a floor goes no farther, but for its margin."""


@dataclass(frozen=True)
class Place:
    """Floor and back wall that are painted like the picture."""

    foot: float
    """Where the wall meets the floor in the picture, as a fraction from the top; 0 for no wall."""
    cells: int
    """Along the frame's width."""

    def surfaces(self) -> dict[str, tuple[float, float]]:
        """Top and bottom in the picture of each grid."""
        grids = {"Floor": (self.foot, 1.0)}
        return grids | {"Wall": (0.0, self.foot)} if self.foot > 0 else grids


def write(solids: Mapping[str, Solid], camera: Camera, floor: bool, place: Place | None = None) -> str:
    """The script for named solids on a plain floor, or in a painted place."""
    params = Params()
    by_kind: dict[Kind, list[str]] = {}
    for name, solid in solids.items():
        by_kind.setdefault(solid.kind, []).append(name)
        _describe(params, name, solid)
    if place:
        for name, rows in place.surfaces().items():
            params.add(f"{name}.rows", rows, "part of the picture it fills, from the top", 4)
            params.add(f"{name}.cells", place.cells, "across the picture")
        if place.foot > 0:
            params.add("Wall.distance", camera.ground_at(0.5, place.foot)[1], "m, its Y")
    elif floor:
        params.add("Floor.extent", floor_extent(camera, solids), "m: x and y from, x and y to")
    helpers = [snippets.PLACE] if solids else []
    if by_kind.keys() - {"inflated"}:
        helpers.append(snippets.FINISH)
    for kinds, text in (
        (("box",), snippets.BOX),
        (("sphere",), snippets.SPHERE),
        (("cylinder", "cone"), snippets.CYLINDER),
        (("torus",), snippets.TORUS),
        (("lathe",), snippets.LATHE),
        (("inflated",), snippets_free.inflated(any(solid.legs for solid in solids.values()))),
    ):
        if any(kind in by_kind for kind in kinds):
            helpers.append(text)
    if place:
        helpers.append(snippets.STAGE)
    elif floor:
        helpers.append(snippets.FLOOR)
    return fill(
        _SCRIPT,
        what=_what(solids, floor, place),
        imports=_imports(by_kind, place),
        params=params.text(),
        data=_data(solids),
        helpers="\n".join(helpers),
        calls=_calls(by_kind, floor, place),
    )


def _describe(params: Params, name: str, solid: Solid) -> None:
    params.add(f"{name}.location", (*solid.place, solid.lift), "m, centre of the base")
    w, d, h = solid.size
    if solid.kind == "box":
        params.add(f"{name}.size", (w, d, h), "m")
        # Half a turn leaves a box as it was; a quarter would swap its width and depth.
        params.add(f"{name}.heading", (degrees(solid.heading) + 90) % 180 - 90, "degrees", 1)
    elif solid.kind == "sphere":
        params.add(f"{name}.radius", w / 2, "m")
    elif solid.kind in {"cylinder", "cone"}:
        params.add(f"{name}.radius", w / 2, "m")
        params.add(f"{name}.height", h, "m")
    elif solid.kind == "torus":
        params.add(f"{name}.radius", (w - h) / 2, "m, to the middle of the tube")
        params.add(f"{name}.tube", h / 2, "m, radius of the tube")
    elif solid.kind == "inflated":
        params.add(f"{name}.thickness", 1.0, "0 is flat, 1 makes a ball of a disc")
        params.add(f"{name}.ahead", solid.ahead, "part of the thickness before where it stands: 1 is half, 0 none")
    if solid.cells:
        params.add(f"{name}.cells", solid.cells, "mesh cells along the longer side")


def floor_extent(camera: Camera, solids: Mapping[str, Solid]) -> tuple[float, float, float, float]:
    """The ground the camera sees and everything stands on, with a margin."""
    corners = [(0.0, 1.0), (1.0, 1.0), (0.0, max(0.0, camera.horizon + 0.01)), (1.0, max(0.0, camera.horizon + 0.01))]
    seen = np.clip(camera.on_ground(corners)[:, :2], -FARTHEST, FARTHEST)
    feet = np.array([solid.place for solid in solids.values()]).reshape(-1, 2)
    points = np.vstack([seen, feet])
    low, high = points.min(0), points.max(0)
    margin = 0.1 * (high - low) + 0.5
    x0, y0 = low - margin
    x1, y1 = high + margin
    return float(x0), float(y0), float(x1), float(y1)


def _what(solids: Mapping[str, Solid], floor: bool, place: Place | None) -> str:
    ground = "a floor to be painted" if place else "a floor" if floor else ""
    if not solids:
        return ground or "nothing"
    return listed(list(solids)) + (f" on {ground}" if ground else "")


def _imports(by_kind: Mapping[Kind, list[str]], place: Place | None) -> str:
    lines, maths, vector = [], set(), False
    if by_kind:
        maths.add("radians")
    if by_kind.keys() - {"inflated"}:
        lines.append("import bmesh")
    if by_kind.keys() & {"lathe", "torus"}:
        maths |= {"cos", "sin", "pi"}
    if "inflated" in by_kind:
        lines.append("import numpy as np")
        maths |= {"hypot", "pi", "tan"}
        vector = True
    if place:
        maths |= {"ceil", "tan"}
        vector = True
    if maths:
        lines.append("from math import " + ", ".join(sorted(maths)))
    if vector:
        lines.append("from mathutils import Vector")
    if "inflated" in by_kind:
        lines.append("from mathutils.geometry import delaunay_2d_cdt")
    return "\n".join(lines) + "\n"


def _data(solids: Mapping[str, Solid]) -> str:
    parts = []
    outlines = {name: solid.rings for name, solid in solids.items() if solid.kind == "inflated"}
    if outlines:
        body = "".join(
            f"    {quoted(name)}: [\n{''.join(_ring(ring) for ring in polygons)}    ],\n"
            for name, polygons in outlines.items()
        )
        parts.append(
            "# Outlines in the picture as fractions of the frame, (0, 0) top left; further rings are holes or parts.\n"
            "OUTLINES = {\n" + body + "}\n"
        )
    legs = {name: solid.legs for name, solid in solids.items() if solid.legs}
    if legs:
        body = "".join(
            f"    {quoted(name)}: [\n{wrapped([literal(leg, 4) for leg in standing], 8)}    ],\n"
            for name, standing in legs.items()
        )
        parts.append(
            "# Legs in the picture: a foot on the ground, and from where to where the body is upright above it.\n"
            "LEGS = {\n" + body + "}\n"
        )
    profiles = {name: solid.profile for name, solid in solids.items() if solid.kind == "lathe"}
    if profiles:
        body = "".join(
            f"    {quoted(name)}: [\n{wrapped([literal(p) for p in profile], 8)}    ],\n"
            for name, profile in profiles.items()
        )
        parts.append("# Profiles to turn: (radius, height) from the base up, m.\nPROFILES = {\n" + body + "}\n")
    return "\n".join(parts)


def _ring(ring: Ring) -> str:
    points = [f"({number(x, 4)}, {number(y, 4)})" for x, y in ring]
    return "        [\n" + wrapped(points, 12) + "        ],\n"


def _calls(by_kind: Mapping[Kind, list[str]], floor: bool, place: Place | None) -> str:
    parts = []
    for kind, items in by_kind.items():
        call = _CALLS[kind]
        if len(items) == 1:
            parts.append(call.replace("name", quoted(items[0])))
        else:
            parts.append(f"for name in (\n{names(items)}):\n    {call}")
    if place:
        parts += [f'add_grid("{name}", on_{name.lower()})' for name in place.surfaces()]
    elif floor:
        parts.append("add_floor()")
    return "\n\n" + "\n".join(parts)
