# SPDX-License-Identifier: GPL-3.0-or-later
"""The pictures to measure on: what the manifests of the evaluation folder say, sorted into the benchmark's groups."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from restage.bench import clevr_truth

Mask = NDArray[np.bool_]
Group = Literal["single", "clevr", "clevr_plain", "prims", "other"]

BEHIND = frozenset(
    {"floor", "backdrop", "wall", "back wall", "left wall", "right wall", "ceiling", "rug", "wooden table", "desk top"}
)
"""Labels of `gt_scenes` that are surroundings, not objects."""
SINGLE_SETS = frozenset({"nerf_synthetic", "object_cutouts", "triposr_examples"})
SINGLE_IDS = frozenset({"viga_apple", "apple"})


@dataclass(frozen=True)
class Item:
    """One picture and what is known of it."""

    set: str
    id: str
    folder: Path
    files: dict[str, Any]
    truth: dict[str, Any]
    licence: str

    @property
    def key(self) -> str:
        """Set and id: unique."""
        return f"{self.set}/{self.id}"

    @property
    def picture(self) -> Path:
        """The picture given to the command; where there are several, the one on white."""
        return self.folder / str(self.files.get("image") or self.files["rgba"])

    @property
    def group(self) -> Group:
        """Which of the benchmark's tables the picture belongs to."""
        if self.set == "clevr":
            return "clevr" if "camera_to_world" in self.truth.get("camera", {}) else "clevr_plain"
        if self.set == "gt_scenes":
            kind = self.id.split("_")[0]
            return "single" if kind == "product" else "prims" if kind == "prims" else "other"
        if self.set in SINGLE_SETS or self.id in SINGLE_IDS:
            return "single"
        return "other"

    @property
    def showable(self) -> bool:
        """Whether the licence lets the picture stand in our documents: CC0, or CC BY with a credit."""
        return self.licence.startswith(("CC0", "CC-BY 4.0", "CC-BY-4.0"))


def items(root: Path, sets: frozenset[str] = frozenset(), only: str = "") -> Iterator[Item]:
    """Yield every picture of the manifests under `root`; if given, only of `sets` or with the id or key `only`."""
    for manifest in sorted(root.glob("*/manifest.json")):
        for entry in json.loads(manifest.read_text(encoding="utf-8"))["items"]:
            item = Item(
                manifest.parent.name,
                entry["id"],
                manifest.parent,
                entry["files"],
                entry.get("ground_truth", {}),
                entry.get("licence", ""),
            )
            if (not sets or item.set in sets) and (not only or only in (item.id, item.key)):
                yield item


def scene(item: Item) -> dict[str, Any]:
    """Return the scene file of a `gt_scenes` picture: camera, objects in the order of their ids, depth scale."""
    return dict(json.loads((item.folder / item.files["scene"]).read_text(encoding="utf-8")))


def true_masks(item: Item, size: tuple[int, int]) -> dict[str, Mask]:
    """Return the visible mask of every true object at `size` (width, height); empty where there is no truth.

    Surroundings (`BEHIND`) are left out. Keys are unique; of a picture with one mask for everything, `object`.
    """
    if "mask" in item.files:
        return {"object": _fit(cv2.imread(str(item.folder / item.files["mask"]), cv2.IMREAD_GRAYSCALE) > 127, size)}
    if item.group == "clevr":
        found = clevr_truth.truth_masks({"ground_truth": item.truth}, size)
        return {f"{i} {name}": mask for i, (mask, name) in enumerate(found, 1)}
    if "ids" in item.files:
        ids = _plane(item.folder / item.files["ids"])
        wanted = [entry for entry in scene(item)["objects"] if entry["label"] not in BEHIND]
        return {f"{entry['id']} {entry['label']}": _fit(ids == entry["id"], size) for entry in wanted}
    return {}


def true_depths(item: Item, masks: dict[str, Mask]) -> dict[str, float]:
    """Return the median distance along the camera's axis of every true object with visible pixels.

    Scene units, so only their order and ratios mean something next to ours. Empty where depth is not known.
    """
    if not masks:
        return {}
    height, width = next(iter(masks.values())).shape
    depth = depth_map(item, (width, height))
    if depth is None:
        return {}
    return {name: float(np.median(depth[mask])) for name, mask in masks.items() if mask.any()}


def depth_map(item: Item, size: tuple[int, int]) -> NDArray[np.float64] | None:
    """Return the distance along the camera's axis of every pixel at `size` (width, height); None where not known."""
    if item.group == "clevr":
        return np.asarray(clevr_truth.truth_depth({"ground_truth": item.truth}, size), np.float64)
    if "depth" not in item.files:
        return None
    stored = _plane(item.folder / item.files["depth"]).astype(np.float64)
    metres = stored / 65535 * scene(item)["depth"]["max_m"]
    return np.asarray(cv2.resize(metres, size, interpolation=cv2.INTER_NEAREST))


def _plane(path: Path) -> NDArray[Any]:
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    return np.asarray(image if image.ndim == 2 else image[..., 0])


def _fit(mask: Mask, size: tuple[int, int]) -> Mask:
    if mask.shape == (size[1], size[0]):
        return mask
    return np.asarray(cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.5, np.bool_)
