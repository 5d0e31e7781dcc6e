# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the picture comes from, by the operators."""

from __future__ import annotations

import os

import pytest

bpy = pytest.importorskip("bpy")

import restage  # noqa: E402
from panel import chosen, live, tick_until  # noqa: E402
from restage.agent import begin, picture  # noqa: E402
from restage.operators import pictures  # noqa: E402
from webserver import Web  # noqa: E402

pytestmark = pytest.mark.bpy


@pytest.fixture(autouse=True)
def registered(tmp_path):
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    restage.register()
    addon = bpy.context.preferences.addons.new()
    addon.module = "restage"
    addon.preferences.runs_folder = str(tmp_path / "runs")
    yield
    bpy.context.preferences.addons.remove(addon)
    restage.unregister()


def test_a_picture_is_looked_at_and_its_size_told(table_picture, tmp_path):
    assert bpy.ops.restage.choose_picture(filepath=str(table_picture)) == {"FINISHED"}
    tick_until(lambda: live().picture_said)
    assert live().picture_said == "160 × 120 pixels" and not live().picture_bad
    bad = tmp_path / "bad.png"
    bad.write_text("hello")
    assert bpy.ops.restage.drop_picture(filepath=str(bad)) == {"FINISHED"}
    tick_until(lambda: live().picture_said)
    assert live().picture_bad and "not an image" in live().picture_said
    with pytest.raises(RuntimeError, match="There is no file"):
        bpy.ops.restage.drop_picture(filepath=str(tmp_path / "gone.png"))


def test_what_was_looked_at_is_not_read_again_unless_it_is_another(table_picture):
    bpy.ops.restage.choose_picture(filepath=str(table_picture))
    tick_until(lambda: live().picture_said)
    longest = begin.working_px(chosen().resolution, chosen().agent)
    looked = pictures.seen(chosen(), longest)
    assert looked.png() == picture.load(table_picture, longest).png() and not pictures.changed(bpy.context)
    assert pictures.seen(chosen(), longest + 1) is None
    os.utime(table_picture, ns=(0, 0))
    assert pictures.seen(chosen(), longest) is None and pictures.changed(bpy.context)


def test_a_picture_from_the_web(table_picture):
    page = {"/t.png": (200, {"Content-Type": "image/png"}, [table_picture.read_bytes()]), "/no.png": (500, {}, [])}
    with Web(page) as web:
        live().url = f"{web.url}/t.png"
        assert bpy.ops.restage.fetch_picture() == {"FINISHED"}
        assert not bpy.ops.restage.fetch_picture.poll()
        tick_until(lambda: not live().fetching)
        assert "/runs/pictures/t-" in chosen().picture and live().url == "" and not live().error
        assert bpy.ops.restage.fetch_picture(url=f"{web.url}/no.png") == {"FINISHED"}
        tick_until(lambda: not live().fetching)
        assert "answered 500" in live().error
    with pytest.raises(RuntimeError, match="no web address"):
        bpy.ops.restage.fetch_picture(url="nonsense")
    if not bpy.app.online_access:
        with pytest.raises(RuntimeError, match="Allow Online Access is off"):
            bpy.ops.restage.fetch_picture(url="https://example.org/x.png")
        assert live().fix == "restage.online_preferences"


@pytest.mark.parametrize("form", ["{}", '"{}"', "file://{}"])
def test_the_name_of_a_file_on_the_clipboard_is_taken(table_picture, form, monkeypatch):
    # A Blender without a window has no clipboard; the window tests use the real one.
    paste = form.format(table_picture)
    monkeypatch.setattr("restage.operators.pictures.clipboard", lambda _context: paste)
    assert bpy.ops.restage.paste_picture() == {"FINISHED"}
    assert chosen().picture == str(table_picture)


def test_a_clipboard_with_nothing_of_use_says_so(monkeypatch):
    monkeypatch.setattr("restage.operators.pictures.clipboard", lambda _context: "hello\nworld")
    with pytest.raises(RuntimeError, match="neither a picture nor the name"):
        bpy.ops.restage.paste_picture()
