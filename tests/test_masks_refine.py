# SPDX-License-Identifier: GPL-3.0-or-later
"""Boxes read off by eye become masks of the things in them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from painting import HEIGHT, WIDTH, box_of, brief_of, floor, painted
from restage.agent import masks
from restage.agent.brief import Brief, BriefObject
from restage.agent.measure import mask_iou
from restage.agent.picture import Picture

TRIANGLE = [(200, 60), (270, 170), (180, 170)]


@pytest.mark.parametrize("off", [0.0, 0.006, -0.006])
def test_things_apart_are_cut_out_of_their_boxes(off):
    picture, seen = painted([("disc", (90, 120, 40), (180, 60, 50)), ("poly", TRIANGLE, (50, 90, 180))])
    brief = brief_of(seen, off)
    found = masks.refined_masks(picture, brief)
    boxes = masks.brief_masks(brief, (WIDTH, HEIGHT))
    for index, truth in enumerate(seen):
        got = found[f"T{index}"]
        assert mask_iou(got.mask, truth) > 0.93 > mask_iou(boxes[f"T{index}"], truth)
        assert got.confidence > 0.6 and got.mask.shape == (HEIGHT, WIDTH)


def test_an_overlap_goes_to_whom_it_belongs():
    shapes = [
        ("disc", (140, 100, 45), (60, 140, 70)),
        ("poly", [(120, 110), (200, 110), (200, 190), (120, 190)], (170, 80, 160)),
    ]
    picture, seen = painted(shapes)
    found = masks.refined_masks(picture, brief_of(seen))
    for index, truth in enumerate(seen):
        assert mask_iou(found[f"T{index}"].mask, truth) > 0.9
    assert not (found["T0"].mask & found["T1"].mask).any()


def test_of_one_colour_the_nearer_wins_the_overlap():
    picture, seen = painted([("disc", (140, 90, 40), (60, 90, 190)), ("disc", (165, 140, 40), (60, 90, 190))])
    whole = painted([("disc", (140, 90, 40), (1, 1, 1))])[1][0]
    brief = Brief(objects=[BriefObject(name="T0", box=box_of(whole)), BriefObject(name="T1", box=box_of(seen[1]))])
    found = masks.refined_masks(picture, brief)
    lens = whole & seen[1]
    assert found["T1"].mask[lens].mean() > 0.8 and not (found["T0"].mask & found["T1"].mask).any()


def test_a_thing_on_another_is_not_part_of_it():
    shapes = [
        ("poly", [(60, 100), (260, 100), (290, 200), (30, 200)], (150, 110, 70)),
        ("disc", (160, 120, 25), (220, 220, 230)),
    ]
    picture, seen = painted(shapes)
    brief = brief_of(seen)
    brief.objects[1].stands_on = "T0"
    found = masks.refined_masks(picture, brief)
    assert mask_iou(found["T1"].mask, seen[1]) > 0.9 and mask_iou(found["T0"].mask, seen[0]) > 0.9


def test_traced_outlines_stay_and_rough_ones_are_refined():
    picture, seen = painted([("disc", (160, 120, 50), (190, 70, 60))])
    angles = np.linspace(0, 2 * np.pi, 7)[:-1]
    rough = [[((160 + 52 * np.cos(a)) / WIDTH, (120 + 52 * np.sin(a)) / HEIGHT) for a in angles]]
    item = BriefObject(name="T0", box=box_of(seen[0]), outlines=rough)
    traced = masks.refined_masks(picture, Brief(objects=[item], outlines_traced=True))["T0"]
    drawn = masks.object_mask(item, (WIDTH, HEIGHT))
    assert traced.confidence == 1 and (traced.mask == drawn).all()
    refined = masks.refined_masks(picture, Brief(objects=[item]))["T0"]
    assert mask_iou(refined.mask, seen[0]) > 0.95 > mask_iou(drawn, seen[0])


def test_what_cannot_be_told_from_its_backdrop_is_not_trusted():
    picture = floor()
    found = masks.refined_masks(picture, Brief(objects=[BriefObject(name="T0", box=(0.3, 0.3, 0.6, 0.7))]))["T0"]
    assert found.mask.any() and found.confidence < 0.6
    plain, seen = painted([("disc", (150, 120, 45), (190, 60, 60))])
    assert masks.refined_masks(plain, brief_of(seen))["T0"].confidence > found.confidence + 0.2


def test_the_same_picture_gives_the_same_masks_and_the_last_are_kept():
    picture, seen = painted([("disc", (90, 120, 40), (180, 60, 50)), ("poly", TRIANGLE, (50, 90, 180))])
    brief = brief_of(seen)
    one, two = masks.refined_masks(picture, brief), masks.refined_masks(picture, brief)
    assert all(
        (one[name].mask == two[name].mask).all() and one[name].confidence == two[name].confidence for name in one
    )
    shown = Picture(Path("a.png"), "1" * 64, picture, None, (WIDTH, HEIGHT))
    calls = []
    first = masks.brief_masks_of(shown, brief, lambda: calls.append(1))
    asked = len(calls)
    again = masks.brief_masks_of(shown, brief, lambda: calls.append(1))
    assert asked > 0 and len(calls) == asked and all(first[name] is again[name] for name in first)
    brief.objects.pop()
    assert list(masks.brief_masks_of(shown, brief)) == ["T0"]


def test_stopping_in_between():
    picture, seen = painted([("disc", (90, 120, 40), (180, 60, 50))])

    def stop():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        masks.refined_masks(picture, brief_of(seen), stop)


@pytest.mark.parametrize(
    "box", [(0.0, 0.0, 1.0, 1.0), (0.5, 0.5, 0.5, 0.5), (0.99, 0.99, 1.0, 1.0), (0.0, 0.4, 1.0, 0.41)]
)
def test_odd_boxes_do_no_harm(box):
    found = masks.refined_masks(floor(), Brief(objects=[BriefObject(name="T0", box=box)]))["T0"]
    assert found.mask.any() and 0 <= found.confidence <= 1
    tiny = np.full((16, 16, 3), 90, np.uint8)
    assert masks.refined_masks(tiny, Brief(objects=[BriefObject(name="T0", box=box)]))["T0"].mask.shape == (16, 16)


def test_no_objects_no_masks():
    assert masks.refined_masks(floor(), Brief()) == {}
