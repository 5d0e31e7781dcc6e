# SPDX-License-Identifier: GPL-3.0-or-later
"""Silhouettes under a turn, without a render: `python -P bench/turn_try.py FOLDER [ID ...] [--sheet FILE]`.

Segments and lays out every picture of a set in this process, builds the geometry script's meshes with the bpy wheel and
compares the outlines of ours, of a card cut by the true masks and of a card cut by our masks with the true meshes, in
the picture's own view and turned by 30 degrees. Seconds a picture instead of a minute: for developing, not for figures.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import bpy  # isort: skip  (it brings mathutils along)

import cv2
import numpy as np
from numpy.typing import NDArray
from restage.agent.offline import layout as layouts
from restage.agent.offline import segment, write_geometry, write_setup
from restage.agent.offline.agent import _lines
from restage.agent.offline.describe import names_for
from restage.agent.offline.outline import rings, span_of
from restage.agent.offline.surfaces import cells_along
from restage.agent.picture import load
from restage.bench import evalset, figures, novel, turns

Mask = NDArray[np.bool_]
Mesh = tuple[NDArray[np.float64], NDArray[np.int64]]
SIZE = 288


def silhouette(mesh: list[Mesh], camera: turns.Matrix, focal: float, aspect: float) -> Mask:
    """The outline (SIZE high and wide) of triangle meshes as a camera sees them."""
    canvas = np.zeros((round(SIZE / aspect), SIZE), np.uint8)
    for points, corners in mesh:
        seen, depth = turns.project(camera, focal, aspect, points)
        pixels = np.round(np.clip(seen * canvas.shape[::-1] - 0.5, -4000, 4000) * 16).astype(np.int32)
        for triangle in corners[(depth[corners] > 1e-3).all(axis=1)]:
            cv2.fillConvexPoly(canvas, pixels[triangle], 1, shift=4)
    return canvas > 0


def meshes(names: list[str] | None, hidden: frozenset[str] = frozenset()) -> list[Mesh]:
    """World points and triangles of the open file's objects: those named, or all but the hidden."""
    graph = bpy.context.evaluated_depsgraph_get()
    found = []
    for thing in bpy.context.scene.objects:
        if thing.type != "MESH" or (thing.name not in names if names is not None else thing.name in hidden):
            continue
        mesh = thing.evaluated_get(graph).to_mesh()
        mesh.calc_loop_triangles()
        points = np.array([thing.matrix_world @ v.co for v in mesh.vertices]).reshape(-1, 3)
        corners = np.array([t.vertices[:] for t in mesh.loop_triangles], np.int64).reshape(-1, 3)
        found.append((points, corners))
    return found


def ours(picture: Any, seed: int = 0) -> tuple[list[Mesh], turns.Matrix, float, list[Mask], str]:
    """Our meshes, camera, focal length in widths, masks, and a line about the layout."""
    cv2.setNumThreads(1)
    seen = segment.segment(picture, seed)
    width, height = picture.size
    masks = [region.mask for region in seen.regions]
    made = layouts.lay_out(masks, width / height, seen.backdrop, seed, lines=_lines(picture, seen.backdrop))
    names = names_for(picture, masks, [s.shape for s in made.solids])
    limit = 0.75 if seen.backdrop in {"floor", "scene"} else 0.9
    solids = {}
    for name, mask, solid, plane in zip(names, masks, made.solids, made.planes, strict=True):
        if solid.kind not in {"inflated", "lathe"} and solid.iou < limit:
            solid = layouts.free_body(mask, made.camera, 0.9, len(masks), plane)
        cells = cells_along(span_of(rings(mask), width / height), len(masks))
        solids[name] = solid.__class__(**{**vars(solid), "cells": cells})
    bpy.ops.wm.read_factory_settings(use_empty=True)
    for script in (
        write_setup.write(made.camera, picture.size, (1, 1, 1)),
        write_geometry.write(solids, made.camera, False, None),
    ):
        exec(compile(script, "stage", "exec"), {"__name__": "__main__"})
    bpy.context.view_layer.update()
    pose = np.array(bpy.context.scene.camera.matrix_world)
    focal = 0.5 / np.tan(made.camera.fov / 2)
    about = (
        f"{seen.backdrop} pitch {np.degrees(made.camera.pitch):.0f} fov {np.degrees(made.camera.fov):.0f} "
        + " ".join(f"{s.kind}{s.iou:.2f}" for s in solids.values())
    )
    return meshes(list(solids)), pose, float(focal), masks, about


def judge(item: evalset.Item) -> tuple[list[list[float]], str, list[NDArray[np.uint8]]]:
    """Per view the IoU of ours, of the true card and of our card; a line; pictures to look at."""
    about = novel.subject(item)
    assert about is not None
    began = time.monotonic()
    mine, pose, focal, masks, line = ours(load(item.picture))
    line += f" {time.monotonic() - began:.0f} s"
    bpy.ops.wm.open_mainfile(filepath=str(about.blend), load_ui=False)
    true = meshes(None, evalset.BEHIND)
    pixel, _ = turns.project(about.camera, about.focal, about.aspect, about.pivot)
    corners = np.vstack([points for points, _ in mine])
    _, depth = turns.project(pose, focal, about.aspect, (corners.min(0) + corners.max(0)) / 2)
    pivot = turns.lift(pose, focal, about.aspect, pixel, float(depth[0]))[0]
    frame = novel._frame(about)
    seen = np.any(masks, axis=0)
    cards = [
        np.any(list(evalset.true_masks(item, frame).values()), axis=0),
        cv2.resize(seen.astype(np.float32), frame, interpolation=cv2.INTER_AREA) > 0.5,
    ]
    rows, shown = [], []
    image = cv2.resize(cv2.imread(str(item.picture)), frame, interpolation=cv2.INTER_AREA)
    image[cards[1] ^ cv2.erode(cards[1].astype(np.uint8), np.ones((3, 3))).astype(bool)] = 0, 0, 255
    shown.append(image)
    for view in about.views:
        truth = silhouette(true, view.camera, about.focal, about.aspect)
        camera = turns.swing(pose, pivot, turns.relative(about.camera, view.camera))
        answer = silhouette(mine, camera, focal, about.aspect)
        flat = [novel._card(about, view, np.dstack([np.zeros((*c.shape, 3)), c]).astype(np.float32))[..., 3] > 0.5
                for c in cards]  # fmt: skip
        rows.append([figures.iou(a, truth) for a in (answer, *flat)])
        shown.append(np.dstack([truth * 255, answer * 255, answer * 255]).astype(np.uint8))
    return rows, line, shown


def main() -> None:
    """Try every picture and print a table; with --sheet also a picture: truth blue, ours yellow, both white."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("only", nargs="*")
    parser.add_argument("--sheet", type=Path)
    options = parser.parse_args()
    sheet, table = [], []
    for item in evalset.items(options.folder.resolve(), frozenset({"gt_scenes"})):
        if (options.only and item.id not in options.only) or not item.truth.get("blend") or item.id.startswith("int"):
            continue
        rows, line, shown = judge(item)
        sheet.append(np.hstack(shown))
        table += rows[1:]
        print(f"{item.id:20s}", " | ".join(" ".join(f"{v:.2f}" for v in row) for row in rows), line, flush=True)
    print("turned, medians (ours, card of true mask, card of our mask):", np.median(table, axis=0).round(3).tolist(),
          "ours above the true card:", sum(row[0] > row[1] for row in table), "of", len(table))  # fmt: skip
    if options.sheet:
        cv2.imwrite(str(options.sheet), np.vstack(sheet))


if __name__ == "__main__":
    sys.exit(main())
