# SPDX-License-Identifier: GPL-3.0-or-later
"""Which pictures each role is shown at each stage, and how large: the detail first, up to the provider's budget."""

from __future__ import annotations

from ..brief import Brief
from ..picture import Picture
from ..roles import Attempt, Context
from . import compare, crops, ruler
from .ground import ground_grid
from .looks import camera_of, parts_of, stage_views, together
from .shown import Budget, Shown

CROP, PLAIN = 768, 896
"""Longer sides, pixels: of a magnified part, and of the whole picture where it is only there to be looked at. A picture
of a run is at most 512 pixels, so more shows nothing new."""
MOST_CROPS = 4


def for_brief(picture: Picture, budget: Budget) -> list[Shown]:
    """Return what the brief is written from: the whole picture with rulers, and its quarters magnified."""
    if budget.images <= 0:
        return []
    shown = [_whole(picture, budget)]
    if budget.images >= 5:
        names = ("upper left", "upper right", "lower left", "lower right")
        for name, box in zip(names, crops.quarters(), strict=True):
            rgb = ruler.ruled(picture.rgb, box, min(budget.longest, CROP))
            shown.append(
                Shown(f"The picture's {name} quarter, magnified; rulers in percent of the whole picture.", rgb)
            )
    return shown


def for_generator(context: Context, budget: Budget) -> list[Shown]:
    """Return what the stage's script is written from. The first pictures depend on picture, brief and the accepted
    scene alone, so they are the same in every request of a stage; those of the best attempt so far follow."""
    if budget.images <= 0:
        return []
    if budget.images == 1 and context.best is not None:
        return _only(stage_views(context, context.best, budget, of="your best attempt"), context.picture, budget)
    shown = [_whole(context.picture, budget)]
    stage = context.stage.name
    views = [] if context.best is None else stage_views(context, context.best, budget, of="your best attempt")
    # The best attempt's own views come first; what they leave is for magnified parts of the picture.
    kept = views[: max(1, (budget.images - 1) * 2 // 3)] if views else []
    room = budget.images - 1 - len(kept)
    if stage in ("setup", "program") and room > 0 and context.brief.objects:
        shown += boxes_drawn(context.picture, context.brief, budget)[:1]
        room -= 1
    if stage in ("geometry", "composition", "lighting") and room > 0 and (grid := _grid(context, context.base, budget)):
        shown.append(grid)
        room -= 1
    if stage in ("geometry", "composition", "materials", "program"):
        shown += _crops(context, budget, min(room, MOST_CROPS))
    return shown + kept


def for_verifier(context: Context, attempt: Attempt, budget: Budget) -> list[Shown]:
    """Return what an attempt is judged by: the picture, then the stage's own views of the attempt."""
    if budget.images <= 0:
        return []
    if budget.images == 1:
        return _only(stage_views(context, attempt, budget, of="the attempt"), context.picture, budget)
    shown = [_whole(context.picture, budget)]
    if context.stage.name == "setup" and (grid := _grid(context, attempt, budget)):
        shown.append(grid)
    return (shown + stage_views(context, attempt, budget, of="the attempt"))[: budget.images]


def for_choice(context: Context, one: Attempt, two: Attempt, budget: Budget) -> list[Shown]:
    """Return what two attempts are compared by; the order of the pictures is that of the arguments, and their labels
    call the attempts `first` and `second`."""
    if budget.images <= 0:
        return []
    if budget.images < 3:
        return [together(context, one, two, budget)]
    shown = [_whole(context.picture, budget)]
    each = max(1, min(4, (budget.images - 1) // 2))
    # In either order of the two, so that asking twice asks the same.
    boxes = parts_of(context, *sorted((one, two), key=lambda attempt: attempt.number))
    firsts = stage_views(context, one, budget, of="the FIRST attempt", title="FIRST", boxes=boxes)[:each]
    seconds = stage_views(context, two, budget, of="the SECOND attempt", title="SECOND", boxes=boxes)[:each]
    for pair in zip(firsts, seconds, strict=False):
        shown += pair
    return shown[: budget.images]


def boxes_drawn(picture: Picture, brief: Brief, budget: Budget) -> list[Shown]:
    """Return the picture with the brief's boxes, outlines and names drawn over it, for the brief to be checked by:
    whole first, then small things magnified."""
    if budget.images <= 0:
        return []
    label = "The picture with the brief's boxes (plain colours, named) and outlines (black and white dashes)"
    shown = [Shown(label + ".", compare.setup_drawn(picture.rgb, brief, None, budget.longest, brief.camera.horizon))]
    aspect = picture.size[0] / picture.size[1]
    for box in crops.crops(brief, min(budget.images - 1, MOST_CROPS), aspect):
        rgb = compare.boxes_drawn(picture.rgb, brief, min(budget.longest, CROP), box)
        shown.append(Shown(f"{label}, magnified: {_where(box)}.", rgb))
    return shown


def _only(views: list[Shown], picture: Picture, budget: Budget) -> list[Shown]:
    """The first view, in which the picture is seen too, or the picture where there is none."""
    return views[:1] or [_whole(picture, budget)]


def _whole(picture: Picture, budget: Budget) -> Shown:
    label = "The picture, with rulers in percent of its width and height (0, 0 is its upper left corner)."
    return Shown(label, ruler.ruled(picture.rgb, longest=min(budget.longest, PLAIN)))


def _grid(context: Context, attempt: Attempt | None, budget: Budget) -> Shown | None:
    view = None if attempt is None else camera_of(attempt.result)
    if view is None:
        return None
    rgb = ground_grid(context.picture.rgb, view, min(budget.longest, PLAIN))
    if rgb is None:
        return None
    return Shown(
        "The picture with the ground z = 0 as the camera sees it: lines of equal x (orange) and equal y (blue), in "
        "metres. It must lie like the floor of the picture does.",
        rgb,
    )


def _crops(context: Context, budget: Budget, most: int) -> list[Shown]:
    width, height = context.picture.size
    shown = []
    for box in crops.crops(context.brief, most, width / height):
        rgb = ruler.ruled(context.picture.rgb, box, min(budget.longest, CROP))
        shown.append(Shown(f"A part of the picture, magnified: {_where(box)}; rulers in percent of the whole.", rgb))
    return shown


def _where(box: tuple[float, float, float, float]) -> str:
    x0, y0, x1, y1 = (round(100 * v) for v in box)
    return f"{x0} to {x1} % across, {y0} to {y1} % down"
