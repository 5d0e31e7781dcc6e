# SPDX-License-Identifier: GPL-3.0-or-later
"""The run's scripts as Text datablocks."""

from __future__ import annotations

import pytest

bpy = pytest.importorskip("bpy")

from restage.scene import scripts  # noqa: E402

pytestmark = pytest.mark.bpy


@pytest.fixture(autouse=True)
def empty():
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)


def test_one_text_per_script_updated_in_place():
    scripts.write("run", {"02_geometry.py": "a = 1\n", "scene.py": "b = 2\n"})
    names = scripts.write("run", {"02_geometry.py": "a = 3\n"})
    assert len(bpy.data.texts) == 2
    assert bpy.data.texts[names["02_geometry.py"]].as_string() == "a = 3\n"
    assert not any(text.use_module for text in bpy.data.texts)
    assert scripts.names("run") == {"02_geometry.py": "Restage 02_geometry.py", "scene.py": "Restage scene.py"}


def test_an_edited_text_is_left_to_the_artist():
    name = scripts.write("run", {"02_geometry.py": "a = 1\n"})["02_geometry.py"]
    bpy.data.texts[name].from_string("a = 'mine'\n")
    again = scripts.write("run", {"02_geometry.py": "a = 2\n"})["02_geometry.py"]
    assert again != name
    assert bpy.data.texts[name].as_string() == "a = 'mine'\n"
    scripts.remove("run")
    assert [text.name for text in bpy.data.texts] == [name]


def test_runs_keep_apart_and_kept_texts_are_ordinary():
    scripts.write("one", {"scene.py": "1"})
    scripts.write("two", {"scene.py": "2"})
    scripts.keep("one")
    scripts.remove("one")
    scripts.remove("two")
    assert [text.as_string() for text in bpy.data.texts] == ["1"]
    assert not list(bpy.data.texts[0].keys())
