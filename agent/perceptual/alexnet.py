# SPDX-License-Identifier: GPL-3.0-or-later
"""The five convolutions of AlexNet that LPIPS looks at, run by OpenCV."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Lock

import cv2
import numpy as np
from numpy.typing import NDArray

from . import onnx

Floats = NDArray[np.float32]

WEIGHTS = Path(__file__).with_name("alex_lpips_v01_f16.npz")
SMALLEST = 31
"""Pixels of the shorter side below which the second pooling has nothing left."""

_SHIFT = np.array([-0.030, -0.088, -0.188], np.float32)
_SCALE = np.array([0.458, 0.448, 0.450], np.float32)
"""LPIPS v0.1 (Zhang et al. 2018): ImageNet's mean and deviation for values in -1 to 1."""
_LAYERS = ((4, 2), (1, 2), (1, 1), (1, 1), (1, 1))
"""Stride and padding of each convolution; a pooling (3 by 3, stride 2) stands before the second and the third."""

_lock = Lock()
_loaded: tuple[cv2.dnn.Net, list[Floats]] | None = None


def features(picture: Floats) -> list[Floats]:
    """Return what LPIPS compares: five arrays (channels, h, w), whose squared difference summed over the channels is
    that layer's distance at a place.

    `picture` is (h, w, 3) sRGB in 0 to 1. Raises ValueError when it is not, or too small. The network is loaded once,
    at first use; several threads may call at once.
    """
    global _loaded
    if picture.ndim != 3 or picture.shape[2] != 3:
        raise ValueError(f"a picture (h, w, 3) is wanted, not {picture.shape}")
    height, width = picture.shape[:2]
    if min(height, width) < SMALLEST:
        raise ValueError(f"a picture of {width} by {height} pixels is too small: {SMALLEST} are needed")
    blob = ((picture.astype(np.float32) * 2 - 1 - _SHIFT) / _SCALE).transpose(2, 0, 1)[None]
    # One forward pass at a time: an OpenCV net keeps its state between setInput and forward. Two pictures in one
    # batch take longer than one after the other.
    with _lock:
        if _loaded is None:
            _loaded = _load()
        net, heads = _loaded
        net.setInput(np.ascontiguousarray(blob))
        # OpenCV may hand out its own buffers, which the next pass overwrites.
        layers = [np.array(layer[0], np.float32) for layer in net.forward([f"relu{index}" for index in range(5)])]
    for layer, head in zip(layers, heads, strict=True):
        layer *= head / (np.sqrt(np.einsum("chw,chw->hw", layer, layer)) + np.float32(1e-10))
    return layers


def _load() -> tuple[cv2.dnn.Net, list[Floats]]:
    with np.load(WEIGHTS, allow_pickle=False) as file:
        arrays = {name: file[name].astype(np.float32) for name in file.files}
    nodes, constants, outputs = [], [], []
    last = "picture"
    for index, (stride, padding) in enumerate(_LAYERS):
        kernel = arrays[f"w{index}"]
        constants += [onnx.weights(f"w{index}", kernel), onnx.weights(f"b{index}", arrays[f"b{index}"])]
        if index in (1, 2):
            pool: dict[str, int | Sequence[int]] = {"kernel_shape": (3, 3), "strides": (2, 2), "pads": (0, 0, 0, 0)}
            nodes.append(onnx.node("MaxPool", [last], f"pool{index}", pool))
            last = f"pool{index}"
        side = kernel.shape[2]
        how: dict[str, int | Sequence[int]] = {
            "kernel_shape": (side, side),
            "strides": (stride, stride),
            "pads": (padding,) * 4,
            "group": 1,
        }
        nodes.append(onnx.node("Conv", [last, f"w{index}", f"b{index}"], f"conv{index}", how))
        nodes.append(onnx.node("Relu", [f"conv{index}"], f"relu{index}", {}))
        last = f"relu{index}"
        outputs.append(onnx.shape(last, (1, kernel.shape[0], 0, 0)))
    file_bytes = onnx.model(nodes, constants, [onnx.shape("picture", (1, 3, 256, 256))], outputs)
    net = cv2.dnn.readNetFromONNX(np.frombuffer(file_bytes, np.uint8))
    # Faster without on the processors tried, by a third.
    net.enableWinograd(False)
    # Distances are weighed by the heads, which are not negative; their roots are folded into the features.
    heads = [np.sqrt(np.maximum(arrays[f"lin{index}"], 0)).reshape(-1, 1, 1) for index in range(5)]
    return net, heads
