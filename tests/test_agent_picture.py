# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of every kind a camera or painter makes: read right, or refused with one sentence."""

from __future__ import annotations

import io
import os
import struct
import zlib

import numpy as np
import pytest
from PIL import Image
from restage.agent import picture


def write(path, image, **options):
    image.save(path, **options)
    return path


def test_opaque_picture_keeps_its_colours(tmp_path):
    path = write(tmp_path / "a.png", Image.new("RGB", (40, 30), (10, 200, 30)))
    loaded = picture.load(path)
    assert loaded.size == (40, 30) and loaded.alpha is None and loaded.notes == []
    assert tuple(loaded.rgb[5, 5]) == (10, 200, 30)


def test_transparent_parts_lie_on_white_and_alpha_is_kept(tmp_path):
    image = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    image.paste((255, 0, 0, 255), (10, 10, 30, 30))
    loaded = picture.load(write(tmp_path / "a.png", image))
    assert tuple(loaded.rgb[0, 0]) == (255, 255, 255) and tuple(loaded.rgb[20, 20]) == (255, 0, 0)
    assert loaded.alpha is not None and loaded.alpha[0, 0] == 0 and loaded.alpha[20, 20] == 1


def test_png_of_a_picture_reads_back_the_same(tmp_path):
    image = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    image.paste((200, 10, 60, 128), (10, 10, 30, 30))
    first = picture.load(write(tmp_path / "a.png", image))
    (tmp_path / "b.png").write_bytes(first.png())
    again = picture.load(tmp_path / "b.png")
    assert np.abs(first.rgb.astype(int) - again.rgb).max() <= 1
    assert np.abs(first.alpha - again.alpha).max() < 0.01


def test_exif_rotation_is_applied(tmp_path):
    image = Image.new("RGB", (60, 30), (0, 0, 0))
    image.paste((255, 255, 255), (0, 0, 30, 30))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn a quarter clockwise to view
    loaded = picture.load(write(tmp_path / "a.jpg", image, exif=exif, quality=95))
    assert loaded.size == (30, 60)
    assert loaded.rgb[5].mean() > 200 and loaded.rgb[55].mean() < 50
    assert any("EXIF" in note for note in loaded.notes)


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "LA", "1", "I;16"])
def test_other_modes_become_rgb(tmp_path, mode):
    suffix = "jpg" if mode == "CMYK" else "png"
    if mode == "I;16":
        image = Image.fromarray(np.full((20, 20), 32768, np.uint16))
    else:
        grey = Image.new("RGB", (20, 20), (128, 128, 128))
        image = grey.quantize() if mode == "P" else grey.convert(mode)
    loaded = picture.load(write(tmp_path / f"a.{suffix}", image))
    assert loaded.rgb.shape == (20, 20, 3)
    assert mode == "1" or abs(int(loaded.rgb[10, 10, 0]) - 128) < 6


def test_large_picture_is_fitted_and_small_is_not_enlarged(tmp_path):
    big = picture.load(write(tmp_path / "a.png", Image.new("RGB", (1000, 500))), longest=256)
    assert big.size == (256, 128) and big.original_size == (1000, 500)
    assert picture.load(write(tmp_path / "b.png", Image.new("RGB", (20, 20))), longest=256).size == (20, 20)


def test_animation_uses_the_first_frame(tmp_path):
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    loaded = picture.load(tmp_path / "a.gif")
    assert tuple(loaded.rgb[3, 3]) == (255, 0, 0) and "first frame" in loaded.notes[0]


def bomb() -> bytes:
    """A PNG header that claims 30,000 by 30,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 30000, 30000, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")


def damaged() -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise((200, 200), 80).save(buffer, "PNG")
    return buffer.getvalue()[:2000]


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("a.png", b"", "empty"),
        ("a.png", b"this is prose", "not an image"),
        ("a.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        ("a.png", bomb(), "too large"),
        ("a.png", damaged(), "damaged"),
    ],
)
def test_bad_files_are_refused_in_one_sentence(tmp_path, name, content, word):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(picture.PictureError) as refusal:
        picture.load(tmp_path / name)
    assert word in str(refusal.value) and "\n" not in str(refusal.value) and str(refusal.value).endswith(".")


def test_missing_folder_tiny_and_thin(tmp_path):
    cases = {
        tmp_path / "none.png": "no file",
        tmp_path: "folder",
        write(tmp_path / "one.png", Image.new("RGB", (1, 1))): "pixels",
        write(tmp_path / "thin.png", Image.new("RGB", (1000, 20))): "thin",
        "/dev/zero": "ordinary file",
        "a\0b": "file name",
    }
    for path, word in cases.items():
        with pytest.raises(picture.PictureError, match=word):
            picture.load(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_unreadable_file(tmp_path):
    path = write(tmp_path / "a.png", Image.new("RGB", (20, 20)))
    path.chmod(0)
    with pytest.raises(picture.PictureError, match="permission"):
        picture.load(path)


def test_path_with_spaces_and_umlauts(tmp_path):
    folder = tmp_path / "schöne Bilder"
    folder.mkdir()
    assert picture.load(write(folder / "Käse 1.png", Image.new("RGB", (20, 20)))).size == (20, 20)


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_a_dark_picture_of_16_bit_stays_dark(tmp_path, ending):
    image = Image.fromarray(np.tile(np.arange(20, dtype=np.uint16) * 10, (20, 1)))
    assert picture.load(write(tmp_path / f"dark.{ending}", image)).rgb.max() <= 1
