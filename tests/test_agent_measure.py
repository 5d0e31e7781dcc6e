# SPDX-License-Identifier: GPL-3.0-or-later
"""Masks and numbers: known pictures have known figures."""

from __future__ import annotations

import numpy as np
import pytest
from restage.agent import colour_space, masks, measure, polish_rules
from restage.agent.brief import Brief, BriefObject
from restage.agent.roles import AttemptViews


def disc(size=64, centre=(32, 32), radius=16):
    ys, xs = np.mgrid[:size, :size]
    return (xs - centre[0]) ** 2 + (ys - centre[1]) ** 2 <= radius**2


def test_outlines_of_a_mask_draw_the_mask_again_with_its_hole():
    ring = disc() & ~disc(radius=7)
    item = BriefObject(name="Ring", box=(0.25, 0.25, 0.75, 0.75), outlines=masks.mask_outlines(ring))
    again = masks.object_mask(item, (64, 64))
    assert measure.mask_iou(ring, again) > 0.9
    assert not again[32, 32]
    assert (
        measure.mask_iou(disc(128, (64, 64), 32) & ~disc(128, (64, 64), 14), masks.object_mask(item, (128, 128))) > 0.9
    )


def test_object_without_outline_is_its_box():
    drawn = masks.brief_masks(Brief(objects=[BriefObject(name="A", box=(0.25, 0.5, 0.75, 1.0))]), (40, 40))["A"]
    assert drawn[30, 20] and not drawn[10, 20] and abs(drawn.mean() - 0.25) < 0.05


def test_outline_too_small_to_fill_a_pixel_falls_back_on_the_box():
    item = BriefObject(name="Speck", box=(0.5, 0.5, 0.6, 0.6), outlines=[[(0.51, 0.51), (0.52, 0.51), (0.52, 0.52)]])
    assert masks.object_mask(item, (20, 20)).any()


def test_two_objects_of_one_name_are_refused():
    with pytest.raises(ValueError, match="two objects are called 'A'"):
        Brief(objects=[BriefObject(name="A", box=(0, 0, 1, 1))] * 2)


def test_psnr_and_ssim_of_known_pairs():
    rng = np.random.default_rng(1)
    a = rng.random((48, 48, 3)).astype(np.float32)
    assert measure.psnr(a, a) == 99 and measure.ssim(a, a) == pytest.approx(1)
    half = np.full((48, 48, 3), 0.5, np.float32)
    assert measure.psnr(half, half + 0.1) == pytest.approx(20, abs=1e-3)
    assert measure.ssim(a, 1 - a) < 0


def test_srgb_round_trip_and_known_value():
    x = np.linspace(0, 1, 50, dtype=np.float32)[None, :, None].repeat(3, 2)
    assert np.abs(colour_space.to_linear(colour_space.to_srgb(x)) - x).max() < 1e-4
    assert colour_space.to_srgb(np.float32([[[0.2140411]]]))[0, 0, 0] == pytest.approx(0.5, abs=1e-3)


def views_of(mask, colour):
    albedo = np.zeros((*mask.shape, 3), np.float32)
    albedo[mask] = colour_space.to_linear(np.float32([[colour]]))[0, 0]
    return AttemptViews(ids=mask.astype(np.int32), id_names={1: "Ball"}, albedo=albedo)


def test_a_right_attempt_scores_higher_than_a_shifted_one_and_a_missing_one():
    picture = np.full((64, 64, 3), 0.9, np.float32)
    picture[disc()] = (0.8, 0.1, 0.1)
    wanted = {"Ball": disc()}
    right = measure.measure("geometry", picture, wanted, views_of(disc(), (0.8, 0.1, 0.1)))
    shifted = measure.measure("geometry", picture, wanted, views_of(disc(centre=(40, 32)), (0.8, 0.1, 0.1)))
    missing = measure.measure("geometry", picture, wanted, AttemptViews(ids=np.zeros((64, 64), np.int32), id_names={}))
    assert right.mean_iou == pytest.approx(1) and right.score > shifted.score > missing.score
    assert shifted.objects[0].box_offset == pytest.approx(8 / 64)
    assert missing.objects[0].iou == 0 and missing.objects[0].box_offset == 1


def test_materials_are_judged_by_colour_and_lighting_by_the_render():
    picture = np.full((64, 64, 3), 0.9, np.float32)
    picture[disc()] = (0.8, 0.1, 0.1)
    wanted = {"Ball": disc()}
    red = measure.measure("materials", picture, wanted, views_of(disc(), (0.8, 0.1, 0.1)))
    green = measure.measure("materials", picture, wanted, views_of(disc(), (0.1, 0.8, 0.1)))
    assert red.score > 0.95 and green.score < 0.2
    dark, bright = views_of(disc(), (0.8, 0.1, 0.1)), views_of(disc(), (0.8, 0.1, 0.1))
    dark.beauty, bright.beauty = picture * 0.4, picture * 0.95
    scores = [measure.measure("lighting", picture, wanted, views).score for views in (dark, bright)]
    assert scores[1] > scores[0]


