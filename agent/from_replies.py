# SPDX-License-Identifier: GPL-3.0-or-later
"""From the forms models answer in to the project's records: clean names, boxes in order, fractions and radians."""

from __future__ import annotations

import math
import re
from collections.abc import Collection

from ..worker.protocol import LookRequest
from .brief import Box, Brief, BriefObject, CameraHint, Colour, Point
from .replies import BriefReply, CameraReply, ItemReply, LookReply, ObjectReply, SecondLookReply, VerdictReply
from .verdict import MAX_ITEMS, ChecklistItem, Verdict

MAX_NAME = 40
"""Characters; parts are named after the object, and Blender 4 keeps 63 bytes."""
MOST_OBJECTS = 60
LEAST_SIDE = 0.002
RANK = {"blocking": 0, "major": 1, "minor": 2}


def brief(reply: BriefReply) -> Brief:
    """The brief a model's reply describes."""
    names: dict[str, str] = {}
    objects: list[BriefObject] = []
    for item in reply.objects[:MOST_OBJECTS]:
        name = clean_name(item.name, [made.name for made in objects])
        names.setdefault(item.name, name)
        objects.append(_object(item, name))
    given = {item.name: item.stands_on for item in objects}
    for made in objects:
        made.stands_on = _support(given[made.name], made.name, names)
    return Brief(
        caption=reply.caption.strip(),
        objects=objects,
        camera=_camera(reply.camera),
        backdrop=reply.backdrop,
        backdrop_colour=colour(reply.backdrop_colour),
        light=reply.light,
        style=reply.style,
        ignore=reply.ignore,
        confidence=reply.confidence,
        reasons=reply.reasons,
    )


def corrected(first: Brief, reply: SecondLookReply) -> Brief:
    """The brief with the boxes, additions and removals of the second look; unknown names are passed over."""
    known = {item.name.casefold(): item.name for item in first.objects}
    wrong = {known[name.strip().casefold()] for name in reply.wrong if name.strip().casefold() in known}
    if len(wrong) == len(first.objects):
        # That all of it is wrong is less likely than a slip.
        wrong = set()
    boxes = {known[item.name.strip().casefold()]: item for item in reply.boxes if item.name.strip().casefold() in known}
    objects: list[BriefObject] = []
    for item in first.objects:
        if item.name in wrong:
            continue
        if item.name in boxes:
            new = boxes[item.name]
            outline = _outline(new.outline)
            # An outline that was not given again belonged to the box that was wrong.
            item = item.model_copy(update={"box": box(new.box), "outlines": [outline] if outline else []})
        if item.stands_on in wrong:
            item = item.model_copy(update={"stands_on": ""})
        objects.append(item)
    names = {item.name: item.name for item in objects}
    for more in reply.missing:
        if len(objects) < MOST_OBJECTS and more.name.strip().casefold() not in known:
            name = clean_name(more.name, [made.name for made in objects])
            support = _support(more.stands_on, name, names)
            objects.append(_object(more, name).model_copy(update={"stands_on": support}))
    return first.model_copy(update={"objects": objects})


def verdict(reply: VerdictReply, names: Collection[str]) -> Verdict:
    """The verdict of a reply: at most five items, the weightiest first; none when it approves."""
    if reply.approve:
        left = "; ".join(item.wanted for item in reply.items[:MAX_ITEMS])
        summary = f"{reply.summary} Left: {left}." if left else reply.summary
        return Verdict(approve=True, summary=summary.strip())
    items = sorted(reply.items, key=lambda item: RANK[item.severity])[:MAX_ITEMS]
    return Verdict(approve=False, items=[_item(item, names) for item in items], summary=reply.summary)


def look(reply: LookReply, pixels: int) -> LookRequest:
    """The look a reply asks for, within bounds; `pixels` is its longer side."""
    return LookRequest(
        view=reply.view,
        object=reply.object,
        azimuth=max(-180.0, min(180.0, reply.azimuth)) if math.isfinite(reply.azimuth) else 0.0,
        elevation=max(-90.0, min(90.0, reply.elevation)) if math.isfinite(reply.elevation) else 0.0,
        box=box(reply.box) if reply.box else (0.0, 0.0, 1.0, 1.0),
        shading=reply.shading,
        pixels=pixels,
    )


