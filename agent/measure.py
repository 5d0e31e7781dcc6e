# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure an attempt's views against the picture. Numbers only; what they mean is the verifier's business."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from ..worker.protocol import SanityFinding
from .colour_space import to_lab, to_srgb
from .measurements import Measurements, ObjectMeasure
from .perceptual import Judge
from .roles import AttemptViews

Masks = Mapping[str, NDArray[np.bool_]]
Floats = NDArray[np.float32]

ROUND_THINGS = 0.012
"""Of the frame: what lies nearer to a thing may be its own edge."""
LEAST_AROUND = 0.05
SLIGHT_EDGES = 0.01
"""Root mean square of the gradient, sRGB a pixel, below which nothing casts a shadow that could be told."""
UNRELATED = 0.7
"""LPIPS of two pictures that have nothing in common."""


def measure(
    stage: str,
    picture: Floats,
    masks: Masks,
    views: AttemptViews,
    sanity: tuple[SanityFinding, ...] = (),
    judge: Judge | None = None,
    ignored: NDArray[np.bool_] | None = None,
) -> Measurements:
    """Measure one attempt.

    `picture` is (h, w, 3) sRGB in 0 to 1, `masks` its visible masks by object name at the same size. `judge` is the
    picture's; without one the picture is looked at anew. Where the artist `ignored` the picture, (h, w), nothing is
    measured.
    """
    out = Measurements(sanity=[finding.message for finding in sanity])
    if views.ids is not None:
        # Colours are judged on the flat albedo until there is light to judge, on the full render then.
        judged = views.beauty if stage == "lighting" or views.albedo is None else srgb(views.albedo)
        ids = views.ids if ignored is None else np.where(fit_mask(ignored, *views.ids.shape[::-1]), 0, views.ids)
        out.objects = _objects(picture, masks, ids, views.id_names, judged)
        if out.objects:
            out.mean_iou = float(np.mean([item.iou for item in out.objects]))
            colours = [item.colour_difference for item in out.objects if item.colour_difference is not None]
            out.colour_difference = float(np.mean(colours)) if colours else None
        out.coverage_iou = _coverage(masks, ids, views.id_names)
    if views.beauty is not None:
        size = views.beauty.shape[1], views.beauty.shape[0]
        reference, render, counted = fit(picture, *size), views.beauty, np.ones(views.beauty.shape[:2], bool)
        if ignored is not None:
            # The picture itself there, so that no measure finds a difference, nor an edge where it begins.
            counted = ~fit_mask(ignored, *size)
            render = np.where(counted[..., None], render, reference)
        out.psnr, out.ssim = psnr(reference[counted], render[counted]), ssim(reference, render)
        out.lpips = (judge or Judge(picture)).lpips(render)
        out.luminance, out.gradient = _luminance(reference, render), _gradient(reference, render)
        out.shadows = _shadows(reference, render, masks, counted)
    out.score = score(stage, out)
    if stage == "setup":
        # Nothing but the camera exists yet, so nothing else can be wrong.
        out.score = 0.0 if any(finding.kind == "no_camera" for finding in sanity) else 1.0
    return out


def score(stage: str, numbers: Measurements) -> float:
    """Return 0 to 1, weighing what a stage after setup settles (design, section 7)."""
    if stage in ("geometry", "composition"):
        if numbers.mean_iou is None:
            return _likeness(numbers)
        offset = float(np.mean([item.box_offset for item in numbers.objects]))
        return _clip(0.6 * numbers.mean_iou + 0.3 * (numbers.coverage_iou or 0.0) + 0.1 * (1 - 4 * offset))
    if stage == "materials":
        # ΔE of 50 is as wrong as a colour gets in practice (red for green).
        return (
            _clip(1 - numbers.colour_difference / 50) if numbers.colour_difference is not None else _likeness(numbers)
        )
    return _likeness(numbers)


def _likeness(numbers: Measurements) -> float:
    """Return 0 to 1: how near the full render is to the picture; 0 without one."""
    if numbers.psnr is None:
        return 0.0
    # 8 dB is a picture of something else, 35 dB can't be told apart at a glance.
    brightness = 0.5 * (numbers.luminance or 0.0) + 0.5 * _clip((numbers.psnr - 8) / 27)
    if numbers.lpips is None:
        return _clip(0.8 * brightness + 0.2 * (numbers.gradient or 0.0))
    # LPIPS ranks 98 % of known pairs rightly, PSNR 91 %, SSIM 84 % (eval/README.md), so it leads; it sees little of an
    # overall shift in brightness, which the others do.
    return _clip(0.65 * _clip(1 - numbers.lpips / UNRELATED) + 0.35 * brightness)


def mask_iou(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    """Intersection over union; 1 when both are empty."""
    union = int(np.count_nonzero(a | b))
    return float(np.count_nonzero(a & b) / union) if union else 1.0


def psnr(a: Floats, b: Floats) -> float:
    """Peak signal-to-noise ratio in dB of two (h, w, 3) sRGB pictures in 0 to 1, or of as many of their pixels, (n, 3);
    at most 99."""
    if not a.size:
        return 99.0
    error = float(np.mean((a.astype(np.float64) - b) ** 2))
    return 99.0 if error < 1e-10 else float(-10 * np.log10(error))


def ssim(a: Floats, b: Floats) -> float:
    """Structural similarity (Wang et al. 2004), Gaussian window of sigma 1.5, mean over the three channels."""

    def blur(x: Floats) -> Floats:
        return cv2.GaussianBlur(x, (11, 11), 1.5, borderType=cv2.BORDER_REFLECT)  # type: ignore[return-value]

    a, b = a.astype(np.float32), b.astype(np.float32)
    mean_a, mean_b = blur(a), blur(b)
    var_a, var_b = blur(a * a) - mean_a**2, blur(b * b) - mean_b**2
    covariance = blur(a * b) - mean_a * mean_b
    c1, c2 = 0.01**2, 0.03**2
    value = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
    value = value / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))
    edge = 5 if min(a.shape[:2]) > 16 else 0
    return float(value[edge : value.shape[0] - edge, edge : value.shape[1] - edge].mean())


