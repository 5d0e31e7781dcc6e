# SPDX-License-Identifier: GPL-3.0-or-later
"""Novel views: is there a body behind the picture, or only the picture?

Our camera makes the turn that the true one makes, about what stands at the true pivot's place in the picture, at our
object's own distance: so nothing but the body's shape and colours is asked. Answers that know no depth stand beside
ours: the cut-out of the input on a flat card facing the first camera, cut by the true mask and cut by our own masks (a
billboard by the same segmenter, which tells what is lost in seeing from what is lost in depth), and an empty picture.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from restage.agent.brief import Brief
from restage.agent.masks import brief_masks
from restage.bench import evalset, figures, turns
from restage.bench.running import Left
from restage.bench.similarity import Similarity

LONGER = 288
SAMPLES = 24
TURNS = (0.0, -30.0, 30.0)
RENDER_SECONDS = 600.0
DEPTHS = 128
"""Rays across the picture that measure how far our bodies are."""
Rgba = NDArray[np.float32]


class NotRendered(Exception):
    """Blender made no picture of a view; the text says of which and why."""


@dataclass(frozen=True)
class View:
    """One place to look from."""

    name: str
    turn: float
    """Degrees between this view and the picture's, seen from the object."""
    camera: turns.Matrix
    truth: Path | None = None
    """The given picture with alpha; None where the truth has to be rendered."""


@dataclass(frozen=True)
class Subject:
    """What is turned about: the picture's true camera, the pivot, the views, and the .blend where there is one."""

    camera: turns.Matrix
    focal: float
    """In widths of the frame."""
    size: tuple[int, int]
    pivot: turns.Matrix
    views: tuple[View, ...]
    blend: Path | None = None

    @property
    def aspect(self) -> float:
        """Frame width over height."""
        return self.size[0] / self.size[1]


def subject(item: evalset.Item) -> Subject | None:
    """Return the views known for a picture, None where there are none."""
    if item.truth.get("novel_views"):
        return _given(item)
    if item.truth.get("blend") and item.id.split("_")[0] in {"product", "prims", "table"}:
        return _rendered(item)
    return None


def measure(item: evalset.Item, run: Path, left: Left, work: Path, similarity: Similarity) -> list[dict[str, Any]]:
    """Return one row per view: psnr, silhouette IoU (and lpips) of ours, the cards and the blank picture.

    The row of the picture's own view has, where true depth is known, by how many percent ours and the card are off it.

    `work` keeps the renders; they are made anew when missing or older than the scene. Raises NotRendered.
    """
    about = subject(item)
    if about is None or not (run / "scene.blend").is_file():
        return []
    work.mkdir(parents=True, exist_ok=True)
    ours = _render_ours(about, run / "scene.blend", left.brief_objects, work)
    truths = _truths(about, work)
    true_mask = np.any(list(evalset.true_masks(item, _frame(about)).values()), axis=0)
    cut_out, own_cut = _cut_out(item, about, true_mask), _cut_out(item, about, _own_mask(run, about))
    rows = []
    for view, mine, true in zip(about.views, ours, truths, strict=True):
        answers = {
            "ours": mine,
            "card": _card(about, view, cut_out),
            "own_card": _card(about, view, own_cut),
            "blank": np.zeros_like(true),
        }
        row: dict[str, Any] = {"set": item.set, "id": item.id, "view": view.name, "turn": round(view.turn, 1)}
        reference, mask = white(true), true[..., 3] > 0.5
        for name, answer in answers.items():
            numbers = similarity.compare(reference, white(answer))
            row[name] = {key: round(numbers[key], 4) for key in ("psnr", "ssim", "lpips") if key in numbers}
            row[name]["iou"] = round(figures.iou(answer[..., 3] > 0.5, mask), 4)
        if view.turn < 1 and (depths := _depths_off(item, work / "ours_depth.npy")):
            row["ours"]["depth_off"], row["card"]["depth_off"] = depths
        rows.append(row)
    return rows


def _depths_off(item: evalset.Item, ours: Path) -> tuple[float, float] | None:
    """How far our depths and a card's one depth are off the true ones, percent, over the true things' pixels where we
    have a body; None without true depths."""
    mine = np.load(ours)
    size = mine.shape[1], mine.shape[0]
    true = evalset.depth_map(item, size)
    masks = list(evalset.true_masks(item, size).values())
    if true is None or not masks:
        return None
    there = np.any(masks, axis=0) & np.isfinite(mine)
    if there.sum() < 20:
        return None
    flat = np.ones_like(true)
    return figures.depth_off(true[there], mine[there]), figures.depth_off(true[there], flat[there])


def white(rgba: Rgba) -> NDArray[np.float32]:
    """Put a picture with alpha over white."""
    return figures.on_backdrop(rgba[..., :3], rgba[..., 3], 1.0)


def _given(item: evalset.Item) -> Subject:
    camera = item.truth["camera"]
    pose = np.array(camera["camera_to_world"])
    # NeRF-Synthetic's cameras all look at the world's origin.
    pivot = np.zeros(3)
    views = [View("the picture's own", 0.0, pose, item.folder / item.files["rgba"])]
    for entry in item.truth["novel_views"]:
        other = np.array(entry["camera_to_world"])
        name = Path(entry["file"]).stem.split("_")[-2]
        views.append(View(name, turns.angle(pose, other, pivot), other, item.folder / entry["file"]))
    size = camera["width"], camera["height"]
    return Subject(pose, camera["focal_px"] / size[0], size, pivot, tuple(views))


