# SPDX-License-Identifier: GPL-3.0-or-later
"""What an artist says of the picture's masks: how it is kept and told, and that masks heed it."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from painting import HEIGHT, WIDTH, box_of, brief_of, painted
from pydantic import ValidationError
from restage.agent import mask_hints, masks
from restage.agent.brief import Brief, BriefObject
from restage.agent.mask_hints import HintError, MaskHint, Stroke
from restage.agent.measure import mask_iou
from restage.agent.picture import Picture

SIZE = WIDTH, HEIGHT


def box(kind, place, about=""):
    """A hint by a box in pixels."""
    x0, y0, x1, y1 = place
    return MaskHint(kind=kind, object=about, box=(x0 / WIDTH, y0 / HEIGHT, x1 / WIDTH, y1 / HEIGHT))


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "is", "object": "Cup"},
        {"kind": "is", "object": "Cup", "box": (0.2, 0.2, 0.2, 0.4)},
        {"kind": "is", "object": "Cup", "box": (0.2, 0.2, 1.2, 0.4)},
        {"kind": "is", "object": "Cup", "box": (float("nan"), 0.2, 0.9, 0.4)},
        {"kind": "is", "box": (0.2, 0.2, 0.3, 0.4)},
        {"kind": "ignore", "object": "Cup", "box": (0.2, 0.2, 0.3, 0.4)},
        {"kind": "perhaps", "object": "Cup", "box": (0.2, 0.2, 0.3, 0.4)},
        {"kind": "is", "object": "Cup", "box": (0.2, 0.2, 0.3, 0.4), "more": 1},
        {"kind": "is", "object": "Cup", "box": (0.1, 0.1, 0.2, 0.2), "stroke": {"points": [(0.1, 0.1)], "radius": 0.1}},
        {"kind": "is", "object": "Cup", "stroke": {"points": [], "radius": 0.1}},
        {"kind": "is", "object": "Cup", "stroke": {"points": [(0.1, 0.1)], "radius": 0}},
        {"kind": "is", "object": "Cup", "box": ("0.2", "0.2", "0.3", "0.4")},
    ],
)
def test_a_hint_that_says_nothing_clear_is_refused(wrong):
    with pytest.raises(ValidationError):
        MaskHint.model_validate(wrong)


def test_hints_are_kept_in_the_run_folder(tmp_path):
    assert mask_hints.load(tmp_path) == [] and mask_hints.digest([]) == ""
    said = [
        MaskHint(kind="is", object="Cup", stroke=Stroke(points=[(0.1, 0.2), (0.3, 0.4)], radius=0.05)),
        MaskHint(kind="ignore", box=(0.0, 0.0, 0.5, 0.5)),
    ]
    mask_hints.save(tmp_path, said)
    assert mask_hints.load(tmp_path) == said and [path.name for path in tmp_path.iterdir()] == [mask_hints.FILE]
    assert mask_hints.digest(said) != mask_hints.digest(said[:1]) != ""
    (tmp_path / mask_hints.FILE).write_text('{"hints": [{"kind": "is"}]}')
    with pytest.raises(HintError, match="damaged"):
        mask_hints.load(tmp_path)
    mask_hints.save(tmp_path, [])
    assert not list(tmp_path.iterdir())
    with pytest.raises(HintError, match="501"):
        mask_hints.save(tmp_path, [said[1]] * 501)


def test_the_last_word_counts():
    whole, half = (0, 0, WIDTH, HEIGHT), (0, 0, WIDTH // 2, HEIGHT)
    said = mask_hints.marks([box("ignore", whole), box("is", half, "A"), box("not", half, "A")], ["A", "B"], SIZE)
    assert not said.own[0].any() and said.denied[0][:, : WIDTH // 2].all()
    assert said.ignored[:, WIDTH // 2 :].all() and not said.ignored[:, : WIDTH // 2].any()
    said = mask_hints.marks([box("is", half, "A"), box("is", half, "B"), box("is", half, "Gone")], ["A", "B"], SIZE)
    assert not said.own[0].any() and said.own[1][:, : WIDTH // 2].all()


def test_a_stroke_is_as_wide_as_its_brush():
    line = mask_hints.area(MaskHint(kind="ignore", stroke=Stroke(points=[(0.2, 0.5), (0.8, 0.5)], radius=0.05)), SIZE)
    tall = line[:, WIDTH // 2].sum()
    assert 30 <= tall <= 34 and line[HEIGHT // 2, round(0.2 * WIDTH) : round(0.8 * WIDTH)].all()
    dot = mask_hints.area(MaskHint(kind="ignore", stroke=Stroke(points=[(1.0, 1.0)], radius=0.0001)), SIZE)
    assert dot.sum() == 1 and dot[-1, -1]
    thin = mask_hints.area(MaskHint(kind="ignore", box=(0.9999, 0.5, 1.0, 0.5001)), SIZE)
    assert thin.sum() == 1


def test_a_line_of_words_is_a_hint():
    names = ["Region 1", "Cup"]
    assert mask_hints.parse("Region 1 is 0.1 0.2 0.3 0.4", names) == MaskHint(
        kind="is", object="Region 1", box=(0.1, 0.2, 0.3, 0.4)
    )
    assert mask_hints.parse("ignore 0 0 1 0.5", names).kind == "ignore"
    assert mask_hints.parse("Cup not 0.5 0.5 0.1", names).stroke == Stroke(points=[(0.5, 0.5)], radius=0.1)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Mug is 0.1 0.2 0.3 0.4", "There is no Mug in the brief; its objects are: Region 1, Cup."),
        ("Cup is 0.1 0.2 1.3 0.4", "outside the picture"),
        ("Cup is 0.5 0.2 0.3 0.4", "left and top"),
        ("Cup is a b c d", "numbers"),
        ("Cup 0.1 0.2 0.3 0.4", "is no hint"),
        ("ignore Cup 0.1 0.2 0.3 0.4", "is no hint"),
        ("Cup ignore 0.1 0.2 0.3 0.4", "is no hint"),
        ("is 0.1 0.2 0.3 0.4", "is no hint"),
        ("Cup is 0.1 0.2", "is no hint"),
        ("Cup is 0.1 0.2 0", "radius|greater than 0"),
        ("", "is no hint"),
    ],
)
def test_a_line_that_is_no_hint_is_told_in_a_sentence(text, why):
    with pytest.raises(HintError, match=why) as told:
        mask_hints.parse(text, ["Region 1", "Cup"])
    assert "\n" not in str(told.value)


def alike():
    """Two discs of one colour that touch, of which the brief knows the left one, with a box that reaches over both."""
    picture, seen = painted([("disc", (110, 120, 40), (180, 70, 60)), ("disc", (188, 120, 40), (180, 70, 60))])
    return picture, seen, Brief(objects=[BriefObject(name="T0", box=box_of(seen[0] | seen[1]))])


def test_of_two_things_alike_the_one_that_was_said():
    picture, seen, brief = alike()
    before = masks.refined_masks(picture, brief)["T0"].mask
    said = [box("is", (90, 100, 130, 140), "T0"), box("not", (170, 100, 206, 140), "T0")]
    after = masks.refined_masks(picture, brief, hints=said)["T0"]
    assert mask_iou(before, seen[0]) < 0.6
    assert mask_iou(after.mask, seen[0]) > 0.9, mask_iou(after.mask, seen[0])
    assert after.confidence >= 0.6


def test_a_box_on_the_wrong_thing_is_corrected_by_one_hint():
    picture, seen = painted([("disc", (80, 120, 36), (180, 70, 60)), ("disc", (220, 120, 36), (180, 70, 60))])
    brief = Brief(objects=[BriefObject(name="T0", box=box_of(seen[0]))])
    assert mask_iou(masks.refined_masks(picture, brief)["T0"].mask, seen[1]) == 0
    after = masks.refined_masks(picture, brief, hints=[box("is", (205, 105, 235, 135), "T0")])["T0"].mask
    assert mask_iou(after, seen[1]) > 0.85, mask_iou(after, seen[1])


def test_a_shadow_that_was_taken_for_the_thing_goes():
    shapes = [
        ("poly", [(150, 150), (270, 150), (270, 185), (150, 185)], (70, 60, 62)),
        ("disc", (130, 130, 45), (90, 60, 62)),
    ]
    picture, seen = painted(shapes)
    brief = Brief(objects=[BriefObject(name="T0", box=box_of(seen[0] | seen[1]))])
    before = masks.refined_masks(picture, brief)["T0"].mask
    after = masks.refined_masks(picture, brief, hints=[box("not", (190, 155, 260, 180), "T0")])["T0"].mask
    assert mask_iou(before, seen[1]) < 0.75 and mask_iou(after, seen[1]) > 0.9, mask_iou(after, seen[1])


def traced(seen):
    """A brief whose objects' outlines were traced, as the offline segmenter writes it."""
    items = [
        BriefObject(name=f"T{index}", box=box_of(mask), outlines=masks.mask_outlines(mask))
        for index, mask in enumerate(seen)
    ]
    return Brief(objects=items, outlines_traced=True)


