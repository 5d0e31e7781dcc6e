# SPDX-License-Identifier: GPL-3.0-or-later
"""What a model is shown: rulers where they say, the detail magnified, differences in their colours."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from restage.agent.brief import Brief, BriefObject, CameraHint
from restage.agent.measurements import Measurements
from restage.agent.picture import Picture
from restage.agent.providers.base import ModelFacts
from restage.agent.roles import Attempt, AttemptViews, Context
from restage.agent.sight import canvas, compare, crops, ground, pictures, ruler, shown, swatches
from restage.agent.sight.unproject import View
from restage.agent.stages import BY_NAME
from restage.worker.protocol import CameraInfo, JobResult, ObjectInfo

WIDTH, HEIGHT = 160, 120
BOX = (0.25, 0.5, 0.5, 0.75)
CAMERA = CameraInfo(
    (1, 0, 0, 0, 0, 0.5, -0.866, -5, 0, 0.866, 0.5, 3, 0, 0, 0, 1), "PERSP", 0.9, 0.0, (0.0, 0.0), (160, 120)
)


def scene_picture(red=200):
    rgb = np.full((HEIGHT, WIDTH, 3), 120, np.uint8)
    rgb[60:90, 40:80] = (red, 40, 40)
    return rgb


def a_brief():
    return Brief(
        objects=[BriefObject(name="Box", box=BOX), BriefObject(name="Gone", box=(0.7, 0.2, 0.8, 0.4))],
        camera=CameraHint(horizon=0.1),
    )


def an_attempt(stage, shift=0):
    ids = np.zeros((HEIGHT, WIDTH), np.int32)
    ids[60:90, 40 + shift : 80 + shift] = 1
    render = scene_picture().astype(np.float32) / 255
    views = AttemptViews(
        ids=ids,
        id_names={1: "Box"},
        albedo=render**2.2,
        normal=np.dstack([np.zeros_like(ids), np.zeros_like(ids), ids]).astype(np.float32),
        beauty=render,
        clay=render,
        plan=render[:, :HEIGHT],
        plan_bounds=(-2.0, -2.0, 2.0, 2.0),
    )
    info = ObjectInfo("Box", "MESH", (0, 0, 0), (1, 1, 1), BOX, ("Red",), 8, 100)
    result = JobResult("ok", inventory=(info,), camera=CAMERA)
    return Attempt(stage, 1, 1, "", "", result, views, Measurements())


def a_context(stage, best=None):
    picture = Picture(Path("a.png"), "0" * 64, scene_picture(), None, (WIDTH, HEIGHT))
    masks = {"Box": an_attempt(stage).views.ids == 1, "Gone": np.zeros((HEIGHT, WIDTH), bool)}
    base = None if stage == "setup" else an_attempt("setup")
    return Context(picture, a_brief(), masks, BY_NAME[stage], 1, (), [], best, base, (WIDTH, HEIGHT), 16, 0)


@pytest.mark.parametrize("longest", [400, 768, 1200])
@pytest.mark.parametrize("box", [(0.0, 0.0, 1.0, 1.0), (0.25, 0.5, 0.5, 0.75), (0.9, 0.0, 1.0, 1.0)])
def test_a_ruled_picture_has_the_size_asked_for_and_its_points_where_the_sheet_says(box, longest):
    on = ruler.sheet(scene_picture(), box, longest)
    assert max(on.canvas.shape[:2]) == pytest.approx(longest, abs=1)
    assert np.allclose(on.at([box[:2], box[2:]]), [(0, 0), on.size])
    x, y = on.at([(0.375, 0.625)])[0]
    if 0 <= x < on.width and 0 <= y < on.height:
        assert tuple(on.inside[int(y), int(x)]) == (200, 40, 40)


def test_magnifying_keeps_edges_where_they_are():
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[60:90, 40:80] = True
    for size in ((WIDTH * 5, HEIGHT * 5), (WIDTH * 3 + 1, HEIGHT * 3 - 1), (77, 50)):
        big = canvas.magnified(mask.astype(np.float32), canvas.WHOLE, size) >= 0.5
        ys, xs = np.nonzero(big)
        ends = xs.min() / size[0], ys.min() / size[1], (xs.max() + 1) / size[0], (ys.max() + 1) / size[1]
        assert ends == pytest.approx(BOX, abs=0.6 / min(size))
    part = canvas.magnified_mask(mask, BOX, (90, 70))
    assert part.mean() > 0.97


def test_ticks_stand_at_their_values_and_are_neither_few_nor_crowded():
    for span in ((0.0, 100.0), (31.0, 52.0), (48.2, 49.9), (-3.2, 4.4), (5.6, -2.1)):
        labelled, fine, step = ruler._ticks(span, 700, 48)
        assert 3 <= len(labelled) <= 15 and len(fine) > 2 * len(labelled)
        for place, value in labelled:
            assert place == pytest.approx((value - span[0]) / (span[1] - span[0]) * 700, abs=1e-6)
            assert value / step == pytest.approx(round(value / step), abs=1e-6)


def test_rulers_are_drawn_on_all_four_sides():
    drawn = ruler.ruled(scene_picture(), longest=600, grid=False)
    on = ruler.sheet(scene_picture(), longest=600)
    dark = drawn.mean(axis=-1) < 100
    assert dark[: on.top - 2].any() and dark[on.top + on.height + 2 :].any()
    assert dark[:, : on.left - 2].any() and dark[:, on.left + on.width + 2 :].any()


@pytest.mark.parametrize("box", [(0.5, 0.5, 0.4, 0.4), (-3, 2, float("nan"), 9), (0.3, 0.3, 0.3, 0.3)])
def test_boxes_a_model_got_wrong_are_made_usable(box):
    x0, y0, x1, y1 = canvas.clean_box(box)
    assert 0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1
    assert ruler.ruled(scene_picture(), box, 400).size


def test_side_by_side_shows_both_at_one_scale_whatever_the_renders_size():
    small = scene_picture()[::2, ::2]
    wide, tall = compare.side_by_side(scene_picture(), small, longest=900), compare.side_by_side(
        scene_picture(), small, (0.3, 0.0, 0.6, 1.0), 900
    )  # fmt: skip
    assert max(wide.shape) <= 900 and wide.shape[0] > wide.shape[1]
    assert max(tall.shape) <= 900
    red = (wide[..., 0] > 180) & (wide[..., 1] < 60) & (wide[..., 2] < 60)
    middle = wide.shape[0] // 2
    upper, lower = np.nonzero(red[:middle])[1], np.nonzero(red[middle:])[1]
    assert abs(upper.mean() - lower.mean()) < 2 and len(upper) == pytest.approx(len(lower), rel=0.1)


def test_the_difference_is_blue_where_too_dark_red_where_too_bright_and_grey_where_equal():
    reference = np.full((80, 120, 3), 120, np.uint8)
    render = reference.copy()
    render[:, :40] = 40
    render[:, 80:] = 220
    drawn = compare.signed_difference(reference, render, 600).astype(int)
    on = ruler.sheet(reference, longest=600)
    x, y = on.left, on.top
    dark, same, bright = (drawn[y + on.height // 2, x + round(on.width * f)] for f in (0.15, 0.5, 0.85))
    assert dark[2] > dark[0] + 80 and bright[0] > bright[2] + 80
    assert np.ptp(same) < 8


def test_outlines_have_two_styles_and_the_missing_is_named():
    views = an_attempt("geometry", shift=20).views
    drawn = compare.outlined(scene_picture(), views.ids, views.id_names, a_brief(), 700)
    alone = compare.outlined(scene_picture(), np.zeros_like(views.ids), {}, a_brief(), 700)
    on = ruler.sheet(scene_picture(), longest=700)
    x, y = (round(v) for v in on.at([(60 / 160, 70 / 120)])[0])
    near = drawn[on.top + y, on.left + x - 6 : on.left + x + 7].astype(int)
    assert (np.abs(near - canvas.PALETTE[0]).sum(-1) < 60).any()
    # The picture's own edge at x = 40 is dashed black and white.
    x = on.left + round(on.at([(0.25, 0.6)])[0][0])
    edge = drawn[on.top + y - 30 : on.top + y + 30, x - 2 : x + 3].reshape(-1, 3)
    assert (edge.min(-1) > 230).any() and (edge.max(-1) < 25).any()
    red = (np.abs(alone.astype(int) - (200, 0, 0)).sum(-1) < 20).sum()
    assert red > (np.abs(drawn.astype(int) - (200, 0, 0)).sum(-1) < 20).sum() > 100


def test_parts_that_a_checklist_names_are_magnified_first_and_none_twice():
    brief = Brief(objects=[BriefObject(name="Cup", box=(0.1, 0.1, 0.2, 0.2))])
    wished = (0.7, 0.6, 0.8, 0.7)
    first, second = crops.of_interest(brief, [wished, (0.71, 0.61, 0.79, 0.69)], 3)
    assert first[0] <= wished[0] and first[3] >= wished[3] and second == crops.crops(brief, 1)[0]
    assert crops.of_interest(brief, [(0.0, 0.0, 1.0, 1.0)], 3) == crops.crops(brief, 3)


def test_crops_cluster_small_things_and_stay_in_the_frame():
    objects = [BriefObject(name=str(i), box=(0.1 + 0.06 * i, 0.1, 0.15 + 0.06 * i, 0.16)) for i in range(3)]
    objects += [BriefObject(name="far", box=(0.9, 0.9, 0.99, 0.99)), BriefObject(name="big", box=(0.1, 0.2, 0.9, 0.9))]
    brief = Brief(objects=objects)
    found = crops.crops(brief, 2, 4 / 3)
    assert len(found) == 2 and all(0 <= b[0] < b[2] <= 1 and 0 <= b[1] < b[3] <= 1 for b in found)

    def holds(crop, item):
        return crop[0] <= item.box[0] and crop[1] <= item.box[1] and crop[2] >= item.box[2] and crop[3] >= item.box[3]

    assert any(all(holds(crop, item) for item in objects[:3]) for crop in found)
    assert any(holds(crop, objects[3]) for crop in found)
    assert len(crops.crops(brief, 6)) > 2 and crops.crops(brief, 0) == [] and crops.crops(Brief(), 4) == []


def test_photographs_travel_as_jpeg_and_graphics_as_png():
    noise = np.random.default_rng(1).integers(0, 255, (200, 300, 3)).astype(np.uint8)
    photograph = shown.to_image(shown.Shown("noise", noise))
    graphic = shown.to_image(shown.Shown("flat", scene_picture()))
    assert graphic.media_type == "image/png" and graphic.size == (WIDTH, HEIGHT) and graphic.label == "flat"
    assert (np.asarray(Image.open(io.BytesIO(graphic.data))) == scene_picture()).all()
    with Image.open(io.BytesIO(photograph.data)) as image:
        assert image.size == (300, 200) and image.format == photograph.media_type.removeprefix("image/").upper()


def test_budgets_follow_the_model():
    assert shown.budget_of(ModelFacts("blind", vision=False)).images == 0
    assert shown.budget_of(ModelFacts("m", image_px=9000, images=5)) == shown.Budget(5, shown.LARGEST)
    assert shown.budget_of(ModelFacts("m", image_px=64)).longest == shown.SMALLEST


def test_swatches_touch_and_show_the_colours():
    one, two = {"Box": np.array([1.0, 0.0, 0.0])}, {"Box": np.array([0.0, 0.0, 1.0])}
    drawn = swatches.swatches(one, two, "render", 500)
    assert drawn is not None and (drawn == (255, 0, 0)).all(-1).any() and (drawn == (0, 0, 255)).all(-1).any()
    assert swatches.swatches(one, {}, "render") is None


def test_the_ground_grid_runs_where_the_camera_sees_it():
    view = View(CAMERA)
    drawn = ground.ground_grid(scene_picture(), view, 600)
    plain = ruler.sheet(scene_picture(), longest=600)
    plain.rulers(grid=False)
    u, v, _ = view.project([(0.0, 0.5, 0.0)])[0]
    x, y = plain.at([(u, v)])[0]
    here = drawn[plain.top + round(y), plain.left + round(x) - 3 : plain.left + round(x) + 4].astype(int)
    assert (here[:, 0] - here[:, 2] > 40).any()
    up = (1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 1, 2, 0, 0, 0, 1)
    away = CameraInfo(tuple(map(float, up)), "PERSP", 0.8, 0.0, (0.0, 0.0), (10, 10))
    assert View(away).on_plane(0.5, 0.5) is not None
    skyward = CameraInfo((1.0, 0, 0, 0, 0, -1, 0, 0, 0, 0, -1, 2, 0, 0, 0, 1), "PERSP", 0.8, 0.0, (0.0, 0.0), (10, 10))
    assert ground.ground_grid(scene_picture(), View(skyward), 300) is None


@pytest.mark.parametrize("stage", ["setup", "geometry", "materials", "composition", "lighting", "program"])
@pytest.mark.parametrize("images", [0, 1, 2, 4, 12])
def test_every_stage_keeps_to_the_budget(stage, images):
    budget = shown.Budget(images, 500)
    attempt = an_attempt(stage)
    context = a_context(stage)
    for made in (
        pictures.for_brief(context.picture, budget),
        pictures.boxes_drawn(context.picture, context.brief, budget),
        pictures.for_generator(context, budget),
        pictures.for_generator(a_context(stage, attempt), budget),
        pictures.for_verifier(context, attempt, budget),
        pictures.for_choice(context, attempt, an_attempt(stage, 4), budget),
    ):
        assert len(made) <= images and (made or not images)
        assert all(max(item.rgb.shape) <= 500 + 60 and item.rgb.dtype == np.uint8 and item.label for item in made)


@pytest.mark.parametrize("stage", ["setup", "geometry", "materials", "composition", "lighting"])
def test_an_attempt_without_views_is_still_shown(stage):
    bare = an_attempt(stage)
    bare.views, bare.result = AttemptViews(), JobResult("ok")
    context = a_context(stage, bare)
    context.base = bare
    assert pictures.for_verifier(context, bare, shown.Budget(8, 500))
    assert pictures.for_generator(context, shown.Budget(8, 500))
    assert pictures.for_choice(context, bare, bare, shown.Budget(8, 500))


def test_the_first_pictures_are_the_same_in_every_request_of_a_stage():
    budget = shown.Budget(12, 500)
    first = pictures.for_generator(a_context("geometry"), budget)
    later = pictures.for_generator(a_context("geometry", an_attempt("geometry", 9)), budget)
    assert (first[0].rgb == later[0].rgb).all() and (first[1].rgb == later[1].rgb).all()


def test_a_choice_tells_first_from_second():
    one, two = an_attempt("geometry"), an_attempt("geometry", 30)
    made = pictures.for_choice(a_context("geometry"), one, two, shown.Budget(12, 500))
    labels = [item.label for item in made[1:]]
    assert ["FIRST" in label for label in labels] == [i % 2 == 0 for i in range(len(labels))]
    assert (made[1].rgb != made[2].rgb).any()
