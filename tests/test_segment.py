# SPDX-License-Identifier: GPL-3.0-or-later
"""The offline segmenter on pictures drawn here with known masks, and on a few real ones where they are at hand."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from restage.agent.offline import torus
from restage.agent.offline.segment import segment
from restage.agent.picture import Picture, load

Mask = NDArray[np.bool_]
ROOT = Path(__file__).resolve().parents[1]
EVAL = ROOT / "../shared/eval"
needs_eval = pytest.mark.skipif(not EVAL.is_dir(), reason="the evaluation pictures are not on this machine")


def picture(rgb: NDArray[np.uint8], alpha: Mask | None = None) -> Picture:
    height, width = rgb.shape[:2]
    veil = None if alpha is None else alpha.astype(np.float32)
    return Picture(Path("drawn.png"), "", np.ascontiguousarray(rgb), veil, (width, height))


def iou(one: Mask, two: Mask) -> float:
    return np.count_nonzero(one & two) / max(1, np.count_nonzero(one | two))


def best(result_masks: list[Mask], truth: Mask) -> float:
    return max((iou(mask, truth) for mask in result_masks), default=0.0)


def masks_of(drawn: Picture) -> list[Mask]:
    return [region.mask for region in segment(drawn).regions]


def drawn_disc(shape: tuple[int, int], centre: tuple[int, int], radius: int) -> Mask:
    y, x = np.indices(shape)
    return (x - centre[0]) ** 2 + (y - centre[1]) ** 2 <= radius**2


def soft(rgb: NDArray[np.floating], sigma: float = 0.6, noise: float = 0.0) -> NDArray[np.uint8]:
    blurred = cv2.GaussianBlur(rgb.astype(np.float32), (0, 0), sigma)
    blurred += np.random.default_rng(3).normal(0, noise, blurred.shape) if noise else 0
    return np.clip(np.round(blurred), 0, 255).astype(np.uint8)


def floor_scene(shape: tuple[int, int] = (240, 320)) -> tuple[NDArray[np.uint8], dict[str, Mask]]:
    """Return a grey floor growing lighter towards the front, soft shadows, and three things of which two overlap."""
    height, width = shape
    down = np.linspace(95, 165, height)[:, None] + 12 * np.sin(np.linspace(0, 2, width))[None]
    rgb = np.repeat(down[..., None], 3, axis=2)
    shade = np.zeros(shape, np.float32)
    cv2.ellipse(shade, (125, 168), (60, 16), 10, 0, 360, 1, -1)
    cv2.ellipse(shade, (270, 118), (34, 9), 0, 0, 360, 1, -1)
    rgb *= 1 - 0.3 * cv2.GaussianBlur(shade, (0, 0), 7)[..., None]
    box = np.zeros(shape, np.uint8)
    cv2.fillConvexPoly(box, np.array([[60, 70], [130, 70], [130, 160], [60, 160]], np.int32), 1)
    top = np.zeros(shape, np.uint8)
    cv2.fillConvexPoly(top, np.array([[60, 70], [85, 48], [150, 48], [130, 70]], np.int32), 1)
    side = np.zeros(shape, np.uint8)
    cv2.fillConvexPoly(side, np.array([[130, 70], [150, 48], [150, 132], [130, 160]], np.int32), 1)
    rgb[box > 0] = (170, 40, 40)
    rgb[top > 0] = (215, 65, 62)
    rgb[side > 0] = (105, 22, 22)
    ball = drawn_disc(shape, (165, 140), 34)
    y, x = np.indices(shape)
    light = np.clip(1.1 - np.hypot(x - 152, y - 126) / 62, 0.3, 1)
    rgb[ball] = (np.array([40, 90, 215]) * light[..., None])[ball]
    grey = np.zeros(shape, np.uint8)
    cv2.fillConvexPoly(grey, np.array([[240, 60], [290, 60], [290, 118], [240, 118]], np.int32), 1)
    cv2.ellipse(grey, (265, 118), (25, 7), 0, 0, 360, 1, -1)
    cv2.ellipse(grey, (265, 60), (25, 7), 0, 0, 360, 1, -1)
    rgb[grey > 0] = (82, 82, 82)
    cv2.ellipse(rgb, (265, 60), (25, 7), 0, 0, 360, (98, 98, 98), -1)
    cube = (box | top | side).astype(bool) & ~ball
    return soft(rgb, noise=0.6), {"cube": cube, "ball": ball, "grey": grey > 0}


def test_transparent_picture_takes_its_alpha_as_the_mask() -> None:
    thing = drawn_disc((120, 160), (70, 60), 40) & ~drawn_disc((120, 160), (70, 60), 15)
    rgb = np.full((120, 160, 3), 255, np.uint8)
    rgb[thing] = (200, 120, 30)
    result = segment(picture(rgb, thing))
    assert result.backdrop == "transparent"
    assert len(result.regions) == 1
    assert np.array_equal(result.regions[0].mask, thing)
    assert result.confidence > 0.9


def test_transparent_picture_with_two_things_gives_two_regions() -> None:
    one, two = drawn_disc((120, 200), (50, 60), 30), drawn_disc((120, 200), (150, 60), 25)
    specks = np.zeros((120, 200), bool)
    specks[5, 5] = specks[100, 100] = True
    result = segment(picture(np.zeros((120, 200, 3), np.uint8), one | two | specks))
    assert [np.array_equal(r.mask, t) for r, t in zip(result.regions, (one, two), strict=True)] == [True, True]


def test_parts_of_one_thin_thing_stay_together() -> None:
    trunk = np.zeros((200, 200), bool)
    trunk[60:180, 96:104] = True
    leaf = drawn_disc((200, 200), (100, 50), 9) | drawn_disc((200, 200), (122, 58), 6)
    result = segment(picture(np.zeros((200, 200, 3), np.uint8), trunk | leaf))
    assert len(result.regions) == 1


@pytest.mark.parametrize("back", [(255, 255, 255), (0, 0, 0), (128, 128, 128), (40, 120, 60)])
def test_plain_backdrop_keeps_holes(back: tuple[int, int, int]) -> None:
    thing = drawn_disc((256, 256), (128, 128), 80) & ~drawn_disc((256, 256), (128, 120), 34)
    thing[180:240, 120:136] = True
    rgb = np.full((256, 256, 3), back, np.float64)
    rgb[thing] = (190, 90, 160)
    result = segment(picture(soft(rgb)))
    assert result.backdrop == "plain"
    assert len(result.regions) == 1
    assert iou(result.regions[0].mask, thing) > 0.96
    assert result.backdrop_colour == pytest.approx([c / 255 for c in back], abs=0.01)


def test_soft_shadow_on_a_plain_backdrop_is_not_the_thing() -> None:
    rgb = np.full((256, 256, 3), 250, np.float64)
    shade = np.zeros((256, 256), np.float32)
    cv2.ellipse(shade, (128, 196), (90, 18), 0, 0, 360, 1, -1)
    rgb *= 1 - 0.25 * cv2.GaussianBlur(shade, (0, 0), 12)[..., None]
    thing = drawn_disc((256, 256), (128, 130), 65)
    rgb[thing] = (180, 60, 40)
    found = masks_of(picture(soft(rgb)))
    assert len(found) == 1
    assert iou(found[0], thing) > 0.93


def test_pale_thing_before_white_keeps_its_pale_part() -> None:
    thing = drawn_disc((256, 256), (128, 128), 80)
    rgb = np.full((256, 256, 3), 255, np.float64)
    rgb[thing] = (236, 235, 230)
    rgb[thing & (np.indices((256, 256))[0] > 128)] = (120, 80, 50)
    assert best(masks_of(picture(soft(rgb))), thing) > 0.95


def test_floor_with_shadows_gives_one_region_per_thing() -> None:
    rgb, truth = floor_scene()
    result = segment(picture(rgb))
    found = [region.mask for region in result.regions]
    assert result.backdrop == "floor"
    assert len(found) == 3
    assert {name: best(found, mask) > 0.85 for name, mask in truth.items()} == dict.fromkeys(truth, True)
    assert 0.3 < result.confidence <= 1


def ring_scene(inside: str, shape: tuple[int, int] = (240, 320)) -> tuple[Picture, Mask, Mask]:
    """Return a violet ring on a grey floor with what is `inside` it, its mask, and its inside."""
    y, x = np.indices(shape)
    down = np.linspace(120, 190, shape[0])[:, None] * np.ones(shape)
    rgb = np.repeat(down[..., None], 3, axis=2)
    whole = (x - 160) ** 2 + (1.5 * (y - 130)) ** 2 <= 80**2
    middle = (x - 160) ** 2 + (1.5 * (y - 132)) ** 2 <= 38**2
    bright = 1 - 0.45 * np.abs(np.hypot(x - 160, 1.5 * (y - 130)) - 58) / 22
    rgb[whole] = (np.array([150, 70, 190]) * bright[..., None])[whole]
    # The ring's own shade lies on the farther part of the floor inside it, and its colour on all of it.
    shade = np.clip((y - 106) / 26, 0.25, 0.85)
    floor = (down * shade)[..., None] * np.array([1.0, 0.93, 1.04])
    fill = {"floor": floor, "gloss": np.array(245), "hub": np.array(40)}[inside]
    rgb = np.where(middle[..., None], fill, rgb)
    return picture(soft(rgb, noise=0.5)), whole & ~middle, middle


def test_the_shaded_floor_inside_a_ring_is_a_hole_in_it() -> None:
    drawn, ring, middle = ring_scene("floor")
    found = masks_of(drawn)
    assert len(found) == 1 and iou(found[0], ring) > 0.9
    hole = torus.hole_of(found[0], np.zeros_like(found[0]))
    assert hole is not None and iou(hole, middle) > 0.75


@pytest.mark.parametrize("inside", ["gloss", "hub"])
def test_what_is_lighter_than_the_floor_or_dark_throughout_is_no_hole(inside: str) -> None:
    drawn, ring, middle = ring_scene(inside)
    assert best(masks_of(drawn), ring | middle) > 0.95


def test_the_ring_of_the_easy_example_has_its_hole_and_nothing_else_has_one() -> None:
    found = masks_of(load(ROOT / "examples" / "shapes.png"))
    holes = [torus.hole_of(mask, np.zeros_like(mask)) for mask in found]
    (hole,) = [hole for hole in holes if hole is not None]
    assert len(found) == 5 and hole[int(0.615 * len(hole)), int(0.215 * hole.shape[1])]


def test_two_touching_balls_of_one_colour_are_two_things() -> None:
    rgb = np.repeat(np.linspace(110, 170, 240)[:, None, None] * np.ones((1, 320, 1)), 3, axis=2)
    behind = drawn_disc((240, 320), (130, 110), 36)
    before = drawn_disc((240, 320), (182, 130), 40)
    y, x = np.indices((240, 320))
    for mask, (cx, cy), radius in ((behind, (130, 110), 36), (before, (182, 130), 40)):
        light = 1.05 - 0.75 * (np.hypot(x - cx + 8, y - cy + 10) / (radius * 1.35)) ** 2
        rgb[mask] = (np.array([60, 190, 70]) * light[..., None])[mask]
    found = masks_of(picture(soft(rgb, noise=0.6)))
    assert len(found) == 2
    assert best(found, behind & ~before) > 0.8
    assert best(found, before) > 0.8


def test_regions_are_disjoint_and_sized_like_the_picture() -> None:
    result = segment(picture(floor_scene()[0]))
    total = np.sum([region.mask.astype(int) for region in result.regions], axis=0)
    assert total.shape == (240, 320)
    assert total.max() == 1
    areas = [int(region.mask.sum()) for region in result.regions]
    assert areas == sorted(areas, reverse=True)


def test_same_seed_same_result() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (120, 160, 3)).astype(np.uint8)
    for rgb in (noise, floor_scene()[0]):
        one, two = segment(picture(rgb), 4), segment(picture(rgb), 4)
        assert len(one.regions) == len(two.regions)
        assert all(np.array_equal(a.mask, b.mask) for a, b in zip(one.regions, two.regions, strict=True))
        assert (one.backdrop, one.confidence, one.reasons) == (two.backdrop, two.confidence, two.reasons)


@pytest.mark.parametrize("colour", [0, 127, 255])
def test_uniform_picture_has_nothing_in_it(colour: int) -> None:
    result = segment(picture(np.full((64, 96, 3), colour, np.uint8)))
    assert result.regions == []
    assert result.confidence == 0
    assert result.reasons
    assert result.backdrop == "plain"
    assert result.backdrop_colour == pytest.approx([colour / 255] * 3, abs=0.01)


def test_wholly_transparent_picture_has_nothing_in_it() -> None:
    result = segment(picture(np.full((64, 64, 3), 255, np.uint8), np.zeros((64, 64), bool)))
    assert result.regions == []
    assert result.confidence == 0


@pytest.mark.parametrize("kind", ["noise", "stripes", "gradient", "smallest", "thin", "photo"])
def test_any_other_picture_ends_with_something_sensible(kind: str) -> None:
    rng = np.random.default_rng(1)
    if kind == "noise":
        rgb = rng.integers(0, 256, (200, 300, 3)).astype(np.uint8)
    elif kind == "stripes":
        rgb = (
            np.repeat(((np.arange(256) // 16 % 2) * 255)[None, :, None], 256, axis=0).repeat(3, axis=2).astype(np.uint8)
        )
    elif kind == "gradient":
        rgb = np.repeat(np.linspace(0, 255, 256)[:, None, None] * np.ones((1, 200, 1)), 3, axis=2).astype(np.uint8)
    elif kind == "smallest":
        rgb = np.full((16, 16, 3), 240, np.uint8)
        rgb[5:12, 5:11] = (200, 30, 30)
    elif kind == "thin":
        rgb = rng.integers(100, 140, (16, 300, 3)).astype(np.uint8)
        rgb[4:12, 100:140] = (20, 200, 20)
    else:
        rough = cv2.resize(
            rng.integers(0, 256, (12, 16, 3)).astype(np.uint8), (320, 240), interpolation=cv2.INTER_CUBIC
        )
        rgb = np.clip(rough.astype(int) + rng.integers(-15, 16, rough.shape), 0, 255).astype(np.uint8)
    result = segment(picture(rgb))
    assert 1 <= len(result.regions) <= 24
    assert all(region.mask.shape == rgb.shape[:2] and region.mask.any() for region in result.regions)
    assert all(region.mask.mean() < 0.9 for region in result.regions)
    assert all(0 < region.confidence <= 1 for region in result.regions)
    assert result.reasons
    if result.backdrop == "scene":
        assert result.confidence < 0.6


def test_smallest_picture_finds_the_block() -> None:
    rgb = np.full((16, 16, 3), 240, np.uint8)
    rgb[5:12, 5:11] = (200, 30, 30)
    truth = np.zeros((16, 16), bool)
    truth[5:12, 5:11] = True
    assert best(masks_of(picture(rgb)), truth) > 0.7


def test_thing_cut_off_by_the_frame_is_said_so() -> None:
    thing = drawn_disc((200, 200), (100, 190), 60)
    rgb = np.full((200, 200, 3), 255, np.float64)
    rgb[thing] = (30, 60, 160)
    result = segment(picture(soft(rgb)))
    assert best([r.mask for r in result.regions], thing) > 0.95
    assert any("frame" in reason for reason in result.reasons)


@needs_eval
@pytest.mark.parametrize("name", ["chair_white", "chair_black", "lego_white", "hotdog_black"])
def test_real_object_on_plain_backdrop(name: str) -> None:
    loaded = load(EVAL / "nerf_synthetic" / f"{name}.png")
    true = cv2.imread(str(EVAL / "nerf_synthetic" / f"{name.split('_')[0]}_mask.png"), cv2.IMREAD_GRAYSCALE)
    true = cv2.resize(true, loaded.size, interpolation=cv2.INTER_AREA) > 127
    result = segment(loaded)
    assert result.backdrop == "plain"
    assert len(result.regions) == 1
    assert iou(result.regions[0].mask, true) > 0.95


@needs_eval
def test_real_floor_picture() -> None:
    objects = json.loads((EVAL / "clevr/CLEVR_new_000003.json").read_text())["objects"]
    result = segment(load(EVAL / "clevr/CLEVR_new_000003.png"))
    assert result.backdrop == "floor"
    assert len(result.regions) == len(objects)
    for entry in objects:
        x, y = (int(v) for v in entry["pixel_coords"][:2])
        assert any(region.mask[y, x] for region in result.regions) or entry["size"] == "small"
