# SPDX-License-Identifier: GPL-3.0-or-later
"""The views of an attempt that say what its stage settles, made ready to be looked at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...worker.protocol import JobResult
from ..brief import Box
from ..measure import fit, srgb
from ..roles import Attempt, AttemptViews, Context
from . import compare, crops, ruler
from .canvas import to_bytes
from .mean_colours import judged_view, object_colours
from .shown import Budget, Shown
from .swatches import swatches
from .unproject import View

PART, PLAN, SWATCHES = 896, 640, 640
"""Longer sides, pixels."""
MOST_PARTS = 3
WORST = 2
"""Things that measure worst are magnified, after what the checklist is about."""
NOTHING = 0.9
"""Grey, sRGB, where a flat view has nothing: black would pass for a thing."""
_LIGHT = np.array([-0.35, -0.55, 0.76], np.float32)


def camera_of(result: JobResult) -> View | None:
    """The camera of a job's scene; None without one that can be read."""
    if result.camera is None:
        return None
    try:
        return View(result.camera)
    except ValueError:
        return None


def stage_views(
    context: Context, attempt: Attempt, budget: Budget, of: str, title: str = "RENDER", boxes: Sequence[Box] = ()
) -> list[Shown]:
    """Return the pictures that show how an attempt does at its stage, the telling ones first. `of` is what labels call
    it, `boxes` the parts to magnify where they are not those the attempt itself asks for."""
    stage = context.stage.name
    if stage == "setup":
        return _setup(context, attempt, budget, of)
    shown: list[Shown] = []
    if stage in ("geometry", "composition", "program"):
        shown += _outlines(context, attempt, budget, of)
    look = _look(stage, attempt.views)
    if look is not None:
        name, view = look
        label = f"The picture beside {name} of {of}, the same rulers on both."
        shown.append(Shown(label, _beside(context, view, title, budget.longest)))
        if stage in ("lighting", "program") and attempt.views.beauty is not None:
            label = f"Where {of} is too bright (red) or too dark (blue); grey is right."
            shown.append(Shown(label, compare.signed_difference(context.picture.unit, view, min(budget.longest, PART))))
    if stage == "materials" and attempt.views.beauty is not None:
        label = f"The picture beside {of} in the provisional even light, to tell kinds of material by."
        shown.append(Shown(label, _beside(context, attempt.views.beauty, title, min(budget.longest, PART))))
    if stage == "materials" and (patches := _patches(context, attempt, budget, of)):
        shown.append(patches)
    if stage in ("geometry", "composition", "program") and (plan := _plan(attempt.views, budget, of)):
        shown.append(plan)
    return shown + _parts(context, attempt, look, budget, of, title, boxes or parts_of(context, attempt))


def parts_of(context: Context, *attempts: Attempt) -> list[Box]:
    """Return which parts of the frame are worth magnifying of attempts, the same ones for all of them."""
    width, height = context.picture.size
    wished = [box for attempt in attempts for box in _wished(context, attempt)]
    return crops.of_interest(context.brief, wished, MOST_PARTS, width / height)


def together(context: Context, one: Attempt, two: Attempt, budget: Budget) -> Shown:
    """Return picture and two attempts in one, for a model that takes a picture or two only."""
    panels: list[tuple[str, compare.Pixels]] = [("PICTURE", context.picture.rgb)]
    for title, attempt in (("FIRST", one), ("SECOND", two)):
        if (look := _look(context.stage.name, attempt.views)) is not None:
            panels.append((title, look[1]))
    label = "The picture, then " + " and ".join(f"the {title} attempt" for title, _ in panels[1:]) + "."
    if len(panels) == 1:
        label = "The picture (neither attempt has a view to show)."
    return Shown(label, compare.side_by_side_of(panels, longest=budget.longest))


def _setup(context: Context, attempt: Attempt, budget: Budget, of: str) -> list[Shown]:
    view = camera_of(attempt.result)
    rgb = compare.setup_drawn(
        context.picture.rgb,
        context.brief,
        None if view is None else view.horizon(),
        min(budget.longest, PART),
        context.brief.camera.horizon,
    )
    return [Shown(f"The picture with the brief's boxes, and the horizon of {of}'s camera in red{_off(view)}.", rgb)]


def _off(view: View | None) -> str:
    """Where a horizon lies that the picture does not show."""
    heights = None if view is None else view.horizon()
    if heights is None:
        return ""
    middle = sum(heights) / 2
    return "" if 0 <= middle <= 1 else f" (it lies at {100 * middle:.0f} % from the top, outside the picture)"


def _outlines(context: Context, attempt: Attempt, budget: Budget, of: str) -> list[Shown]:
    views = attempt.views
    if views.ids is None:
        return []
    rgb = compare.outlined(
        context.picture.rgb,
        views.ids,
        views.id_names,
        context.brief,
        min(budget.longest, 1024),
        masks=context.masks,
    )
    label = (
        f"The picture with the outlines of {of} in plain colours over those of the picture in black and white dashes; "
        "where no dashes show, the two agree."
    )
    return [Shown(label, rgb)]