def box(percent: list[float]) -> Box:
    """A box in percent, its corners in either order, as fractions within the frame and never empty."""
    x0, x1 = sorted((_unit(percent[0]), _unit(percent[2])))
    y0, y1 = sorted((_unit(percent[1]), _unit(percent[3])))
    if x1 - x0 < LEAST_SIDE:
        x0, x1 = (x0, x0 + LEAST_SIDE) if x0 < 0.5 else (x1 - LEAST_SIDE, x1)
    if y1 - y0 < LEAST_SIDE:
        y0, y1 = (y0, y0 + LEAST_SIDE) if y0 < 0.5 else (y1 - LEAST_SIDE, y1)
    return x0, y0, x1, y1


def colour(text: str) -> Colour:
    """`#rrggbb` as sRGB, 0 to 1."""
    r, g, b = (round(int(text[at : at + 2], 16) / 255, 4) for at in (1, 3, 5))
    return r, g, b


def clean_name(name: str, taken: Collection[str]) -> str:
    """A name that Blender keeps as it is: no dots (they name parts), not too long, none of `taken`."""
    base = re.sub(r"[\s.\"'\\/`]+", " ", name).strip()
    base = "".join(letter for letter in base if letter.isprintable())[:MAX_NAME].strip() or "Thing"
    folded = {other.casefold() for other in taken}
    made, number = base, 2
    while made.casefold() in folded:
        made, number = f"{base} {number}", number + 1
    return made


def _object(item: ObjectReply, name: str) -> BriefObject:
    outline = _outline(item.outline)
    sizes = [side for side in item.dimensions_m[:3] if math.isfinite(side)]
    dimensions = None
    if len(sizes) == 3 and max(sizes) > 0:
        width, depth, height = (min(1000.0, max(side, 1e-4)) for side in sizes)
        dimensions = (width, depth, height)
    return BriefObject(
        name=name,
        box=box(item.box),
        outlines=[outline] if outline else [],
        shape=item.shape,
        colour=colour(item.colour),
        material=item.material,
        stands_on=item.stands_on,
        count=item.count,
        size_m=max(dimensions) if dimensions else None,
        dimensions_m=dimensions,
        confidence=item.confidence,
    )


def _outline(points: list[list[float]]) -> list[Point]:
    ring = [(_unit(point[0]), _unit(point[1])) for point in points if len(point) >= 2]
    return ring if len(set(ring)) >= 3 else []


def _camera(reply: CameraReply) -> CameraHint:
    height = reply.height_m if math.isfinite(reply.height_m) and reply.height_m > 0 else 1.5
    horizon = reply.horizon_percent
    return CameraHint(
        horizontal_fov=math.radians(reply.horizontal_fov_degrees),
        pitch=math.radians(reply.pitch_down_degrees),
        height_m=height,
        horizon=horizon / 100 if horizon is not None and abs(horizon) < 1000 else None,
    )


def _support(said: str, name: str, names: dict[str, str]) -> str:
    """The object that is stood on, by its clean name; empty for the floor and for anything unknown."""
    known = {other.casefold(): clean for other, clean in names.items()} | {n.casefold(): n for n in names.values()}
    found = known.get(said.strip().casefold(), "")
    return "" if found == name else found


def _item(reply: ItemReply, names: Collection[str]) -> ChecklistItem:
    known = {name.casefold(): name for name in names}
    said = reply.object.strip()
    name = known.get(said.casefold(), "") or known.get(said.split(".")[0].strip().casefold(), "")
    observed = reply.observed if name or not said else f"{said}: {reply.observed}"
    return ChecklistItem(
        object=name,
        property=reply.property,
        region=box(reply.region) if reply.region else None,
        observed=observed,
        wanted=reply.wanted,
        values=[value for value in reply.values if math.isfinite(value)],
        severity=reply.severity,
    )


def _unit(percent: float) -> float:
    return round(min(1.0, max(0.0, percent / 100)), 5) if math.isfinite(percent) else 0.0
