# SPDX-License-Identifier: GPL-3.0-or-later
"""The panel's thumbnails: the file as it is now, and no more of them than are shown."""

from __future__ import annotations

import os

import pytest

bpy = pytest.importorskip("bpy")

from PIL import Image  # noqa: E402
from restage import previews  # noqa: E402

pytestmark = pytest.mark.bpy


@pytest.fixture
def icons():
    previews.start()
    yield
    previews.stop()


def picture(path, colour, time):
    Image.new("RGB", (32, 32), colour).save(path)
    os.utime(path, (time, time))
    previews.note([str(path)])
    return str(path)


def drawn(path) -> tuple[int, ...]:
    """The middle pixel of a picture's icon, which looking at it makes Blender read.

    Without a window every icon's id is 0, so the previews themselves are looked at.
    """
    previews.icon(path)
    preview = previews._icons[previews._shown[path]]
    width, height = preview.image_size
    at = (height // 2 * width + width // 2) * 4
    return tuple(round(value) for value in preview.image_pixels_float[at : at + 3])


def test_a_file_that_changed_is_read_again(icons, tmp_path):
    path = picture(tmp_path / "render.png", (255, 0, 0), 1000)
    assert drawn(path) == (1, 0, 0)
    first = dict(previews._icons)
    previews.icon(path)
    assert dict(previews._icons) == first, "drawing the same again reads nothing"
    picture(tmp_path / "render.png", (0, 0, 255), 2000)
    assert drawn(path) == (0, 0, 1)
    assert len(previews._icons) == 1


def test_drawing_looks_at_no_file(icons, tmp_path, monkeypatch):
    path = picture(tmp_path / "render.png", (255, 0, 0), 1000)

    def refused(*_args, **_kwargs):
        raise AssertionError("a file was looked at while drawing")

    with monkeypatch.context() as patch:
        for name in ("stat", "lstat", "open", "scandir", "listdir"):
            patch.setattr(os, name, refused)
        previews.icon(path)
        previews.icon(path)
    assert drawn(path) == (1, 0, 0)


def test_a_file_that_comes_later_is_shown_then(icons, tmp_path):
    path = str(tmp_path / "later.png")
    previews.note([path])
    previews.icon(path)
    picture(tmp_path / "later.png", (0, 255, 0), 1000)
    assert drawn(path) == (0, 1, 0)


def test_icons_no_longer_shown_are_forgotten(icons, tmp_path):
    kept = picture(tmp_path / "source.png", (9, 9, 9), 1000)
    previews.icon(kept)
    first = previews._icons[previews._shown[kept]]
    for count in range(previews.KEPT + 8):
        previews.icon(picture(tmp_path / f"attempt{count}.png", (count, 0, 0), 1000))
        previews.icon(kept)
    assert previews._icons[previews._shown[kept]] is first, "what is drawn every time stays"
    assert len(previews._icons) == previews.KEPT


def test_stopping_forgets_all(icons, tmp_path):
    path = picture(tmp_path / "a.png", (1, 2, 3), 1000)
    previews.icon(path)
    previews.stop()
    assert previews.icon(path) == 0
    assert not previews._shown
    previews.start()
    assert not previews._icons
    assert previews.icon(path) == 0 and not previews._icons, "it was not noted since"
    previews.note([path, ""])
    assert drawn(path) == (0, 0, 0)
    assert previews.icon("") == 0
    assert len(previews._icons) == 1
