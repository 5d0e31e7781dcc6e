# SPDX-License-Identifier: GPL-3.0-or-later
"""Look at a .blend before Blender reads it: its reader takes a damaged file for a sound one, and may crash on it.

Measured with random damage to a worker's result (docs/bench/isolation.md): one to five files in a hundred crashed or
hung Blender's own reader. It is the hash that keeps those away; the outline alone tells a file that was cut.
Standard library only.
"""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

MAX_BLOCKS = 500_000
_LEGACY_HEADER, _LARGE_HEADER = 12, 17
_END, _DNA = b"ENDB", b"DNA1"


def why_damaged(path: Path, sha256: str = "") -> str:
    """Return what is wrong with a file as the end of a sentence, nothing when it is as it was written.

    `sha256` is what its writer said of it; without it only the outline is checked: header, blocks, end. Raises OSError.
    """
    body = path.read_bytes()
    if sha256:
        whole = hashlib.sha256(body).hexdigest() == sha256
        return "" if whole else "is not the file that was written: it was changed or cut on the way"
    if not body.startswith(b"BLENDER"):
        return "is no Blender file, or a compressed one"
    try:
        found = _codes(body)
    except struct.error:
        return "is cut off"
    if not found or found[-1] != _END:
        return "does not end as a Blender file does"
    if found.count(_DNA) != 1:
        return "does not say how its data is laid out"
    return ""


def _codes(body: bytes) -> list[bytes]:
    """Walk the blocks and return their codes up to the end; empty when a length leads out of the file."""
    large = body[7:9].isdigit()
    at = _LARGE_HEADER if large else _LEGACY_HEADER
    if not large and body[7:9] != b"-v":
        return []  # 32 bit or big endian: no Blender that Restage runs in writes it
    codes: list[bytes] = []
    while len(codes) < MAX_BLOCKS:
        if large:
            code, _, _, length, count = struct.unpack_from("<4siQqq", body, at)
            at += 32
        else:
            code, length, _, _, count = struct.unpack_from("<4siQii", body, at)
            at += 24
        codes.append(code)
        if code == _END:
            return codes if at == len(body) else []
        if length < 0 or count < 0 or at + length > len(body):
            return []
        at += length
    return []