def test_what_was_traced_over_the_wrong_thing_goes_to_whom_it_belongs():
    shapes = [
        ("poly", [(60, 60), (140, 60), (140, 180), (60, 180)], (60, 110, 180)),
        ("disc", (200, 120, 40), (190, 80, 60)),
        ("poly", [(140, 100), (158, 100), (158, 140), (140, 140)], (190, 80, 60)),
    ]
    picture, seen = painted(shapes)
    handle = seen[2]
    brief = traced([seen[0] | handle, seen[1]])
    said = [box("is", (143, 108, 155, 132), "T1")]
    found = masks.refined_masks(picture, brief, hints=said)
    true = [seen[0], seen[1] | handle]
    assert not (found["T0"].mask & found["T1"].mask).any()
    for index in (0, 1):
        before = mask_iou(masks.object_mask(brief.objects[index], SIZE), true[index])
        after = mask_iou(found[f"T{index}"].mask, true[index])
        assert after > before + 0.03 and after > 0.94, (index, before, after)


def test_a_traced_mask_changes_where_something_was_said_and_nowhere_else():
    picture, seen = painted([("disc", (100, 120, 50), (190, 70, 60)), ("disc", (250, 120, 30), (60, 140, 80))])
    lobe = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.circle(lobe, (160, 120), 18, (1,), cv2.FILLED)
    bite = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.circle(bite, (58, 120), 16, (1,), cv2.FILLED)
    wrong = (seen[0] | lobe.astype(bool)) & ~bite.astype(bool)
    brief = traced([wrong, seen[1]])
    drawn = masks.object_mask(brief.objects[0], SIZE)
    found = masks.refined_masks(picture, brief, hints=[box("not", (156, 112, 172, 128), "T0")])
    left, right = slice(0, 95), slice(115, WIDTH)
    assert (found["T0"].mask[:, left] == drawn[:, left]).all(), "the bite is as it was traced"
    assert mask_iou(found["T0"].mask[:, right], seen[0][:, right]) > 0.85 > mask_iou(drawn[:, right], seen[0][:, right])
    assert (found["T1"].mask == masks.object_mask(brief.objects[1], SIZE)).all() and found["T1"].confidence == 1
    both = [box("not", (156, 112, 172, 128), "T0"), box("is", (54, 112, 66, 128), "T0")]
    assert mask_iou(masks.refined_masks(picture, brief, hints=both)["T0"].mask, seen[0]) > 0.95


