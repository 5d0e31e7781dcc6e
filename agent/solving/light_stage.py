# SPDX-License-Identifier: GPL-3.0-or-later
"""The light of an attempt: ask for its basis, solve, and say which numbers of its script change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ...worker.protocol import LightBasisRequest
from .. import lift
from ..perceptual import Judge
from ..roles import Looker
from . import light, tone
from .probe import Probe
from .write_back import significant

Floats = NDArray[np.float32]

PIXELS = 128
SAMPLES = 24
COVERED = 0.98
WORTH = 0.995
"""Share of the squared error that must not be left for a solution to be tried."""


@dataclass(frozen=True)
class LitScript:
    """A script with other light, numbers changed where they stand, and what the sum of its lights is worth."""

    text: str
    owners: dict[int, str]
    """By start of a number in the text it was found in: which light it belongs to."""
    before: float
    after: float
    """Mean squared error as shown."""
    lpips_before: float | None
    lpips_after: float | None


def solve(
    script: str,
    probe: Probe,
    looker: Looker,
    picture: Floats,
    beauty: Floats | None,
    settings: dict[str, Any],
    judge: Judge | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> LitScript | None:
    """Return the script with the light that comes nearest to the picture; None when no other does.

    The looker's worker must hold the scene of `script`. `picture` and `beauty` are (h, w, 3) sRGB, `settings` the
    job's. The judge has a veto over the sum of the lights.
    """
    tell("rendering each light alone")
    basis, pictures, coverage = looker.light_basis(LightBasisRequest(pixels=PIXELS, samples=SAMPLES))
    if not basis.names:
        return None
    tell("solving the light")
    found = light.find(probe, script, basis.names)
    if found is None or not found[0].numbers:
        return None
    knobs, made = found
    size = coverage.shape[1], coverage.shape[0]
    wanted = _fitted(picture, size)
    covered = coverage > COVERED
    shown = _fitted(beauty, size) if beauty is not None else None
    total = pictures.sum(axis=0, dtype=np.float64)
    if shown is None and settings.get("view", {}).get("view_transform") != "Standard":
        return None
    samples = total if shown is None else shown.astype(np.float64)
    view = tone.of_view(settings, total[covered], samples[covered])
    layers = pictures.astype(np.float64)
    used = covered
    if shown is not None and _world_is_seen(made.numbers, settings) and light.WORLD in basis.names:
        backdrop = coverage < 1 - COVERED
        layers[basis.names.index(light.WORLD)][backdrop] = view.light(shown[backdrop].astype(np.float64))
        used = covered | backdrop
    if not used.any():
        return None
    lit = light.solve(knobs, layers[:, used], wanted[used].astype(np.float64), view)
    if lit.after > lit.before * WORTH:
        return None
    before, after = (
        _judged(judge, wanted, view.shown((layers * gains[:, None, None]).sum(axis=0)), used)
        for gains in (np.ones_like(lit.gains), lit.gains)
    )
    # The sum is noisy and coarse, so it only speaks against what is plainly worse; a fresh render decides.
    if before is not None and after is not None and after > before + 0.02:
        return None
    values = {n: significant(float(v)) for n, v in zip(knobs.numbers, lit.values, strict=True)}
    text = lift.with_values(script, {n: v for n, v in values.items() if v != significant(n.value)})
    owners = {number.start: owner for number, owner in zip(knobs.numbers, knobs.owners, strict=True)}
    return LitScript(text, owners, lit.before, lit.after, before, after)


def _judged(judge: Judge | None, wanted: Floats, shown: NDArray[np.float64], used: NDArray[np.bool_]) -> float | None:
    if judge is None:
        return None
    return judge.lpips(np.where(used[..., None], shown, wanted).astype(np.float32))


def _world_is_seen(numbers: dict[str, NDArray[np.float64]], settings: dict[str, Any]) -> bool:
    hidden = any(key.startswith("backdrop/") for key in numbers) or settings.get("film_transparent", False)
    return not hidden and any(key.startswith("background/") for key in numbers)


def _fitted(picture: Floats, size: tuple[int, int]) -> Floats:
    if (picture.shape[1], picture.shape[0]) == size:
        return picture
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.float32)
