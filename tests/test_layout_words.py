# SPDX-License-Identifier: GPL-3.0-or-later
"""The interface's words: translations are of texts the code has, and every operator that can't be pressed says why."""

from __future__ import annotations

import ast
import string
from pathlib import Path

import pytest
from restage import idnames, translations

ROOT = Path(__file__).resolve().parent.parent
SOURCES = [*sorted((ROOT / "panels").glob("*.py")), *sorted((ROOT / "operators").glob("*.py"))]
SOURCES += [ROOT / name for name in ("properties.py", "panel_data.py", "preferences.py")]
SOURCES += [ROOT / "agent" / "stages.py"]


def texts():
    """Every string constant of the interface's code, and what stages are called."""
    found = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found |= {node.value, node.value.capitalize()}
    return found


def fields(text):
    return sorted((name, spec) for _, name, spec, _ in string.Formatter().parse(text) if name)


def test_translations_are_of_texts_that_are_there():
    known = texts()
    for locale, table in translations.table().items():
        for (_context, text), said in table.items():
            assert text in known, f"{locale}: {text!r} is not in the code"
            assert fields(text) == fields(said), (text, said)


def test_names_are_written_in_one_place():
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert not node.value.startswith(("restage.", "RESTAGE_PT", "RESTAGE_MT")), f"{path.name}: {node.value}"
    names = [*idnames.Op, *idnames.Pt, *idnames.Mt, *idnames.Fh]
    assert len(names) == len(set(names))


@pytest.mark.bpy
def test_every_name_is_an_operator_of_ours_and_every_operator_has_a_name_and_a_tooltip():
    bpy = pytest.importorskip("bpy")
    import restage
    from restage import registration

    bpy.ops.wm.read_homefile(use_factory_startup=True)
    restage.register()
    try:
        made = {cls.bl_idname: cls for cls in registration.CLASSES if issubclass(cls, bpy.types.Operator)}
        assert set(made) == set(idnames.Op)
        for name, cls in made.items():
            rna = getattr(bpy.ops.restage, name.partition(".")[2]).get_rna_type()
            assert rna.description and not rna.description.endswith("."), name
            # Searchable, unless it makes sense beside its own button only.
            assert "REGISTER" in cls.bl_options or "INTERNAL" in cls.bl_options, name
            for prop in rna.properties:
                if prop.identifier != "rna_type" and not prop.is_hidden and prop.identifier not in FILE_BROWSER:
                    assert prop.description or prop.type == "ENUM", f"{name}.{prop.identifier}"
    finally:
        restage.unregister()


FILE_BROWSER = {"filepath", "directory", "filter_image", "filter_folder", "filter_glob", "check_existing"}


@pytest.mark.bpy
def test_what_can_not_be_pressed_says_why():
    bpy = pytest.importorskip("bpy")
    import restage
    from panel import silent

    bpy.ops.wm.read_homefile(use_factory_startup=True)
    restage.register()
    try:
        assert silent() == []
    finally:
        restage.unregister()
