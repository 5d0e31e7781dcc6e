# SPDX-License-Identifier: GPL-3.0-or-later
"""What differs between Blender 4.2 and 5.2 is known in `scene/compat.py`, its twin `worker/compat.py`, and `prompts/`.

The worker has a twin because it imports nothing of `scene/`: what runs next to a stage script stays small. `KNOW` says
which modules hold facts about the scripts of others, which is their work.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
KNOW = {
    "scene/compat.py",
    "worker/compat.py",
    # Asks the running Blender which of the names it has, for the prompts.
    "worker/facts.py",
    # Change names in scripts that were written for another version; what `prompts/` tells models beforehand.
    "worker/shim.py",
    "worker/shim_tables.py",
    # Says which names of all versions a script may use; uses none.
    "worker/guard_names.py",
}

_CHANGED = """
    use_nodes BLENDER_EEVEE BLENDER_EEVEE_NEXT compositing_node_group CompositorNodeComposite all_ids fcurves
    channelbags action_slot_handle action_slot fcurve_ensure_for_datablock use_exr_interleave multi_layer NISHITA
    SINGLE_SCATTERING MULTIPLE_SCATTERING shadow_method blend_method surface_render_method use_auto_smooth
    shade_auto_smooth with_openimagedenoise is_deprecated grease_pencils_v3 ShaderNodeSeparateRGB
    ShaderNodeCombineRGB ShaderNodeTexPointDensity ShaderNodeSeparateColor exit_pre cachedir use_bloom use_ssr
    use_gtao denoising_use_gpu denoising_quality shading_system MULTI_LAYER_IMAGE
"""
CHANGED = frozenset(_CHANGED.split())
"""Names of Blender's Python that only some of 4.2 to 5.2 have, or that mean another thing in some."""
IN_BLENDER = frozenset({"media_type"})
"""The same, where the code speaks to Blender; elsewhere the word is used for other things."""

ELSEWHERE = {
    # A stage script is a program of its own, in every version, and asks what is there before it sets anything.
    "agent/offline/write_materials.py": {"use_nodes"},
    "agent/offline/write_setup.py": {"use_nodes"},
}
TELL = {
    # They hand `bpy.app.version` on: to worker/binary.py, which knows the oldest Blender that Restage runs in, and to
    # worker/shim.py.
    "registration.py",
    "operators/launch.py",
    "worker/job.py",
}


def modules() -> list[str]:
    tops = ("agent", "worker", "scene", "operators", "panels")
    found = [path for top in tops for path in (ROOT / top).rglob("*.py")] + list(ROOT.glob("*.py"))
    return sorted(path.relative_to(ROOT).as_posix() for path in found)


def words(tree: ast.AST) -> set[str]:
    """Every attribute, name, keyword and word in a string that is not documentation."""
    documented = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    # A text below an assignment documents it.
    documented |= {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.keyword) and node.arg:
            found.add(node.arg)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documented:
            found |= set("".join(c if c.isidentifier() or c.isdigit() else " " for c in node.value).split())
    return found


def asks_version(tree: ast.AST) -> bool:
    """Whether `bpy.app.version` is read (not `version_string`, which is for people)."""
    return any(
        isinstance(node, ast.Attribute) and node.attr == "version" and ast.unparse(node.value).endswith("app")
        for node in ast.walk(tree)
    )


@pytest.mark.parametrize("path", [path for path in modules() if path not in KNOW])
def test_no_version_fact_elsewhere(path):
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    speaks = any(
        isinstance(node, ast.Import) and any(alias.name.split(".")[0] == "bpy" for alias in node.names)
        for node in ast.walk(tree)
    )
    found = words(tree) & (CHANGED | (IN_BLENDER if speaks else frozenset()))
    assert found - ELSEWHERE.get(path, set()) == set()
    assert path in TELL or not asks_version(tree)


def test_what_is_excepted_still_needs_it():
    for path, names in ELSEWHERE.items():
        assert names <= words(ast.parse((ROOT / path).read_text(encoding="utf-8"))), path
    for path in TELL:
        assert asks_version(ast.parse((ROOT / path).read_text(encoding="utf-8"))), path


def test_the_test_sees_what_it_looks_for():
    tree = ast.parse(
        '"""use_nodes"""\nx.fcurves\nTEXT = "a.use_bloom = 1"\nf(all_ids=1)\nif bpy.app.version > (5,): pass'
    )
    assert words(tree) >= {"fcurves", "use_bloom", "all_ids"} and "use_nodes" not in words(tree)
    assert asks_version(tree) and not asks_version(ast.parse("bpy.app.version_string"))


@pytest.mark.parametrize("path", modules())
def test_every_module_is_python_3_11(path):
    """Blender 4.2 to 5.0 have no newer one; the newest environment's tests would not notice."""
    ast.parse((ROOT / path).read_text(encoding="utf-8"), feature_version=(3, 11))