def _look(stage: str, views: AttemptViews) -> tuple[str, NDArray[np.float32]] | None:
    """The picture-like view that shows a stage best, (h, w, 3) sRGB in 0 to 1, and what to call it."""
    if views.beauty is not None and stage in ("lighting", "program"):
        return "the full render", views.beauty
    if views.beauty is not None and stage == "composition":
        return "the render in provisional light", views.beauty
    clay = _clay(views)
    if stage != "geometry" and views.albedo is not None:
        flat = srgb(views.albedo)
        if stage == "composition" and clay is not None and clay.shape == flat.shape:
            return "a quick shading", _with_nothing(flat * np.clip(clay / 0.75, 0, 1), views)
        return "the flat surface colours (no light)", _with_nothing(flat, views)
    return None if clay is None else ("the clay view (shapes only)", clay)


def _clay(views: AttemptViews) -> NDArray[np.float32] | None:
    if views.clay is not None:
        return views.clay
    if views.normal is None:
        return None
    facing = np.clip(views.normal @ (_LIGHT / np.linalg.norm(_LIGHT)), 0, 1)
    grey = np.repeat((0.25 + 0.6 * facing)[..., None], 3, axis=-1).astype(np.float32)
    return _with_nothing(grey, views)


def _with_nothing(rgb: NDArray[np.float32], views: AttemptViews) -> NDArray[np.float32]:
    if views.ids is None or views.ids.shape != rgb.shape[:2]:
        return rgb
    return np.where((views.ids == 0)[..., None], np.float32(NOTHING), rgb).astype(np.float32)


def _beside(
    context: Context,
    view: NDArray[np.float32],
    title: str,
    longest: int,
    box: tuple[float, float, float, float] = ruler.WHOLE,
) -> NDArray[np.uint8]:
    return compare.side_by_side_of([("PICTURE", context.picture.rgb), (title, to_bytes(view))], box, longest)


def _patches(context: Context, attempt: Attempt, budget: Budget, of: str) -> Shown | None:
    views = attempt.views
    found = judged_view(context.stage.name, views)
    if found is None or views.ids is None:
        return None
    height, width = views.ids.shape
    name, light = found
    masks = {label: views.ids == key for key, label in views.id_names.items()}
    small = to_bytes(fit(srgb(light.astype(np.float32)), width, height))
    rgb = swatches(
        object_colours(context.picture.rgb, context.masks),
        object_colours(small, masks),
        name,
        min(budget.longest, SWATCHES),
    )
    if rgb is None:
        return None
    return Shown(f"Mean colour of each object: in the picture (left) and in the {name} of {of} (right).", rgb)


def _plan(views: AttemptViews, budget: Budget, of: str) -> Shown | None:
    x0, y0, x1, y1 = views.plan_bounds
    if views.plan is None or not (x1 > x0 and y1 > y0):
        return None
    rgb = ruler.ruled_plan(to_bytes(views.plan), views.plan_bounds, min(budget.longest, PLAN))
    return Shown(f"{of[0].upper()}{of[1:]} from straight above; rulers in metres, x to the right, y up.", rgb)


def _wished(context: Context, attempt: Attempt) -> list[tuple[float, float, float, float]]:
    """Where the last checklist wanted something (the attempt's own, or that of the one it came after), then the things
    that measure worst."""
    verdicts = [attempt.verdict, *([context.best.verdict] if context.best else [])]
    verdict = next((found for found in verdicts if found is not None), None)
    wished = [item.region for item in verdict.items if item.region] if verdict else []
    boxes = {item.name: item.box for item in context.brief.objects}
    placed = context.stage.name in ("geometry", "composition")
    worst = sorted(
        (item for item in attempt.measurements.objects if item.name in boxes),
        key=lambda item: item.iou if placed else -(item.colour_difference or 0.0),
    )
    return wished + [boxes[item.name] for item in worst[:WORST]]


def _parts(
    context: Context,
    attempt: Attempt,
    look: tuple[str, NDArray[np.float32]] | None,
    budget: Budget,
    of: str,
    title: str,
    boxes: Sequence[Box],
) -> list[Shown]:
    """Magnified parts: side by side, and as outlines where outlines are judged."""
    views, shown = attempt.views, []
    for box in boxes:
        x0, y0, x1, y1 = (round(100 * v) for v in box)
        where = f"{x0} to {x1} % across, {y0} to {y1} % down"
        if context.stage.name in ("geometry", "composition") and views.ids is not None:
            rgb = compare.outlined(
                context.picture.rgb,
                views.ids,
                views.id_names,
                context.brief,
                min(budget.longest, PART),
                box,
                context.masks,
            )
            shown.append(Shown(f"Outlines of {of} (plain) over the picture's (dashed), magnified: {where}.", rgb))
        if look is not None and context.stage.name != "composition":
            rgb = _beside(context, look[1], title, min(budget.longest, PART), box)
            shown.append(Shown(f"The picture beside {look[0]} of {of}, magnified: {where}.", rgb))
    return shown
