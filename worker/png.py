# SPDX-License-Identifier: GPL-3.0-or-later
"""Write 8-bit PNG files with the standard library: Blender's Python has no picture library."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np


def write(path: Path, pixels: np.ndarray) -> None:
    """Write uint8 (h, w, 3) or (h, w, 4), row 0 at the top. Raises ValueError on any other array."""
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] not in (3, 4):
        raise ValueError(f"not an 8-bit picture: {pixels.dtype} {pixels.shape}")
    height, width, channels = pixels.shape
    # Every row begins with its filter's number, 0 for none.
    rows = np.zeros((height, 1 + width * channels), np.uint8)
    rows[:, 1:] = pixels.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, 2 if channels == 3 else 6, 0, 0, 0)
    body = zlib.compress(rows.tobytes(), 3)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", body) + _chunk(b"IEND", b""))


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
