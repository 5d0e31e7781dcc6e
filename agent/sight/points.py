# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of un-projected points: where the brief's boxes fall in the world through the accepted camera."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...worker.protocol import ObjectInfo
from ..brief import Brief, BriefObject
from ..parts import owner
from ..roles import Context
from .canvas import clean_box
from .unproject import View

MOST_OBJECTS = 40
FAR = 500.0
"""Metres: a foot farther than this lies next to the horizon, and its place means nothing."""
STEEP = 0.15
"""Sine of the angle from straight down below which a foot is no lower edge."""
ITERATIONS = 4
CUT = 0.006
"""A box whose edge is this near to the frame's is taken to go on outside it."""


@dataclass(frozen=True)
class Placed:
    """Where a brief's box falls in the world, metres."""

    item: BriefObject
    support: str
    z: float
    """Height of what it stands on."""
    guessed: bool
    """The support's height is an estimate, not read from the scene."""
    foot: tuple[float, float] | None
    """Of the box's bottom middle; None when that lies above the horizon."""
    left: tuple[float, float] | None
    right: tuple[float, float] | None
    depth: float
    """Along the camera's axis, at the foot."""
    width: float
    top: float | None
    """Height (z) of the box's upper edge straight above the foot."""
    deep: float
    """How deep the thing is taken to be: as the brief's dimensions say, else as deep as wide."""
    middle: tuple[float, float] | None
    """Half that depth behind the foot."""
    back_top: float | None
    """Height (z) of the box's upper edge above the thing's back: its true top when that is flat and seen from above."""


