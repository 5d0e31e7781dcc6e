# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the uncompressed 32-bit multilayer OpenEXR files that the worker renders.

Only what Blender writes with codec NONE, interleaved: one part, scan lines, float channels. Format: openexr.com,
"OpenEXR File Layout".
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

_MAGIC = 20000630
_TILED_DEEP_OR_MULTIPART = 0x200 | 0x800 | 0x1000
_FLOAT = 2


class ExrError(Exception):
    """Not a file this reader understands."""


def read(path: Path) -> dict[str, np.ndarray]:
    """Return channel name -> float32 (h, w), row 0 at the top. Raises ExrError."""
    data = path.read_bytes()
    try:
        attributes, start = _header(data)
        return _pixels(data, attributes, start)
    except (struct.error, IndexError, KeyError, ValueError) as error:
        raise ExrError(f"{path.name}: {error}") from error


def _header(data: bytes) -> tuple[dict[str, bytes], int]:
    magic, version = struct.unpack_from("<II", data)
    if magic != _MAGIC or version & _TILED_DEEP_OR_MULTIPART:
        raise ExrError(f"not a single-part scan-line OpenEXR file (version field {version:#x})")
    attributes: dict[str, bytes] = {}
    at = 8
    while data[at]:
        name, at = _string(data, at)
        _, at = _string(data, at)
        (size,) = struct.unpack_from("<I", data, at)
        attributes[name] = data[at + 4 : at + 4 + size]
        at += 4 + size
    return attributes, at + 1


def _string(data: bytes, at: int) -> tuple[str, int]:
    end = data.index(0, at)
    return data[at:end].decode(), end + 1


def _pixels(data: bytes, attributes: dict[str, bytes], start: int) -> dict[str, np.ndarray]:
    if attributes["compression"] != b"\0":
        raise ExrError("the file is compressed")
    names = _channels(attributes["channels"])
    x0, y0, x1, y1 = struct.unpack("<4i", attributes["dataWindow"])
    width, height = x1 - x0 + 1, y1 - y0 + 1
    offsets = np.frombuffer(data, "<u8", height, start)
    row_bytes = 8 + 4 * width * len(names)
    first = int(offsets.min())
    if not np.array_equal(np.sort(offsets), first + row_bytes * np.arange(height, dtype=np.uint64)):
        raise ExrError("the rows do not lie one after another")
    rows = np.frombuffer(data, np.uint8, row_bytes * height, first).reshape(height, row_bytes)
    order = np.argsort(rows[:, :4].copy().view("<i4")[:, 0])
    values = rows[order, 8:].copy().view("<f4").reshape(height, len(names), width)
    return {name: np.ascontiguousarray(values[:, index]) for index, name in enumerate(names)}


def _channels(data: bytes) -> list[str]:
    names, at = [], 0
    while data[at]:
        name, at = _string(data, at)
        (kind,) = struct.unpack_from("<I", data, at)
        if kind != _FLOAT:
            raise ExrError(f"channel {name} is not 32-bit float")
        names.append(name)
        at += 16
    return names
