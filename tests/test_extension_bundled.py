# SPDX-License-Identifier: GPL-3.0-or-later
"""A Blender that unpacked our packages for another Python says so in a sentence, not in a traceback."""

from __future__ import annotations

import importlib
import sys

import pytest
from restage import bundled


@pytest.fixture
def unpacked(tmp_path, monkeypatch):
    """A folder as Blender unpacks wheels into, instead of this environment's."""
    package = tmp_path / "pydantic_core"
    package.mkdir()
    (package / "__init__.py").write_text("")
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    monkeypatch.delitem(sys.modules, "pydantic_core", raising=False)
    importlib.invalidate_caches()
    return package


def test_here_they_are_right():
    assert bundled.missing() == ""


def test_another_python_s_module_is_named_with_what_to_do(unpacked):
    (unpacked / "_pydantic_core.cpython-398-x86_64-linux-gnu.so").write_text("")
    said = bundled.missing()
    assert f"{sys.version_info[0]}.{sys.version_info[1]}" in said and "4.2.13" in said and said.count("\n") == 0


def test_this_python_s_module_beside_another_s_is_fine(unpacked):
    for suffix in (".cpython-398-x86_64-linux-gnu.so", bundled.EXTENSION_SUFFIXES[0]):
        (unpacked / f"_pydantic_core{suffix}").write_text("")
    assert bundled.missing() == ""


def test_none_at_all_is_another_sentence(unpacked, monkeypatch):
    monkeypatch.setattr(sys, "path", [])
    assert "install" in bundled.missing()