def unprojected(context: Context) -> str:
    """Where the brief's boxes fall in the world, in metres, through the accepted camera."""
    base = context.base
    if base is None or base.result.camera is None:
        return ""
    try:
        view = View(base.result.camera)
    except ValueError:
        return ""
    placed = places(context.brief, view, base.result.inventory)
    head = [
        "object", "stands on", "foot x, y", "bottom left x, y", "bottom right x, y", "distance", "width", "height",
        "if this deep", "middle x, y", "its height",
    ]  # fmt: skip
    rows = [_row(one) for one in placed[:MOST_OBJECTS]]
    parts = [_camera(view)]
    if rows:
        parts.append(
            "Each box of the brief, in metres. The foot is the middle of the box's lower edge on its support: where "
            "the thing's front meets it. Width and height are what the box measures at the foot's distance. Seen from "
            "above, the box's upper edge is the far edge of the top; so the last columns take a depth (the brief's "
            "proportions, else as deep as the top is wide) and say where the middle then lies and how tall the thing "
            "then is if its top is flat: the steeper the view, the less sure. For balls and "
            "pointed things the height is between the two."
        )
        parts.append("\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows]))
    if notes := _notes(placed):
        parts.append("\n".join(notes))
    parts.append(_ground(view))
    return "\n\n".join(part for part in parts if part)


def places(brief: Brief, view: View, inventory: Sequence[ObjectInfo]) -> list[Placed]:
    """Return where each box of the brief falls; supports first looked up in the scene, else estimated."""
    tops = _tops(brief, inventory)
    done: dict[str, Placed] = {}
    items = {item.name: item for item in brief.objects}

    def place(item: BriefObject, above: frozenset[str]) -> Placed:
        if item.name in done:
            return done[item.name]
        z, guessed, support = 0.0, False, ""
        below = items.get(item.stands_on)
        if item.stands_on in tops:
            z, support = tops[item.stands_on], item.stands_on
        elif below is not None and below.name not in above and below.name != item.name:
            z, guessed, support = _top(place(below, above | {item.name}), view), True, below.name
        done[item.name] = _place(item, view, support, z, guessed)
        return done[item.name]

    return [place(item, frozenset({item.name})) for item in brief.objects]


def _place(item: BriefObject, view: View, support: str, z: float, guessed: bool) -> Placed:
    x0, y0, x1, y1 = clean_box(item.box, 0.001)
    middle = (x0 + x1) / 2
    foot = _near(view, middle, y1, z)
    left, right = _near(view, x0, y1, z), _near(view, x1, y1, z)
    if foot is None:
        return Placed(item, support, z, guessed, None, left, right, 0.0, 0.0, None, 0.0, None, None)
    depth = float(view.project([(*foot, z)])[0, 2])
    width = (x1 - x0) * view.metres_across(depth)
    ratio = 1.0
    if item.dimensions_m is not None and item.dimensions_m[0] > 0:
        ratio = item.dimensions_m[1] / item.dimensions_m[0]
    deep = width * ratio
    away = view.ray(middle, y1)[1][:2]
    length = float((away @ away) ** 0.5)
    top = view.above((*foot, z), middle, y0)
    if length < STEEP:
        # Seen from straight above the box is the thing's plan: its middle is the box's.
        centre = _near(view, middle, (y0 + y1) / 2, z)
        return Placed(item, support, z, guessed, foot, left, right, depth, width, None, deep, centre, None)
    away = away / length

    looks_down = float(view.ray(middle, y0)[1][2]) < 0

    def behind(share: float) -> tuple[float, float]:
        return foot[0] + share * deep * float(away[0]), foot[1] + share * deep * float(away[1])

    back = top
    for _ in range(ITERATIONS if looks_down else 0):
        back = view.above((*behind(1.0), z), middle, y0)
        # Seen from above the widest part of the box is the top's rim, a block's at its front, a round thing's at its
        # middle: nearer than the foot, the taller the thing is. Half way between the two.
        rim = float(view.project([(*behind(0.25), z if back is None else max(z, back))])[0, 2])
        deep = ratio * (x1 - x0) * view.metres_across(max(rim, 0.2 * depth))
    return Placed(item, support, z, guessed, foot, left, right, depth, width, top, deep, behind(0.5), back)


def _near(view: View, u: float, v: float, z: float) -> tuple[float, float] | None:
    hit = view.on_plane(u, v, z)
    return None if hit is None or math.hypot(hit[0] - view.eye[0], hit[1] - view.eye[1]) > FAR else hit


def _tops(brief: Brief, inventory: Sequence[ObjectInfo]) -> Mapping[str, float]:
    """Height of the top of every brief's object that is in the scene, all its parts together."""
    known = {item.name for item in brief.objects} | {item.stands_on for item in brief.objects if item.stands_on}
    tops: dict[str, float] = {}
    for info in inventory:
        name = owner(info.name, known)
        if name is not None and info.type not in ("CAMERA", "LIGHT", "EMPTY"):
            tops[name] = max(tops.get(name, -math.inf), info.world_max[2])
    return tops


def _top(below: Placed, view: View) -> float:
    """Estimate the height of a support's top from its own box: its stated height where it has one, else where
    its box's upper edge is above its back."""
    if below.item.dimensions_m is not None:
        return below.z + below.item.dimensions_m[2]
    if below.foot is None or below.top is None:
        return below.z
    return max(below.z, below.top if below.back_top is None else below.back_top)


def _row(one: Placed) -> list[str]:
    support = f"{one.support or 'ground'}, z {'about ' if one.guessed else ''}{one.z:.3g}"
    name = one.item.name.replace("|", "/")
    if one.foot is None:
        return [name, support.replace("|", "/"), "above the horizon", *["-"] * 8]
    return [
        name,
        support.replace("|", "/"),
        _pair(one.foot),
        _pair(one.left),
        _pair(one.right),
        f"{one.depth:.3g}",
        f"{one.width:.3g}",
        _metres(one.top, one.z),
        f"{one.deep:.3g}",
        _pair(one.middle),
        _metres(one.back_top, one.z),
    ]


def _metres(top: float | None, z: float) -> str:
    return "-" if top is None or top <= z else f"{top - z:.3g}"


def _notes(placed: Sequence[Placed]) -> list[str]:
    cut = [one.item.name for one in placed if _is_cut(one.item)]
    notes = []
    if cut:
        notes.append(f"Cut off by the frame, so larger than the table says: {', '.join(cut)}.")
    if any(one.foot is None for one in placed):
        notes.append(
            "A box whose lower edge lies above the horizon hangs, stands on something not in the brief, or the "
            "camera's pitch or height is off."
        )
    return notes


def _is_cut(item: BriefObject) -> bool:
    x0, y0, x1, y1 = item.box
    return min(x0, y0) < CUT or max(x1, y1) > 1 - CUT


def _camera(view: View) -> str:
    eye, forward = view.eye, view.forward
    pitch = math.degrees(math.asin(max(-1.0, min(1.0, -float(forward[2])))))
    horizon = view.horizon()
    said = "" if horizon is None else f", horizon at {100 * (horizon[0] + horizon[1]) / 2:.1f} % of the frame's height"
    flat = ", orthographic" if view.orthographic else ""
    return (
        f"The camera stands at ({eye[0]:.3f}, {eye[1]:.3f}, {eye[2]:.3f}) and looks {pitch:.1f} degrees down along "
        f"({forward[0]:.3f}, {forward[1]:.3f}, {forward[2]:.3f}){flat}{said}."
    )


def _ground(view: View) -> str:
    """Where a few points of the frame fall on the ground: for floors, table edges, and what has no box."""
    rows = []
    for v in (0.5, 0.75, 1.0):
        cells = [f"{100 * v:.0f} % down"]
        cells += [_pair(_near(view, u, v, 0.0)) for u in (0.0, 0.25, 0.5, 0.75, 1.0)]
        rows.append(cells)
    head = ["ground z = 0 at", "0 % across", "25 %", "50 %", "75 %", "100 %"]
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows])


def _pair(point: tuple[float, float] | None) -> str:
    return "-" if point is None else f"{point[0]:.3f}, {point[1]:.3f}"