def test_what_is_ignored_or_said_is_in_the_masks_to_the_pixel():
    picture, seen = painted([("disc", (90, 120, 40), (180, 60, 50)), ("disc", (200, 120, 40), (50, 90, 180))])
    for brief in (brief_of(seen), traced(seen)):
        said = [box("ignore", (80, 80, 100, 200)), box("is", (140, 20, 150, 30), "T1")]
        found = masks.refined_masks(picture, brief, hints=said)
        assert not found["T0"].mask[80:200, 80:100].any() and found["T0"].mask[100:140, 60:75].all()
        assert found["T1"].mask[20:30, 140:150].all()


def test_an_object_that_is_ignored_wholly_is_left_out():
    picture, seen = painted([("disc", (90, 120, 40), (180, 60, 50)), ("disc", (230, 120, 40), (50, 90, 180))])
    for brief in (brief_of(seen), traced(seen)):
        assert list(masks.refined_masks(picture, brief, hints=[box("ignore", (0, 0, 170, HEIGHT))])) == ["T1"]


def test_without_hints_nothing_is_different_and_with_others_masks_are_made_anew():
    picture, _, brief = alike()
    shown = Picture(Path("a.png"), "1" * 64, picture, None, SIZE)
    plain = masks.brief_masks_of(shown, brief)["T0"]
    assert (plain == masks.refined_masks(picture, brief)["T0"].mask).all()
    said = [box("not", (170, 100, 206, 140), "T0")]
    hinted = masks.brief_masks_of(shown, brief, hints=said)["T0"]
    assert (plain != hinted).any() and masks.brief_masks_of(shown, brief, hints=said)["T0"] is hinted
    assert (masks.brief_masks_of(shown, brief)["T0"] == plain).all()
    assert json.loads(MaskHint(kind="ignore", box=(0.0, 0.0, 1.0, 1.0)).model_dump_json())["object"] == ""