def fit(picture: Floats, width: int, height: int) -> Floats:
    """Resize a picture by area averaging."""
    if picture.shape[1] == width and picture.shape[0] == height:
        return picture
    return cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)  # type: ignore[return-value]


def fit_mask(mask: NDArray[np.bool_], width: int, height: int) -> NDArray[np.bool_]:
    """Resize a mask; a pixel is in when at least half of it was."""
    if mask.shape == (height, width):
        return mask
    small = cv2.resize(mask.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(small >= 0.5, np.bool_)


def _objects(
    picture: Floats, masks: Masks, ids: NDArray[np.int32], names: dict[int, str], judged: Floats | None
) -> list[ObjectMeasure]:
    height, width = ids.shape
    colours = None
    if judged is not None:
        colours = to_lab(fit(picture, width, height)), to_lab(fit(judged, width, height))
    found = {name: key for key, name in names.items()}
    measures = []
    for name, mask in masks.items():
        wanted = fit_mask(mask, width, height)
        got = ids == found[name] if name in found else np.zeros_like(wanted)
        both = wanted & got
        difference = None
        if colours is not None and both.any():
            difference = float(np.linalg.norm(colours[0][both] - colours[1][both], axis=-1).mean())
        edges = _box_edges(wanted, got)
        measures.append(
            ObjectMeasure(
                name=name,
                iou=mask_iou(wanted, got),
                box_offset=max(abs(edge) for edge in edges) if edges else 1.0,
                box_edges=edges,
                colour_difference=difference,
            )
        )
    return measures


def _coverage(masks: Masks, ids: NDArray[np.int32], names: dict[int, str]) -> float | None:
    if not masks:
        return None
    height, width = ids.shape
    wanted = np.logical_or.reduce([fit_mask(mask, width, height) for mask in masks.values()])
    # Only objects of the brief count: the floor and walls are there without being one.
    got = np.isin(ids, [key for key, name in names.items() if name in masks])
    return mask_iou(wanted, got)


def _box_edges(wanted: NDArray[np.bool_], got: NDArray[np.bool_]) -> tuple[float, float, float, float] | None:
    """How far each edge of the second mask's box lies right of or below the first's, as fractions of the frame."""
    if not wanted.any() or not got.any():
        return None
    height, width = wanted.shape

    def box(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
        ys, xs = np.nonzero(mask)
        return np.array([xs.min() / width, ys.min() / height, (xs.max() + 1) / width, (ys.max() + 1) / height])

    left, top, right, bottom = (float(edge) for edge in box(got) - box(wanted))
    return left, top, right, bottom


def srgb(light: Floats) -> Floats:
    """The sRGB in which linear light is shown, clipped to 0 to 1."""
    return to_srgb(np.clip(light, 0, 1)).astype(np.float32)


def _grey(picture: Floats) -> Floats:
    return cv2.cvtColor(np.ascontiguousarray(picture, np.float32), cv2.COLOR_RGB2GRAY)  # type: ignore[return-value]


def _luminance(a: Floats, b: Floats) -> float:
    sigma = max(a.shape[:2]) / 64
    blurred = [cv2.GaussianBlur(_grey(x), (0, 0), sigma) for x in (a, b)]
    return _clip(1 - float(np.abs(blurred[0] - blurred[1]).mean()))


def _gradient(a: Floats, b: Floats) -> float:
    strengths = [_edges(picture).ravel() for picture in (a, b)]
    norms = [float(np.linalg.norm(x)) for x in strengths]
    if min(norms) < 1e-6:
        return 1.0 if max(norms) < 1e-6 else 0.0
    return _clip(float(strengths[0] @ strengths[1]) / (norms[0] * norms[1]))


def _shadows(reference: Floats, render: Floats, masks: Masks, counted: NDArray[np.bool_]) -> float | None:
    """Return how well edges agree around the things; None where the picture has too little there."""
    height, width = counted.shape
    things = np.zeros((height, width), np.uint8)
    for mask in masks.values():
        things |= fit_mask(mask, width, height).astype(np.uint8)
    reach = 2 * round(ROUND_THINGS * max(width, height)) + 1
    around = counted & (cv2.dilate(things, np.ones((reach, reach), np.uint8)) == 0)
    wanted, shown = _edges(reference)[around], _edges(render)[around]
    if not masks or around.mean() < LEAST_AROUND or float(np.sqrt(np.mean(wanted**2))) < SLIGHT_EDGES:
        return None
    norm = float(np.linalg.norm(wanted) * np.linalg.norm(shown))
    return _clip(float(wanted @ shown) / norm) if norm > 1e-9 else 0.0


def _edges(picture: Floats) -> Floats:
    grey = cv2.GaussianBlur(_grey(picture), (0, 0), 1.0)
    return np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))


def _clip(value: float) -> float:
    return float(min(1.0, max(0.0, value)))