def test_views_may_be_smaller_than_the_picture():
    wanted = {"Ball": disc(128, (64, 64), 32)}
    picture = np.full((128, 128, 3), 0.5, np.float32)
    assert measure.measure("geometry", picture, wanted, views_of(disc(), (0.5, 0.5, 0.5))).mean_iou > 0.9


def drawn(boxes=((30, 60, 40), (100, 70, 30)), colours=((0.8, 0.15, 0.1), (0.15, 0.3, 0.75)), light=1.0):
    """A floor fading into a wall with shaded boxes on it, 160 by 120."""
    picture = np.ones((120, 160, 3), np.float32) * np.linspace(0.75, 0.5, 120, dtype=np.float32)[:, None, None]
    for (x, y, side), colour in zip(boxes, colours, strict=True):
        shade = np.linspace(1.0, 0.6, side, dtype=np.float32)[None, :, None]
        picture[y + side : y + side + 4, x : x + side + 10] *= 0.5
        picture[y : y + side, x : x + side] = shade * np.float32(colour)
    return picture * np.float32(light)


@pytest.mark.parametrize(
    ("nearer", "farther"),
    [
        (drawn(((33, 60, 40), (100, 70, 30))), drawn(((45, 60, 40), (100, 70, 30)))),
        (drawn(((38, 64, 40), (105, 66, 30))), drawn((), ())),
        (drawn(((30, 60, 44), (100, 70, 30))), drawn(((30, 60, 40),), ((0.8, 0.15, 0.1),))),
        (drawn(colours=((0.75, 0.2, 0.1), (0.2, 0.3, 0.7))), drawn(colours=((0.15, 0.6, 0.1), (0.2, 0.3, 0.7)))),
        (drawn(light=0.92), drawn(light=0.6)),
        (drawn(((33, 62, 40), (102, 70, 30)), light=0.9), drawn((), ())),
        (drawn(((34, 60, 40), (98, 70, 30))), drawn(colours=((0.6, 0.6, 0.6), (0.5, 0.5, 0.5)))),
    ],
    ids=[
        "near place",
        "boxes or none",
        "both or one",
        "near colour",
        "near light",
        "dim boxes or none",
        "moved or grey",
    ],
)
@pytest.mark.parametrize("stage", ["lighting", "program"])
def test_the_full_render_that_is_plainly_nearer_scores_higher(stage, nearer, farther):
    scores = [measure.measure(stage, drawn(), {}, AttemptViews(beauty=view)) for view in (nearer, farther)]
    assert scores[0].lpips < scores[1].lpips and scores[0].score > scores[1].score + 0.01
    assert measure.measure(stage, drawn(), {}, AttemptViews(beauty=drawn())).score == pytest.approx(1, abs=1e-6)


def test_without_masks_the_render_decides_between_compositions():
    moved = [drawn(((x, 60, 40), (100, 70, 30))) for x in (30, 36, 60)]
    scores = [measure.measure("composition", drawn(), {}, AttemptViews(beauty=view)).score for view in moved]
    assert scores == sorted(scores, reverse=True) and scores[0] > scores[1] > scores[2] > 0


def test_a_picture_too_small_for_the_judge_is_scored_without_it():
    picture = drawn()[:24, :32]
    same, darker = (
        measure.measure("lighting", picture, {}, AttemptViews(beauty=view)) for view in (picture, picture / 2)
    )
    assert same.lpips is None and same.score > darker.score


def lit(shadow):
    """A grey floor with a dark disc on it, and the disc's shadow round a point."""
    picture = np.full((128, 128, 3), 0.7, np.float32)
    if shadow:
        picture[disc(128, shadow, 14)] = 0.4
    picture[disc(128, (64, 64), 16)] = 0.2
    return picture


def shown(render):
    numbers = measure.measure("lighting", lit((88, 74)), {"Disc": disc(128, (64, 64), 16)}, AttemptViews(beauty=render))
    assert numbers.shadows is not None
    return numbers


def test_a_shadow_that_falls_elsewhere_or_nowhere_is_seen():
    right, off, none = (shown(lit(at)) for at in ((88, 74), (40, 54), None))
    assert right.shadows > 0.99 and off.shadows < 0.3 and none.shadows < 0.3
    better = off.model_copy(update={"score": right.score + 0.1, "lpips": 0.0})
    assert not polish_rules.better(right, better), "a nearer picture with the shadow on the wrong side is not taken"
    assert polish_rules.better(right, better.model_copy(update={"shadows": right.shadows}))


def test_without_shadows_in_the_picture_there_is_nothing_to_agree():
    numbers = measure.measure(
        "lighting", lit(None), {"Disc": disc(128, (64, 64), 16)}, AttemptViews(beauty=lit((88, 74)))
    )
    assert numbers.shadows is None and polish_rules.better(numbers, numbers.model_copy(update={"score": 1.0}))
