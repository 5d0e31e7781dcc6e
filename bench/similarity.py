# SPDX-License-Identifier: GPL-3.0-or-later
"""How near a render is to a picture: by the evaluation folder's own `metrics.py`, or by ours where it is absent."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from restage.agent import measure

Picture = NDArray[np.float32]


def load(path: Path, longest: int = 0) -> Picture:
    """Read a picture as float32 (h, w, 3) sRGB in 0 to 1, over white, brought down to `longest` pixels if larger."""
    with Image.open(path) as opened:
        image = opened.convert("RGBA") if _has_alpha(opened) else opened.convert("RGB")
    if image.mode == "RGBA":
        white = Image.new("RGBA", image.size, (255, 255, 255, 255))
        white.alpha_composite(image)
        image = white.convert("RGB")
    if longest and max(image.size) > longest:
        scale = longest / max(image.size)
        size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
        image = image.resize(size, Image.Resampling.LANCZOS)
    return np.asarray(image, np.float32) / np.float32(255)


def fit(picture: Picture, size: tuple[int, int]) -> Picture:
    """Bring a picture to `size` (width, height)."""
    if picture.shape[:2] == (size[1], size[0]):
        return picture
    image = Image.fromarray(np.round(np.clip(picture, 0, 1) * 255).astype(np.uint8))
    return np.asarray(image.resize(size, Image.Resampling.LANCZOS), np.float32) / np.float32(255)


class Similarity:
    """Compares pictures; `missing` says in a sentence what can't be measured here, empty when everything can."""

    def __init__(self, root: Path) -> None:
        """Look for `metrics.py` in the evaluation folder."""
        self.missing = ""
        self._metrics: ModuleType | None = None
        path = root / "metrics.py"
        if not path.is_file():
            self.missing = f"No {path}: LPIPS, Lab-EMD and edge F1 are left out."
            return
        spec = importlib.util.spec_from_file_location("restage_eval_metrics", path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(module)
        except ImportError as error:
            self.missing = f"{path} can't be used here ({error}): LPIPS, Lab-EMD and edge F1 are left out."
            return
        self._metrics = module

    def compare(self, reference: Picture, picture: Picture) -> dict[str, float]:
        """Return psnr, ssim and, where `metrics.py` is, lpips, lab_emd and edge_f1, at the reference's size."""
        picture = fit(picture, (reference.shape[1], reference.shape[0]))
        if self._metrics is None:
            return {"psnr": measure.psnr(reference, picture), "ssim": measure.ssim(reference, picture)}
        names = {"psnr": "psnr", "ssim": "ssim", "lpips": "lpips_alex", "lab_emd": "lab_emd", "edge_f1": "edge_f1"}
        values = {name: getattr(self._metrics, function)(reference, picture) for name, function in names.items()}
        return {name: float(value) for name, value in values.items() if value is not None}


def _has_alpha(image: Image.Image) -> bool:
    return image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info
