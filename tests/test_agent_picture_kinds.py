# SPDX-License-Identifier: GPL-3.0-or-later
"""Every kind of file somebody hands in as a picture: a sentence or a picture comes of it, and nothing else is read."""

from __future__ import annotations

import io
import os
import struct
import sys
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from restage.agent import picture
from restage.agent.picture import PictureError


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, *more: bytes, rows: bytes | None = None) -> bytes:
    rows = (b"\0" + b"\x80" * width * 3) * height if rows is None else rows
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + b"".join(more) + chunk(b"IDAT", zlib.compress(rows, 9))
            + chunk(b"IEND", b""))  # fmt: skip


def encoded(**options) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), (10, 200, 30)).save(buffer, **options)
    return buffer.getvalue()


def hdr() -> bytes:
    return cv2.imencode(".hdr", np.full((48, 64, 3), 3.0, np.float32))[1].tobytes()


def float_tiff(value: float) -> bytes:
    buffer = io.BytesIO()
    values = np.full((48, 64), 0.5, np.float32)
    values[0, 0] = value
    Image.fromarray(values, "F").save(buffer, "TIFF")
    return buffer.getvalue()


def eps(marker: Path) -> bytes:
    """What Pillow would hand to Ghostscript."""
    return (f"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 48\n%%EndComments\n"
            f"({marker}) (w) file closefile\nshowpage\n%%EOF\n").encode()  # fmt: skip


SENTENCES = {
    "truncated PNG": (encoded(format="PNG")[:-60], "damaged or cut short"),
    "truncated JPEG": (encoded(format="JPEG")[:200], "damaged or cut short|not an image"),
    "1 x 1": (png(1, 1), "only 1 x 1"),
    "30,000 x 30,000": (png(30_000, 30_000, rows=b""), "too large"),
    "more pixels than Pillow takes": (png(2**31 - 1, 2**31 - 1, rows=b""), "too large|megapixels|damaged"),
    "SVG named .png": (b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
    "Radiance HDR": (hdr(), "not an image Restage can read"),
    "OpenEXR": (b"\x76\x2f\x31\x01" + bytes(400), "not an image Restage can read"),
    "a text of 200 MB in a PNG": (
        png(64, 48, chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(200 << 20), 9))),
        "damaged or cut short",
    ),
    "rows that unpack to 200 MB": (png(64, 48, rows=bytes(200 << 20)), ""),
    "a zip": (b"PK\x03\x04" + bytes(200), "not an image"),
    "a script": (b"#!/bin/sh\nrm -rf /\n", "not an image"),
}


def memory_kb(name: str) -> int:
    """This process's memory: `VmRSS` now, `VmHWM` the most since it was last forgotten."""
    text = Path("/proc/self/status").read_text()
    return int(text.split(f"{name}:")[1].split()[0])


@pytest.fixture
def little_memory():
    """At no moment of the test does the process grow by half of what the bombs unpack to."""
    if sys.platform != "linux":
        yield
        return
    Path("/proc/self/clear_refs").write_text("5")  # forgets the most
    before = memory_kb("VmRSS")
    yield
    assert memory_kb("VmHWM") - before < 100 << 10


@pytest.mark.parametrize("name", SENTENCES)
def test_a_sentence_or_a_picture_and_little_memory(tmp_path, name, little_memory):
    content, words = SENTENCES[name]
    path = tmp_path / "a.png"
    path.write_bytes(content)
    if words:
        with pytest.raises(PictureError, match=words) as caught:
            picture.load(path)
        assert str(caught.value).count("\n") == 0
    else:
        assert picture.load(path).size == (64, 48)


@pytest.mark.parametrize(
    ("options", "note"),
    [
        ({"format": "WEBP"}, ""),
        ({"format": "GIF"}, ""),
        ({"format": "BMP"}, ""),
        ({"format": "TIFF"}, ""),
        ({"format": "PPM"}, ""),
        ({"format": "TGA"}, ""),
        ({"format": "GIF", "save_all": True, "append_images": [Image.new("RGB", (64, 48))] * 3}, "first frame"),
    ],
    ids=lambda value: value.get("format", "") if isinstance(value, dict) else value,
)
def test_pictures_of_every_kind(tmp_path, options, note):
    path = tmp_path / "ein Bild mit Ümläuten und 'Zeichen'.dat"
    path.write_bytes(encoded(**options))
    loaded = picture.load(path)
    assert loaded.size == (64, 48) and np.abs(loaded.rgb[20, 20].astype(int) - (10, 200, 30)).max() < 12
    assert any(note in said for said in loaded.notes) == bool(note)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30])
def test_values_that_are_no_colour(tmp_path, value):
    path = tmp_path / "a.tif"
    path.write_bytes(float_tiff(value))
    loaded = picture.load(path)
    assert loaded.size == (64, 48) and loaded.rgb.dtype == np.uint8


def test_no_other_program_is_started_and_no_other_file_read(tmp_path):
    """EPS would go through Ghostscript; watched by Python's own audit events."""
    marker, path, seen, watching = tmp_path / "made", tmp_path / "a.png", [], []

    def hear(event, arguments):
        if watching and event in ("open", "subprocess.Popen", "os.posix_spawn", "os.exec", "os.fork"):
            seen.append((event, str(arguments[0])))

    Image.init()
    sys.addaudithook(hear)
    for content in (eps(marker), encoded(format="PNG"), encoded(format="TIFF"), encoded(format="JPEG")):
        path.write_bytes(content)
        watching.append(1)
        try:
            picture.load(path)
        except PictureError as error:
            assert "not an image Restage can read" in str(error)
        finally:
            watching.clear()
    assert not marker.exists()
    assert {name for event, name in seen if event != "open"} == set()
    ours = [name for _, name in seen if "site-packages" not in name and "/lib/python" not in name]
    assert set(ours) <= {str(path)}, ours


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_devices_and_pipes_are_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    link = tmp_path / "link.png"
    link.symlink_to("/dev/zero")
    for path in (tmp_path / "pipe.png", link, Path("/dev/urandom"), Path("/proc/self/fd/0"), tmp_path):
        with pytest.raises(PictureError, match=r"not an ordinary file|is a folder|no file|empty file|not an image"):
            picture.load(path)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_bomb_that_goes_off_is_noticed():
    Path("/proc/self/clear_refs").write_text("5")
    before = memory_kb("VmRSS")
    zlib.decompress(zlib.compress(bytes(200 << 20), 1))
    assert memory_kb("VmHWM") - before > 100 << 10