def _rendered(item: evalset.Item) -> Subject:
    scene = evalset.scene(item)
    camera = scene["camera"]
    pose = np.array(camera["camera_to_world"])
    things = [entry for entry in scene["objects"] if entry["label"] not in evalset.BEHIND]
    low = np.min([entry["world_bbox_min"] for entry in things], axis=0)
    high = np.max([entry["world_bbox_max"] for entry in things], axis=0)
    pivot = (low + high) / 2
    views = [
        View(f"{turn:+.0f}°" if turn else "the picture's own", abs(turn), turns.orbit(pose, pivot, turn))
        for turn in TURNS
    ]
    size = camera["width"], camera["height"]
    blend = (item.folder / item.truth["blend"]).resolve()
    return Subject(pose, camera["focal_px"] / size[0], size, pivot, tuple(views), blend)


def _frame(about: Subject) -> tuple[int, int]:
    scale = LONGER / max(about.size)
    return round(about.size[0] * scale), round(about.size[1] * scale)


def _render_ours(about: Subject, blend: Path, names: Sequence[str], work: Path) -> list[Rgba]:
    pixel, _ = turns.project(about.camera, about.focal, about.aspect, about.pivot)
    outs = [work / f"ours_{i}.png" for i in range(len(about.views))]
    depth = work / "ours_depth.npy"
    for out in (*outs, depth):
        # A run made again leaves a newer file; pictures of the old one must not stand for it.
        if out.is_file() and out.stat().st_mtime <= blend.stat().st_mtime:
            out.unlink()
    views = [
        {"rotation": turns.relative(about.camera, view.camera).tolist(), "pixel": pixel[0].tolist(), "out": str(out)}
        for view, out in zip(about.views, outs, strict=True)
    ]
    what = {"blend": str(blend), "show": list(names), "depth": {"out": str(depth), "across": DEPTHS}}
    _render(what, views, [*outs, depth], about, work / "ours.json")
    return [_read(out, _frame(about)) for out in outs]


def _truths(about: Subject, work: Path) -> list[Rgba]:
    given = [view.truth for view in about.views if view.truth]
    if given:
        return [_read(path, _frame(about)) for path in given]
    outs = [work / f"true_{i}.png" for i in range(len(about.views))]
    views = [{"matrix": view.camera.tolist(), "out": str(out)} for view, out in zip(about.views, outs, strict=True)]
    _render({"blend": str(about.blend), "hide": sorted(evalset.BEHIND)}, views, outs, about, work / "true.json")
    return [_read(out, _frame(about)) for out in outs]


def _render(what: dict[str, Any], views: list[dict[str, Any]], outs: list[Path], about: Subject, spec: Path) -> None:
    if all(out.is_file() for out in outs):
        return
    spec.write_text(json.dumps({**what, "size": _frame(about), "samples": SAMPLES, "views": views}), encoding="utf-8")
    # -P: modules beside the script must not shadow those Blender imports.
    line = [sys.executable, "-P", str(Path(__file__).with_name("turn_render.py")), str(spec)]
    name = f"{spec.stem} views of {spec.parent.name}"
    try:
        done = subprocess.run(line, capture_output=True, text=True, timeout=RENDER_SECONDS, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired as error:
        raise NotRendered(f"{name}: not rendered in {RENDER_SECONDS:g} s.") from error
    if not all(out.is_file() for out in outs):
        raise NotRendered(f"{name}: not rendered. {' / '.join((done.stderr or done.stdout).splitlines()[-3:])[:400]}")


def _own_mask(run: Path, about: Subject) -> NDArray[np.bool_]:
    """What the agent took for things in the picture, all together."""
    brief = Brief.model_validate_json((run / "brief.json").read_text(encoding="utf-8"))
    frame = _frame(about)
    return np.any([*brief_masks(brief, frame).values(), np.zeros(frame[::-1], bool)], axis=0)


def _cut_out(item: evalset.Item, about: Subject, mask: NDArray[np.bool_]) -> Rgba:
    """Return the picture with a mask as alpha."""
    frame = _frame(about)
    image = cv2.imread(str(item.picture), cv2.IMREAD_COLOR)
    rgb = cv2.cvtColor(cv2.resize(image, frame, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2RGB)
    return np.dstack([rgb.astype(np.float32) / 255, mask.astype(np.float32)])


def _card(about: Subject, view: View, cut_out: Rgba) -> Rgba:
    """Return the cut-out as the view sees it when it stands as a flat card at the pivot."""
    height, width = cut_out.shape[:2]
    ys, xs = np.nonzero(cut_out[..., 3] > 0.5)
    if len(xs) == 0:
        return np.zeros_like(cut_out)
    box = xs.min() / width, ys.min() / height, (xs.max() + 1) / width, (ys.max() + 1) / height
    corners = turns.card(about.camera, view.camera, about.focal, about.aspect, about.pivot, box)
    if corners is None:
        return np.zeros_like(cut_out)
    before, after = (np.float32(points * (width, height) - 0.5) for points in corners)
    premultiplied = np.dstack([cut_out[..., :3] * cut_out[..., 3:], cut_out[..., 3]])
    warped = cv2.warpPerspective(premultiplied, cv2.getPerspectiveTransform(before, after), (width, height))
    alpha = np.maximum(warped[..., 3:], 1e-6)
    return np.dstack([np.clip(warped[..., :3] / alpha, 0, 1), np.clip(warped[..., 3], 0, 1)])


def _read(path: Path, frame: tuple[int, int]) -> Rgba:
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED).astype(np.float32) / 255
    premultiplied = np.dstack([image[..., 2::-1] * image[..., 3:], image[..., 3]])
    if premultiplied.shape[1::-1] != frame:
        premultiplied = cv2.resize(premultiplied, frame, interpolation=cv2.INTER_AREA)
    alpha = np.maximum(premultiplied[..., 3:], 1e-6)
    return np.dstack([np.clip(premultiplied[..., :3] / alpha, 0, 1), premultiplied[..., 3]])
